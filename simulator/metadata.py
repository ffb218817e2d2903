"""Metadata: the bits that say where stored values were, written and read for every Format.

Bits are little-endian: bit b of all is bit b mod 8 of byte b div 8; spare bits are written as 0 and not read.
What is stored is an array of bytes, 1 where a value is: `vectors` vectors of `length`, one behind the other.
"""

from collections.abc import Callable
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, shown
from simulator.formats import (
    BYTE,
    Bitmask,
    Combinatorial,
    CompressedRows,
    Coordinate,
    Format,
    bits_to_name,
)
from simulator.kernels import packing as kernels
from simulator.kernels import packing_ranks as ranks
from simulator.kernels.threads import spread
from simulator.mask.dtypes import Array
from simulator.pattern import Pattern

Bytes = NDArray[np.uint8]
RANK_BITS = 63


class Rows(NamedTuple):
    """`vectors` vectors of `length` values that obey `pattern`."""

    vectors: int
    length: int
    pattern: Pattern

    @property
    def values(self) -> int:
        """Values in all."""
        return self.vectors * self.length

    @property
    def stored(self) -> int:
        """Values that a vector stores."""
        return self.pattern.kept_along(self.length)

    def room(self, place: int) -> int:
        """Values that group `place` of all stores."""
        start = place % self.groups * self.pattern.group
        return min(self.pattern.kept, self.length - start)

    @property
    def groups(self) -> int:
        """Groups of a vector, a ragged last one included."""
        return self.pattern.groups_along(self.length)

    def name(self, place: int) -> str:
        """What a person calls group `place` of all."""
        return f"group {place % self.groups} of vector {place // self.groups}"


def first_place(run: Callable[[int, int], int], rows: Rows) -> int:
    """The first place that run(first, last) finds over all vectors, or -1."""
    found: list[int] = []
    spread(
        lambda first, last: found.append(run(first, last)),
        rows.vectors,
        values=rows.values,
        step=kernels.SHARE,
    )
    return min((place for place in found if place >= 0), default=-1)


def check_form(form: object, pattern: Pattern) -> None:
    """Refuse a format that cannot be packed, or whose rank is too long."""
    if type(form) not in CODERS:
        known = ", ".join(kind.__name__ for kind in CODERS)
        raise InputError.of(f"{shown(form)} cannot be packed", f"{known} or Dense")
    if isinstance(form, Combinatorial):
        bits = bits_to_name(comb(pattern.group, pattern.kept))
        if bits > RANK_BITS:
            raise InputError.of(
                f"the rank of a {pattern} mask takes {bits} bits",
                f"combinatorial packs ranks of up to {RANK_BITS} bits, coordinate and bitmask any pattern",
            )


def encode(stored: Bytes, rows: Rows, form: Format, out: Bytes) -> None:
    """Write the metadata of what is stored, exactly min(kept, tail) values of each group."""
    out[:] = 0
    if out.size:
        CODERS[type(form)][0](stored, rows, form, out)


def decode(metadata: Bytes, values: Array, rows: Rows, form: Format, out: Array) -> None:
    """Write `values` where the metadata say, 0 elsewhere; InputError where those are of no mask."""
    if form.metadata_bits(vectors=rows.vectors, length=rows.length, pattern=rows.pattern):
        CODERS[type(form)][1](metadata, values, rows, form, out)
    else:  # without metadata everything is stored
        out[:] = values


def check_stored(stored: Bytes, rows: Rows, *, what: str) -> None:
    """Refuse what does not store exactly min(kept, tail) values of each group."""
    kept, group = rows.pattern.kept, rows.pattern.group
    place = first_place(
        lambda first, last: kernels.broken(stored, rows.length, kept, group, first, last), rows
    )
    if place >= 0:
        start = place // rows.groups * rows.length + place % rows.groups * group
        size = min(group, rows.length - place % rows.groups * group)
        count = np.count_nonzero(stored[start : start + size])
        raise InputError.of(
            f"{what} stores {count} of the {size} values of {rows.name(place)}",
            f"{rows.pattern} stores exactly {rows.room(place)} of them",
        )


def _encode_bitmask(stored: Bytes, rows: Rows, form: Format, out: Bytes) -> None:  # noqa: ARG001
    out[:] = np.packbits(stored, bitorder="little")


def _decode_bitmask(metadata: Bytes, values: Array, rows: Rows, form: Format, out: Array) -> None:  # noqa: ARG001
    stored = np.unpackbits(metadata, count=out.size, bitorder="little")
    check_stored(stored, rows, what="the metadata")
    spread(
        lambda first, last: kernels.scatter(values, stored, rows.length, rows.stored, out, first, last),
        rows.vectors,
        values=rows.values,
    )


def _fields(form: Format, rows: Rows) -> tuple[int, bool, int, int]:
    """Values to a group, whether indices count along the row, bits of one, indices to a byte (0: gapless)."""
    if isinstance(form, CompressedRows):
        return rows.pattern.group, True, bits_to_name(rows.length), 0
    width = bits_to_name(rows.pattern.group)
    straddle = isinstance(form, Coordinate) and form.straddle
    return rows.pattern.group, False, width, 0 if straddle else max(1, BYTE // width)


def _encode_indices(stored: Bytes, rows: Rows, form: Format, out: Bytes) -> None:
    fields = _fields(form, rows)
    spread(
        lambda first, last: kernels.put_indices(stored, rows.length, rows.stored, *fields, out, first, last),
        rows.vectors,
        values=rows.values,
        step=kernels.SHARE,
    )


def _decode_indices(metadata: Bytes, values: Array, rows: Rows, form: Format, out: Array) -> None:
    kept, fields = rows.pattern.kept, _fields(form, rows)
    place = first_place(
        lambda first, last: kernels.take_indices(
            metadata, values, rows.length, rows.stored, kept, *fields, out, first, last
        ),
        rows,
    )
    if place >= 0:
        raise InputError.of(
            f"the indices of {rows.name(place)} are those of no {rows.pattern} mask",
            f"its {rows.room(place)} indices rise and lie within the group",
        )


def _encode_rows(stored: Bytes, rows: Rows, form: Format, out: Bytes) -> None:
    width = bits_to_name(rows.length)
    if width:
        _encode_indices(stored, rows, form, out)
    nnz = rows.vectors * rows.stored
    kernels.put_pointers(rows.stored, rows.vectors, bits_to_name(nnz + 1), nnz * width, out)


def _decode_rows(metadata: Bytes, values: Array, rows: Rows, form: Format, out: Array) -> None:
    width = bits_to_name(rows.length)
    nnz = rows.vectors * rows.stored
    vector = kernels.wrong_pointer(metadata, rows.stored, rows.vectors, bits_to_name(nnz + 1), nnz * width)
    if vector >= 0:
        raise InputError.of(
            f"row pointer {vector} is not {vector * rows.stored}", f"each row stores {rows.stored} values"
        )
    _decode_indices(metadata, values, rows, form, out)


def _ways(pattern: Pattern) -> NDArray[np.uint64]:
    """C(z + i - 1, i) for z zeros and i = 0 to kept, then a column of 0: Pascal's rule by columns."""
    ways = np.zeros((pattern.group - pattern.kept + 1, pattern.kept + 2), np.uint64)
    ways[:, 0] = 1
    for i in range(1, pattern.kept + 1):
        ways[1:, i] = np.cumsum(ways[1:, i - 1])
    return ways


def _masks(rows: Rows) -> tuple[int, int]:
    """How many masks a group may have, and how many a tail."""
    kept, group = rows.pattern.kept, rows.pattern.group
    tail = rows.length % group
    return comb(group, kept), comb(tail, min(kept, tail))


def _numbers(group: int, kept: int) -> NDArray[np.uint64]:
    """The masks of a short group as numbers, in rising order, which is that of their ranks."""
    every = np.arange(1 << group, dtype=np.uint64)
    numbers: NDArray[np.uint64] = every[np.bitwise_count(every) == kept]
    return numbers


def _encode_ranks(stored: Bytes, rows: Rows, form: Format, out: Bytes) -> None:  # noqa: ARG001
    kept, group = rows.pattern.kept, rows.pattern.group
    widths = [bits_to_name(masks) for masks in _masks(rows)]
    if group <= ranks.GROUP_MAX:
        put, table = ranks.put_short_ranks, np.zeros(1 << group, np.uint64)
        for numbers in (_numbers(group, kept), _tail_numbers(rows)):
            table[numbers] = np.arange(numbers.size)
    else:
        put, table = kernels.put_ranks, _ways(rows.pattern)
    spread(
        lambda first, last: put(stored, rows.length, group, *widths, table, out, first, last),
        rows.vectors,
        values=rows.values,
        step=kernels.SHARE,
    )


def _tail_numbers(rows: Rows) -> NDArray[np.uint64]:
    tail = rows.length % rows.pattern.group
    return _numbers(tail, min(rows.pattern.kept, tail))


def _decode_ranks(metadata: Bytes, values: Array, rows: Rows, form: Format, out: Array) -> None:  # noqa: ARG001
    kept, group = rows.pattern.kept, rows.pattern.group
    widths = [bits_to_name(masks) for masks in _masks(rows)]
    run: Callable[[int, int], int]
    if group <= ranks.GROUP_MAX:
        tables = _numbers(group, kept), _tail_numbers(rows)
        run = lambda first, last: ranks.take_short_ranks(  # noqa: E731
            metadata, values, rows.length, rows.stored, group, *widths, *tables, out, first, last
        )
    else:
        most, ways = [np.uint64(masks - 1) for masks in _masks(rows)], _ways(rows.pattern)
        run = lambda first, last: kernels.take_ranks(  # noqa: E731
            metadata, values, rows.length, rows.stored, kept, group, *widths, *most, ways, out, first, last
        )
    place = first_place(run, rows)
    if place >= 0:
        size = min(group, rows.length - place % rows.groups * group)
        room = rows.room(place)
        raise InputError.of(
            f"the rank of {rows.name(place)} is that of no mask",
            f"a rank is below C({size}, {room}) = {comb(size, room)}",
        )


Encode = Callable[[Bytes, Rows, Format, Bytes], None]
Decode = Callable[[Bytes, Array, Rows, Format, Array], None]
CODERS: dict[type[Format], tuple[Encode, Decode]] = {
    Bitmask: (_encode_bitmask, _decode_bitmask),
    Combinatorial: (_encode_ranks, _decode_ranks),
    Coordinate: (_encode_indices, _decode_indices),
    CompressedRows: (_encode_rows, _decode_rows),
}
