"""Formats: how an Operand lies in memory, values plus metadata bits, exact for any shape, dtype and tail.

An operand is `vectors` independent vectors of `length` values; a pattern's groups run along the vector. Every
group stores exactly min(kept, tail) values, zeros among them included, and nothing is padded.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from math import comb, log2

from simulator.errors import lookup
from simulator.gemm import DTYPES, SIZE_MAX, check_count
from simulator.pattern import Pattern

BYTE = 8
EVERY_VALUE = Pattern(kept=1, group=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The bits that an operand takes, metadata apart from values."""

    value_bits: int
    metadata_bits: int

    @property
    def bits(self) -> int:
        """Values and metadata together."""
        return self.value_bits + self.metadata_bits

    @property
    def bytes(self) -> int:
        """Whole bytes that hold `bits`, packed without a gap between values and metadata."""
        return -(-self.bits // BYTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Format(ABC):
    """How an operand lies in memory: the values that are stored, and the bits that say where they were.

    A pattern that keeps every value (4:4) lies exactly like no pattern.
    """

    def values(self, *, vectors: int, length: int, pattern: Pattern) -> int:
        """Values that are stored: the kept ones."""
        return vectors * pattern.kept_along(length)

    @abstractmethod
    def metadata_bits(self, *, vectors: int, length: int, pattern: Pattern) -> int:
        """Bits of metadata for the whole operand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dense(Format):
    """Every value, zeros included, and no metadata."""

    def values(self, *, vectors: int, length: int, pattern: Pattern) -> int:  # noqa: ARG002
        """All of them."""
        return vectors * length

    def metadata_bits(self, *, vectors: int, length: int, pattern: Pattern) -> int:  # noqa: ARG002
        """None."""
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinate(Format):
    """A field of ceil(log2 group) bits for each kept value: its index in its group, as in NVIDIA's 2:4.

    A tail's fields are as wide as the others, since a decoder has one field width. Fields follow each other
    through all vectors without a gap. With `straddle` False no field crosses a byte that it fits in: a byte
    holds floor(8 / bits) fields, a field wider than 8 bits takes whole bytes, the last byte counts whole.
    `bits` is a field's width where a machine has its own, as for run lengths.
    """

    straddle: bool = True
    bits: int | None = field(default=None, repr=False)

    def metadata_bits(self, *, vectors: int, length: int, pattern: Pattern) -> int:
        """None where every value is stored."""
        if pattern.dense:
            return 0
        return self.bits_of(vectors * pattern.kept_along(length), pattern)

    def bits_of(self, fields: int, pattern: Pattern) -> int:
        """Bits of so many fields one behind the other."""
        bits = fields * self.field_bits(pattern)
        return bits if self.straddle else -(-bits // BYTE) * BYTE

    def field_bits(self, pattern: Pattern) -> int:
        """Bits that a field takes, with those that are left over in its byte."""
        bits = self.bits or bits_to_name(pattern.group)
        if self.straddle or not bits:
            return bits
        return BYTE // (BYTE // bits) if bits <= BYTE else -(-bits // BYTE) * BYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Bitmask(Format):
    """One bit for each dense value: whether it is stored."""

    def metadata_bits(self, *, vectors: int, length: int, pattern: Pattern) -> int:
        """None where every value is stored."""
        return 0 if pattern.dense else vectors * length


@dataclass(frozen=True, slots=True, kw_only=True)
class Combinatorial(Format):
    """A number for each group: which of the C(group, kept) ways to keep values it is.

    A group takes ceil(log2 C(group, kept)) bits, the fewest that it can by itself, and a tail
    ceil(log2 C(tail, min(kept, tail))).
    """

    def metadata_bits(self, *, vectors: int, length: int, pattern: Pattern) -> int:
        """None where every value is stored, since there is one way to do so."""
        groups, tail = divmod(length, pattern.group)
        whole = bits_to_name(comb(pattern.group, pattern.kept))
        return vectors * (groups * whole + bits_to_name(comb(tail, min(pattern.kept, tail))))


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressedRows(Format):
    """Compressed sparse rows, which know nothing of groups: a column for each value, a pointer for each row.

    With nnz stored values it takes nnz * ceil(log2 length) + (vectors + 1) * ceil(log2(nnz + 1)) bits: a
    single column needs no index, a pointer is 0 to nnz, and where every value is stored nothing is left out.
    """

    def metadata_bits(self, *, vectors: int, length: int, pattern: Pattern) -> int:
        """Columns, then row pointers."""
        nnz = self.values(vectors=vectors, length=length, pattern=pattern)
        return nnz * bits_to_name(length) + (vectors + 1) * bits_to_name(nnz + 1)


FORMATS: dict[str, Format] = {
    "bitmask": Bitmask(),
    "combinatorial": Combinatorial(),
    "coordinate": Coordinate(),
    "csr": CompressedRows(),
    "dense": Dense(),
}


def size(form: Format | str, *, vectors: int, length: int, pattern: Pattern | None, dtype: str) -> Size:
    """The bits of `vectors` vectors of `length` values of `dtype` in a format, by name or as an object."""
    chosen = form if isinstance(form, Format) else lookup(FORMATS, form, kind="format")
    bits = lookup(DTYPES, dtype, kind="dtype")
    check_count("vectors", vectors, most=SIZE_MAX**2)
    check_count("length", length)
    kept = pattern or EVERY_VALUE
    return Size(
        value_bits=bits * chosen.values(vectors=vectors, length=length, pattern=kept),
        metadata_bits=chosen.metadata_bits(vectors=vectors, length=length, pattern=kept),
    )


def group_bits(form: Format, pattern: Pattern) -> int:
    """Metadata of one whole group among many, in bits."""
    if isinstance(form, Coordinate):
        return pattern.kept * form.field_bits(pattern)
    return form.metadata_bits(vectors=1, length=pattern.group, pattern=pattern)


def bits_to_name(count: int) -> int:
    """ceil(log2 count): the fewest bits that tell `count` things apart."""
    return (count - 1).bit_length()


def entropy_bits(pattern: Pattern) -> float:
    """log2 C(group, kept): the information in one group's mask, which no format of kept values goes below.

    For tables alone; a size is whole bits.
    """
    return log2(comb(pattern.group, pattern.kept))
