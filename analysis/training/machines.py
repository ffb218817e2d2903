"""What a training run costs on machines: checked before it begins, told when it has ended."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from analysis.quantities import ZEPTO
from analysis.report_text import report_text
from analysis.roofline.bandwidth import flows, intensity
from analysis.roofline.text import bandwidth_text
from simulator.arch import Arch, load_arch
from simulator.atomic import write_file
from simulator.errors import InputError, placed, shown
from simulator.machine import resolve
from simulator.report import Report, picojoules
from simulator.simulate import simulate
from simulator.spec import Loaded
from simulator.tariff import tariff_of
from simulator.trace import Trace

WHERE = "--arch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """A machine under the name that was given, its Report of a run, and the file of that, if it was kept."""

    name: str
    arch: Loaded[Arch]
    report: Report
    file: Path | None


def load_archs(given: Sequence[str], settings: Sequence[str], dtype: str) -> dict[str, Loaded[Arch]]:
    """The machines by the names of their reports, each of which multiplies `dtype` and has all its rows."""
    if settings and not given:
        what, right = "sets keys of machines, and there is none", "name one with --arch"
        raise InputError.of(what, right, where="--set")
    found: dict[str, Loaded[Arch]] = {}
    for one in given:
        try:
            loaded = load_arch(one, settings=settings)
            machine = resolve(loaded.value)
            tariff_of(loaded, machine)
        except InputError as error:
            placed_here = (p if p.where else replace(p, where=WHERE) for p in error.problems)
            raise InputError(placed_here) from None
        with placed("--dtype"):
            machine.lanes_of(dtype)
        name = Path(one).stem if Path(one).suffix else one
        if name in found:
            what = f"two machines are called {shown(name)}, and so would be their reports"
            raise InputError.of(what, "give each a name of its own", where=WHERE)
        found[name] = loaded
    return found


def charge(archs: dict[str, Loaded[Arch]], trace: Trace, out: Path | None) -> list[Charged]:
    """Run the trace through each machine; the whole reports go to `out`, if there is such a place."""
    charged = []
    for name, arch in archs.items():
        report = simulate(arch, trace)
        file = None if out is None else out / f"report-{name}.json"
        if file is not None:
            write_file(file, report.to_json().encode())
        charged.append(Charged(name=name, arch=arch, report=report, file=file))
    return charged


def machine_text(one: Charged) -> str:
    """The cost by pass and pattern, energy and power, and the bytes of each level by direction."""
    report = one.report
    at = {level: intensity(report, level) for level in report.levels}
    notes = [] if one.file is None else [f"every row is in {one.file}"]
    moved = bandwidth_text(flows(report, resolve(one.arch.value)), at, notes=notes)
    return f"{report_text(report, 'table')}\n{moved}"


def machine_json(one: Charged) -> dict[str, Any]:
    """The totals of the report, what follows from them, and the bytes of each level by direction."""
    report = one.report
    totals, energy = report.totals, report.energy
    seconds, macs = totals["seconds"], totals["effective_macs"]
    spent = None if energy is None else energy.total.value
    return {
        "arch": one.name,
        "provenance": {name: report.provenance[name] for name in ("arch", "components", "fidelity")},
        "report": None if one.file is None else str(one.file),
        "totals": totals,
        "average_watts": spent * ZEPTO / seconds if spent is not None and seconds else None,
        "pj_per_effective_mac": picojoules(spent) / macs if spent is not None and macs else None,
        "bandwidth": [flow.columns for flow in flows(report, resolve(one.arch.value))],
    }
