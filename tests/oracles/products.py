"""Products of kept weights alone, in the order that simulator/products.py states, one operation at a time."""

from typing import Any

import numpy as np


def multiply(x: Any, weights: Any, mask: Any) -> Any:
    """Y[t, r]: from 0, each kept k ascending adds x[t, k] * w[r, k], every step rounded to the dtype."""
    out = np.empty((x.shape[0], weights.shape[0]), x.dtype)
    with np.errstate(all="ignore"):
        for token in range(x.shape[0]):
            for row in range(weights.shape[0]):
                total = x.dtype.type(0)
                for k in range(weights.shape[1]):
                    if mask[row, k]:
                        total = total + x[token, k] * weights[row, k]
                out[token, row] = total
    return out


def compress(weights: Any, mask: Any, block: int) -> tuple[list[Any], list[int], list[int]]:
    """Values, columns, and where each row of each block begins, with the end of the last."""
    values: list[Any] = []
    columns: list[int] = []
    starts = [0] * (weights.shape[0] * -(-weights.shape[1] // block))
    for left in range(0, weights.shape[1], block):
        for row in range(weights.shape[0]):
            starts[left // block * weights.shape[0] + row] = len(values)
            for column in range(left, min(left + block, weights.shape[1])):
                if mask[row, column]:
                    values.append(weights[row, column])
                    columns.append(column)
    return values, columns, [*starts, len(values)]
