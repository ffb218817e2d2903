"""The masks of published code for a block: one pass over its values, the largest or the smallest first.

Oracle: tests/oracles/transposable.py.
"""

import numpy as np

from simulator.kernels.compile import kernel
from simulator.kernels.transposable_blocks import place, read


@kernel
def select_greedy(scores, kept, group, prune, first, last, out):  # type: ignore[no-untyped-def]
    """Fill rows [first, last) of blocks of `out`, counted through the stack, by one greedy pass.

    scores (stack, rows, columns) floats, out the same shape of bool. Of equal values the lowest index is
    kept. NaN is not kept.
    """
    weights, enter = np.zeros((group, group)), np.zeros((group, group))
    in_row, in_column = np.zeros(group, np.int64), np.zeros(group, np.int64)
    down = (scores.shape[1] + group - 1) // group
    for line in range(first, last):
        stack, row = line // down, line % down * group
        for column in range(0, scores.shape[2], group):
            read(scores, stack, row, column, group, weights)
            order = heaviest(weights)
            in_row[:] = 0
            in_column[:] = 0
            if prune:
                drop(order[::-1], group - kept, in_row, in_column, enter)
            else:
                keep(order, kept, in_row, in_column, enter)
            place(enter, weights, 0.0, stack, row, column, out)


@kernel
def heaviest(weights):  # type: ignore[no-untyped-def]
    """Places from the heaviest on, of equals the first before others; a NaN becomes -1."""
    for i in range(len(weights)):
        for j in range(len(weights)):
            if np.isnan(weights[i, j]):
                weights[i, j] = -1.0
    return np.argsort(-weights.ravel(), kind="mergesort")


@kernel
def keep(order, kept, in_row, in_column, enter):  # type: ignore[no-untyped-def]
    """Take each place in turn, marked -inf, while its row and its column both hold fewer than `kept`."""
    enter[:] = 0.0
    for at in order:
        i, j = at // len(enter), at % len(enter)
        if in_row[i] < kept and in_column[j] < kept:
            enter[i, j] = -np.inf
            in_row[i] += 1
            in_column[j] += 1


@kernel
def drop(order, owed, in_row, in_column, enter):  # type: ignore[no-untyped-def]
    """Give up each place in turn while its row or column has given up fewer than `owed`.

    The rest is marked -inf.
    """
    enter[:] = -np.inf
    for at in order:
        i, j = at // len(enter), at % len(enter)
        if in_row[i] < owed or in_column[j] < owed:
            enter[i, j] = 0.0
            in_row[i] += 1
            in_column[j] += 1
