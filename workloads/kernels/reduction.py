"""Sums and maxima along a row in eight lanes: an order that is fixed, and that vectorises.

Lane i takes the values i, i + 8, ... of the whole eights; what is left comes last, one after the other. All
arrays are (rows, columns).
"""

import numpy as np

from simulator.kernels.compile import kernel
from workloads.kernels.lanes import LANES, doubled, larger, larger_of, load, most, spread, total


@kernel
def row_sum(x, i):  # type: ignore[no-untyped-def]
    """The sum of row i. Oracle: tests/oracles/training_kernels.py."""
    columns = x.shape[1]
    whole = columns // LANES * LANES
    sums = spread(x.dtype.type(0))
    for j in range(0, whole, LANES):
        sums = sums + load(x, i, j)
    found = total(sums)
    for j in range(whole, columns):
        found += x[i, j]
    return found


@kernel
def row_dot(x, y, i):  # type: ignore[no-untyped-def]
    """The sum of the products of row i of two arrays. Oracle: tests/oracles/training_kernels.py."""
    columns = x.shape[1]
    whole = columns // LANES * LANES
    sums = spread(x.dtype.type(0))
    for j in range(0, whole, LANES):
        sums = sums + load(x, i, j) * load(y, i, j)
    found = total(sums)
    for j in range(whole, columns):
        found += x[i, j] * y[i, j]
    return found


@kernel
def row_max(x, i, columns):  # type: ignore[no-untyped-def]
    """The largest of the first `columns` of row i; NaN is none. Oracle: tests/oracles/training_kernels.py."""
    whole = columns // LANES * LANES
    largest = spread(x.dtype.type(-np.inf))
    for j in range(0, whole, LANES):
        largest = larger_of(largest, load(x, i, j))
    found = most(largest)
    for j in range(whole, columns):
        found = larger(found, x[i, j])
    return found


@kernel
def row_spread(x, i, centre):  # type: ignore[no-untyped-def]
    """The sum of (x - centre)^2 along row i. Oracle: tests/oracles/training_kernels.py."""
    columns = x.shape[1]
    whole = columns // LANES * LANES
    sums, middle = spread(x.dtype.type(0)), spread(centre)
    for j in range(0, whole, LANES):
        away = load(x, i, j) - middle
        sums = sums + away * away
    found = total(sums)
    for j in range(whole, columns):
        found += (x[i, j] - centre) * (x[i, j] - centre)
    return found


@kernel
def row_moment(weights, x, i, centre):  # type: ignore[no-untyped-def]
    """The sum of weights (x - centre) along row i, whose differences end at -10000: so a weight of 0 adds 0.

    Oracle: tests/oracles/training_kernels.py.
    """
    columns = x.shape[1]
    whole = columns // LANES * LANES
    least = x.dtype.type(-10000)
    sums, middle, leasts = spread(x.dtype.type(0)), spread(centre), spread(least)
    for j in range(0, whole, LANES):
        sums = sums + load(weights, i, j) * larger_of(leasts, load(x, i, j) - middle)
    found = total(sums)
    for j in range(whole, columns):
        found += weights[i, j] * larger(least, x[i, j] - centre)
    return found


@kernel
def square_sum(x, start, stop):  # type: ignore[no-untyped-def]
    """The sum of squares of x[0, start:stop] in float64. Oracle: tests/oracles/training_kernels.py."""
    whole = start + (stop - start) // LANES * LANES
    sums = spread(np.float64(0))
    for j in range(start, whole, LANES):
        values = doubled(load(x, 0, j))
        sums = sums + values * values
    found = total(sums)
    for j in range(whole, stop):
        found += np.float64(x[0, j]) * np.float64(x[0, j])
    return found
