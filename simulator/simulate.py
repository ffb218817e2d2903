"""simulate(arch, trace) -> Report: the reading of the engine starts here."""

from functools import cache
from pathlib import Path

from simulator.arch import Arch, load_arch
from simulator.bound import bound, product_uses, stream_uses
from simulator.cost import Cost
from simulator.errors import InputError, lookup
from simulator.gemm import Product, Stream
from simulator.lowering import Lowered, lower
from simulator.machine import resolve
from simulator.report import Report, Row
from simulator.spec import Loaded
from simulator.trace import Trace
from simulator.version import __version__

REPORT_SCHEMA = 1
FIDELITIES = {"bound": bound}
"""How exactly time is modelled, by name: a rule that turns the uses of resources into a Cost."""


def simulate(arch: str | Path | Loaded[Arch], trace: Trace, *, fidelity: str = "bound") -> Report:
    """What the machine `arch` (a name, a path or a loaded Arch) takes for every Step of `trace`.

    Equal work is simulated once: the time this takes grows with the distinct Products, not with the steps.
    """
    rule = lookup(FIDELITIES, fidelity, kind="fidelity")
    loaded = arch if isinstance(arch, Loaded) else load_arch(arch)
    machine = resolve(loaded.value)

    @cache
    def priced(work: Product | Stream) -> tuple[Cost, str, Lowered | None]:
        if isinstance(work, Stream):
            return *rule(stream_uses(work, machine)), None
        lowered = lower(work, machine)
        cost, binding = rule(product_uses(lowered, machine))
        if lowered.native is not None:
            reason = f"dense: {binding} makes {lowered.native} slower"
            dense = lower(work, machine, dense_because=reason)
            other, binding_other = rule(product_uses(dense, machine))
            if other.cycles < cost.cycles:
                return other, binding_other, dense
        return cost, binding, lowered

    rows = []
    for step in trace.steps:
        try:
            cost, bound_by, lowered = priced(step.work)
        except InputError as error:
            raise error.at(f"{loaded.name}: {step.layer} {step.pass_}") from None
        row = Row(
            step=step,
            lowered=lowered,
            cost=cost * step.when.count,
            bound_by=bound_by,
            fidelity=fidelity,
            clock_hz=machine.clock_hz,
        )
        rows.append(row)
    levels = tuple(level.name for level in machine.levels)
    return Report(provenance=_provenance(loaded, trace, fidelity), rows=tuple(rows), levels=levels)


def _provenance(loaded: Loaded[Arch], trace: Trace, fidelity: str) -> dict[str, object]:
    return {
        "tool": "nmsim",
        "version": __version__,
        "schema": REPORT_SCHEMA,
        "fidelity": fidelity,
        "arch": {"given": loaded.name, "name": loaded.value.name, "sha256": loaded.digest},
        "trace": {"sha256": trace.digest, "complete": trace.complete, "made": dict(trace.provenance)},
    }
