"""Formats, bit by bit: a mask is drawn element by element and written out; its bits are counted."""

from itertools import combinations
from random import Random

from simulator.pattern import Pattern

Mask = list[bool]


def masks(*, vectors: int, length: int, pattern: Pattern | None, rng: Random) -> list[Mask]:
    """For each vector which elements are stored: of every group some min(kept, tail), drawn at random."""
    drawn = []
    for _ in range(vectors):
        mask = [pattern is None] * length
        if pattern is not None:
            for start in range(0, length, pattern.group):
                group = range(start, min(start + pattern.group, length))
                for index in rng.sample(group, min(pattern.kept, len(group))):
                    mask[index] = True
        drawn.append(mask)
    return drawn


def stored(drawn: list[Mask]) -> int:
    """How many elements are stored."""
    return sum(1 for mask in drawn for kept in mask if kept)


def coordinate(drawn: list[Mask], pattern: Pattern) -> str:
    """The bits of every stored element's index in its group, one after the other."""
    return "".join(fields(drawn, pattern))


def coordinate_in_bytes(drawn: list[Mask], pattern: Pattern) -> str:
    """The same fields, a new byte begun wherever a field would cross into it; wide fields begin one each."""
    written = ""
    for field in fields(drawn, pattern):
        room = -len(written) % 8
        if len(field) > room:
            written += "0" * room
        written += field if len(field) <= 8 else field + "0" * (-len(field) % 8)
    return written + "0" * (-len(written) % 8)


def fields(drawn: list[Mask], pattern: Pattern) -> list[str]:
    """Every stored element's index in its group, in as many bits as name every index of a whole group."""
    if pattern.kept == pattern.group:
        return []
    bits = width(pattern.group)
    return [binary(index % pattern.group, bits) for mask in drawn for index, kept in enumerate(mask) if kept]


def bitmask(drawn: list[Mask], pattern: Pattern) -> str:
    """A 1 for every stored element and a 0 for every other."""
    if pattern.kept == pattern.group:
        return ""
    return "".join("1" if kept else "0" for mask in drawn for kept in mask)


def combinatorial(drawn: list[Mask], pattern: Pattern) -> str:
    """For every group the place of its mask in the list of all that it could have."""
    written = ""
    for mask in drawn:
        for start in range(0, len(mask), pattern.group):
            group = mask[start : start + pattern.group]
            here = tuple(index for index, kept in enumerate(group) if kept)
            possible = list(combinations(range(len(group)), min(pattern.kept, len(group))))
            written += binary(possible.index(here), width(len(possible)))
    return written


def csr(drawn: list[Mask], _pattern: Pattern | None) -> str:
    """Every stored element's column, then where each row starts and the last one ends."""
    length = len(drawn[0])
    columns = [index for mask in drawn for index, kept in enumerate(mask) if kept]
    pointers = [0]
    for mask in drawn:
        pointers.append(pointers[-1] + stored([mask]))
    starts = width(len(columns) + 1)
    return "".join([binary(c, width(length)) for c in columns] + [binary(p, starts) for p in pointers])


def width(things: int) -> int:
    """The fewest bits with a code for each of `things`."""
    bits = 0
    while 2**bits < things:
        bits += 1
    return bits


def binary(value: int, bits: int) -> str:
    """`value` in exactly `bits` bits."""
    text = "".join(str(value >> place & 1) for place in reversed(range(bits)))
    assert int(text or "0", 2) == value
    return text
