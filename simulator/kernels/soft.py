"""Soft thresholding within groups, given which values are kept.

The threshold of a group is the largest magnitude that it drops. A dropped NaN is no magnitude, and a kept one
stays. Conditions are joined by & so that the loops have no branches, and vectorise.
"""

import numpy as np

from simulator.kernels.compile import kernel

STRETCH = 2048  # values of a row, in whole groups, that are worked on while they are in the nearest cache


@kernel
def stretches_along(length, group):  # type: ignore[no-untyped-def]
    """Stretches of a row of `length` values. Oracle: tests/oracles/soft.py."""
    step = max(1, STRETCH // group) * group
    return (length + step - 1) // step


@kernel
def shrink_rows(values, mask, group, first, last, out):  # type: ignore[no-untyped-def]
    """Groups along the last axis of (rows, length), in stretches [first, last), counted through the rows.

    Oracle: tests/oracles/soft.py.
    """
    length = values.shape[1]
    step = max(1, STRETCH // group) * group
    stretches = stretches_along(length, group)
    cuts = np.zeros(step, values.dtype)
    for at in range(first, last):
        row, start = at // stretches, at % stretches * step
        stop = min(start + step, length)
        given, kept, result = values[row, start:stop], mask[row, start:stop], out[row, start:stop]
        for j in range(stop - start):
            cuts[j] = dropped(given[j], kept[j])
        for left in range(0, stop - start, group):
            right = min(left + group, stop - start)
            cut = cuts[left]
            for j in range(left + 1, right):
                cut = max(cut, cuts[j])
            for j in range(left, right):
                cuts[j] = cut
        for j in range(stop - start):
            result[j] = shrunk(given[j], kept[j], cuts[j])


@kernel
def shrink_columns(values, mask, group, first, last, out):  # type: ignore[no-untyped-def]
    """Groups along the middle axis of (outer, length, inner), in rows of groups [first, last).

    Oracle: tests/oracles/soft.py.
    """
    length, inner = values.shape[1], values.shape[2]
    groups = (length + group - 1) // group
    cuts = np.zeros(inner, values.dtype)
    for at in range(first, last):
        outer, start = at // groups, at % groups * group
        stop = min(start + group, length)
        cuts[:] = 0
        for j in range(start, stop):
            for i in range(inner):
                cuts[i] = max(cuts[i], dropped(values[outer, j, i], mask[outer, j, i]))
        for j in range(start, stop):
            for i in range(inner):
                out[outer, j, i] = shrunk(values[outer, j, i], mask[outer, j, i], cuts[i])


@kernel
def dropped(value, kept):  # type: ignore[no-untyped-def]
    """The magnitude of a number that is not kept, else 0. Oracle: tests/oracles/soft.py."""
    size = abs(value)
    return size if (not kept) & (size > 0) else np.float32(0)


@kernel
def shrunk(value, kept, cut):  # type: ignore[no-untyped-def]
    """A kept value with its magnitude less by `cut`; 0 where nothing is left.

    Oracle: tests/oracles/soft.py.
    """
    less = value - cut if value > 0 else value + cut
    return less if kept & (not abs(value) <= cut) else np.float32(0)
