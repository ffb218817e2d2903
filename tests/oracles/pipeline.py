"""The recurrence over tiles, item by item, with every departure kept and every rate a Fraction.

    D[i, s] = max(D[i, s-1] + latency, D[i-1, s], D[i - buffers, s+1]) + service

Nothing is jumped and nothing is forgotten; cumulated services are rounded up as a whole. Between fetches a
level takes results a cycle at a time.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import NamedTuple


class Level(NamedTuple):
    """A level of memory: units a cycle (None: no limit), cycles until they arrive, tiles that it holds."""

    rate: Fraction | None
    latency: int
    buffers: int


class Item(NamedTuple):
    """One piece of k of one wave.

    `reads` and `writes` are the units that each level but the innermost serves to the next and takes from it;
    `work` is the core's, `load` what comes before it unless it is hidden, `streamed` the innermost level's
    units, in and out. `opens` and `closes`: the first and the last for which its sums are in use.
    """

    reads: list[int]
    writes: list[int]
    work: int
    load: int
    streamed: int
    opens: bool
    closes: bool


class Server:
    """Work that is served at a rate: service i is ceil(all until i) - ceil(all before i)."""

    def __init__(self, rate: Fraction | None) -> None:
        self.rate, self.asked, self.taken = rate, Fraction(0), 0

    def serve(self, units: Fraction | int) -> int:
        self.asked += units
        until = 0 if self.rate is None else ceil(self.asked / self.rate)
        service, self.taken = until - self.taken, until
        return service


@dataclass
class Walk:
    """All departures: `fetched[s][i]` from the levels, `ended[i]` from the core, `left[j]` of results."""

    fetched: list[list[int]]
    ended: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    cycles: int = 0
    busy: int = 0


class Ways:
    """Results on their way through one level: cycles left of each item, and from when on they come."""

    def __init__(self, lag: int) -> None:
        self.lag, self.left, self.comes = lag, dict[int, int](), dict[int, int]()

    def send(self, item: int, cycles: int, comes: int) -> None:
        self.left[item], self.comes[item] = cycles, comes

    def take(self, at: int) -> None:
        """One cycle, for the oldest that is there."""
        there = [item for item, left in self.left.items() if left and self.comes[item] <= at]
        if there:
            self.left[min(there)] -= 1

    def before(self, item: int, free: int, start: int) -> int:
        """When fetch `item` begins: the level works from `free` on, and must be done with the oldest."""
        at, oldest = free, item - self.lag
        while at < start or self.left.get(oldest, 0):
            self.take(at)
            at += 1
        return max(at, start)

    def over(self, free: int) -> int:
        """When nothing is left."""
        at = free
        while any(self.left.values()):
            self.take(at)
            at += 1
        return at


def walk(items: list[Item], levels: list[Level], *, hold: int, share: Fraction, skew: int) -> Walk:
    """The walk of all items; a core's sums hold `hold` results, its cycles count `share` of themselves."""
    stages = len(levels) - 1
    found = Walk(fetched=[[] for _ in range(stages)])
    fetching, leaving = ([Server(level.rate) for level in levels[:-1]] for _ in range(2))
    streaming, core = Server(levels[-1].rate), Server(Fraction(1))
    ways = [Ways(1 + sum(level.buffers for level in levels[1:])) for _ in range(stages)]
    for at, item in enumerate(items):
        arrived = 0
        for stage, server in enumerate(fetching):
            free = found.fetched[stage][-1] if at > 0 else 0
            depth = levels[stage + 1].buffers
            following = found.fetched[stage + 1] if stage + 1 < stages else found.ended
            room = following[at - depth] if at >= depth else 0
            start = ways[stage].before(at, free, max(arrived, free, room))
            found.fetched[stage].append(start + server.serve(item.reads[stage]))
            arrived = found.fetched[stage][-1] + levels[stage].latency
        begins = [arrived + levels[-1].latency + item.load]
        if at > 0:
            begins.append(found.ended[-1])
        if item.opens and len(found.left) >= hold:
            begins.append(found.left[len(found.left) - hold])
        work = max(item.work, streaming.serve(item.streamed))
        found.busy += work
        found.ended.append(max(begins) + core.serve(work * share))
        if item.closes:
            out = max(found.ended[-1], found.left[-1] if found.left else 0)
            services = [server.serve(units) for server, units in zip(leaving, item.writes, strict=True)]
            for way, service in zip(ways, services, strict=True):
                way.send(at, service, out)
            found.left.append(out + max(services, default=0))
    ends = zip(ways, found.fetched, strict=True)
    found.cycles = max(found.ended[-1], found.left[-1], *(way.over(past[-1]) for way, past in ends), 0) + skew
    return found
