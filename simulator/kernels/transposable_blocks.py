"""Square blocks of scores as weights to be summed, and their masks on the way back.

Oracle: tests/oracles/transposable.py.
"""

import math

import numpy as np

from simulator.kernels.compile import kernel

SAFE = 2.0**1000  # no sum over a block of smaller ones overflows


@kernel
def weigh(scores, stack, row, column, group, weights):  # type: ignore[no-untyped-def]
    """Weights of the block that starts at scores[stack, row, column], in `weights`, (group, >= group).

    A weight is the magnitude, and 0 beyond the edge. Magnitudes that a sum could not hold are first divided
    by a power of two. Where the block has an infinity or a NaN, its finite weights are below 1 and one
    infinity weighs more than what all of a cycle through the block's rows can lose in finite ones (2 group),
    one NaN less than any of that (-4 group^2): a largest sum then keeps the fewest NaN, next the most
    infinities. Only a NaN weighs less than 0.
    """
    largest, strange = read(scores, stack, row, column, group, weights)
    if strange or largest >= SAFE:
        rescale(weights, group, largest)


@kernel
def read(scores, stack, row, column, group, sizes):  # type: ignore[no-untyped-def]
    """Magnitudes of the block into `sizes`; the largest that is finite, and whether any is not."""
    rows = min(group, scores.shape[1] - row)
    columns = min(group, scores.shape[2] - column)
    largest = 0.0
    strange = False
    for i in range(group):
        for j in range(group):
            sizes[i, j] = 0.0
    for i in range(rows):
        for j in range(columns):
            size = abs(float(scores[stack, row + i, column + j]))
            sizes[i, j] = size
            if size < np.inf:
                largest = max(largest, size)
            else:
                strange = True
    return largest, strange


@kernel
def rescale(weights, group, largest):  # type: ignore[no-untyped-def]
    """Magnitudes to weights below 1, infinities to 2 group, NaN to -4 group^2; `largest` is finite."""
    exponent = math.frexp(largest)[1]
    for i in range(group):
        for j in range(group):
            size = weights[i, j]
            if size < np.inf:
                weights[i, j] = math.ldexp(size, -exponent)
            elif size == np.inf:
                weights[i, j] = 2.0 * group
            else:
                weights[i, j] = -4.0 * group * group


@kernel
def place(enter, weights, least, stack, row, column, out):  # type: ignore[no-untyped-def]
    """Write the block at out[stack, row, column]: where `enter` is -inf and the weight at least `least`."""
    group = len(weights)
    for i in range(min(group, out.shape[1] - row)):
        for j in range(min(group, out.shape[2] - column)):
            out[stack, row + i, column + j] = (enter[i, j] == -np.inf) & (weights[i, j] >= least)
