"""A bank of SRAM between measured points: its values at any size and width within a table, never falling.

What a bank takes does not fall with its size or with the width of an access: energy of an access, area and
leakage. Measured points break that here and there, where a tool chooses another layout, so `Sram.of` first
pools them; energy of one bit may do what it does.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, product
from math import exp, isfinite, log
from typing import NamedTuple, Self

from simulator.errors import InputError

Grid = tuple[tuple[float, ...], ...]
"""One value of each point: a row for each size, in it a value for each width."""


class Bank(NamedTuple):
    """A bank of `size_bytes` that moves `width_bits` in an access, and its values in any order and number."""

    size_bytes: int
    width_bits: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sram:
    """The points of one node: every pair of its sizes and widths, each value on a Grid of its own.

    `given` holds the values as they came, `grids` the same after pooling, `logs` whether they are logs.
    """

    sizes: tuple[int, ...]
    widths: tuple[int, ...]
    given: tuple[Grid, ...]
    grids: tuple[Grid, ...]
    logs: tuple[bool, ...]

    @classmethod
    def of(cls, points: Sequence[Bank]) -> Self:
        """A table of points, made monotone; InputError unless they are the pairs of some sizes and widths."""
        sizes = tuple(sorted({point.size_bytes for point in points}))
        widths = tuple(sorted({point.width_bits for point in points}))
        _check(points, sizes, widths)
        found = {(point.size_bytes, point.width_bits): point.values for point in points}
        given = tuple(
            tuple(tuple(found[size, width][column] for width in widths) for size in sizes)
            for column in range(len(points[0].values))
        )
        grids = tuple(map(monotone, given))
        return cls(sizes=sizes, widths=widths, given=given, grids=grids, logs=tuple(map(_positive, grids)))

    def at(self, size_bytes: int, width_bits: int) -> tuple[float, ...]:
        """The values at a size and a width, in the order of the points'; InputError outside of them.

        Between points, the log of a value is bilinear in log size and log width; a value that is zero at a
        point is itself bilinear. At a point that pooling did not move it is the point's own, to the bit.
        """
        low, high, down = _between(self.sizes, size_bytes, "a bank of {} B", "take more or fewer banks")
        left, right, along = _between(self.widths, width_bits, "an access of {} bits", "take other banks")
        return tuple(
            _blend(
                (grid[low][left], grid[low][right], grid[high][left], grid[high][right]),
                down,
                along,
                logs=logs,
            )
            for grid, logs in zip(self.grids, self.logs, strict=True)
        )

    @property
    def moved(self) -> tuple[Grid, ...]:
        """How far pooling moved each point, as a share of the given value (0.03: 3 % away from it)."""
        return tuple(
            tuple(
                tuple(abs(new / old - 1) if old else 0.0 for old, new in zip(*rows, strict=True))
                for rows in zip(given, grid, strict=True)
            )
            for given, grid in zip(self.given, self.grids, strict=True)
        )


def monotone(grid: Grid) -> Grid:
    """The grid pooled along size, then along width, so that no value falls along either.

    Twice is enough: pooling keeps the order of two sequences, so the second leaves the first's in place.
    """
    logs = _positive(grid)
    down = zip(*(pooled(column, logs=logs) for column in zip(*grid, strict=True)), strict=True)
    across = [pooled(row, logs=logs) for row in down]
    # Means that are equal may differ in their last bit.
    risen = zip(*(accumulate(column, max) for column in zip(*across, strict=True)), strict=True)
    return tuple(tuple(accumulate(row, max)) for row in risen)


def pooled(values: Sequence[float], *, logs: bool) -> tuple[float, ...]:
    """The sequence that never falls and is nearest to `values` in least squares of their logs, if `logs`.

    Isotonic regression by pooling adjacent violators (Barlow et al. 1972): neighbours that fall are replaced
    by their mean, in logs the geometric one, until none fall. Values that take no part stay to the bit.
    """
    blocks: list[tuple[float, float, int]] = []
    for value in values:
        mean, total, count = value, log(value) if logs else value, 1
        while blocks and blocks[-1][0] > mean:
            _, before, more = blocks.pop()
            total, count = total + before, count + more
            mean = exp(total / count) if logs else total / count
        blocks.append((mean, total, count))
    return tuple(mean for mean, _, count in blocks for _ in range(count))


def _check(points: Sequence[Bank], sizes: Sequence[int], widths: Sequence[int]) -> None:
    """Points that make a grid of positive sizes and widths, with as many finite values each."""
    pairs = [(point.size_bytes, point.width_bits) for point in points]
    if not pairs:
        raise InputError.of("an SRAM without points", "give at least one")
    counts = Counter(pairs)
    for size, width in product(sizes, widths):
        if counts[size, width] != 1:
            what = f"{counts[size, width]} points of {size} B with accesses of {width} bits"
            raise InputError.of(what, "give one for each pair of a size and a width")
    if min(*sizes, *widths) < 1:
        raise InputError.of("a size or a width below 1", "sizes and widths are positive")
    if len({len(point.values) for point in points}) != 1:
        raise InputError.of("points with different numbers of values", "give each point the same")
    if not all(isfinite(value) and value >= 0 for point in points for value in point.values):
        raise InputError.of("a value that is negative or not finite", "values are 0 or above")


def _between(known: Sequence[int], value: int, what: str, instead: str) -> tuple[int, int, float]:
    """The places of the known values around a value, and its share of the way in logs."""
    if not known[0] <= value <= known[-1]:
        right = f"the table has {known[0]} to {known[-1]}; {instead}"
        raise InputError.of(f"{what.format(value)} is not in the table", right)
    low = bisect_right(known, value) - 1
    if known[low] == value:
        return low, low, 0.0
    return low, low + 1, log(value / known[low]) / log(known[low + 1] / known[low])


def _blend(corners: tuple[float, float, float, float], down: float, along: float, *, logs: bool) -> float:
    """Bilinear between the near, right, below and opposite corner, of their logs if `logs`."""
    near, right, below, opposite = corners
    if not logs:
        edges = (1 - down) * (right - near) + down * (opposite - below)
        return near + down * (below - near) + along * edges
    edges = (1 - down) * log(right / near) + down * log(opposite / below)
    return near * exp(down * log(below / near) + along * edges)


def _positive(grid: Grid) -> bool:
    return all(value > 0 for row in grid for value in row)
