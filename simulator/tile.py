"""Fidelity `tile`: tiles through the recurrence, and every cycle lost on the way named."""

from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from simulator.activity import Activity
from simulator.bound import Priced, stream_uses
from simulator.bound import bound as largest
from simulator.cost import Cost, Stalls, Traffic
from simulator.gemm import Stream
from simulator.kernels.finalists import even_steps, walk_each
from simulator.kernels.folds import SKEW
from simulator.kernels.pipeline import TICKS, UNITS_PER_BYTE, walk
from simulator.kernels.plan import PARTIAL_UNITS
from simulator.kernels.tiles import BACK, KINDS, META, OUT, SPILL, A, B
from simulator.lowering import Lowered
from simulator.machine import Machine
from simulator.tiling import SPLIT, UNITS, Ints, Question, Tiled, question, searched, unfit

KEPT = 2**12  # products whose times are kept: some thousands of numbers each, at most
NO_LOG = np.zeros((0, 0, 0), np.int64)


class Walked(NamedTuple):
    """The cycles of a product's tiles, the ticks of a core in them, and what each level served by kind."""

    cycles: int
    busy: int
    totals: Ints


class Even(NamedTuple):
    """Cycles of the arrays with one effect after the other, evenly over the cores; bits that enter them.

    The latter are those of A, of B and of metadata. And what happens in them.
    """

    cycles: tuple[int, ...]
    bits: tuple[int, ...]
    activity: Activity


class Timed:
    """A product under a mapping, and where its time goes; what is not asked for is not computed.

    A core's cycle takes `share` ticks under load, and `out_bits` of results are wanted.
    """

    def __init__(self, tiled: Tiled, walked: Walked, *, share: int, out_bits: int) -> None:
        self.tiled, self.walked, self.share, self.out_bits = tiled, walked, share, out_bits

    @cached_property
    def totals(self) -> list[list[int]]:
        """What each level served by kind."""
        totals: list[list[int]] = self.walked.totals.tolist()
        return totals

    @cached_property
    def served(self) -> list[int]:
        """What each level served."""
        return [sum(kinds) for kinds in self.totals]

    @cached_property
    def even(self) -> Even:
        """What does not depend on when tiles come."""
        plan = self.tiled.plan
        cycles, bits, activity = even_steps(plan, self.tiled.core)
        spread = tuple(-(-int(one) // plan.cores) for one in cycles)
        return Even(spread, tuple(map(int, bits)), Activity(*map(int, activity)))

    @cached_property
    def inner(self) -> Traffic:
        """Bits between the innermost level and the arrays; results where no accumulators take them."""
        a, b, metadata = self.even.bits
        out = self.out_bits if self.tiled.results_stream else 0
        return Traffic(read=a + b, write=out, metadata_read=metadata)

    @cached_property
    def added(self) -> int:
        """Cycles in which the parts of a split k are read back, added and written, after all tiles."""
        return _reduction(self.tiled)

    @cached_property
    def resources(self) -> tuple[int, ...]:
        """Cycles with one effect after the other switched on: multiplying alone, then the first six Stalls.

        Each resource has its work evenly over the cores and without gaps.
        """
        tiled, inner = self.tiled, self.inner
        multiply, feed, load, decode, _ = self.even.cycles
        metadata = max(decode, _slowest(tiled, [kinds[META] for kinds in self.totals], inner.metadata_read))
        operands = [kinds[A] + kinds[B] + kinds[META] + kinds[OUT] for kinds in self.totals]
        dram = max(metadata, _slowest(tiled, operands, inner.total))
        accumulate = max(dram, _slowest(tiled, self.served, inner.total)) + self.added
        return multiply, feed, load, decode, metadata, dram, accumulate

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """`resources`, and what follows: the recurrence, the waves as they are, and the clock under load.

        The mapping stays, and no effect makes work faster, so that the differences are none below 0 and add
        up. In the recurrence alone the cores' work is still spread evenly.
        """
        tiled, walked = self.tiled, self.walked
        alone = max(self.even.cycles[SKEW], _slowest(tiled, [0] * len(self.totals), self.inner.total))
        evenly = walked_at(tiled, min(TICKS, -(-alone * TICKS**2 // max(1, walked.busy))))
        unhurried = walked if self.share == TICKS else walked_at(tiled, TICKS)
        return *self.resources, *(one.cycles + self.added for one in (evenly, unhurried, walked))


def price(work: Lowered | Stream, machine: Machine) -> Priced:
    """What a product or a stream costs by the recurrence over its tiles, under the fastest mapping found."""
    if isinstance(work, Stream):
        return _stream(work, machine)
    return _priced(machine, _timed(work, machine))


def best(work: Lowered, machine: Machine) -> tuple[Tiled, Walked]:
    """The fastest of the mappings that the search found; of equally fast ones that which moves least."""
    timed = _timed(work, machine)
    return timed.tiled, timed.walked


def priced(work: Lowered, machine: Machine, tiled: Tiled, walked: Walked) -> Priced:
    """The Cost of a product's tiles, its stalls the differences of `Timed.steps`."""
    share = _share(machine, sparse=tiled.plan.group > 0)
    return _priced(machine, Timed(tiled, walked, share=share, out_bits=work.c.value_bits))


def least(work: Lowered, machine: Machine) -> Priced:
    """What the slowest resource takes under a mapping: all effects up to the bytes of partial sums."""
    timed = _timed(work, machine)
    return _cost(machine, timed, timed.resources)


def _timed(work: Lowered, machine: Machine) -> Timed:
    """The fastest mapping of a product; InputError if none fits the machine's memory."""
    asked = question(work, machine)
    share = _share(machine, sparse=asked.base.group > 0)
    timed = fastest(asked, share=share, out_bits=work.c.value_bits)
    if timed is None:
        raise unfit(machine)
    return timed


@lru_cache(maxsize=KEPT)
def fastest(asked: Question, *, share: int, out_bits: int) -> Timed | None:
    """The fastest mapping that answers a question, which products share that are the same to the model."""
    found = searched(asked)
    count = len(found.facts)
    if not count:
        return None
    found.check()
    ticks = np.zeros((count, 2), np.int64)
    totals = np.zeros((count, len(found.levels), KINDS), np.int64)
    walk_each(asked.base, found.levels, asked.core, found.facts, found.keeps, share, ticks, totals)
    runs = []
    for at, (all_ticks, busy) in enumerate(ticks.tolist()):
        cycles = -(-all_ticks // TICKS)
        added = _reduction(found.tiled(at)) if found.facts[at, SPLIT] > 1 else 0
        runs.append((cycles + added, at, Walked(cycles, busy, totals[at])))
    least, *_ = min(runs)
    equal = [run for run in runs if run[0] == least]
    _, at, walked = min(equal, key=lambda run: run[2].totals.sum(axis=1).tolist()) if equal[1:] else equal[0]
    return Timed(found.tiled(at), walked, share=share, out_bits=out_bits)


def _share(machine: Machine, *, sparse: bool) -> int:
    """Ticks of a core's cycle under load."""
    clock = machine.sparse_clock if sparse else machine.dense_clock
    return -(-TICKS * clock.denominator // clock.numerator)


def run(tiled: Tiled, machine: Machine, *, log: Ints = NO_LOG, jumps: bool = True) -> Walked:
    """The recurrence with everything switched on; without jumps it walks every tile."""
    return walked_at(tiled, _share(machine, sparse=tiled.plan.group > 0), log=log, jumps=jumps)


def walked_at(tiled: Tiled, share: int, *, log: Ints = NO_LOG, jumps: bool = True) -> Walked:
    """The recurrence with a core's cycle taken as `share` ticks."""
    totals = np.zeros((len(tiled.levels), KINDS), np.int64)
    jumping = jumps and not len(log)
    ticks, busy = walk(tiled.plan, tiled.levels, tiled.keeps, tiled.core, SKEW, share, jumping, totals, log)
    log[:] = -(-log // TICKS)
    return Walked(-(-int(ticks) // TICKS), int(busy), totals)


def _priced(machine: Machine, timed: Timed) -> Priced:
    """All the time that a product takes, and the launch."""
    return _cost(machine, timed, (*timed.steps, timed.steps[-1] + machine.launch))


def _cost(machine: Machine, timed: Timed, steps: tuple[int, ...]) -> Priced:
    stalls = Stalls(*(after - before for before, after in pairwise(steps)))
    returned = timed.totals[-2][BACK] // PARTIAL_UNITS if len(timed.totals) > 1 else 0
    cost = Cost(
        cycles=steps[-1],
        compute_cycles=steps[0],
        stalls=stalls,
        traffic=_traffic(machine, timed),
        activity=timed.even.activity._replace(returned=returned),
    )
    return Priced(cost=cost, bound_by=_binding(machine, timed, stalls), mapping=timed.tiled.chosen)


def _slowest(tiled: Tiled, units: list[int], inner_bits: int) -> int:
    """Cycles of the level that takes longest for what it serves."""
    return max(_level_cycles(tiled, units, inner_bits))


def _level_cycles(tiled: Tiled, units: list[int], inner_bits: int) -> list[int]:
    """Whole cycles of each level for the units that it serves, the innermost for `inner_bits`."""
    return [
        -(-moved * den // (UNITS_PER_BYTE * num))
        for moved, (num, den) in zip((*units[:-1], inner_bits * UNITS), tiled.rates, strict=True)
    ]


def _reduction(tiled: Tiled) -> int:
    """Cycles in which the parts of a split k are read back, added and written, after all tiles."""
    if tiled.plan.split == 1:
        return 0
    return _slowest(tiled, [sum(_parts(tiled))] * len(tiled.levels), 0)


def _parts(tiled: Tiled) -> tuple[int, int]:
    """Units that adding up the parts of a split k reads and writes."""
    plan = tiled.plan
    if plan.split == 1:
        return 0, 0
    results = plan.batch * plan.m * plan.n
    return results * plan.split * PARTIAL_UNITS, results * plan.c_units


def _traffic(machine: Machine, timed: Timed) -> tuple[tuple[str, Traffic], ...]:
    """The bytes out of each level towards the cores, into it from there, and to and from outside."""
    back, added = _parts(timed.tiled)
    moved: list[tuple[str, Traffic]] = []
    outside, operands = Traffic(), 0
    for level, units in zip(machine.levels[:-1], timed.totals, strict=False):
        read = _bytes(units[A] + units[B] + units[BACK] + back)
        written = _bytes(units[OUT] + units[SPILL] + added)
        here = Traffic(read, written, _bytes(units[META]))
        moved.append((level.name, _filled(here, outside.read, outside.write, outside)))
        outside, operands = here, _bytes(units[A] + units[B])
    bits = (timed.inner.read, timed.inner.write, timed.inner.metadata_read)
    last = Traffic(*(_bytes(one * UNITS) for one in bits))
    streams = timed.tiled.results_stream
    fill, drain = (outside.read, outside.write) if streams else (operands, 0)
    return (*moved, (machine.levels[-1].name, _filled(last, fill, drain, outside)))


def _filled(traffic: Traffic, fill: int, drain: int, outside: Traffic) -> Traffic:
    """The traffic of a level with what comes from outside it, and goes there."""
    read, write, metadata, _, *_ = traffic
    return Traffic(read, write, metadata, 0, fill, drain, outside.metadata_read, 0)


def _bytes(units: int) -> int:
    return -(-units // UNITS_PER_BYTE)


def _binding(machine: Machine, timed: Timed, stalls: Stalls) -> str:
    """The resource that takes longest on its own."""
    if stalls.metadata + stalls.dram + stalls.accumulate:
        times = _level_cycles(timed.tiled, timed.served, timed.inner.total)
        return machine.levels[times.index(max(times))].name
    causes = {"decode": stalls.decode, "load": stalls.load, "feed": stalls.feed}
    slowest = max(causes, key=lambda name: causes[name])
    return slowest if causes[slowest] else "multiply"


def _stream(stream: Stream, machine: Machine) -> Priced:
    """A stream's resources overlap; the first byte takes the latency of every level, and each a launch."""
    priced = largest(stream_uses(stream, machine))
    waiting = Cost.waiting("drain", sum(level.latency for level in machine.levels))
    started = Cost.waiting("launch", machine.launch)
    return Priced(cost=priced.cost + waiting + started, bound_by=priced.bound_by)
