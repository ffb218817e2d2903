"""simulate(arch, trace) -> Report: the reading of the engine starts here."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from math import ceil
from pathlib import Path

from simulator.arch import Arch, load_arch
from simulator.bound import Priced, multiply_cycles
from simulator.cost import Cost
from simulator.energy import Energy, counted
from simulator.errors import InputError, lookup
from simulator.gemm import Product, Step, Stream
from simulator.lowering import Lowered, lower
from simulator.machine import Machine, resolve
from simulator.report import Report, Row
from simulator.spec import Loaded
from simulator.tariff import Tariff, tariff_of
from simulator.trace import Trace
from simulator.version import __version__

REPORT_SCHEMA = 3
AS_ASKED = "dense: as asked"
Pricing = Callable[[Lowered | Stream, Machine], Priced]


def _pricing(module: str) -> Pricing:
    """`price` of a module of the engine, imported when it is first called: kernels take time to load."""
    return lambda work, machine: import_module(module).price(work, machine)


FIDELITIES: dict[str, Pricing] = {
    "bound": _pricing("simulator.least"),
    "tile": _pricing("simulator.tile"),
    "cycle": _pricing("simulator.stepped"),
}
"""How exactly time is modelled, by name: what a product or a stream costs on a machine."""


class Pricer:
    """What products and streams cost on one machine; with `dense`, products as if nothing were skipped."""

    def __init__(self, machine: Machine, *, fidelity: str, dense: bool = False) -> None:
        self.machine, self.fidelity, self.dense = machine, fidelity, dense
        self._price = FIDELITIES[fidelity]

    def __call__(self, work: Product | Stream) -> tuple[Priced, Lowered | None]:
        """The cost of one happening, and as what a product runs: dense where that is faster."""
        if isinstance(work, Stream):
            return self._price(work, self.machine), None
        lowered = lower(work, self.machine, dense_because=AS_ASKED if self.dense else "")
        found = self._price(lowered, self.machine)
        if lowered.native is None:
            return found, lowered
        reason = f"dense: {found.bound_by} makes {lowered.native} slower"
        unskipped = lower(work, self.machine, dense_because=reason)
        if self._least(unskipped) >= found.cost.cycles:
            return found, lowered
        other = self._price(unskipped, self.machine)
        return (other, unskipped) if other.cost.cycles < found.cost.cycles else (found, lowered)

    def _least(self, work: Lowered) -> int:
        """Cycles that a product takes at least: those of its multiplies, under load unless that is ideal."""
        cycles = multiply_cycles(work, self.machine)
        if self.fidelity == "bound":
            return cycles
        return ceil(cycles / self.machine.dense_clock) + self.machine.launch


def simulate(
    arch: str | Path | Loaded[Arch], trace: Trace, *, fidelity: str = "tile", dense: bool = False
) -> Report:
    """What the machine `arch` (a name, a path or a loaded Arch) takes for every Step of `trace`.

    Equal work is simulated once: the time this takes grows with the distinct Products, not with the steps.
    With `dense` every product runs dense, whatever the machine could skip: the baseline of a speed-up.
    """
    lookup(FIDELITIES, fidelity, kind="fidelity")
    loaded = arch if isinstance(arch, Loaded) else load_arch(arch)
    machine = resolve(loaded.value)
    tariff = tariff_of(loaded, machine)
    priced = cache(Pricer(machine, fidelity=fidelity, dense=dense))
    rows = []
    for step in trace.steps:
        try:
            found, lowered = priced(step.work)
        except InputError as error:
            raise error.at(f"{loaded.name}: {step.layer} {step.pass_}") from None
        row = Row(
            step=step,
            lowered=lowered,
            cost=found.cost * step.when.count,
            bound_by=found.bound_by,
            mapping=found.mapping,
            energy=_energy(step, lowered, found.cost, machine, tariff),
            fidelity=fidelity,
            clock_hz=machine.clock_hz,
        )
        rows.append(row)
    levels = tuple(level.name for level in machine.levels)
    provenance = _provenance(loaded, trace, fidelity, dense, tariff)
    return Report(provenance=provenance, rows=tuple(rows), levels=levels, tariff=tariff)


def _energy(
    step: Step, lowered: Lowered | None, cost: Cost, machine: Machine, tariff: Tariff | None
) -> Energy | None:
    """What all happenings of a Step take; None where the machine names no component tables."""
    if tariff is None:
        return None
    once = counted(step.work, lowered, cost, machine)
    return Energy(counts={action: count * step.when.count for action, count in once.items()}, tariff=tariff)


def _provenance(
    loaded: Loaded[Arch], trace: Trace, fidelity: str, dense: bool, tariff: Tariff | None
) -> dict[str, object]:
    return {
        "tool": "nmsim",
        "version": __version__,
        "schema": REPORT_SCHEMA,
        "fidelity": fidelity,
        "dense": dense,
        "arch": {"given": loaded.name, "name": loaded.value.name, "sha256": loaded.digest},
        "components": [
            {"given": table.name, "name": table.value.name, "sha256": table.digest}
            for table in (tariff.tables if tariff else ())
        ],
        "trace": {"sha256": trace.digest, "complete": trace.complete, "made": dict(trace.provenance)},
    }
