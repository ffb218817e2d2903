"""A finished sweep as text: the front, or what each axis alone changes; then counts, reasons and files."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from analysis.quantities import digits, duration, quantity, scaled
from analysis.sweep.identity import MARK, POINTS
from analysis.sweep.metrics import METRICS
from analysis.sweep.store import REFUSED, SET_ASIDE
from analysis.sweep.swept import Swept
from analysis.sweep.table import Row
from analysis.sweep.wanted import Objective
from analysis.sweep.written import DRAWN
from analysis.tables import table_text
from simulator.places import printable

ROWS_MAX = 40
NAMED_MAX = 10
PRODUCTS = {"edp_js": "J s"}
"""Units that a metric is only ever kept in."""


def swept_text(swept: Swept, form: str) -> str:
    """The front for people, all of sweep.json with the front's rows as JSON, or all points as CSV."""
    if form == "csv":
        return swept.ranked.csv()
    if form == "json":
        whole = {**swept.said, "front": list(swept.ranked.front), "files": files(swept)}
        return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
    alone = swept.space.written.choose == "one_at_a_time"
    rows = list(alone_rows(swept) if alone else front_rows(swept))
    wanted = ", ".join(f"{one.goal} {one.name}" for one in swept.space.written.objectives)
    title = f"{swept.space.written.name}: {'one axis at a time' if alone else 'the front'} of {wanted}"
    notes = list(notes_of(swept))
    if not rows:
        return "".join(
            f"{printable(line)}\n" for line in (f"{title}: no point meets the constraints", *notes)
        )
    if not alone and len(swept.ranked.front) > ROWS_MAX:
        notes.insert(0, f"{len(swept.ranked.front) - ROWS_MAX} more of the front are in {POINTS}")
    # A title of the table would be broken where the table ends.
    return f"{printable(title)}\n{table_text(rows, 'table', notes=notes)}"


def files(swept: Swept) -> dict[str, str]:
    """What the sweep has written."""
    return {name: str(swept.path / name) for name in (POINTS, MARK)}


def front_rows(swept: Swept) -> Iterator[dict[str, object]]:
    """The front from the best in the first objective on, a column for each axis and objective."""
    objectives = swept.space.written.objectives
    first = objectives[0]
    sign = 1 if first.goal == "min" else -1
    ordered = sorted(swept.ranked.front, key=lambda row: (sign * row[first.name], row["point"]))
    for row in ordered[:ROWS_MAX]:
        axes = {axis.key: row[axis.key] for axis in swept.space.axes}
        yield {
            "point": row["point"],
            **axes,
            **{one.name: shown(one.name, row[one.name]) for one in objectives},
        }


def alone_rows(swept: Swept) -> Iterator[dict[str, object]]:
    """What is written, then each other value of each axis alone, and what it changes of the objectives."""
    base, *rest = swept.ranked.rows
    objectives = swept.space.written.objectives
    yield {"axis": "as written", "value": "", **dict(_changes(base, base, objectives))}
    for row in rest:
        axis = next(one.key for one in swept.space.axes if row[one.key] != base[one.key])
        yield {"axis": axis, "value": row[axis], **dict(_changes(row, base, objectives))}


def _changes(row: Row, base: Row, objectives: tuple[Objective, ...]) -> Iterator[tuple[str, object]]:
    for one in objectives:
        now, before = row[one.name], base[one.name]
        yield one.name, row["state"] if now is None else shown(one.name, now)
        known = now is not None and before and row is not base
        yield f"change of {one.name}", f"{now / before - 1:+.1%}" if known else ""


def notes_of(swept: Swept) -> Iterator[str]:
    """Counts, what was refused and why, what was set aside by name, the hypervolume, and the files."""
    ranked, written = swept.ranked, swept.space.written
    counts = ranked.counts
    yield (
        f"{counts['points']} points: {counts['done']} done, {counts['refused']} refused, "
        f"{counts['set_aside']} set aside; {counts['feasible']} feasible, {counts['front']} on the front"
    )
    if written.choose in DRAWN and counts["points"] < (written.points or 0):
        yield f"{written.points} points were asked for, and {counts['points']} different ones were found"
    yield from _refused(swept)
    yield from _set_aside(swept)
    if ranked.hypervolume is not None and written.choose != "one_at_a_time":
        up_to = ", ".join(f"{name} {shown(name, value)}" for name, value in ranked.reference.items())
        units = " ".join(
            filter(None, (METRICS[name].unit or PRODUCTS.get(name) for name in ranked.reference))
        )
        volume = f"{digits(ranked.hypervolume)} {units}".rstrip()
        yield f"hypervolume {volume} up to {up_to}: {swept.said['reference_rule']}"
    yield f"every point is in {swept.path / POINTS}, the whole in {swept.path / MARK}"


def _refused(swept: Swept) -> Iterator[str]:
    """A line for each key that refusals are about, with the first of its reasons."""
    groups: dict[str, list[Row]] = {}
    for row in swept.ranked.of_state(REFUSED):
        groups.setdefault(row["why"].partition(": ")[0], []).append(row)
    for rows in list(groups.values())[:NAMED_MAX]:
        yield f"refused: {len(rows)}, such as point {rows[0]['point']}: {rows[0]['why']}"


def _set_aside(swept: Swept) -> Iterator[str]:
    rows = swept.ranked.of_state(SET_ASIDE)
    for row in rows[:NAMED_MAX]:
        at = ", ".join(f"{axis.key} {row[axis.key]}" for axis in swept.space.axes)
        yield f"set aside: point {row['point']} ({at}): {row['why']}"
    if len(rows) > NAMED_MAX:
        yield f"set aside: {len(rows) - NAMED_MAX} more, named in {POINTS}"
    if rows:
        yield "--retry tries again what was set aside"


def shown(name: str, value: float) -> str:
    """A metric as people read it, with its unit."""
    unit = METRICS[name].unit
    as_unit: dict[str, Callable[[Any], str]] = {
        "s": duration,
        "mm^2": lambda area: f"{digits(area)} mm^2",
        "B": lambda count: scaled(count, "B"),
        "J": lambda energy: quantity(energy, "J"),
        "W": lambda power: quantity(power, "W"),
    }
    if unit:
        return as_unit[unit](value)
    return f"{value:.3g}" if isinstance(value, float) else scaled(value)
