"""Transposable masks by their definition: one block, every mask that is allowed, plain loops."""

from collections.abc import Iterator
from functools import cache
from itertools import chain, combinations, product
from math import isinf, isnan
from typing import Any

from numpy.typing import NDArray

from simulator.pattern import Pattern
from tests.oracles.magnitude import as_float

Block = list[list[float]]
Mask = list[list[bool]]
Rank = tuple[int, int, int]

LEAST = -1074  # the exponent of the least float64: every finite one is a whole number of those


def blocks(scores: NDArray[Any], group: int) -> Iterator[tuple[Block, slice, slice]]:
    """The blocks of a matrix, completed with zeros, and the rows and columns where each one lies."""
    for row in range(0, scores.shape[0], group):
        for column in range(0, scores.shape[1], group):
            block = [[0.0] * group for _ in range(group)]
            for i in range(row, min(row + group, scores.shape[0])):
                for j in range(column, min(column + group, scores.shape[1])):
                    block[i - row][j - column] = abs(as_float(scores[i, j]))
            yield block, slice(row, row + group), slice(column, column + group)


@cache
def masks(pattern: Pattern, *, at_most: bool) -> list[Mask]:
    """Every mask of a block whose rows and columns keep `kept`, or at most as many."""
    counts = range(pattern.kept + 1) if at_most else (pattern.kept,)
    rows = [set(chosen) for count in counts for chosen in combinations(range(pattern.group), count)]
    return [
        [[j in row for j in range(pattern.group)] for row in block]
        for block in product(rows, repeat=pattern.group)
        if all(sum(j in row for row in block) in counts for j in range(pattern.group))
    ]


def worth(size: float) -> Rank:
    """What a magnitude adds to a rank."""
    if isnan(size):
        return -1, 0, 0
    if isinf(size):
        return 0, 1, 0
    above, below = size.as_integer_ratio()
    return 0, 0, (above << -LEAST) // below


def rank(worths: list[list[Rank]], mask: Mask) -> Rank:
    """How good a mask is: fewest NaN, then most infinities, then the largest sum of the finite, exactly."""
    pairs = zip(chain.from_iterable(worths), chain.from_iterable(mask), strict=True)
    held = [worth for worth, kept in pairs if kept]
    return sum(each[0] for each in held), sum(each[1] for each in held), sum(each[2] for each in held)


def best(worths: list[list[Rank]], pattern: Pattern, *, at_most: bool) -> Rank:
    """The best rank of all."""
    return max(rank(worths, mask) for mask in masks(pattern, at_most=at_most))


def _heaviest_first(block: Block) -> list[tuple[int, int]]:
    """Places from the largest to the least, of equals the first of them; NaN is below every number."""
    places = product(range(len(block)), range(len(block)))
    return sorted(places, key=lambda at: (*_below(block[at[0]][at[1]]), at))


def keep_greedily(block: Block, pattern: Pattern) -> Mask:
    """From the largest on, keep what its row and its column have room for; never NaN."""
    mask = [[False] * pattern.group for _ in range(pattern.group)]
    for i, j in _heaviest_first(block):
        column = sum(row[j] for row in mask)
        if not isnan(block[i][j]) and sum(mask[i]) < pattern.kept and column < pattern.kept:
            mask[i][j] = True
    return mask


def prune_greedily(block: Block, pattern: Pattern) -> Mask:
    """From the least on, give up what its row or its column still owes; NaN always."""
    owed = pattern.group - pattern.kept
    mask = [[True] * pattern.group for _ in range(pattern.group)]
    for i, j in reversed(_heaviest_first(block)):
        given = mask[i].count(False), [row[j] for row in mask].count(False)
        if isnan(block[i][j]) or given[0] < owed or given[1] < owed:
            mask[i][j] = False
    return mask


def second(values: list[float], first: list[bool], pattern: Pattern) -> list[bool]:
    """Of every group of a vector, the largest that `first` keeps; NaN last, of equals the first."""
    chosen = [False] * len(values)
    for start in range(0, len(values), pattern.group):
        inside = [at for at in range(start, min(start + pattern.group, len(values))) if first[at]]
        inside.sort(key=lambda at: (*_below(values[at]), at))
        for at in inside[: pattern.kept]:
            chosen[at] = True
    return chosen


def _below(size: float) -> tuple[bool, float]:
    """A key that is less for a larger magnitude, and largest for NaN."""
    return isnan(size), 0.0 if isnan(size) else -abs(size)
