"""Conformance by enumeration: every mask that a pattern allows, and every window that another one sees."""

from collections.abc import Iterator
from itertools import product

from simulator.pattern import Pattern


def conforms(pattern: Pattern, native: Pattern, length: int) -> bool:
    """Whether each mask of `pattern` over `length` values keeps to `native` in all its aligned windows."""
    return all(obeys(mask, native) for mask in masks(pattern, length))


def masks(pattern: Pattern, length: int) -> Iterator[tuple[bool, ...]]:
    """All masks over `length` values with at most kept in each group, the shorter last one included."""
    sizes = [min(pattern.group, length - start) for start in range(0, length, pattern.group)]
    choices = [
        [group for group in product((False, True), repeat=size) if sum(group) <= pattern.kept]
        for size in sizes
    ]
    for groups in product(*choices):
        yield tuple(kept for group in groups for kept in group)


def obeys(mask: tuple[bool, ...], pattern: Pattern) -> bool:
    """Whether no group of `mask` holds more than kept."""
    return all(
        sum(mask[start : start + pattern.group]) <= pattern.kept
        for start in range(0, len(mask), pattern.group)
    )
