"""Cost: cycles, bytes and activity as an algebra; in sequence all adds, overlapped the slower time counts."""

from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import NamedTuple, Self

from simulator.activity import Activity

IDLE = Activity()


class Stalls(NamedTuple):
    """Cycles beyond those of multiplying, by cause, in the order in which causes are switched on.

    Windows through the row feed, loads of the stationary operand, decoding, metadata's bytes, all other
    compulsory and repeated bytes (`dram`; at the fidelity `bound` an inner level's count as load), partial
    sums that are written and read back, filling and draining, cores without a tile, the clock under load, and
    the launch.
    """

    feed: int = 0
    load: int = 0
    decode: int = 0
    metadata: int = 0
    dram: int = 0
    accumulate: int = 0
    drain: int = 0
    tiles: int = 0
    clock: int = 0
    launch: int = 0


class Traffic(NamedTuple):
    """Bytes through one memory level by direction, metadata apart from values.

    Read towards the cores and written from there; filled from the level outside and drained to it.
    """

    read: int = 0
    write: int = 0
    metadata_read: int = 0
    metadata_write: int = 0
    fill: int = 0
    drain: int = 0
    metadata_fill: int = 0
    metadata_drain: int = 0

    @property
    def total(self) -> int:
        """All bytes that share the level's bandwidth: fills and drains have a port of their own."""
        return self.read + self.write + self.metadata_read + self.metadata_write


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What work takes: cycles = compute_cycles + stalls, the Traffic of each level by name, the Activity."""

    cycles: int = 0
    compute_cycles: int = 0
    stalls: Stalls = field(default_factory=Stalls)
    traffic: tuple[tuple[str, Traffic], ...] = ()
    activity: Activity = IDLE

    @classmethod
    def computing(cls, cycles: int, *, activity: Activity = IDLE) -> Self:
        """The cost of work that only computes."""
        return cls(cycles=cycles, compute_cycles=cycles, activity=activity)

    @classmethod
    def waiting(cls, cause: str, cycles: int, *, traffic: tuple[tuple[str, Traffic], ...] = ()) -> Self:
        """The cost of a resource that makes the multipliers wait, taken alone."""
        return cls(cycles=cycles, stalls=Stalls(**{cause: cycles}), traffic=traffic)

    def __add__(self, other: "Cost") -> "Cost":
        """Both in sequence: everything adds."""
        return Cost(
            cycles=self.cycles + other.cycles,
            compute_cycles=self.compute_cycles + other.compute_cycles,
            stalls=Stalls(*map(add, self.stalls, other.stalls)),
            traffic=_joined(self.traffic, other.traffic),
            activity=Activity(*map(add, self.activity, other.activity)),
        )

    def __or__(self, other: "Cost") -> "Cost":
        """Both at once: the longer time, and every byte of both.

        The waiting that is left is the slower one's, less what the other's computing hides of it.
        """
        slower = self if self.cycles >= other.cycles else other
        compute = max(self.compute_cycles, other.compute_cycles)
        return Cost(
            cycles=slower.cycles,
            compute_cycles=compute,
            stalls=_shortened(slower.stalls, compute - slower.compute_cycles),
            traffic=_joined(self.traffic, other.traffic),
            activity=Activity(*map(add, self.activity, other.activity)),
        )

    def __mul__(self, count: int) -> "Cost":
        """The same work `count` times in sequence."""
        if count == 1:
            return self
        return Cost(
            cycles=self.cycles * count,
            compute_cycles=self.compute_cycles * count,
            stalls=Stalls(*(cycles * count for cycles in self.stalls)),
            traffic=tuple((name, Traffic(*(moved * count for moved in each))) for name, each in self.traffic),
            activity=Activity(*(times * count for times in self.activity)),
        )


def overlapped(costs: tuple[Cost, ...]) -> Cost:
    """All of `costs` at once."""
    return reduce(Cost.__or__, costs, Cost())


def _joined(
    first: tuple[tuple[str, Traffic], ...], second: tuple[tuple[str, Traffic], ...]
) -> tuple[tuple[str, Traffic], ...]:
    levels = dict(first)
    for name, traffic in second:
        levels[name] = Traffic(*map(add, levels.get(name, Traffic()), traffic))
    return tuple(levels.items())


def _shortened(stalls: Stalls, hidden: int) -> Stalls:
    """`stalls` less `hidden` cycles, taken from the causes in their order."""
    left = []
    for cycles in stalls:
        taken = min(cycles, hidden)
        hidden -= taken
        left.append(cycles - taken)
    return Stalls(*left)
