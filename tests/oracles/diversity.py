"""Masks are written down one by one and counted."""

from collections.abc import Iterator
from itertools import combinations, product

from simulator.pattern import Pattern

Row = tuple[int, ...]


def count(pattern: Pattern, *, rows: int, columns: int, structure: str) -> int:
    """How many masks of `rows` x `columns` keep what they should."""
    if structure == "unstructured":
        return sum(1 for _ in choices(rows * columns, rows * pattern.kept_along(columns)))
    lines = [line for line in product((0, 1), repeat=columns) if full(line, pattern)]
    masks = product(lines, repeat=rows)
    if structure == "structured":
        return sum(1 for _ in masks)
    return sum(1 for mask in masks if all(full(column, pattern) for column in zip(*mask, strict=True)))


def full(line: Row, pattern: Pattern) -> bool:
    """Whether each group keeps as much as it may."""
    starts = range(0, len(line), pattern.group)
    found = [line[start : start + pattern.group] for start in starts]
    return all(sum(group) == min(pattern.kept, len(group)) for group in found)


def choices(values: int, kept: int) -> Iterator[Row]:
    """All ways to keep `kept` of `values`."""
    return combinations(range(values), kept)
