"""Reports and machines that figures are of: those in the results, or of the machines that were named."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.canvas import machine_name
from analysis.figures.drawing import Asked, LackingError, chosen
from analysis.results import Results
from analysis.training.run_files import trace_of
from simulator.arch import Arch, load_arch
from simulator.errors import InputError
from simulator.simulate import simulate
from simulator.spec import Loaded
from simulator.trace import Trace

CHOICE = ("task", "model", "label", "recipe", "pattern", "steps", "seed", "arch", "report")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A report as JSON holds it, its machine's name, what ran, and the directory of its trace if known."""

    arch: str
    ran: str
    report: Mapping[str, Any]
    trace: Path | None = None
    sparse: bool = True

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Its rows."""
        rows: list[dict[str, Any]] = self.report["rows"]
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """A machine, as it was given and loaded, and a trace."""

    given: str
    settings: tuple[str, ...]
    arch: Loaded[Arch]
    trace: Trace


def reports_of(asked: Asked) -> list[Reported]:
    """The reports of the results, machine by machine: theirs, or those of a trace or run on those named."""
    results = asked.results
    if results.kind in ("trace", "run") and asked.archs:
        trace = trace_of(results.path)
        pairs = ((one, load_arch(one, settings=asked.settings)) for one in asked.archs)
        return [_simulated(one, loaded, trace, results.path) for one, loaded in pairs]
    if asked.archs or asked.settings:
        right = "leave --arch out, and choose among its own with --only"
        raise InputError.of(f"a {results.kind} has its machines", right, where="--arch")
    found = list(_of_study(asked)) if results.kind == "study" else list(_kept(results))
    machines = list(dict.fromkeys(one.arch for one in found))
    found.sort(key=lambda one: machines.index(one.arch))
    if not found:
        right = "give its YAML `machines`" if results.kind == "study" else "name a machine with --arch"
        raise LackingError.of("there is no report", right)
    return found


def one_each(found: list[Reported]) -> list[Reported]:
    """The first report of each machine, of a run that skips zeros if there is one."""
    ranked = sorted(found, key=lambda one: not one.sparse)
    return list({one.arch: one for one in reversed(ranked)}.values())[::-1]


def traced(one: Reported, asked: Asked) -> Traced:
    """The machine and the trace behind a report, which are those that it names."""
    if one.trace is None:
        raise LackingError.of("a report holds no trace", "name the trace or the run, and --arch")
    made = one.report["provenance"]
    given, digest = str(made["arch"]["given"]), made["arch"]["sha256"]
    for settings in (asked.settings, *_settings_of(asked.results, given)):
        loaded = load_arch(given, settings=settings)
        if loaded.digest == digest:
            return Traced(given=given, settings=settings, arch=loaded, trace=trace_of(one.trace))
    what = f"the machine {given} is no longer the one that the report is of"
    raise LackingError.of(what, "restore its file, or name the run and the machine with --arch")


def ran_text(made: Mapping[str, Any]) -> str:
    """The recipe and the pattern of a trace."""
    words = (str(made[key]) for key in ("recipe", "pattern") if made.get(key))
    return " ".join(words) or str(made.get("network", "trace"))


def _simulated(given: str, loaded: Loaded[Arch], trace: Trace, path: Path) -> Reported:
    report = json.loads(simulate(loaded, trace).to_json())
    made = trace.provenance
    return Reported(
        arch=machine_name(given), ran=ran_text(made), report=report, trace=path, sparse=_sparse(made)
    )


def _kept(results: Results) -> Iterator[Reported]:
    """The reports of a run, or the report itself."""
    for report in results.reports().values():
        made = report["provenance"]["trace"]["made"]
        given = str(report["provenance"]["arch"]["given"])
        trace = results.path if results.kind == "run" else None
        yield Reported(
            arch=machine_name(given), ran=ran_text(made), report=report, trace=trace, sparse=_sparse(made)
        )


def _of_study(asked: Asked) -> Iterator[Reported]:
    """The first seed's report of each cell that was chosen, in the order of the table."""
    results = asked.results
    frame = chosen(results.table("results"), asked.only, CHOICE)
    reports, runs = results.reports(), results.runs()
    several = {name for name in ("task", "model", "steps") if frame[name].nunique() > 1}
    seen = set()
    for row in frame.to_dict("records"):
        cell = tuple(row[name] for name in (*sorted(several), "label", "pattern", "arch"))
        stem = str(row.get("report", "")).removesuffix(".json")
        if cell in seen or stem not in reports:
            continue
        seen.add(cell)
        words = (
            f"{row[name]} steps" if name == "steps" else str(row[name])
            for name in ("label", "pattern", *sorted(several))
            if row[name] != ""
        )
        yield Reported(
            arch=str(row["arch"]),
            ran=" ".join(words),
            report=reports[stem],
            trace=runs.get(str(row["run"])),
            sparse=bool(row["pattern"]),
        )


def _settings_of(results: Results, given: str) -> Iterator[tuple[str, ...]]:
    """The settings that a study gives a machine, and none."""
    study = results.meta.get("study")
    machines = study.get("machines", []) if isinstance(study, dict) else []
    for one in machines:
        if isinstance(one, dict) and one.get("arch") == given:
            yield tuple(str(setting) for setting in one.get("set") or ())
    yield ()


def _sparse(made: Mapping[str, Any]) -> bool:
    return bool(made.get("pattern"))
