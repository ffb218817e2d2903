"""A study as text: a table for each task, model and length; JSON of all tables; or the means as CSV."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from analysis.quantities import digits, duration, quantity, scaled
from analysis.study.folder import META
from analysis.study.interval import CONFIDENCE
from analysis.study.rows import FLOPS, SUMMARY, Row
from analysis.tables import json_text, table_text
from simulator.report import csv_text

if TYPE_CHECKING:
    from analysis.study.conduct import Study

LOST_SHOWN = 10
KEY = ("task", "model", "label", "pattern", "budget", "steps")


def study_text(study: "Study", form: str) -> str:
    """The study in a form."""
    tables = study.tables
    if form == "csv":
        return csv_text(SUMMARY, tables.summary)
    if form == "json":
        entries = {name: study.meta[name] for name in ("baseline", "method", "counts")}
        rows = {"summary": list(tables.summary), "comparisons": list(tables.comparisons)}
        return json_text(
            study.meta["provenance"], **entries, **rows, lost=list(study.lost), path=str(study.path)
        )
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in tables.summary:
        length = row["budget"] or row["steps"]
        groups.setdefault((row["task"], row["model"], length), []).append(row)
    parts = [text for rows in groups.values() for text in _tables(study, rows)]
    return "\n".join([*parts, "".join(f"{note}\n" for note in _notes(study))])


def _tables(study: "Study", rows: Sequence[Row]) -> Iterator[str]:
    """The combinations of one task, model and length: what they learnt, and what that takes on machines."""
    first = rows[0]
    length = first["budget"] or f"{first['steps']} steps"
    subject = f"{first['task']} {first['model']}, {length}"
    better = "lower" if first["lower_is_better"] == "true" else "higher"
    unit = "" if not first["unit"] or first["unit"] in first["metric"] else f" ({first['unit']})"
    patterns = list(dict.fromkeys(row["pattern"] for row in rows))
    rows = sorted(rows, key=lambda row: patterns.index(row["pattern"]))
    once = list({tuple(row[name] for name in KEY): row for row in reversed(rows)}.values())[::-1]
    learnt = [_learnt(study, row, _bases(study, row, rows)) for row in once]
    title = f"{subject}: {first['metric']}{unit}, {better} is better"
    yield table_text(learnt, "table", title=title, numbers=tuple(learnt[0])[2:])
    archs = dict.fromkeys(row["arch"] for row in rows if row["arch"] is not None)
    taken = [
        _taken(study, row, _bases(study, row, rows)) for arch in archs for row in rows if row["arch"] == arch
    ]
    if taken:
        yield table_text(taken, "table", title=f"{subject}: on machines", numbers=tuple(taken[0])[3:])


def _bases(study: "Study", row: Row, rows: Sequence[Row]) -> Row | None:
    """The baseline of a row: of its machine, and of its pattern where it has one."""
    for one in rows:
        same = one["label"] == study.meta["baseline"] and one["arch"] == row["arch"]
        if same and one["pattern"] in ("", row["pattern"]):
            return one
    return None


def _words(row: Row) -> dict[str, object]:
    """A combination as the first columns of its row."""
    words: dict[str, object] = {"pattern": row["pattern"] or "-", "recipe": row["label"]}
    return words | ({"steps": row["steps"]} if row["budget"] else {})


def _learnt(study: "Study", row: Row, base: Row | None) -> dict[str, object]:
    """What a combination came to, and its FLOPs."""
    baseline = study.meta["baseline"]
    cells = {**_words(row), "value": _measured(row)}
    cells |= {f"against {baseline}": "", "p": ""} | _against(study, row, baseline)
    return cells | {f"{name.removesuffix('_flops')} FLOPs": _share(row, base, name) for name in FLOPS}


def _taken(study: "Study", row: Row, base: Row | None) -> dict[str, object]:
    """What a combination takes on a machine."""
    baseline = study.meta["baseline"]
    cells = {"machine": row["arch"], **_words(row), "time": "", "energy": ""}
    if row["seconds"] is not None:
        cells["time"] = duration(row["seconds"])
    if row["energy_j"] is not None:
        cells["energy"] = quantity(row["energy_j"], "J")
    for name, column in {"speed-up": "seconds", "less energy": "energy_j"}.items():
        known = base is not None and base[column] and row[column]
        cells[f"{name} over {baseline}"] = f"{digits(base[column] / row[column])}x" if base and known else ""
    return cells


def _measured(row: Row) -> str:
    """The mean and half of its interval, and how many seeds are lacking."""
    if row["value_mean"] is None:
        return f"none: {row['lost']} lost"
    half = "" if row["value_low"] is None else f" ± {(row['value_high'] - row['value_low']) / 2:.2g}"
    return f"{row['value_mean']:.4g}{half}" + (f" ({row['lost']} lost)" if row["lost"] else "")


def _against(study: "Study", row: Row, baseline: str) -> dict[str, object]:
    """The difference from the baseline in words, and its p."""
    for one in study.tables.comparisons:
        same = all(one[name] == row[name] for name in ("task", "model", "label", "budget", "steps"))
        if same and one["against"] == baseline and row["pattern"] in ("", one["pattern"]):
            return {f"against {baseline}": difference_text(one), "p": p_text(one)}
    return {}


def difference_text(row: Row) -> str:
    """`better by 0.012 (0.004 to 0.02)`: the difference and its interval, in the direction of the word."""
    if row["difference"] is None:
        return "no pair"
    sign = -1 if row["lower_is_better"] == "true" else 1
    gain = sign * row["difference"]
    word, turn = ("better", sign) if gain > 0 else ("worse", -sign)
    if gain == 0:
        word = "different"
    if row["low"] is None:
        return f"{word} by {abs(gain):.3g}"
    low, high = sorted(turn * row[name] for name in ("low", "high"))
    return f"{word} by {abs(gain):.3g} ({low:.2g} to {high:.2g})"


def p_text(row: Row) -> str:
    """The corrected p."""
    p = row["p_corrected"]
    return "" if p is None else "<1e-4" if p < 1e-4 else f"{p:.2g}"


def _share(row: Row, base: Row | None, name: str) -> str:
    """Of the baseline's FLOPs; where there are none, the FLOPs."""
    if row[name] is None:
        return ""
    return f"{row[name] / base[name]:.3f}" if base and base[name] else scaled(row[name], "FLOP")


def _notes(study: "Study") -> Iterator[str]:
    """How the numbers came about, what is lacking, and where everything is."""
    baseline, tables = study.meta["baseline"], study.tables
    seeds = sorted({row["seeds"] for row in tables.summary})
    many = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    if seeds[-1] > 1:
        yield f"values are means over {many} seeds ± half of a {CONFIDENCE:.0%} t interval"
    else:
        yield "one seed: there is no interval, and no difference says anything about another seed"
    if tables.comparisons:
        yield f"differences are paired by seed: {study.meta['method']}"
    yield f"FLOPs are shares of {baseline}'s"
    yield from study.lost[:LOST_SHOWN]
    if len(study.lost) > LOST_SHOWN:
        yield f"and {len(study.lost) - LOST_SHOWN} more, in results.csv under why"
    more = "measures.csv, " if study.meta["study"].get("measures") else ""
    kept = f"{META}, results.csv, summary.csv, comparisons.csv, {more}runs/"
    yield f"kept in {study.path}: {kept}" + (", reports/" if study.meta["counts"]["reports"] else "")
