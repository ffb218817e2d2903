"""Packing for any pattern: what is stored, as bytes of 0 and 1, to and from values, indices and ranks.

Vectors of `length` values lie one behind the other; each part of the work is a range of vectors. Metadata
bits are little-endian: bit b of all is bit b mod 8 of byte b div 8. A part starts at a multiple of 8 vectors,
so that it starts on a byte. Oracle of all: tests/oracles/packing.py.
"""

from typing import Any

import numpy as np

from simulator.kernels.compile import kernel

BLOCK = 32  # rows and columns that are transposed at once, within the fastest cache
SHARE = 8  # vectors whose metadata fill whole bytes, whatever one of them takes


@kernel
def swap(values: Any, length: int, inner: int, out: Any, first: int, last: int) -> None:
    """Transpose (outer, length, inner) to (outer, inner, length): parts [first, last) of BLOCK columns."""
    blocks, block = -(-inner // BLOCK), np.uint64(BLOCK)
    for part in range(first, last):
        start = np.uint64(part // blocks * length * inner)
        column = np.uint64(part % blocks * BLOCK)
        columns: Any = min(column + block, np.uint64(inner))
        for row in range(np.uint64(0), np.uint64(length), block):
            rows: Any = min(row + block, np.uint64(length))
            for c in range(column, columns):
                for r in range(row, rows):
                    out[start + c * np.uint64(length) + r] = values[start + r * np.uint64(inner) + c]


@kernel
def put(out: Any, at: int, value: Any, width: int) -> None:
    """Write `value`, a uint64 of `width` bits (1 to 63), at bit `at`; the bits from there on are 0."""
    byte, done = at >> 3, np.uint64(at & 7)
    out[byte] |= np.uint8((value << done) & np.uint64(255))
    done = np.uint64(8) - done
    while done < np.uint64(width):
        byte += 1
        out[byte] = np.uint8((value >> done) & np.uint64(255))
        done += np.uint64(8)


@kernel
def take(metadata: Any, at: int, width: int) -> Any:
    """The uint64 of `width` bits (0 to 63) at bit `at`."""
    if width == 0:
        return np.uint64(0)
    byte, done = at >> 3, 8 - (at & 7)
    value = np.uint64(metadata[byte]) >> np.uint64(at & 7)
    while done < width:
        byte += 1
        value |= np.uint64(metadata[byte]) << np.uint64(done)
        done += 8
    return value & ((np.uint64(1) << np.uint64(width)) - np.uint64(1))


@kernel
def fill(stored: Any, length: int, kept: int, group: int, first: int, last: int) -> int:
    """Store the lowest-index zeros too, until each group is full; the first group with too many, or -1."""
    for vector in range(first, last):
        i, stop = np.uint64(vector * length), np.uint64((vector + 1) * length)
        for g in range(-(-length // group)):
            at, end = i, min(i + np.uint64(group), stop)
            count, room = np.uint64(0), min(np.uint64(kept), end - i)
            while i < end:
                count += np.uint64(stored[i])
                i += np.uint64(1)
            if count > room:
                return vector * -(-length // group) + g
            while count < room:
                count += np.uint64(1) - np.uint64(stored[at])
                stored[at] = 1
                at += np.uint64(1)
    return -1


@kernel
def gather(values: Any, stored: Any, length: int, count: int, out: Any, first: int, last: int) -> None:
    """The stored values one behind the other, `count` of each vector."""
    i, at, end = np.uint64(first * length), np.uint64(first * count), np.uint64(last * count)
    while at < end:  # a value that is not stored is overwritten by the next: no branch to mispredict
        out[at] = values[i]
        at += np.uint64(stored[i])
        i += np.uint64(1)


@kernel
def scatter(packed: Any, stored: Any, length: int, count: int, out: Any, first: int, last: int) -> None:
    """The reverse: the stored values where they were, 0 elsewhere."""
    i, at, end = np.uint64(first * length), np.uint64(first * count), np.uint64(last * count)
    while at < end:
        keep = np.uint64(stored[i])
        out[i] = packed[at] * keep
        at += keep
        i += np.uint64(1)
    out[int(i) : last * length] = 0


@kernel
def put_indices(
    stored: Any,
    length: int,
    count: int,
    group: int,
    in_rows: bool,
    width: int,
    per: int,
    out: Any,
    first: int,
    last: int,
) -> None:
    """The index of every stored value in `width` bits, `count` for each vector; `first` a multiple of SHARE.

    After `per` fields, if not 0, a new byte begins. An index counts from the start of its group, or of its
    vector where they lie `in_rows`.
    """
    indices = np.empty(count + 1, np.uint64)
    share = count * width if per == 0 else count * SHARE // per * -(-width // 8)
    byte, bits, have, left = np.uint64(first // SHARE * share), np.uint64(0), 0, per
    around = np.uint64(length if in_rows else group)
    for vector in range(first, last):
        at, index = np.uint64(0), np.uint64(0)
        for i in range(np.uint64(vector * length), np.uint64((vector + 1) * length)):
            indices[at] = index
            at += np.uint64(stored[i])
            index = index + np.uint64(1) if index + np.uint64(1) < around else np.uint64(0)
        for field in range(np.uint64(count)):
            bits |= indices[field] << np.uint64(have)
            have += width
            left -= 1
            while have >= 8 or (left == 0 and have > 0):
                out[byte] = np.uint8(bits & np.uint64(255))
                bits >>= np.uint64(8)
                have = max(have - 8, 0)
                byte += np.uint64(1)
            if left == 0:
                left = per
    if have > 0:
        out[byte] = np.uint8(bits & np.uint64(255))


@kernel
def take_indices(
    metadata: Any,
    values: Any,
    length: int,
    count: int,
    kept: int,
    group: int,
    in_rows: bool,
    width: int,
    per: int,
    out: Any,
    first: int,
    last: int,
) -> int:
    """The reverse: `values` where indices say, 0 elsewhere; the first group with wrong indices, or -1."""
    share = count * width if per == 0 else count * SHARE // per * -(-width // 8)
    byte, bits, have, left = np.uint64(first // SHARE * share), np.uint64(0), 0, per
    every = (np.uint64(1) << np.uint64(width)) - np.uint64(1)
    field = np.uint64(first * count)
    for vector in range(first, last):
        origin, stop = vector * length, (vector + 1) * length
        out[origin:stop] = 0
        for start in range(origin, stop, group):
            end, base = np.uint64(min(start + group, stop)), np.uint64(origin if in_rows else start)
            least = np.uint64(start)
            for _ in range(min(kept, stop - start)):
                while have < width:
                    bits |= np.uint64(metadata[byte]) << np.uint64(have)
                    have += 8
                    byte += np.uint64(1)
                at = base + (bits & every)
                if at < least or at >= end:
                    return vector * -(-length // group) + (start - origin) // group
                out[at] = values[field]
                least = at + np.uint64(1)
                field += np.uint64(1)
                bits >>= np.uint64(width)
                have -= width
                left -= 1
                if left == 0:
                    bits, have, left = np.uint64(0), 0, per
    return -1


@kernel
def put_ranks(
    stored: Any,
    length: int,
    group: int,
    width: int,
    tail_width: int,
    ways: Any,
    out: Any,
    first: int,
    last: int,
) -> None:
    """The rank of every group's mask: the sum of C(c_i, i) over its stored indices c_1 < c_2 < ...

    ways[z, i] = C(z + i - 1, i) is what the i-th stored value adds behind z that are not; a last column is 0.
    """
    whole = length // group
    for vector in range(first, last):
        bit = vector * (whole * width + tail_width)
        for start in range(vector * length, (vector + 1) * length, group):
            stop = min(start + group, (vector + 1) * length)
            rank, zeros, count = np.uint64(0), np.uint64(0), np.uint64(0)
            for i in range(np.uint64(start), np.uint64(stop)):
                keep = np.uint64(stored[i])
                rank += ways[zeros, count + np.uint64(1)] * keep
                count += keep
                zeros += np.uint64(1) - keep
            bits = width if stop - start == group else tail_width
            if bits:
                put(out, bit, rank, bits)
            bit += bits


@kernel
def take_ranks(
    metadata: Any,
    values: Any,
    length: int,
    count: int,
    kept: int,
    group: int,
    width: int,
    tail_width: int,
    most: Any,
    tail_most: Any,
    ways: Any,
    out: Any,
    first: int,
    last: int,
) -> int:
    """The reverse: `values` where ranks say, 0 elsewhere; the first group with a rank above `most`, or -1."""
    whole = length // group
    field = np.uint64(first * count)
    for vector in range(first, last):
        bit = vector * (whole * width + tail_width)
        for start in range(vector * length, (vector + 1) * length, group):
            size = min(group, (vector + 1) * length - start)
            bits = width if size == group else tail_width
            rank = take(metadata, bit, bits)
            bit += bits
            if rank > (most if size == group else tail_most):
                return vector * -(-length // group) + (start - vector * length) // group
            left = np.uint64(min(kept, size))
            at, zeros, after = np.uint64(start + size), np.uint64(size) - left, field + left
            for _ in range(size):  # from the last place on, as a rank's largest part is its last
                at -= np.uint64(1)
                keep = np.uint64(rank >= ways[zeros, left])
                out[at] = values[field + left - np.uint64(left > np.uint64(0))] * keep
                rank -= ways[zeros, left] * keep
                zeros -= np.uint64(1) - keep
                left -= keep
            field = after
    return -1


@kernel
def put_pointers(count: int, vectors: int, width: int, at: int, out: Any) -> None:
    """Write from bit `at` on where each row of `count` values starts, and where the last one ends."""
    for vector in range(vectors + 1):
        put(out, at + vector * width, np.uint64(vector * count), width)


@kernel
def wrong_pointer(metadata: Any, count: int, vectors: int, width: int, at: int) -> int:
    """The first row pointer that is not what `count` values a row make it, or -1."""
    for vector in range(vectors + 1):
        if take(metadata, at + vector * width, width) != np.uint64(vector * count):
            return vector
    return -1
