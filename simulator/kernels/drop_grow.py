"""Drop the least of what a group keeps, and grow as many elsewhere in it."""

import numpy as np

from simulator.kernels.compile import kernel
from simulator.kernels.unstructured import key_of

FEW = 24  # from more kept values on, the bits of the cut are found one by one


@kernel
def exchange(mask, weights, growth, limits, kept, group, count, first, last, out):  # type: ignore[no-untyped-def]
    """Drop `count` kept values of each group, as far as it has them, then grow as many.

    mask, weights, growth and out are (outer, length, inner), the middle two as unsigned bits; limits holds
    magnitude and infinity of weights, then of growth. Served are groups [first, last): `at` is the one at /
    groups, and at % groups along length, of every inner. Oracle: tests/oracles/drop_grow.py.
    """
    length, inner = mask.shape[1], mask.shape[2]
    groups = (length + group - 1) // group
    keys = np.zeros(group, np.uint64)
    taken = np.zeros(group, np.bool_)
    for at in range(first, last):
        outer, start = at // groups, at % groups * group
        size = min(group, length - start)
        whole = min(kept, size)
        for i in range(inner):
            for j in range(size):
                inside = mask[outer, start + j, i]
                key = key_of(weights[outer, start + j, i], limits[0], limits[1]) + np.uint64(1)
                keys[j] = key if inside else np.uint64(0)
                taken[j] = False
            take_largest(keys[:size], max(0, whole - count), taken)
            for j in range(size):
                key = key_of(growth[outer, start + j, i], limits[2], limits[3]) + np.uint64(1)
                keys[j] = np.uint64(0) if taken[j] else key
            take_largest(keys[:size], min(count, whole), taken)
            for j in range(size):
                out[outer, start + j, i] = taken[j]


@kernel
def take_largest(keys, count, taken):  # type: ignore[no-untyped-def]
    """Mark the `count` largest keys above 0, on equality the lowest index.

    Oracle: tests/oracles/drop_grow.py.
    """
    if count == 0:
        return
    cut = cut_by_steps(keys, count) if count <= FEW else cut_by_bits(keys, count)
    left = count
    for j in range(keys.size):
        left -= keys[j] > cut
    for j in range(keys.size):
        if keys[j] > cut:
            taken[j] = True
        elif keys[j] == cut and left > 0:
            taken[j] = True
            left -= 1


@kernel
def cut_by_steps(keys, count):  # type: ignore[no-untyped-def]
    """The count-th largest key, by going down from one distinct key to the next.

    Oracle: tests/oracles/drop_grow.py.
    """
    cut, left = np.uint64(0xFFFF_FFFF_FFFF_FFFF), count
    while left > 0:
        below, equal = np.uint64(0), 0
        for j in range(keys.size):
            if keys[j] < cut and keys[j] > below:
                below, equal = keys[j], 1
            elif keys[j] == below:
                equal += 1
        cut = below
        left -= equal
    return cut


@kernel
def cut_by_bits(keys, count):  # type: ignore[no-untyped-def]
    """The count-th largest key, whose bits are found from the top. Oracle: tests/oracles/drop_grow.py."""
    cut = np.uint64(0)
    for place in range(63, -1, -1):
        trial = cut | (np.uint64(1) << np.uint64(place))
        enough = 0
        for j in range(keys.size):
            enough += keys[j] >= trial
        if enough >= count:
            cut = trial
    return cut
