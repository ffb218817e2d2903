"""The tables of a study: its results, their means over seeds, and comparisons that are paired by seed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

from analysis.study.cells import Cell, Cells, Combination
from analysis.study.interval import METHODS, Interval, holm, method_text, t_interval
from analysis.study.machines import COLUMNS as ON_MACHINE
from analysis.study.pairs import compared
from analysis.study.work import Ended
from workloads.training.flops import CONVENTIONS

Row = dict[str, Any]

FLOPS = tuple(f"{name}_flops" for name in CONVENTIONS)
MEASURED = ("value", "held_out_loss", "training_loss", "density", *FLOPS)
OF_RUN = (
    *("task", "model", "recipe", "settings", "pattern", "seed", "steps", "run"),
    *("metric", "unit", "lower_is_better", *MEASURED),
)
RESULTS = (*OF_RUN, *ON_MACHINE, "label", "budget", "why")
INTERVALS = ("value", "held_out_loss")
MEANS = ("training_loss", "density", *FLOPS, *ON_MACHINE[1:-1])
SUMMARY = (
    *("task", "model", "label", "pattern", "steps", "arch", "seeds", "metric", "unit", "lower_is_better"),
    *(f"{name}_{part}" for name in INTERVALS for part in ("mean", "low", "high")),
    *(*MEANS, "recipe", "settings", "budget", "lost"),
)
COMPARISONS = (
    *("task", "model", "steps", "label", "pattern", "against", "pairs", "difference", "low", "high", "p"),
    *("p_corrected", "method", "budget", "against_pattern", "against_steps", "lower_is_better"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The three tables, row by row."""

    results: Sequence[Row]
    summary: Sequence[Row]
    comparisons: Sequence[Row]


def tables_of(cells: Cells, ends: Mapping[str, Ended], charged: Mapping[str, Sequence[Row]]) -> Tables:
    """All tables: `ends` by name of the run, `charged` rows of machines by the digest of the trace."""
    results = list(_results(cells, ends, charged))
    return Tables(
        results=results,
        summary=list(_summary(cells, results)),
        comparisons=_comparisons(cells, ends),
    )


def _results(cells: Cells, ends: Mapping[str, Ended], charged: Mapping[str, Sequence[Row]]) -> Iterator[Row]:
    """A row for each run and machine."""
    for cell in cells.runs:
        end = ends[cell.run]
        run = _of_run(cells, cell, end)
        for machine in charged.get(end.trace, ()) if end.result else ():
            yield _whole(RESULTS, {**run, **machine})
        if end.result is None or not charged.get(end.trace):
            yield _whole(RESULTS, run)


def _of_run(cells: Cells, cell: Cell, end: Ended) -> Row:
    of, metric = cell.of, cells.metrics[cell.of.task]
    result = {} if end.result is None else end.result
    return {
        **_words(of),
        "seed": cell.seed,
        "run": cell.run,
        "metric": metric.name,
        "unit": metric.unit,
        "lower_is_better": _truth(metric.lower_is_better),
        **{name: result.get(name) for name in MEASURED},
        "why": end.why or None,
    }


def _words(of: Combination) -> Row:
    """A combination as columns."""
    names = ("task", "model", "recipe", "settings", "label", "pattern", "budget", "steps")
    return {name: getattr(of, name) for name in names}


def _summary(cells: Cells, results: Sequence[Row]) -> Iterator[Row]:
    """A row for each combination and machine; runs that came to no end are counted, and in no mean."""
    keys = ("task", "model", "label", "pattern", "budget", "steps")
    parts: dict[tuple[Any, ...], dict[str | None, list[Row]]] = {}
    for row in results:
        parts.setdefault(tuple(row[key] for key in keys), {}).setdefault(row["arch"], []).append(row)
    for of in cells.combinations:
        by_arch = parts[tuple(getattr(of, key) for key in keys)]
        lost = sum(row["value"] is None for row in by_arch.get(None, ()))
        whole = {arch: [row for row in rows if row["value"] is not None] for arch, rows in by_arch.items()}
        for arch, rows in whole.items():
            if arch is None and any(name is not None for name in whole) and not rows:
                continue
            yield _whole(
                SUMMARY, {**_words(of), **_means(rows), **_same(cells, of), "arch": arch, "lost": lost}
            )


def _same(cells: Cells, of: Combination) -> Row:
    """What all seeds share."""
    metric = cells.metrics[of.task]
    truth = _truth(metric.lower_is_better)
    return {"metric": metric.name, "unit": metric.unit, "lower_is_better": truth}


def _means(rows: Sequence[Row]) -> Row:
    """Means over seeds, with intervals where they are asked for."""
    means: Row = {"seeds": len(rows)}
    for name in INTERVALS:
        found = t_interval([row[name] for row in rows])
        means |= {f"{name}_mean": found.mean, f"{name}_low": found.low, f"{name}_high": found.high}
    for name in MEANS:
        values = [row[name] for row in rows if row[name] is not None]
        means[name] = mean_of(values) if values else None
    return means


def mean_of(values: Sequence[float]) -> float:
    """Their mean, exactly theirs where all are equal: a count stays a whole number."""
    return values[0] if min(values) == max(values) else fsum(values) / len(values)


def _comparisons(cells: Cells, ends: Mapping[str, Ended]) -> list[Row]:
    """Each recipe against the baseline, then the pairs that are named; p-values are corrected over all."""
    method = cells.study.value.comparisons
    found: list[tuple[Combination, Combination, Interval]] = []
    values = _values(cells, ends)
    for of, other in compared(cells):
        ours, theirs = values[of], values[other]
        differences = [ours[seed] - theirs[seed] for seed in ours if seed in theirs]
        found.append((of, other, METHODS[method](differences)))
    corrected = holm([interval.p for _, _, interval in found])
    text = method_text(method, sum(p is not None for p in corrected))
    return [
        {
            "task": of.task,
            "model": of.model,
            "steps": of.steps,
            "label": of.label,
            "pattern": of.pattern or other.pattern,
            "against": other.label,
            "pairs": interval.count,
            "difference": interval.mean,
            "low": interval.low,
            "high": interval.high,
            "p": interval.p,
            "p_corrected": p,
            "method": text,
            "budget": of.budget,
            "against_pattern": other.pattern,
            "against_steps": other.steps,
            "lower_is_better": _truth(cells.metrics[of.task].lower_is_better),
        }
        for (of, other, interval), p in zip(found, corrected, strict=True)
    ]


def _values(cells: Cells, ends: Mapping[str, Ended]) -> dict[Combination, dict[int, float]]:
    """The metric of each run that came to its end, by its seed."""
    values: dict[Combination, dict[int, float]] = {of: {} for of in cells.combinations}
    for cell in cells.runs:
        result = ends[cell.run].result
        if result is not None:
            values[cell.of][cell.seed] = result["value"]
    return values


def _truth(value: bool) -> str:
    """As JSON writes it."""
    return str(value).lower()


def _whole(columns: Sequence[str], row: Row) -> Row:
    """The row with every column, in order."""
    return {column: row.get(column) for column in columns}
