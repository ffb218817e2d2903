"""A comparison as tables, JSON, or the rows at equal work as CSV."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from analysis.compare.comparison import Comparison, Row
from analysis.quantities import digits, duration, quantity, scaled
from analysis.tables import table_text
from simulator.report import csv_text

KINDS = ("equal_work", "equal_accuracy", "equal_flops")


def comparison_text(found: Comparison, form: str) -> str:
    """The comparison in a form."""
    if form == "csv":
        return csv_text(list(found.equal_work[0]), found.equal_work)
    if form == "json":
        kinds: dict[str, Any] = {kind: list(getattr(found, kind)) for kind in KINDS}
        return json.dumps(kinds | {"lacking": list(found.lacking)}, indent=1, ensure_ascii=False) + "\n"
    parts = [*_work(found.equal_work), *_accuracy(found.equal_accuracy), *_flops(found.equal_flops)]
    notes = [*_notes(found), *found.lacking]
    return "\n".join([*parts, "".join(f"{note}\n" for note in notes)])


def _grouped(rows: Sequence[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return groups


def _who(row: Row) -> dict[str, object]:
    return {"recipe": row["name"], "pattern": row["pattern"] or "-"}


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{digits(ratio)}x"


def _work(rows: Sequence[Row]) -> Iterator[str]:
    """A table for each task, model, length and machine; one for all reports."""
    for group, own in _grouped(
        rows, "task", "model", "length", "machine" if rows[0]["task"] else "task"
    ).items():
        task, model, length, machine = group
        first = own[0]
        shown = []
        for row in own:
            cells = _who(row) if task else {"report": row["name"], "machine": row["machine"]}
            if task:
                cells["value"] = "" if row["value"] is None else f"{row['value']:.4g}"
                cells["fewer algorithmic FLOPs"] = _times(row["fewer_algorithmic_flops"])
            if any(one["seconds"] is not None for one in own):
                cells |= _on_machine(row)
            shown.append(cells)
        title = f"{task} {model}, {length}{f' on {machine}' if machine else ''}" if task else "reports"
        title += f", against {first['against'] or '-'}"
        title += f"; value: {first['metric']}" if task and first["metric"] else ""
        yield table_text(shown, "table", title=title, numbers=tuple(shown[0])[2:])


def _on_machine(row: Row) -> dict[str, object]:
    seconds, joules, edp = row["seconds"], row["joules"], row["edp"]
    return {
        "time": "" if seconds is None else duration(seconds),
        "speed-up": _times(row["speed_up"]),
        "energy": "" if joules is None else quantity(joules, "J"),
        "less energy": _times(row["less_energy"]),
        "EDP": "" if edp is None else quantity(edp, "J s"),
        "less EDP": _times(row["less_edp"]),
    }


def _measure(row: Row) -> str:
    """The head of a column: what is counted, and on which machine."""
    return f"{row['machine']} {row['measure']}".strip().replace("all_sparse", "all-sparse")


def _accuracy(rows: Sequence[Row]) -> Iterator[str]:
    """For each task and model: what it takes to be as good as the reference at each of its lengths."""
    for (task, model, metric), own in _grouped(rows, "task", "model", "metric").items():
        shown: list[dict[str, object]] = []
        columns = list(dict.fromkeys(_measure(row) for row in own))
        for (length, name, pattern), cells in _grouped(own, "length", "name", "pattern").items():
            reached = {_measure(row): _needed(row) for row in cells}
            goal = f"{cells[0]['value']:.4g} ({cells[0]['against']}, {length})"
            who = {"as good as": goal, "recipe": name, "pattern": pattern or "-"}
            shown.append(who | {column: reached.get(column, "") for column in columns})
        title = f"{task} {model}: what equal {metric} takes, over what {own[0]['against']} takes for it"
        yield table_text(shown, "table", title=title, numbers=columns)


def _needed(row: Row) -> str:
    """A cost over the reference's, or why there is none."""
    if row["ratio"] is None:
        return str(row["status"])
    return f"{'<= ' if row['status'] == 'at most' else ''}{_times(row['ratio'])}"


def _flops(rows: Sequence[Row]) -> Iterator[str]:
    """For each task and model: how good each is at the reference's FLOPs."""
    for (task, model, metric), own in _grouped(rows, "task", "model", "metric").items():
        shown: list[dict[str, object]] = []
        columns = list(dict.fromkeys(_measure(row) for row in own))
        for (length, name, pattern), cells in _grouped(own, "length", "name", "pattern").items():
            values = {
                _measure(row): row["status"] if row["value"] is None else f"{row['value']:.4g}"
                for row in cells
            }
            at = f"{scaled(cells[0]['cost'], 'FLOP')} ({cells[0]['against']}, {length})"
            base = cells[0]["reference_value"]
            who = {"at": at, "recipe": name, "pattern": pattern or "-", "reference": f"{base:.4g}"}
            shown.append(who | {column: values.get(column, "") for column in columns})
        title = f"{task} {model}: {metric} at equal training FLOPs of each convention"
        yield table_text(shown, "table", title=title, numbers=("reference", *columns))


def _notes(found: Comparison) -> Iterator[str]:
    yield "speed-up, fewer FLOPs, less energy and less EDP: the reference's over the row's, more is better"
    if found.equal_accuracy or found.equal_flops:
        yield (
            "means over seeds, linear in the logarithm of the cost between measured lengths, never beyond: "
            "`<=` is reached by the shortest already, `not reached` by none, `outside` was not measured"
        )
