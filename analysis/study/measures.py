"""Measures: what a study says of its runs beside their metric, with intervals and paired differences."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO
from math import fsum, isfinite
from pathlib import Path
from typing import Any

from analysis.study.cells import Cells
from analysis.study.interval import METHODS, holm, method_text, t_interval
from analysis.study.pairs import compared
from analysis.study.work import Ended
from analysis.training.run_files import read_history
from simulator.errors import InputError
from simulator.trace_files import read_regular

COLUMNS = (
    *("task", "model", "steps", "label", "pattern", "measure", "seeds", "mean", "low", "high", "against"),
    *("pairs", "difference", "difference_low", "difference_high", "p", "p_corrected", "method", "budget"),
)
TABLE_MAX = 1 << 26
RIGHT = "remove the directory of the run, and run the study again"
Found = dict[str, float]
Values = Mapping[str, Mapping[str, float]]


def _losses(_path: Path, result: Mapping[str, Any]) -> Found:
    """The losses of the network as it is served."""
    return {name: result[name] for name in ("training_loss", "held_out_loss")}


def _entropy(_path: Path, result: Mapping[str, Any]) -> Found:
    """How uncertain its outputs are, in nats; nothing of a regression."""
    names = ("training_entropy", "held_out_entropy")
    return {name: result[name] for name in names if name in result}


def _flips(path: Path, _result: Mapping[str, Any]) -> Found:
    """The mean flip rate over the rows of the history, and the sum of SAD over all weights and rows."""
    rates = [rate for row in read_history(path) if (rate := row.get("flip_rate")) is not None]
    found = {"flip_rate": fsum(rates) / len(rates)} if rates else {}
    sad = [float(row["sad"]) for row in _rows(path / "weights.csv")]
    return found | ({"sad": fsum(sad)} if sad else {})


def _noise(path: Path, _result: Mapping[str, Any]) -> Found:
    """Each column of the probe at each of its steps, as the mean over the weights that have it."""
    parts: dict[str, list[float]] = {}
    steps: list[str] = []
    for row in _rows(path / "noise.csv"):
        if row["step"] not in steps:
            steps.append(row["step"])
        for name, cell in row.items():
            if name not in ("step", "weight") and cell:
                parts.setdefault(f"{name}_{1 + steps.index(row['step'])}", []).append(float(cell))
    return {name: fsum(values) / len(values) for name, values in parts.items()}


MEASURES: dict[str, Callable[[Path, Mapping[str, Any]], Found]] = {
    "losses": _losses,
    "entropy": _entropy,
    "flips": _flips,
    "noise": _noise,
}
"""What a study file may ask for, by name."""


def _rows(file: Path) -> list[dict[str, str]]:
    """The rows of a table of a run, none where it has none: a dense run has no sparse weights."""
    if not file.exists():
        return []
    text = read_regular(file, TABLE_MAX, right=RIGHT).decode(errors="replace")
    return list(csv.DictReader(StringIO(text)))


def measured(runs: Path, cells: Cells, ends: Mapping[str, Ended]) -> dict[str, Found]:
    """The measures that the study asks for, of each run that came to its end; those that are finite."""
    found: dict[str, Found] = {}
    for cell in cells.runs:
        result = ends[cell.run].result
        if result is None or cell.run in found:
            continue
        try:
            parts = [MEASURES[name](runs / cell.run, result) for name in cells.study.value.measures]
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            what = f"has a damaged table: {type(error).__name__}"
            raise InputError.of(what, RIGHT, where=str(runs / cell.run)) from None
        flat = {name: value for part in parts for name, value in part.items()}
        found[cell.run] = {name: value for name, value in flat.items() if isfinite(value)}
    return found


def measure_rows(cells: Cells, values: Values) -> list[dict[str, Any]]:
    """A row for each combination and measure, and for each comparison of it; p are corrected over all."""
    method = cells.study.value.comparisons
    rows = list(_rows_of(cells, values))
    corrected = holm([row["p"] for row in rows])
    text = method_text(method, sum(p is not None for p in corrected))
    return [
        {name: row.get(name) for name in COLUMNS} | {"p_corrected": p, "method": text}
        for row, p in zip(rows, corrected, strict=True)
    ]


def _rows_of(cells: Cells, values: Values) -> Iterator[dict[str, Any]]:
    by_combination: dict[Any, dict[int, Mapping[str, float]]] = {}
    for cell in cells.runs:
        by_combination.setdefault(cell.of, {})[cell.seed] = values.get(cell.run, {})
    others: dict[Any, list[Any]] = {}
    for of, other in compared(cells):
        others.setdefault(of, []).append(other)
    for of, seeds in by_combination.items():
        names = dict.fromkeys(name for found in seeds.values() for name in found)
        for name in names:
            own = {seed: found[name] for seed, found in seeds.items() if name in found}
            mean = t_interval(list(own.values()))
            words = {
                key: getattr(of, key) for key in ("task", "model", "steps", "label", "pattern", "budget")
            }
            words |= {"measure": name, "seeds": mean.count}
            words |= {"mean": mean.mean, "low": mean.low, "high": mean.high, "p": None}
            for other in others.get(of, [None]):
                theirs = by_combination[other] if other else {}
                pairs = [own[s] - theirs[s][name] for s in own if name in theirs.get(s, {})]
                yield words | _difference(METHODS[cells.study.value.comparisons], pairs, other)


def _difference(
    judge: Callable[[Sequence[float]], Any], pairs: Sequence[float], other: Any
) -> dict[str, Any]:
    """The paired difference from another combination, if there is one that has the measure."""
    if other is None or not pairs:
        return {}
    found = judge(pairs)
    names = {"difference": "mean", "difference_low": "low", "difference_high": "high", "p": "p"}
    told = {name: getattr(found, field) for name, field in names.items()}
    return told | {"against": f"{other.label} {other.pattern}".rstrip(), "pairs": found.count}
