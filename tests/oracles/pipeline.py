"""The recurrence over tiles, item by item, with every departure kept; times are whole ticks.

    D[i, s] = max(D[i, s-1] + latency, D[i-1, s], D[i - buffers, s+1]) + service

Nothing is jumped and nothing is forgotten. A service is a Fraction of cycles, rounded up to a tick by itself.
Between fetches a level takes results, of those that are there the oldest first.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import NamedTuple

TICKS = 2**20  # of a cycle


class Level(NamedTuple):
    """A level of memory: units a cycle (None: no limit), cycles until they arrive, tiles that it holds."""

    rate: Fraction | None
    latency: int
    buffers: int

    def ticks(self, units: int) -> int:
        return 0 if self.rate is None else ceil(units / self.rate * TICKS)


class Item(NamedTuple):
    """One piece of k of one wave.

    `reads` and `writes` are the units that each level but the innermost serves to the next and takes from it;
    `work` is the core's cycles, `load` those that come before them unless they are hidden, `streamed` the
    innermost level's units, in and out. `opens` and `closes`: the first and the last for which its sums are
    in use.
    """

    reads: list[int]
    writes: list[int]
    work: int
    load: int
    streamed: int
    opens: bool
    closes: bool


@dataclass
class Walk:
    """All departures: `fetched[s][i]` from the levels, `ended[i]` from the core, `left[j]` of results."""

    fetched: list[list[int]]
    began: list[list[int]]
    ended: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    ticks: int = 0
    busy: int = 0


class Ways:
    """Results on their way through one level: ticks left of each item, and from when on they come."""

    def __init__(self, lag: int) -> None:
        self.lag, self.left, self.comes = lag, dict[int, int](), dict[int, int]()

    def send(self, item: int, ticks: int, comes: int) -> None:
        if ticks:
            self.left[item], self.comes[item] = ticks, comes

    def take(self, at: int, until: int | None) -> int:
        """Take of the oldest that is there, or wait for one, but not beyond `until`; when that is over."""
        there = [item for item in self.left if self.comes[item] <= at]
        if there:
            end = at + self.left[min(there)]
        else:
            end = min([self.comes[item] for item in self.left], default=at if until is None else until)
        end = end if until is None else min(end, until)
        if there:
            self.left[min(there)] -= end - at
            self.left = {item: ticks for item, ticks in self.left.items() if ticks}
        return end

    def before(self, item: int, free: int, start: int) -> int:
        """When fetch `item` begins: the level works from `free` on, and must be done with the oldest."""
        at = free
        while at < start or item - self.lag in self.left:
            at = self.take(at, start if at < start else None)
        return at

    def over(self, free: int) -> int:
        """When nothing is left."""
        at = free
        while self.left:
            at = self.take(at, None)
        return at


def walk(items: list[Item], levels: list[Level], *, hold: int, share: int, skew: int) -> Walk:
    """The walk of all items; a core's sums hold `hold` results, its cycle takes `share` ticks."""
    stages = len(levels) - 1
    found = Walk(fetched=[[] for _ in range(stages)], began=[[] for _ in range(stages + 1)])
    ways = [Ways(1 + sum(level.buffers for level in levels[1:])) for _ in range(stages)]
    for at, item in enumerate(items):
        arrived = 0
        for stage, past in enumerate(found.fetched):
            free = past[-1] if at > 0 else 0
            depth = levels[stage + 1].buffers
            following = found.fetched[stage + 1] if stage + 1 < stages else found.ended
            room = following[at - depth] if at >= depth else 0
            start = ways[stage].before(at, free, max(arrived, free, room))
            found.began[stage].append(start)
            past.append(start + levels[stage].ticks(item.reads[stage]))
            arrived = past[-1] + levels[stage].latency * TICKS
        begins = [arrived + (levels[-1].latency + item.load) * TICKS]
        if at > 0:
            begins.append(found.ended[-1])
        if item.opens and len(found.left) >= hold:
            begins.append(found.left[len(found.left) - hold])
        work = max(item.work * TICKS, levels[-1].ticks(item.streamed))
        found.busy += work
        found.began[-1].append(max(begins))
        found.ended.append(max(begins) + ceil(Fraction(work * share, TICKS)))
        if item.closes:
            out = max(found.ended[-1], found.left[-1] if found.left else 0)
            services = [level.ticks(units) for level, units in zip(levels, item.writes, strict=False)]
            for way, service in zip(ways, services, strict=True):
                way.send(at, service, out)
            found.left.append(out + max(services, default=0))
    taken = [way.over(past[-1]) for way, past in zip(ways, found.fetched, strict=True)]
    found.ticks = max(found.ended[-1], found.left[-1], *taken, 0) + skew * TICKS
    return found
