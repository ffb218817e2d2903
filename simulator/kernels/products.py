"""Products with weights of which only the kept are stored: by block of columns, then row, then column.

A vector instruction takes one weight and several tokens, so x and the sums are turned to lie along tokens.
"""

from typing import Any

import numpy as np

from simulator.kernels.compile import kernel

TOKENS = 256  # of a panel: long enough to outweigh the start of a loop, short enough for the caches
ROWS = 256  # whose sums are gathered before they are turned back


@kernel
def transpose(source: Any, target: Any, row: int, column: int, rows: int, columns: int) -> None:
    """target[j, column + i] = source[row + i, j] for i below `rows` and j below `columns`.

    Eight lines at a time: the nearest cache holds no more whose addresses are a power of two apart.
    Oracle: numpy.transpose.
    """
    for top in range(0, rows, 8):
        for left in range(0, columns, 32):
            for j in range(left, min(left + 32, columns)):
                for i in range(top, min(top + 8, rows)):
                    target[np.uint64(j), np.uint64(column + i)] = source[np.uint64(row + i), np.uint64(j)]


@kernel
def compress(weights: Any, mask: Any, block: int, values: Any, columns: Any, starts: Any) -> None:
    """The kept of `weights`, (rows, length), in the order above; `values` and `columns` have a slot to spare.

    `starts[b * rows + r]` is where row r of block b begins. Oracle: tests/oracles/products.py.
    """
    rows, length = weights.shape
    at = np.uint64(0)
    for left in range(0, length, block):
        right = min(left + block, length)
        for row in range(rows):
            starts[left // block * rows + row] = at
            some, kept = weights[row, left:right], mask[row, left:right]
            # All are written, and what is not kept is written over: a branch would be guessed wrong.
            for i in range(np.uint64(right - left)):
                values[at] = some[i]
                columns[at] = np.uint64(left) + np.uint64(i)
                at += np.uint64(kept[i])
    starts[-1] = at


@kernel
def multiply(
    x: Any, values: Any, columns: Any, starts: Any, out: Any, panel: Any, sums: Any, first: int, last: int
) -> None:
    """out[t, r] = sum over kept k ascending of x[t, k] * w[r, k] for t in [first, last), in the dtype of `x`.

    `panel` (length, TOKENS) and `sums` (ROWS, TOKENS) are scratch, with as many tokens as there are if fewer.
    Oracle: tests/oracles/products.py.
    """
    rows = out.shape[1]
    for start in range(first, last, TOKENS):
        tokens = min(TOKENS, last - start)
        transpose(x, panel, start, 0, tokens, x.shape[1])
        for top in range(0, rows, ROWS):
            bottom = min(top + ROWS, rows)
            sums[:] = 0
            for begin in range(0, starts.size - 1, rows):
                for row in range(top, bottom):
                    span = starts[begin + row], starts[begin + row + 1]
                    accumulate(panel, values, columns, span, sums, row - top, tokens)
            transpose(sums, out[start:], 0, top, bottom - top, tokens)


@kernel
def accumulate(panel: Any, values: Any, columns: Any, span: Any, sums: Any, row: int, tokens: int) -> None:
    """sums[row, t] += values[i] * panel[columns[i], t] for t below `tokens`, i ascending within `span`.

    Eight at a time, so that each load and store of a sum serves eight products: with more, the compiler no
    longer tells them apart from the sums and gives up on vectors. Oracle: tests/oracles/products.py.
    """
    at, stop, r, width = np.uint64(span[0]), np.uint64(span[1]), np.uint64(row), np.uint64(tokens)
    while at + np.uint64(8) <= stop:
        eight(panel, values, columns, at, sums, r, width)
        at += np.uint64(8)
    while at < stop:
        value, column = values[at], np.uint64(columns[at])
        for t in range(width):
            sums[r, t] += value * panel[column, t]
        at += np.uint64(1)


@kernel
def eight(panel: Any, values: Any, columns: Any, at: Any, sums: Any, r: Any, width: Any) -> None:
    """The eight products of `accumulate` from `at` on, added from left to right."""
    i0, i1, i2, i3 = at, at + np.uint64(1), at + np.uint64(2), at + np.uint64(3)
    i4, i5, i6, i7 = at + np.uint64(4), at + np.uint64(5), at + np.uint64(6), at + np.uint64(7)
    w0, w1, w2, w3 = values[i0], values[i1], values[i2], values[i3]
    w4, w5, w6, w7 = values[i4], values[i5], values[i6], values[i7]
    k0, k1 = np.uint64(columns[i0]), np.uint64(columns[i1])
    k2, k3 = np.uint64(columns[i2]), np.uint64(columns[i3])
    k4, k5 = np.uint64(columns[i4]), np.uint64(columns[i5])
    k6, k7 = np.uint64(columns[i6]), np.uint64(columns[i7])
    for t in range(width):
        sum3 = sums[r, t] + w0 * panel[k0, t] + w1 * panel[k1, t] + w2 * panel[k2, t] + w3 * panel[k3, t]
        sums[r, t] = sum3 + w4 * panel[k4, t] + w5 * panel[k5, t] + w6 * panel[k6, t] + w7 * panel[k7, t]
