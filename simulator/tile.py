"""Fidelity `tile`: tiles through the recurrence, and every cycle lost on the way named."""

from collections.abc import Iterator
from itertools import islice, pairwise
from math import ceil
from typing import NamedTuple

import numpy as np

from simulator.activity import Activity
from simulator.bound import Priced, stream_uses
from simulator.bound import bound as largest
from simulator.cost import Cost, Stalls, Traffic
from simulator.gemm import Stream
from simulator.kernels.activity import tiles_activity
from simulator.kernels.folds import DECODE, FEED, LOAD, MULTIPLY, SKEW
from simulator.kernels.pipeline import TICKS, UNITS_PER_BYTE, walk
from simulator.kernels.plan import PARTIAL_UNITS
from simulator.kernels.tiles import BACK, KINDS, META, OUT, SPILL, A, B, even_work
from simulator.lowering import Lowered
from simulator.machine import Machine
from simulator.tiling import UNITS, Ints, Tiled, finalists

RESOURCES = 7  # steps of the ladder until the last resource has its work
NO_LOG = np.zeros((0, 0, 0), np.int64)


class Walked(NamedTuple):
    """The cycles of a product's tiles, the ticks of a core in them, and what each level served by kind."""

    cycles: int
    busy: int
    totals: Ints


def price(work: Lowered | Stream, machine: Machine) -> Priced:
    """What a product or a stream costs by the recurrence over its tiles, under the fastest mapping found."""
    if isinstance(work, Stream):
        return _stream(work, machine)
    return priced(work, machine, *best(work, machine))


def best(work: Lowered, machine: Machine) -> tuple[Tiled, Walked]:
    """The fastest of the mappings that the search found; of equally fast ones that which moves least."""
    runs = [(tiled, run(tiled, machine)) for tiled in finalists(work, machine)]
    return min(runs, key=lambda one: (one[1].cycles + _reduction(one[0]), one[1].totals.sum(axis=1).tolist()))


def run(tiled: Tiled, machine: Machine, *, log: Ints = NO_LOG, jumps: bool = True) -> Walked:
    """The recurrence with everything switched on; without jumps it walks every tile."""
    share = machine.sparse_clock if tiled.plan.group else machine.dense_clock
    return walked_at(tiled, ceil(TICKS / share), log=log, jumps=jumps)


def walked_at(tiled: Tiled, share: int, *, log: Ints = NO_LOG, jumps: bool = True) -> Walked:
    """The recurrence with a core's cycle taken as `share` ticks."""
    totals = np.zeros((len(tiled.levels), KINDS), np.int64)
    jumping = jumps and not len(log)
    ticks, busy = walk(tiled.plan, tiled.levels, tiled.keeps, tiled.core, SKEW, share, jumping, totals, log)
    log[:] = -(-log // TICKS)
    return Walked(-(-int(ticks) // TICKS), int(busy), totals)


def priced(work: Lowered, machine: Machine, tiled: Tiled, walked: Walked) -> Priced:
    """The Cost of a product's tiles, its stalls the steps of `ladder`."""
    return _priced(work, machine, tiled, walked, list(ladder(work, machine, tiled, walked)))


def least(work: Lowered, machine: Machine) -> Priced:
    """What the slowest resource takes under a mapping: all effects up to the bytes of partial sums."""
    tiled, walked = best(work, machine)
    return _priced(
        work, machine, tiled, walked, list(islice(ladder(work, machine, tiled, walked), RESOURCES))
    )


def _priced(work: Lowered, machine: Machine, tiled: Tiled, walked: Walked, steps: list[int]) -> Priced:
    stalls = Stalls(*(after - before for before, after in pairwise(steps)))
    cost = Cost(
        cycles=steps[-1],
        compute_cycles=steps[0],
        stalls=stalls,
        traffic=_traffic(work, machine, tiled, walked),
        activity=_activity(tiled, walked),
    )
    return Priced(
        cost=cost,
        bound_by=_binding(machine, tiled, walked, stalls, _inner(work, tiled).total),
        mapping=tiled.chosen,
    )


def ladder(work: Lowered, machine: Machine, tiled: Tiled, walked: Walked) -> Iterator[int]:
    """Cycles with one effect after the other switched on: multiplying alone, then each of the Stalls.

    The mapping stays, and no effect makes work faster, so that the differences are none below 0 and add up.
    Up to `accumulate` each resource has its work evenly over the cores and without gaps; `drain` adds the
    recurrence, in which the cores' work is still spread evenly, and `tiles` the waves as they are.
    """
    totals, inner = walked.totals, _inner(work, tiled)
    for effects in (MULTIPLY, FEED, LOAD, DECODE):
        yield (so_far := _even(tiled, effects))
    yield (so_far := max(so_far, _slowest(tiled, totals[:, META], inner.metadata_read)))
    operands = totals[:, [A, B, META, OUT]].sum(axis=1)
    yield (so_far := max(so_far, _slowest(tiled, operands, inner.total)))
    added = _reduction(tiled)
    yield max(so_far, _slowest(tiled, totals.sum(axis=1), inner.total)) + added
    alone = max(_even(tiled, SKEW), _slowest(tiled, 0 * totals[:, A], inner.total))
    share = min(TICKS, -(-alone * TICKS**2 // max(1, walked.busy)))
    yield walked_at(tiled, share).cycles + added
    full = machine.sparse_clock == 1 if tiled.plan.group else machine.dense_clock == 1
    yield (walked if full else walked_at(tiled, TICKS)).cycles + added
    yield walked.cycles + added
    yield walked.cycles + added + machine.launch


def _even(tiled: Tiled, effects: int) -> int:
    """The arrays' cycles for all tiles, evenly over the cores."""
    return -(-int(even_work(tiled.plan, tiled.core, effects)[0]) // tiled.plan.cores)


def _inner(work: Lowered, tiled: Tiled) -> Traffic:
    """Bits between the innermost level and the arrays; results where no accumulators take them."""
    _, a, b, metadata = even_work(tiled.plan, tiled.core, MULTIPLY)
    out = work.c.value_bits if tiled.results_stream else 0
    return Traffic(read=int(a) + int(b), write=out, metadata_read=int(metadata))


def _slowest(tiled: Tiled, units: Ints, inner_bits: int) -> int:
    """Cycles of the level that takes longest for what it serves."""
    return max(_level_cycles(tiled, units, inner_bits))


def _level_cycles(tiled: Tiled, units: Ints, inner_bits: int) -> list[int]:
    """Whole cycles of each level for the units that it serves, the innermost for `inner_bits`."""
    taken: list[int] = [*units.tolist()[:-1], inner_bits * UNITS]
    rates: list[list[int]] = tiled.levels[:, :2].tolist()
    return [-(-moved * den // (UNITS_PER_BYTE * num)) for moved, (num, den) in zip(taken, rates, strict=True)]


def _reduction(tiled: Tiled) -> int:
    """Cycles in which the parts of a split k are read back, added and written, after all tiles."""
    if tiled.plan.split == 1:
        return 0
    return _slowest(tiled, np.array([sum(_parts(tiled))] * len(tiled.levels), np.int64), 0)


def _parts(tiled: Tiled) -> tuple[int, int]:
    """Units that adding up the parts of a split k reads and writes."""
    plan = tiled.plan
    if plan.split == 1:
        return 0, 0
    results = plan.batch * plan.m * plan.n
    return results * plan.split * PARTIAL_UNITS, results * plan.c_units


def _traffic(
    work: Lowered, machine: Machine, tiled: Tiled, walked: Walked
) -> tuple[tuple[str, Traffic], ...]:
    """The bytes out of each level towards the cores, into it from there, and to and from outside."""
    back, added = _parts(tiled)
    inner = _inner(work, tiled)
    moved: list[tuple[str, Traffic]] = []
    outside, operands = Traffic(), 0
    for level, units in zip(machine.levels[:-1], walked.totals.tolist(), strict=False):
        read = _bytes(units[A] + units[B] + units[BACK] + back)
        written = _bytes(units[OUT] + units[SPILL] + added)
        here = Traffic(read, written, _bytes(units[META]))
        moved.append((level.name, _filled(here, outside.read, outside.write, outside)))
        outside, operands = here, _bytes(units[A] + units[B])
    bits = (inner.read, inner.write, inner.metadata_read)
    last = Traffic(*(_bytes(one * UNITS) for one in bits))
    streams = tiled.results_stream
    fill, drain = (outside.read, outside.write) if streams else (operands, 0)
    return (*moved, (machine.levels[-1].name, _filled(last, fill, drain, outside)))


def _filled(traffic: Traffic, fill: int, drain: int, outside: Traffic) -> Traffic:
    """The traffic of a level with what comes from outside it, and goes there."""
    return traffic._replace(fill=fill, drain=drain, metadata_fill=outside.metadata_read)


def _activity(tiled: Tiled, walked: Walked) -> Activity:
    """What happens in the arrays for all tiles, and to sums between them and memory."""
    plan = tiled.plan
    counts = tiles_activity(plan, tiled.core)
    returned = int(walked.totals[-2, BACK]) // PARTIAL_UNITS if len(walked.totals) > 1 else 0
    return Activity(*map(int, counts))._replace(returned=returned)


def _bytes(units: int) -> int:
    return -(-units // UNITS_PER_BYTE)


def _binding(machine: Machine, tiled: Tiled, walked: Walked, stalls: Stalls, inner_bits: int) -> str:
    """The resource that takes longest on its own."""
    if stalls.metadata + stalls.dram + stalls.accumulate:
        times = _level_cycles(tiled, walked.totals.sum(axis=1), inner_bits)
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
