"""Results as frames of pandas: counts exact, whole numbers that may be missing as Int64, names as text."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from simulator.errors import InputError, lookup
from simulator.report import ENERGIES, Report, column_names, energy_columns
from simulator.trace import Trace
from simulator.trace_rows import COLUMNS, COUNTS, row_of

Tables = Mapping[str, Callable[[], pd.DataFrame]]
INT64 = range(-(2**63), 2**63)
TEXT, WHOLE, NUMBER, TRUTH, OTHER = "string", "Int64", "float64", "boolean", "object"
"""The types of columns; what is missing is <NA>, or nan among numbers. Counts beyond 64 bits are OTHER."""
TEXTS = ("layer", "pass", "op", "pattern", "runs_as", "note", "fidelity", "order", "bound_by")
"""The columns of a report that are text; of the others some are NUMBER, and the rest are WHOLE."""


def frame(found: object, table: str | None = None) -> pd.DataFrame:
    """A result as a frame; `table` names one of its tables, and left out it is the first of them.

    Report: rows, summary. Trace: steps, summary. Trained and its History: history, weights, noise.
    Explanation: parts, whole. Roofline: points, roofs. Validation, Results, and what sweep, study and compare
    return: theirs, by title or name. Rows that are mappings are a table themselves.
    """
    tables = _tables(found)
    if not tables:
        right = "give a Report, a Trace, a Trained, what a verb found, or rows"
        raise InputError.of(f"a {type(found).__name__} has no tables", right, where="frame")
    name = next(iter(tables)) if table is None else table
    return lookup(tables, name, kind=f"table of a {type(found).__name__}")()


def totals(report: Report) -> "pd.Series[Any]":
    """The totals of a Report by name, counts as the whole numbers that they are."""
    return pd.Series(report.totals, dtype=OTHER, name=report.provenance.get("arch", {}).get("name"))


def typed(rows: Iterable[Mapping[str, Any]], known: Mapping[str, str] | None = None) -> pd.DataFrame:
    """The rows as a frame, columns in order of first appearance, each of the type of all its values.

    The types `known` hold where a column has no value, and name the columns where there is no row.
    """
    listed, types = list(rows), dict(known or {})
    names = dict.fromkeys(name for row in listed for name in row) if listed else types
    return pd.DataFrame(
        {name: _column([row.get(name) for row in listed], types.get(name, OTHER)) for name in names}
    )


def _column(values: list[Any], known: str) -> "pd.Series[Any]":
    present = [value for value in values if value is not None]
    kinds = set(map(type, present))
    if not kinds:
        kind = known
    elif kinds == {bool}:
        kind = TRUTH
    elif kinds == {int} and known != NUMBER:
        kind = WHOLE if all(value in INT64 for value in present) else OTHER
    elif kinds <= {int, float}:
        kind = NUMBER
    else:
        kind = TEXT if all(issubclass(one, str) for one in kinds) else OTHER
    return pd.Series(values, dtype=kind)


def _tables(found: object) -> Tables:
    """The tables of a result by name, the first one first; none where it is no result."""
    match found:
        case Report():
            return {
                "rows": lambda: typed(found.table, _report_types(found)),
                "summary": lambda: typed(found.summary, {"runs_as": TEXT, "energy_j": NUMBER}),
            }
        case Trace():
            types = {name: WHOLE if name in COUNTS else TEXT for name in COLUMNS}
            return {
                "steps": lambda: typed(map(row_of, found.steps), types),
                "summary": lambda: typed(found.summary, {"pattern": TEXT}),
            }
        case list() | tuple() if all(isinstance(one, Mapping) for one in found):
            return {"rows": partial(typed, found)}
    return _tables_of_verbs(found) or _tables_of_training(found)


def _report_types(report: Report) -> dict[str, str]:
    """The type of each column of a report."""
    parts = report.tariff.parts if report.tariff else ()
    numbers = {"seconds", "utilization", *ENERGIES, *energy_columns(parts)}
    return {
        name: TEXT if name in TEXTS else NUMBER if name in numbers else WHOLE
        for name in column_names(report.levels, parts)
    }


def _tables_of_verbs(found: object) -> Tables:
    """The tables of what a verb of this package found; imported here, so that `frame` is there at once."""
    from analysis.explain.cycles import Explanation
    from analysis.results.found import TABLES, Results, load_results
    from analysis.roofline.roofline import Roofline
    from analysis.validation.validate import Validation

    match found:
        case Explanation():
            parts = {"parts": found.parts, "whole": found.whole}
            return {
                name: partial(typed, [{"arch": one.arch, "part": one.part, **one.columns} for one in ones])
                for name, ones in parts.items()
            }
        case Roofline():
            roofs = [{**one._asdict(), "ops": float(one.ops)} for one in found.roofs]
            return {
                "points": partial(typed, [one.columns for one in found.points]),
                "roofs": partial(typed, roofs),
            }
        case Validation():
            return {title: partial(typed, rows) for title, rows in found.columns.items()}
        case Results():
            return {name: partial(found.table, name) for name in TABLES[found.kind]}
        case object(path=Path() as path):  # what a sweep or a study returns
            return _tables_of_verbs(load_results(path))
        case object(frames=dict() as frames):  # what a comparison returns
            return {name: partial(pd.DataFrame, made) for name, made in frames.items()}
    return {}


def _tables_of_training(found: object) -> Tables:
    """The tables of a training run."""
    from workloads.training.emulator.history import History
    from workloads.training.emulator.train import Trained

    history = found.history if isinstance(found, Trained) else found
    if not isinstance(history, History):
        return {}
    return {
        "history": partial(typed, history.rows),
        "weights": partial(typed, history.weights),
        "noise": partial(typed, history.noise),
    }
