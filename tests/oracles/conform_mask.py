"""Conformance of one array: every value is looked at, every group is counted, every pattern is tried."""

from itertools import product
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.pattern import Pattern
from tests.oracles.magnitude import as_float

Broken = tuple[tuple[int, ...], int, int]


def kept(values: NDArray[Any]) -> NDArray[np.bool_]:
    """True for each value that is not zero; a NaN is not."""
    mask = np.zeros(values.shape, np.bool_)
    for at in np.ndindex(values.shape):
        mask[at] = bool(values[at]) if values.dtype == np.bool_ else as_float(values[at]) != 0
    return mask


def groups(values: NDArray[Any], group: int, axis: int) -> list[tuple[tuple[int, ...], int, list[bool]]]:
    """Each group with its vector's index in the other axes and its own, by vector, then by group."""
    lines = np.moveaxis(kept(values), axis, -1)
    starts = range(0, lines.shape[-1], group)
    return [
        (vector, start // group, lines[vector][start : start + group].tolist())
        for vector, start in product(np.ndindex(lines.shape[:-1]), starts)
    ]


def broken(values: NDArray[Any], pattern: Pattern, axis: int, *, exactly: bool) -> list[Broken]:
    """The vector, the group and how many it keeps, for each that keeps too many, or not as many as it may."""
    return [
        (vector, group, sum(values))
        for vector, group, values in groups(values, pattern.group, axis)
        if sum(values) > pattern.kept or (exactly and sum(values) != min(pattern.kept, len(values)))
    ]


def obeyed(values: NDArray[Any], axis: int, group_max: int) -> list[Pattern]:
    """For each group the least that holds, without what leaves nothing out and what another one implies."""
    held = []
    for group in range(2, min(group_max, values.shape[axis]) + 1):
        for least in range(1, group):
            pattern = Pattern(kept=least, group=group)
            if not broken(values, pattern, axis, exactly=False):
                held.append(pattern)
                break
    told = [
        pattern
        for pattern in held
        if not any(other is not pattern and implies(other, pattern) for other in held)
    ]
    return sorted(told, key=lambda pattern: (pattern.density, pattern.group)) if kept(values).any() else []


def implies(pattern: Pattern, other: Pattern) -> bool:
    """Whether no mask of `pattern` breaks `other`: each of its groups in turn gets all that it can."""
    for start in range(0, lcm(pattern.group, other.group), other.group):
        mask: set[int] = set()
        for at in range(start, start + other.group):
            first = at // pattern.group * pattern.group
            if len(mask & set(range(first, first + pattern.group))) < pattern.kept:
                mask.add(at)
        if len(mask) > other.kept:
            return False
    return True
