"""Curve: how a mean over seeds moves with what training costs, between the lengths that were measured.

Between two neighbours in cost the value is linear in the logarithm of the cost. Nothing is said outside of
the measured lengths; a cost within `NEAR` of a measured one is taken to be that, since a budget pays for
whole steps.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log
from typing import Literal, NamedTuple

NEAR = 0.01

Status = Literal["measured", "between", "at most", "not reached", "outside"]


class Read(NamedTuple):
    """What a curve says: a number, and how it is known; None where it says nothing."""

    status: Status
    number: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Points (cost, value) in rising order of cost."""

    points: tuple[tuple[float, float], ...]
    lower_is_better: bool

    @classmethod
    def through(cls, points: Iterable[tuple[float, float]], *, lower_is_better: bool) -> "Curve":
        """The curve through points in any order; of several at one cost the last counts."""
        return cls(points=tuple(sorted(dict(points).items())), lower_is_better=lower_is_better)

    def value_at(self, cost: float) -> Read:
        """The value at a cost, if it was measured there or lies between two that were."""
        if not self.points:
            return Read("outside")
        nearest = min(self.points, key=lambda point: abs(log(point[0] / cost)))
        if abs(log(nearest[0] / cost)) <= NEAR:
            return Read("measured", nearest[1])
        for (low, before), (high, after) in pairwise(self.points):
            if low < cost < high:
                share = log(cost / low) / log(high / low)
                return Read("between", before + share * (after - before))
        return Read("outside")

    def cost_of(self, value: float) -> Read:
        """The least cost at which the value is reached, coming from the shortest length.

        A curve that falls back later has reached it all the same. What the shortest length reaches already
        costs at most as much as that.
        """
        if not self.points:
            return Read("not reached")
        first, begun = self.points[0]
        if self._reaches(begun, value):
            return Read("measured" if begun == value else "at most", first)
        for (low, before), (high, after) in pairwise(self.points):
            if self._reaches(after, value):
                if after == value:
                    return Read("measured", high)
                share = (value - before) / (after - before)
                return Read("between", exp(log(low) + share * log(high / low)))
        return Read("not reached")

    def _reaches(self, value: float, target: float) -> bool:
        return value <= target if self.lower_is_better else value >= target
