"""Metadata: the bits that say where stored values were, written and read for every Format.

Bits are little-endian: bit b of all is bit b mod 8 of byte b div 8; spare bits are written as 0 and not read.
What is stored is an array of bytes, 1 where a value is: `vectors` vectors of `length`, one behind the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import comb, prod

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
from simulator.mask.conform import breaks, name_group
from simulator.mask.dtypes import Array
from simulator.pattern import Pattern

Bytes = NDArray[np.uint8]
RANK_BITS = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """The vectors along `axis` of an array of `shape`, which obey `pattern`; a group is one of all groups."""

    shape: tuple[int, ...]
    axis: int
    pattern: Pattern

    @property
    def count(self) -> int:
        """How many there are."""
        return prod(self.shape[: self.axis]) * prod(self.shape[self.axis + 1 :])

    @property
    def length(self) -> int:
        """Values of each."""
        return self.shape[self.axis]

    @property
    def values(self) -> int:
        """Values in all."""
        return self.count * self.length

    @property
    def stored(self) -> int:
        """Values that each stores."""
        return self.pattern.kept_along(self.length)

    @property
    def groups(self) -> int:
        """Groups of each, a ragged last one included."""
        return self.pattern.groups_along(self.length)

    def width(self, group: int) -> int:
        """Values of a group."""
        return min(self.pattern.group, self.length - group % self.groups * self.pattern.group)

    def room(self, group: int) -> int:
        """Values that a group stores."""
        return min(self.pattern.kept, self.width(group))

    def name(self, group: int) -> str:
        """A group as numpy writes it."""
        vector, within = divmod(group, self.groups)
        others = self.shape[: self.axis] + self.shape[self.axis + 1 :]
        index = tuple(int(i) for i in np.unravel_index(vector, others))
        return name_group(index, within, self.pattern, shape=self.shape, axis=self.axis)


def first_wrong(run: Callable[[int, int], int], vectors: Vectors) -> int:
    """The first group that run(first, last) finds over all vectors, or -1."""
    found: list[int] = []
    spread(
        lambda first, last: found.append(run(first, last)),
        vectors.count,
        values=vectors.values,
        step=kernels.SHARE,
    )
    return min((group for group in found if group >= 0), default=-1)


def check_form(form: object, pattern: Pattern) -> None:
    """Refuse a format that cannot be packed, or whose rank is too long."""
    if type(form) not in CODERS:
        known = ", ".join(kind.__name__ for kind in CODERS)
        raise InputError.of(f"{shown(form)} cannot be packed", f"{known} or Dense")
    if isinstance(form, Coordinate) and form.bits is not None:
        raise InputError.of(
            f"fields of {form.bits} bits are a machine's own",
            "packing writes ceil(log2 group) bits",
        )
    if isinstance(form, Combinatorial):
        bits = bits_to_name(comb(pattern.group, pattern.kept))
        if bits > RANK_BITS:
            raise InputError.of(
                f"the rank of a {pattern} mask takes {bits} bits",
                f"combinatorial packs ranks of up to {RANK_BITS} bits, coordinate and bitmask any pattern",
            )


def encode(stored: Bytes, vectors: Vectors, form: Format, out: Bytes) -> None:
    """Write the metadata of what is stored, exactly min(kept, tail) values of each group."""
    out[:] = 0
    if out.size:
        CODERS[type(form)][0](stored, vectors, form, out)


def decode(metadata: Bytes, values: Array, vectors: Vectors, form: Format, out: Array) -> None:
    """Write `values` where the metadata say, 0 elsewhere; InputError where those are of no mask."""
    if form.metadata_bits(vectors=vectors.count, length=vectors.length, pattern=vectors.pattern):
        CODERS[type(form)][1](metadata, values, vectors, form, out)
    else:  # without metadata everything is stored
        out[:] = values


def check_stored(stored: Bytes, vectors: Vectors, *, what: str) -> None:
    """Refuse what does not store exactly min(kept, tail) values of each group."""
    laid = stored.view(np.bool_).reshape(vectors.count, vectors.length)
    if broken := breaks(laid, vectors.pattern, exactly=True).places:
        group = broken[0].vector[0] * vectors.groups + broken[0].group
        raise InputError.of(
            f"{what} keeps {broken[0].kept} at {vectors.name(group)}",
            f"{vectors.pattern} keeps {vectors.room(group)} there",
        )


def _encode_bitmask(stored: Bytes, vectors: Vectors, form: Format, out: Bytes) -> None:  # noqa: ARG001
    out[:] = np.packbits(stored, bitorder="little")


def _decode_bitmask(metadata: Bytes, values: Array, vectors: Vectors, form: Format, out: Array) -> None:  # noqa: ARG001
    stored = np.unpackbits(metadata, count=out.size, bitorder="little")
    check_stored(stored, vectors, what="the metadata")
    spread(
        lambda first, last: kernels.scatter(values, stored, vectors.length, vectors.stored, out, first, last),
        vectors.count,
        values=vectors.values,
    )


def _fields(form: Format, vectors: Vectors) -> tuple[int, bool, int, int]:
    """Values to a group, whether indices count along the row, bits of one, indices to a byte (0: gapless)."""
    if isinstance(form, CompressedRows):
        return vectors.pattern.group, True, bits_to_name(vectors.length), 0
    width = bits_to_name(vectors.pattern.group)
    straddle = isinstance(form, Coordinate) and form.straddle
    return vectors.pattern.group, False, width, 0 if straddle else max(1, BYTE // width)


def _encode_indices(stored: Bytes, vectors: Vectors, form: Format, out: Bytes) -> None:
    fields = _fields(form, vectors)
    spread(
        lambda first, last: kernels.put_indices(
            stored, vectors.length, vectors.stored, *fields, out, first, last
        ),
        vectors.count,
        values=vectors.values,
        step=kernels.SHARE,
    )


def _decode_indices(metadata: Bytes, values: Array, vectors: Vectors, form: Format, out: Array) -> None:
    kept, fields = vectors.pattern.kept, _fields(form, vectors)
    wrong = first_wrong(
        lambda first, last: kernels.take_indices(
            metadata, values, vectors.length, vectors.stored, kept, *fields, out, first, last
        ),
        vectors,
    )
    if wrong >= 0:
        raise InputError.of(
            f"the indices at {vectors.name(wrong)} are those of no {vectors.pattern} mask",
            f"its {vectors.room(wrong)} indices rise and lie within the group",
        )


def _encode_rows(stored: Bytes, vectors: Vectors, form: Format, out: Bytes) -> None:
    width = bits_to_name(vectors.length)
    if width:
        _encode_indices(stored, vectors, form, out)
    nnz = vectors.count * vectors.stored
    kernels.put_pointers(vectors.stored, vectors.count, bits_to_name(nnz + 1), nnz * width, out)


def _decode_rows(metadata: Bytes, values: Array, vectors: Vectors, form: Format, out: Array) -> None:
    width = bits_to_name(vectors.length)
    nnz = vectors.count * vectors.stored
    vector = kernels.wrong_pointer(
        metadata, vectors.stored, vectors.count, bits_to_name(nnz + 1), nnz * width
    )
    if vector >= 0:
        raise InputError.of(
            f"row pointer {vector} is not {vector * vectors.stored}",
            f"each row stores {vectors.stored} values",
        )
    _decode_indices(metadata, values, vectors, form, out)


def _ways(pattern: Pattern) -> NDArray[np.uint64]:
    """C(z + i - 1, i) for z zeros and i = 0 to kept, then a column of 0: Pascal's rule by columns."""
    ways = np.zeros((pattern.group - pattern.kept + 1, pattern.kept + 2), np.uint64)
    ways[:, 0] = 1
    for i in range(1, pattern.kept + 1):
        ways[1:, i] = np.cumsum(ways[1:, i - 1])
    return ways


def _masks(vectors: Vectors) -> tuple[int, int]:
    """How many masks a group may have, and how many a tail."""
    kept, group = vectors.pattern.kept, vectors.pattern.group
    tail = vectors.length % group
    return comb(group, kept), comb(tail, min(kept, tail))


def _numbers(group: int, kept: int) -> NDArray[np.uint64]:
    """The masks of a short group as numbers, in rising order, which is that of their ranks."""
    every = np.arange(1 << group, dtype=np.uint64)
    numbers: NDArray[np.uint64] = every[np.bitwise_count(every) == kept]
    return numbers


def _encode_ranks(stored: Bytes, vectors: Vectors, form: Format, out: Bytes) -> None:  # noqa: ARG001
    kept, group = vectors.pattern.kept, vectors.pattern.group
    widths = [bits_to_name(masks) for masks in _masks(vectors)]
    if group <= ranks.TABLE_MAX:
        put, table = ranks.put_short_ranks, np.zeros(1 << group, np.uint64)
        for numbers in (_numbers(group, kept), _tail_numbers(vectors)):
            table[numbers] = np.arange(numbers.size)
    else:
        put, table = kernels.put_ranks, _ways(vectors.pattern)
    spread(
        lambda first, last: put(stored, vectors.length, group, *widths, table, out, first, last),
        vectors.count,
        values=vectors.values,
        step=kernels.SHARE,
    )


def _tail_numbers(vectors: Vectors) -> NDArray[np.uint64]:
    tail = vectors.length % vectors.pattern.group
    return _numbers(tail, min(vectors.pattern.kept, tail))


def _decode_ranks(metadata: Bytes, values: Array, vectors: Vectors, form: Format, out: Array) -> None:  # noqa: ARG001
    kept, group = vectors.pattern.kept, vectors.pattern.group
    widths = [bits_to_name(masks) for masks in _masks(vectors)]
    run: Callable[[int, int], int]
    if group <= ranks.TABLE_MAX:
        tables = _numbers(group, kept), _tail_numbers(vectors)
        run = lambda first, last: ranks.take_short_ranks(  # noqa: E731
            metadata, values, vectors.length, vectors.stored, group, *widths, *tables, out, first, last
        )
    else:
        most, ways = [np.uint64(masks - 1) for masks in _masks(vectors)], _ways(vectors.pattern)
        run = lambda first, last: kernels.take_ranks(  # noqa: E731
            metadata,
            values,
            vectors.length,
            vectors.stored,
            kept,
            group,
            *widths,
            *most,
            ways,
            out,
            first,
            last,
        )
    wrong = first_wrong(run, vectors)
    if wrong >= 0:
        size, room = vectors.width(wrong), vectors.room(wrong)
        raise InputError.of(
            f"the rank at {vectors.name(wrong)} is that of no mask",
            f"a rank is below C({size}, {room}) = {comb(size, room)}",
        )


Encode = Callable[[Bytes, Vectors, Format, Bytes], None]
Decode = Callable[[Bytes, Array, Vectors, Format, Array], None]
CODERS: dict[type[Format], tuple[Encode, Decode]] = {
    Bitmask: (_encode_bitmask, _decode_bitmask),
    Combinatorial: (_encode_ranks, _decode_ranks),
    Coordinate: (_encode_indices, _decode_indices),
    CompressedRows: (_encode_rows, _decode_rows),
}
