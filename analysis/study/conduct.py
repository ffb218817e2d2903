"""A study from its file to its tables: check every cell, train what is missing, charge machines, compare."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.progress import Progress, untold
from analysis.results.found import load_results
from analysis.runner.runner import Runner, check_workers
from analysis.study.cells import Cells, cells_of
from analysis.study.folder import REPORTS, RUNS, meta_of, opened, sha256_of, sha256_of_run, write_meta
from analysis.study.machines import Machine
from analysis.study.measures import COLUMNS as MEASURED
from analysis.study.measures import measure_rows, measured
from analysis.study.rows import COMPARISONS, RESULTS, SUMMARY, Row, Tables, tables_of
from analysis.study.spec import WrittenStudy
from analysis.study.work import Ended, Simulation, Training, carry_out, finished, read_report, set_aside
from simulator.atomic import write_file
from simulator.errors import InputError
from simulator.report import csv_text
from simulator.spec import Loaded, load_spec

FILES = {"results": RESULTS, "summary": SUMMARY, "comparisons": COMPARISONS}
Jobs = Runner[Training | Simulation, Ended | InputError | None]


@dataclass(frozen=True, kw_only=True)
class Study:
    """A study that was carried out: its directory, what study.json says, and its three tables."""

    path: Path
    meta: Mapping[str, Any]
    tables: Tables
    lost: Sequence[str]

    @property
    def results(self) -> pd.DataFrame:
        """A row for each run and machine."""
        return load_results(self.path).table("results")

    @property
    def summary(self) -> pd.DataFrame:
        """A row for each combination and machine: means over seeds, with intervals."""
        return load_results(self.path).table("summary")

    @property
    def comparisons(self) -> pd.DataFrame:
        """A row for each difference that is paired by seed."""
        return load_results(self.path).table("comparisons")

    def __repr__(self) -> str:
        from analysis.study.text import study_text  # it reads this module

        return study_text(self, "table")

    def _repr_html_(self) -> str:
        return str(self.summary.to_html(index=False, na_rep="", notebook=True))


def conduct(
    study: str | Path | Loaded[WrittenStudy],
    out: str | Path | None = None,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress = untold,
) -> Study:
    """Do what a study or its file says, in the directory `out` or one that is called like the file.

    What is there already is not done again, so that a study that was killed goes on, and one that has grown
    trains only what is new; either way to the same bytes.
    """
    check_workers(workers)
    loaded = study if isinstance(study, Loaded) else load_spec(study, WrittenStudy)
    cells = cells_of(loaded)
    folder = Path(Path(loaded.name).stem) if out is None else Path(out)
    with opened(folder, cells.study.value.name) as earlier:
        known = {kind: earlier.get(kind, {}) for kind in (RUNS, REPORTS)}
        if not (earlier.get("complete") and earlier.get("provenance") == _unfinished(cells)["provenance"]):
            write_meta(folder, _unfinished(cells) | known)
        with Runner(carry_out, workers=workers, scheduler=scheduler) as runner:
            ends = _train(cells, folder.absolute(), runner, known[RUNS], progress)
            charged, lost = _charge(cells, folder.absolute(), runner, ends, known[REPORTS])
        tables = tables_of(cells, ends, charged)
        meta = _finished(cells, folder, tables, ends, lost)
        if cells.study.value.measures:
            rows = measure_rows(cells, measured(folder / RUNS, cells, ends))
            write_file(folder / "measures.csv", csv_text(MEASURED, rows).encode())
        for name, columns in FILES.items():
            data = csv_text(columns, getattr(tables, name)).encode()
            write_file(folder / f"{name}.csv", data)
            meta[f"{name}_sha256"] = hashlib.sha256(data).hexdigest()
        write_meta(folder, meta)
    told = [f"{run}: {end.why}" for run, end in ends.items() if end.why]
    return Study(path=folder, meta=meta, tables=tables, lost=[*told, *lost])


def _unfinished(cells: Cells) -> dict[str, Any]:
    """What study.json says while runs are missing."""
    return meta_of(cells, counts={"runs": len(cells.runs)}, compared=0, complete=False)


def _finished(
    cells: Cells, folder: Path, tables: Tables, ends: Mapping[str, Ended], lost: Sequence[str]
) -> dict[str, Any]:
    """What study.json says in the end."""
    whys = [ends[cell.run].why for cell in cells.runs]
    named = sorted({row["report"] for row in tables.results if row["report"]})
    counts = {
        "runs": len(whys),
        "finished": whys.count(""),
        "diverged": sum(why.startswith("diverged") for why in whys),
        "set_aside": sum(why.startswith("set aside") for why in whys) + len(lost),
        "reports": len(named),
    }
    compared = sum(row["p"] is not None for row in tables.comparisons)
    meta = meta_of(cells, counts=counts, compared=compared, complete=True)
    whole = dict.fromkeys(cell.run for cell in cells.runs if ends[cell.run].result is not None)
    return meta | {
        RUNS: {run: sha256_of_run(folder / RUNS / run) for run in whole},
        REPORTS: {name: sha256_of(folder / REPORTS / f"{name}.json") for name in named},
    }


def _train(
    cells: Cells, folder: Path, runner: Jobs, known: Mapping[str, str], progress: Progress
) -> dict[str, Ended]:
    """How every run ended, by its name: those that are there, and those that the workers bring there."""
    ends: dict[str, Ended] = {}
    missing: dict[str, Training] = {}
    for cell in cells.runs:
        if cell.run in ends or cell.run in missing:
            continue
        path = folder / RUNS / cell.run
        end = finished(path)
        if end is not None and cell.run in known and sha256_of_run(path) != known[cell.run]:
            set_aside(path, "is not what it was when the study ended")
            end = None
        if end is None:
            missing[cell.run] = Training(choices=cell.choices, path=path)
        else:
            ends[cell.run] = end
    whole = len(ends) + len(missing)
    progress(len(ends), whole)
    for run, value, failed in _done(runner, missing.items()):
        ends[run] = value if isinstance(value, Ended) else Ended(result=None, why=f"set aside: {failed}")
        progress(len(ends), whole)
    return ends


def _charge(
    cells: Cells, folder: Path, runner: Jobs, ends: Mapping[str, Ended], known: Mapping[str, str]
) -> tuple[dict[str, list[Row]], list[str]]:
    """The rows of each machine by the digest of the trace, equal traces once; and what was set aside."""
    traces: dict[str, str] = {}
    for cell in cells.runs:
        if ends[cell.run].result is not None:
            traces.setdefault(ends[cell.run].trace, cell.run)
    wanted = {_report(one, trace): (one, trace) for trace in traces for one in cells.machines}
    missing = {}
    for name, (machine, trace) in wanted.items():
        path = folder / REPORTS / f"{name}.json"
        changed = name in known and sha256_of(path) != known[name]
        if changed or read_report(path, trace) is None:
            run = folder / RUNS / traces[trace]
            missing[name] = Simulation(arch=machine.arch, run=run, path=path)
    lost = [f"{name}: set aside: {failed}" for name, _, failed in _done(runner, missing.items()) if failed]
    rows: dict[str, list[Row]] = {}
    for name, (machine, trace) in wanted.items():
        report = read_report(folder / REPORTS / f"{name}.json", trace)
        if report is not None:
            rows.setdefault(trace, []).append(machine.figures(report, name))
    return rows, sorted(lost)


def _report(machine: Machine, trace: str) -> str:
    """What the Report of a trace on a machine is called."""
    readable = re.sub(r"[^A-Za-z0-9_.]+", "_", machine.name)[:60]
    return f"{readable}-{trace[:8]}{machine.digest[:8]}"


def _done(
    runner: Jobs, jobs: Iterable[tuple[str, Training | Simulation]]
) -> Iterator[tuple[str, Ended | None, str | None]]:
    """Each job with what came of it; the first that the place refuses ends the study."""
    for outcome in runner.run(jobs):
        if isinstance(outcome.value, InputError):
            raise outcome.value
        yield outcome.key, outcome.value, outcome.failed
