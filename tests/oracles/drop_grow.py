"""Masks that move, one position after another."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.pattern import Pattern
from tests.oracles.magnitude import rank


def drop_and_grow(mask: list[bool], weights: list[float], growth: list[float], count: int) -> list[bool]:
    """Drop the least kept weight `count` times, the last of equals; then grow the first largest as often."""
    kept = list(mask)
    for _ in range(min(count, sum(mask))):
        _, last = max((-weight, at) for at, weight in enumerate(weights) if kept[at])
        kept[last] = False
    while sum(kept) < sum(mask):
        _, first = min((-score, at) for at, score in enumerate(growth) if not kept[at])
        kept[first] = True
    return kept


def ranks(values: NDArray[Any]) -> list[float]:
    """The ranks of all values, in C order."""
    return [rank(value) for value in values.ravel()]


def drop_and_grow_groups(
    mask: NDArray[np.bool_],
    weights: NDArray[Any],
    growth: NDArray[Any],
    count: int,
    pattern: Pattern,
    axis: int,
) -> NDArray[np.bool_]:
    """The same in each group, which begins and ends with min(kept, its length)."""
    masks, least, most = (np.moveaxis(each, axis, -1) for each in (mask, weights, growth))
    result = np.zeros(masks.shape, np.bool_)
    for line in np.ndindex(masks.shape[:-1]):
        for start in range(0, masks.shape[-1], pattern.group):
            here = (*line, slice(start, start + pattern.group))
            result[here] = drop_and_grow(masks[here].tolist(), ranks(least[here]), ranks(most[here]), count)
    return np.moveaxis(result, -1, axis)
