"""Batch: one Trace on many machines, exactly as `simulate` would have it for each.

Equal Steps are one Work, sums are taken before anything is charged, and products whose times are the same to
the model share them (`simulator.tile.fastest`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import fsum
from typing import Any, NamedTuple

from simulator.activity import Activity
from simulator.arch import Arch
from simulator.cost import Cost, Stalls, Traffic
from simulator.energy import Counts, Done, Energy, Kind, counted_products, counted_stream, done_by, kind_of
from simulator.errors import InputError, lookup
from simulator.gemm import Product, Stream
from simulator.lowering import Lowered
from simulator.machine import Machine, resolve
from simulator.report import ENERGIES, energies, energy_columns, picojoules, summed_names
from simulator.simulate import FIDELITIES, Pricer, simulate
from simulator.spec import Loaded
from simulator.tariff import Tariff, tariff_of
from simulator.trace import Trace


class Bounds(NamedTuple):
    """A sum between the sums of its bounds, exactly."""

    low: Fraction
    value: Fraction
    high: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a machine takes for a whole Trace, and what it is.

    `totals` are those of the Report; `outermost` is what its first level of memory moved, `peak` the most
    multiply-adds a cycle that any of its products could have, and `utilization` the effective ones over what
    the peak allows in all cycles, at most 1. `area` is that of the chip in um^2, None where the machine names
    no component tables.
    """

    totals: dict[str, Any]
    outermost: Traffic
    peak: int
    utilization: float
    area: Bounds | None


class Work(NamedTuple):
    """Equal Steps of a trace: what they do, and how often each of them happened."""

    work: Product | Stream
    counts: tuple[int, ...]


class Spent(NamedTuple):
    """A Work on a machine: what one happening of it costs, and as what a product runs."""

    work: Product | Stream
    counts: tuple[int, ...]
    cost: Cost
    lowered: Lowered | None

    @property
    def times(self) -> int:
        """How often it happened in all."""
        return sum(self.counts)

    @property
    def kind(self) -> Kind | None:
        """What decides which actions it takes; None for a Stream."""
        return kind_of(self.lowered) if self.lowered else None


class Batch:
    """One Trace and one fidelity, for any number of machines."""

    def __init__(self, trace: Trace, *, fidelity: str = "tile") -> None:
        lookup(FIDELITIES, fidelity, kind="fidelity")
        self.trace, self.fidelity = trace, fidelity
        counts: dict[Product | Stream, list[int]] = {}
        for step in trace.steps:
            counts.setdefault(step.work, []).append(step.when.count)
        self._works = [Work(work, tuple(each)) for work, each in counts.items()]

    def totals(self, arch: Loaded[Arch]) -> dict[str, Any]:
        """`simulate(arch, trace, fidelity=...).totals`, to the bit; the same InputError where that raises."""
        return self.figures(arch).totals

    def figures(self, arch: Loaded[Arch]) -> Figures:
        """The totals of a machine, and what stands beside them."""
        machine = resolve(arch.value)
        tariff = tariff_of(arch, machine)
        price = Pricer(machine, fidelity=self.fidelity)
        try:
            priced = [(*each, *price(each.work)) for each in self._works]
        except InputError:
            simulate(arch, self.trace, fidelity=self.fidelity)  # it says at which Step
            raise
        spent = [Spent(work, counts, found.cost, lowered) for work, counts, found, lowered in priced]
        return _figures(spent, machine, tariff)


def _figures(spent: list[Spent], machine: Machine, tariff: Tariff | None) -> Figures:
    """The sums over all works, each as often as it happened."""
    names = [level.name for level in machine.levels]
    kinds: dict[Kind | None, list[Spent]] = {}
    for one in spent:
        kinds.setdefault(one.kind, []).append(one)
    costs = {kind: _cost_of(each, names) for kind, each in kinds.items()}
    done = {kind: _done_by(each) for kind, each in kinds.items() if kind}
    ops = sum(one.times * one.work.ops for one in spent if isinstance(one.work, Stream))
    whole = _cost_of(
        [
            Spent(one.work, (1,), cost, None)
            for cost, (one, *_) in zip(costs.values(), kinds.values(), strict=True)
        ],
        names,
    )
    dense, effective = (sum(getattr(one, side) for one in done.values()) for side in ("dense", "effective"))
    executed = sum(one.times * one.lowered.multiplies for one in spent if one.lowered)
    counts = (
        *(whole.cycles, whole.compute_cycles, *whole.stalls),
        *(dense, effective, executed - effective, dense - executed, ops),
        *(count for _, traffic in whole.traffic for count in traffic),
    )
    totals: dict[str, Any] = dict(zip(summed_names(names), counts, strict=True))
    seconds = (one.cost.cycles * count / machine.clock_hz for one in spent for count in one.counts)
    totals["seconds"] = fsum(seconds)
    energy = None if tariff is None else Energy(counts=_counted(costs, done, ops, machine), tariff=tariff)
    totals |= zip(ENERGIES, energies(energy), strict=True)
    if energy is not None:
        parts = energy.by_part
        totals |= zip(energy_columns(parts), (picojoules(one.value) for one in parts.values()), strict=True)
    peaks = {kind: machine.peak_macs(kind.dtype) for kind in done}
    peak = max(peaks.values(), default=0)
    possible = sum(cost.cycles * (peaks[kind] if kind else peak or 1) for kind, cost in costs.items())
    return Figures(
        totals=totals,
        outermost=whole.traffic[0][1],
        peak=peak,
        utilization=effective / possible if possible else 0.0,
        area=_area(tariff) if tariff else None,
    )


def _cost_of(spent: Iterable[Spent], levels: list[str]) -> Cost:
    """The Cost of all happenings of some works."""
    rows = []
    for one in spent:
        cost, times = one.cost, one.times
        moved = [count for _, traffic in cost.traffic for count in traffic]
        values = (cost.cycles, cost.compute_cycles, *cost.stalls, *cost.activity, *moved)
        rows.append([times * value for value in values])
    stalls, activity, ways = len(Stalls._fields), len(Activity._fields), len(Traffic._fields)
    empty = [0] * (2 + stalls + activity + ways * len(levels))
    cycles, compute, *rest = [sum(column) for column in zip(empty, *rows, strict=True)]
    moved = rest[stalls + activity :]
    return Cost(
        cycles=cycles,
        compute_cycles=compute,
        stalls=Stalls(*rest[:stalls]),
        activity=Activity(*rest[stalls : stalls + activity]),
        traffic=tuple((name, Traffic(*moved[at * ways : (at + 1) * ways])) for at, name in enumerate(levels)),
    )


def _done_by(spent: list[Spent]) -> Done:
    """What all happenings of some products do."""
    total = [0] * len(Done._fields)
    for one in spent:
        assert isinstance(one.work, Product)
        assert one.lowered is not None
        once = done_by(one.work, one.lowered)
        total = [so_far + one.times * value for so_far, value in zip(total, once, strict=True)]
    return Done(*total)


def _counted(costs: dict[Kind | None, Cost], done: dict[Kind, Done], ops: int, machine: Machine) -> Counts:
    """The actions of all works."""
    counts: Counts = {}
    for kind, cost in costs.items():
        found = (
            counted_products(kind, done[kind], cost, machine) if kind else counted_stream(ops, cost, machine)
        )
        for action, count in found.items():
            counts[action] = counts.get(action, 0) + count
    return counts


def _area(tariff: Tariff) -> Bounds:
    """The area of the whole chip."""
    totals = [area.total for area in tariff.areas]
    sides = ([getattr(one, side) for one in totals] for side in Bounds._fields)
    return Bounds(*(sum(side, start=Fraction(0)) for side in sides))
