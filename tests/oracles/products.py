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


def kept_of_rows(weights: Any, mask: Any) -> tuple[list[list[Any]], list[list[int]]]:
    """The kept values of each row, and their columns, rising."""
    columns = [[column for column in range(row.size) if row[column]] for row in mask]
    return [[row[column] for column in kept] for row, kept in zip(weights, columns, strict=True)], columns
