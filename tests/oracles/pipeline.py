"""The recurrence over tiles, item by item, with every departure kept and every rate a Fraction.

    D[i, s] = max(D[i, s-1] + latency, D[i-1, s], D[i - buffers, s+1]) + service

Nothing is jumped and nothing is forgotten; cumulated services are rounded up as a whole.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import NamedTuple


class Level(NamedTuple):
    """A level of memory: units a cycle (None: no limit), cycles from asking to answer, tiles that it holds."""

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


def walk(items: list[Item], levels: list[Level], *, hold: int, share: Fraction, skew: int) -> Walk:
    """The walk of all items; a core's sums hold `hold` results, its cycles count `share` of themselves."""
    stages = len(levels) - 1
    found = Walk(fetched=[[] for _ in range(stages)])
    fetching, leaving = ([Server(level.rate) for level in levels[:-1]] for _ in range(2))
    streaming, core = Server(levels[-1].rate), Server(Fraction(1))
    lag = 1 + sum(level.buffers for level in levels[1:])
    for at, item in enumerate(items):
        arrived = 0
        for stage, server in enumerate(fetching):
            free = [arrived]
            if at > 0:
                free.append(found.fetched[stage][at - 1])
            depth = levels[stage + 1].buffers
            following = found.fetched[stage + 1] if stage + 1 < stages else found.ended
            if at >= depth:
                free.append(following[at - depth])
            owed = items[at - lag].writes[stage] if at >= lag else 0
            departed = max(free) + server.serve(item.reads[stage] + owed)
            found.fetched[stage].append(departed)
            arrived = departed + levels[stage].latency
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
            found.left.append(out + max(services, default=0))
    over = [found.ended[-1], found.left[-1]]
    for stage, server in enumerate(fetching):
        rest = sum(item.writes[stage] for item in items[max(0, len(items) - lag) :])
        over.append(found.fetched[stage][-1] + server.serve(rest))
    found.cycles = max(over) + skew
    return found
