"""Ranks of short groups by a table: the rank of each mask, and the mask of each rank, masks being numbers.

Bit i of such a number says whether place i of the group is stored. Vectors lie one behind the other, and a
part starts at a multiple of 8 of them, so that it starts on a byte. Oracle: tests/oracles/packing.py.
"""

from typing import Any

import numpy as np

from simulator.kernels.compile import kernel

TABLE_MAX = 12  # values of a group: 4096 masks at most: a table that stays in the fastest cache


@kernel
def put_short_ranks(
    stored: Any,
    length: int,
    group: int,
    width: int,
    tail_width: int,
    ranks: Any,
    out: Any,
    first: int,
    last: int,
) -> None:
    """The rank of every group's mask in `width` bits, that of a tail in `tail_width`."""
    byte = np.uint64(first // 8 * (length // group * width + tail_width))
    bits, have = np.uint64(0), 0
    i = np.uint64(first * length)
    for _ in range(first, last):
        for start in range(0, length, group):
            size = min(group, length - start)
            mask = np.uint64(0)
            for place in range(np.uint64(size)):
                mask |= np.uint64(stored[i]) << np.uint64(place)
                i += np.uint64(1)
            bits |= ranks[mask] << np.uint64(have)
            have += width if size == group else tail_width
            while have >= 8:
                out[byte] = np.uint8(bits & np.uint64(255))
                bits >>= np.uint64(8)
                have -= 8
                byte += np.uint64(1)
    if have > 0:
        out[byte] = np.uint8(bits & np.uint64(255))


@kernel
def take_short_ranks(
    metadata: Any,
    values: Any,
    length: int,
    count: int,
    group: int,
    width: int,
    tail_width: int,
    masks: Any,
    tail_masks: Any,
    out: Any,
    first: int,
    last: int,
) -> int:
    """The reverse: `values` where ranks say, 0 elsewhere; the first group whose rank no mask has, or -1."""
    byte = np.uint64(first // 8 * (length // group * width + tail_width))
    bits, have = np.uint64(0), 0
    i, field, end = np.uint64(first * length), np.uint64(first * count), np.uint64(values.size - 1)
    for vector in range(first, last):
        for start in range(0, length, group):
            size = min(group, length - start)
            table, taken = (masks, width) if size == group else (tail_masks, tail_width)
            while have < taken:
                bits |= np.uint64(metadata[byte]) << np.uint64(have)
                have += 8
                byte += np.uint64(1)
            rank = bits & ((np.uint64(1) << np.uint64(taken)) - np.uint64(1))
            bits >>= np.uint64(taken)
            have -= taken
            if rank >= np.uint64(table.size):
                return vector * -(-length // group) + start // group
            mask = table[rank]
            for _ in range(size):
                keep = mask & np.uint64(1)
                out[i] = values[min(field, end)] * keep
                field += keep
                mask >>= np.uint64(1)
                i += np.uint64(1)
    return -1
