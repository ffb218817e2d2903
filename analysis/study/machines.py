"""The machines of a study, and what a Report of one says in the columns of the tables."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis.charges.area import find_areas, subtotals
from analysis.quantities import PICO
from analysis.reported import utilization_of
from analysis.study.spec import MachineEntry
from analysis.study.spots import Wrong
from analysis.training.machines import load_archs
from simulator.arch import Arch
from simulator.cost import Traffic
from simulator.errors import InputError, Problem, shown
from simulator.machine import resolve
from simulator.simulate import REPORT_SCHEMA
from simulator.spec import Loaded, is_path
from simulator.tariff import tariff_of
from simulator.version import __version__

FIDELITY = "tile"
MM2 = 1e-6
COLUMNS = (
    *("arch", "cycles", "seconds", "energy_j", "energy_low_j", "energy_high_j", "edp_js", "area_mm2"),
    *("watts", "utilization", "dram_bytes", "metadata_bytes", "report"),
)
"""What a table says of a run on a machine; empty where there is none."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine under the name that tables give it."""

    name: str
    arch: Loaded[Arch]

    @cached_property
    def digest(self) -> str:
        """Of all that decides a Report beside the trace."""
        tariff = tariff_of(self.arch, resolve(self.arch.value))
        tables = [table.digest for table in (tariff.tables if tariff else ())]
        decided = [__version__, REPORT_SCHEMA, FIDELITY, self.arch.digest, tables]
        return hashlib.sha256(json.dumps(decided).encode()).hexdigest()

    @cached_property
    def area_mm2(self) -> float | None:
        """Its area; None where it names no component tables."""
        if tariff_of(self.arch, resolve(self.arch.value)) is None:
            return None
        return float(subtotals(find_areas(self.arch).taken)["total"].value) * MM2

    def figures(self, report: Mapping[str, Any], name: str) -> dict[str, Any]:
        """The columns of the tables, out of a Report as JSON that is called `name`."""
        rows, totals = report["rows"], report["totals"]
        spent = [totals[f"energy_{which}pj"] for which in ("", "low_", "high_")]
        energy, low, high = (None if one is None else one * PICO for one in spent)
        seconds, outermost = totals["seconds"], self.arch.value.memory[0].name
        moved = Traffic(*(totals[f"{outermost}_{way}_bytes"] for way in Traffic._fields))
        values = (
            *(self.name, totals["cycles"], seconds, energy, low, high),
            *(None if energy is None else energy * seconds, self.area_mm2),
            *(energy / seconds if energy is not None and seconds else None, utilization_of(rows)),
            *(moved.total, moved.metadata_read + moved.metadata_write, name),
        )
        return dict(zip(COLUMNS, values, strict=True))


def load_machines(
    entries: Sequence[MachineEntry], folder: Path, dtypes: Sequence[str]
) -> tuple[list[Machine], list[Wrong]]:
    """The machines, each of which multiplies all `dtypes`, and what is wrong with them."""
    found: list[Machine] = []
    wrong: list[Wrong] = []
    for index, entry in enumerate(entries):
        given = str(folder / entry.arch) if is_path(entry.arch) else entry.arch
        try:
            for dtype in dtypes or ("bf16",):
                ((name, arch),) = load_archs((given,), entry.settings, dtype).items()
        except InputError as error:
            wrong += (_placed(index, problem) for problem in error.problems)
            continue
        called = entry.name or " ".join((name, *entry.settings))
        if called in (one.name for one in found):
            what = f"two machines are called {shown(called)}"
            wrong.append(Wrong(("machines", index), Problem(what=what, right="give one a `name` of its own")))
        found.append(Machine(name=called, arch=arch))
    return found, wrong


def _placed(index: int, problem: Problem) -> Wrong:
    """A problem of a machine at its key; one of its file keeps its own place."""
    head, _, key = problem.where.partition(": ")
    if head.startswith("--set"):
        what = f"{key}: {problem.what}" if key else problem.what
        return Wrong(("machines", index, "set"), Problem(what=what, right=problem.right))
    if head in ("--arch", "--dtype"):
        return Wrong(("machines", index, "arch"), replace(problem, where=""))
    return Wrong(None, problem)
