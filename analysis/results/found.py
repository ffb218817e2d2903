"""Results: a directory that a verb wrote, told by its mark file, and the tables in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from analysis.results.read import frame_of, read_json, read_table
from simulator.errors import InputError, lookup, shown
from simulator.version import __version__

if TYPE_CHECKING:
    import pandas as pd

SCHEMAS = {"sweep": 1, "study": 1, "run": 1, "trace": 2, "report": 3}
"""The newest schema of each kind that this version reads."""
MARKS = {"sweep.json": "sweep", "study.json": "study", "run.json": "run", "meta.json": "trace"}
RIGHT = "name what `nmsim sweep`, `study`, `train` or `trace` wrote, or the JSON of `nmsim simulate`"
AGAIN = "restore it, or run the command that wrote it again"


class Table(NamedTuple):
    """A CSV file of results: the columns that it cannot lack, and whether it may be missing."""

    columns: tuple[str, ...]
    optional: bool = False


CELL = ("task", "model", "label", "pattern", "steps")
TABLES: dict[str, dict[str, Table]] = {
    "sweep": {"points": Table(("point", "state", "feasible", "front"))},
    "study": {
        "results": Table((*CELL, "recipe", "seed", "run", "metric", "value", "arch")),
        "summary": Table((*CELL, "arch", "seeds", "value_mean", "value_low", "value_high")),
        "comparisons": Table((*CELL, "against", "pairs", "difference"), optional=True),
    },
    "run": {
        "history": Table(("step", "loss"), optional=True),
        "weights": Table(("step", "weight"), optional=True),
        "noise": Table(("step",), optional=True),
    },
    "report": {"rows": Table(("layer", "pass", "cycles", "seconds"))},
    "trace": {},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The results at `path` and their `kind`: sweep, study, run, trace or report.

    `meta` is the mark file as it was read; of a report its provenance and totals.
    """

    path: Path
    kind: str
    meta: Mapping[str, Any]

    def table(self, name: str) -> "pd.DataFrame":
        """A table of these results; one that they may do without is empty where its file is missing.

        A study that was stopped while it grew has none: what lies there is that of the smaller one.

        Of a sweep: points. Of a study: results, summary, comparisons. Of a run: history, weights, noise.
        Of a report: rows.
        """
        table = lookup(TABLES[self.kind], name, kind=f"table of a {self.kind}")
        if self.meta.get("complete") is False:
            right = "run `nmsim study` again, which goes on with it"
            raise InputError.of("is a study without its end", right, where=str(self.path))
        if self.kind == "report":
            rows = read_json(self.path, right=AGAIN)["rows"]
            if rows and any(column not in row for row in rows for column in table.columns):
                what = f"is damaged: a row lacks one of {', '.join(table.columns)}"
                raise InputError.of(what, AGAIN, where=str(self.path))
            return frame_of(rows)
        file = self.path / f"{name}.csv"
        if table.optional and not file.exists():
            return frame_of([]).reindex(columns=list(table.columns))
        free, sha256 = self.meta.get("axes", ()), self.meta.get(f"{name}_sha256")
        return read_table(file, table.columns, right=AGAIN, free=free, sha256=sha256)

    def runs(self) -> dict[str, Path]:
        """The training runs of a study by name, or the run itself; sorted, and none of what is no run."""
        if self.kind == "run":
            return {self.path.resolve().name: self.path}
        if self.kind != "study" or not (self.path / "runs").is_dir():
            return {}
        marked = (mark.parent for mark in (self.path / "runs").glob("*/run.json"))
        return {run.name: run for run in sorted(marked)}

    def reports(self) -> dict[str, dict[str, Any]]:
        """The reports by the stems of their files: reports/*.json of a study, report-*.json of a run."""
        if self.kind == "report":
            return {self.path.stem: load_report(self.path)}
        pattern = {"study": "reports/*.json", "run": "report-*.json"}.get(self.kind)
        if pattern is None:
            return {}
        return {file.stem: load_report(file) for file in sorted(self.path.glob(pattern))}


def load_results(path: str | Path) -> Results:
    """The results at `path`: a directory told by its mark file, or the JSON of a report."""
    place = Path(path)
    try:
        is_folder, exists = place.is_dir(), place.exists()
    except OSError as error:
        raise InputError.of(f"cannot be read: {error.strerror}", RIGHT, where=str(place)) from None
    if not exists:
        raise InputError.of("does not exist", RIGHT, where=str(place))
    if not is_folder:
        report = load_report(place)
        meta = {name: report[name] for name in ("provenance", "totals")}
        return Results(path=place, kind="report", meta=meta)
    for mark, kind in MARKS.items():
        if (place / mark).exists():
            return Results(path=place, kind=kind, meta=_marked(place / mark, kind))
    raise InputError.of(f"holds no results: none of {', '.join(MARKS)}", RIGHT, where=str(place))


def load_report(path: Path) -> dict[str, Any]:
    """The provenance, rows and totals of a report as `nmsim simulate --format json` prints it."""
    content = read_json(path, right=RIGHT)
    known = {"provenance": dict, "rows": list, "totals": dict}
    for name, kind in known.items():
        if not isinstance(content.get(name), kind):
            raise InputError.of(f"is no report: it has no {name}", RIGHT, where=str(path))
    if not all(isinstance(row, dict) for row in content["rows"]):
        raise InputError.of("is damaged: a row is no object", AGAIN, where=str(path))
    _check_schema(content["provenance"], "report", path)
    return content


def _marked(file: Path, kind: str) -> dict[str, Any]:
    content = read_json(file, right=AGAIN)
    _check_schema(content, kind, file)
    if not isinstance(content.get("provenance"), dict):
        raise InputError.of("is damaged: it has no provenance", AGAIN, where=str(file))
    axes = content.get("axes", [])
    if not (isinstance(axes, list) and all(isinstance(axis, str) for axis in axes)):
        raise InputError.of("is damaged: its axes are no list of names", AGAIN, where=str(file))
    return content


def _check_schema(content: Mapping[str, Any], kind: str, file: Path) -> None:
    """Refuse what a newer version wrote, and what no version did."""
    schema = content.get("schema")
    if type(schema) is not int or schema < 1:
        raise InputError.of(f"is no {kind} of nmsim: it has no schema", RIGHT, where=str(file))
    if schema > SCHEMAS[kind]:
        what = (
            f"schema {shown(schema)} is newer than this nmsim {__version__} reads, which is {SCHEMAS[kind]}"
        )
        raise InputError.of(what, "upgrade nmsim", where=str(file))
