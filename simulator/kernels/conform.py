"""What is kept in each group: where a mask breaks its pattern, and which patterns an array obeys."""

import numpy as np
from numpy.typing import NDArray

from simulator.kernels.compile import kernel

Bytes = NDArray[np.uint8]
Counts = NDArray[np.uint16]


@kernel
def occupied(bits: NDArray[np.unsignedinteger], magnitude: int, out: Bytes, first: int, last: int) -> None:
    """out[i] = 1 where a bit of `magnitude` is set in bits[i], else 0, for i in [first, last).

    Oracle: tests/oracles/conform_mask.py
    """
    for i in range(np.uint64(first), np.uint64(last)):
        out[i] = (bits[i] & magnitude) != 0


@kernel
def count_along(rows: Bytes, group: int, block: int, out: Counts, first: int, last: int) -> None:
    """out[r, g] = values kept in the group g of row r, for the blocks [first, last) of `block` groups.

    `rows` is (count, length) of 0 and 1, `out` is (count, G) with G = ceil(length / group); each row has
    ceil(G / block) blocks. Oracle: tests/oracles/conform_mask.py
    """
    groups = out.shape[1]
    blocks = -(-groups // block)
    for unit in range(first, last):
        row, begin = unit // blocks, unit % blocks * block
        here = out[row, begin : min(begin + block, groups)]
        for g in range(len(here)):
            here[g] = 0
        # All groups' first values, then all second ones: a loop over one short group would not be unrolled.
        for at in range(group):
            line = rows[row, begin * group + at :]
            for g in range(min(len(here), -(-len(line) // group))):
                here[g] += line[g * group]


@kernel
def count_across(mask: Bytes, group: int, out: Counts, first: int, last: int) -> None:
    """out[o, g, i] = values kept in group g of mask[o, :, i], for the groups o * G + g in [first, last).

    `mask` is (outer, length, inner) of 0 and 1, `out` is (outer, G, inner) with G = ceil(length / group).
    Oracle: tests/oracles/conform_mask.py
    """
    length, inner = mask.shape[1], mask.shape[2]
    groups = out.shape[1]
    for unit in range(first, last):
        o, start = unit // groups, unit % groups * group
        here = out[o, unit % groups]  # a row by itself: only then does the loop over it vectorise
        for i in range(inner):
            here[i] = 0
        for at in range(start, min(start + group, length)):
            line = mask[o, at]
            for i in range(inner):
                here[i] += line[i]


@kernel
def most_kept(
    rows: Bytes, block: int, before: NDArray[np.int32], most: NDArray[np.int64], first: int, last: int
) -> None:
    """most[g] = the most values in one aligned group of g, for every g in [2, len(most)), where it was less.

    `rows` is (count, length) of 0 and 1. Work is cut into blocks of `block` starts, ceil(length / block) to
    a row; those in [first, last) are looked at. `before` is scratch for block + len(most) running counts.
    Oracle: tests/oracles/conform_mask.py
    """
    length = rows.shape[1]
    blocks = -(-length // block)
    for unit in range(first, last):
        row, begin = unit // blocks, unit % blocks * block
        end = min(begin + block, length)
        before[0] = 0
        for at in range(begin, min(end + len(most) - 1, length)):  # a group may end behind its block
            before[at - begin + 1] = before[at - begin] + rows[row, at]
        for group in range(2, len(most)):
            high = most[group]
            if high == group:
                continue
            for start in range(-(-begin // group) * group, end, group):
                stop = min(start + group, length)
                high = max(high, before[stop - begin] - before[start - begin])
            most[group] = high
