"""Packing from its definition: vectors as lists, metadata as lists of bits, the first bit lowest."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.formats import Bitmask, Combinatorial, CompressedRows, Coordinate, Dense, Format
from simulator.pattern import Pattern

Bits = list[int]
Masks = list[list[bool]]


def vectors(array: NDArray[Any], axis: int) -> list[list[Any]]:
    """All positions along `axis`, for each position of the other axes in C order."""
    others = [range(length) for at, length in enumerate(array.shape) if at != axis]
    return [
        [array[(*place[:axis], index, *place[axis:])] for index in range(array.shape[axis])]
        for place in product(*others)
    ]


def groups(length: int, pattern: Pattern) -> Iterator[range]:
    """The places of each group of a vector, the last perhaps shorter."""
    for start in range(0, length, pattern.group):
        yield range(start, min(start + pattern.group, length))


def is_zero(value: Any) -> bool:
    """Whether a value is 0, -0 included; uint16 is bfloat16, whose highest bit is the sign."""
    return bool(int(value) in (0, 0x8000) if value.dtype == np.uint16 else value == 0)


def mask(vector: list[Any], pattern: Pattern) -> list[bool] | None:
    """What is stored without a mask: non-zeros, then the first zeros; None where a group has too many."""
    stored = [not is_zero(value) for value in vector]
    for group in groups(len(vector), pattern):
        room = min(pattern.kept, len(group)) - sum(stored[index] for index in group)
        if room < 0:
            return None
        for index in group:
            if room and not stored[index]:
                stored[index] = True
                room -= 1
    return stored


def metadata(masks: Masks, pattern: Pattern, form: Format) -> bytes:
    """The metadata of what is stored, bytes filled from their lowest bit on."""
    bits = written(masks, pattern, form)
    bits = bits + [0] * (-len(bits) % 8)
    return bytes(
        sum(bit << place for place, bit in enumerate(bits[at : at + 8])) for at in range(0, len(bits), 8)
    )


def written(masks: Masks, pattern: Pattern, form: Format) -> Bits:
    """The bits of the metadata, in order."""
    if isinstance(form, CompressedRows):
        return rows(masks)
    if pattern.kept == pattern.group or isinstance(form, Dense):
        return []
    if isinstance(form, Coordinate):
        return coordinates(masks, pattern, straddle=form.straddle)
    if isinstance(form, Bitmask):
        return [int(stored) for mask in masks for stored in mask]
    assert isinstance(form, Combinatorial)
    return [
        bit
        for mask in masks
        for group in groups(len(mask), pattern)
        for bit in rank([mask[i] for i in group])
    ]


def coordinates(masks: Masks, pattern: Pattern, *, straddle: bool) -> Bits:
    """Each stored value's index in its group; unless fields straddle, none lies in two bytes."""
    width = names(pattern.group)
    bits: Bits = []
    for mask in masks:
        for index, stored in enumerate(mask):
            if stored:
                if not straddle and len(bits) % 8 + width > 8:
                    bits += [0] * (-len(bits) % 8)
                bits += field(index % pattern.group, width)
    return bits


def rank(group: list[bool]) -> Bits:
    """The place of a group's mask among all with as many stored, in order of the number that its bits are."""
    size, kept = len(group), sum(group)
    numbers = [number for number in range(2**size) if number.bit_count() == kept]
    return field(
        numbers.index(sum(stored << index for index, stored in enumerate(group))), names(len(numbers))
    )


def rows(masks: Masks) -> Bits:
    """Every stored value's index in its vector, then where each vector's first one lies, and the end."""
    columns = [index for mask in masks for index, stored in enumerate(mask) if stored]
    starts = [sum(sum(mask) for mask in masks[:count]) for count in range(len(masks) + 1)]
    length = len(masks[0]) if masks else 1
    bits = [bit for column in columns for bit in field(column, names(length))]
    return bits + [bit for start in starts for bit in field(start, names(len(columns) + 1))]


def field(value: int, width: int) -> Bits:
    """The bits of a number, lowest first."""
    assert 0 <= value < 2**width
    return [value >> place & 1 for place in range(width)]


def names(things: int) -> int:
    """The fewest bits with a code for each of `things`."""
    width = 0
    while 2**width < things:
        width += 1
    return width
