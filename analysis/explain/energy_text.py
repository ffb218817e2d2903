"""What `nmsim explain --energy` prints: tables for people, and JSON and CSV that hold every integer."""

from collections.abc import Sequence
from typing import Any

from analysis.charges.basis import basis, factor_text, sources_of
from analysis.charges.tariff_text import within
from analysis.explain.energy import Spent, action_rows, part_columns, part_rows
from analysis.headings import heading, unfinished
from analysis.quantities import bounded, joules, scaled, share
from analysis.tables import Cells, json_text, table_text


def energy_text(found: Sequence[Spent], by: str, form: str) -> str:
    """The energies as a table, JSON or CSV: a row for each action, or for each layer or Pass by part."""
    if form != "table":
        rows = [
            row for one in found for row in (action_rows(one, form) if by == "total" else part_rows(one, by))
        ]
        return _json(found, rows) if form == "json" else table_text(_even(rows), form)
    if by != "total":
        shown = [row for one in found for row in _shown_parts(one, by, beside=len(found) > 1)]
    else:
        shown = _side_by_side(found) if len(found) > 1 else _shown_actions(found[0])
    texts = ("arch", by, "part", "action", "of", "unit", "rows", "node", "source", "flag")
    table = _even(shown)
    numbers = [column for column in table[0] if column not in texts]
    title = heading(found[0].report.provenance, " and ".join(one.arch for one in found))
    return table_text(table, form, title=title, notes=_notes(found), numbers=numbers)


def _even(rows: Sequence[Cells]) -> list[Cells]:
    """The rows with the columns of all of them; what a machine lacks is left empty."""
    columns = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name) for name in columns} for row in rows]


def _json(found: Sequence[Spent], rows: Sequence[dict[str, Any]]) -> str:
    """One row a line; the totals of each machine, and its sources by id."""
    provenance = {**found[0].report.provenance, "against": None}
    if len(found) > 1:
        provenance["against"] = found[1].report.provenance["arch"]
    return json_text(
        provenance,
        rows=rows,
        totals={one.arch: part_columns(one.energy) for one in found},
        sources={one.arch: sources_of(one.energy.tariff, one.rows) for one in found},
    )


def _shown_actions(one: Spent) -> list[Cells]:
    """A row for each action, the largest energy first, and under them the sum."""
    energy = one.energy
    rows: list[Cells] = []
    for action, spent in sorted(energy.by_action.items(), key=lambda pair: -pair[1].value):
        charge = energy.tariff.charges[action]
        rests = basis(energy.tariff, charge.rows).cells
        rows.append(
            {
                "part": action.part,
                "action": action.action,
                "of": action.of or "-",
                "count": scaled(energy.counts[action]),
                "unit": charge.unit,
                "pJ each": within(charge),
                "energy": joules(spent.value),
                "share": share(spent.value, energy.total.value),
                "rows": rests["rows"],
                "node": rests["node"],
                "factor": factor_text(charge.factor),
                "source": rests["source"],
                "flag": rests["flag"],
            }
        )
    last = dict.fromkeys(rows[0] if rows else ("part", "energy"), "")
    return [*rows, {**last, "part": "total", "energy": joules(energy.total.value)}]


def _side_by_side(found: Sequence[Spent]) -> list[Cells]:
    """A row for each part of any of the machines, and under them the sum."""
    parts = [{part: spent.value for part, spent in one.energy.by_part.items()} for one in found]
    rows: list[Cells] = []
    for part in dict.fromkeys(name for taken in parts for name in taken):
        cells: dict[str, str] = {"part": part}
        for one, taken in zip(found, parts, strict=True):
            cells |= _pair(one, taken[part]) if part in taken else _pair(one, None)
        rows.append(cells)
    sums = {name: cell for one in found for name, cell in _pair(one, one.energy.total.value).items()}
    return [*rows, {"part": "total", **sums}]


def _pair(one: Spent, zeptojoules: int | None) -> dict[str, str]:
    cells = (
        ("-", "-")
        if zeptojoules is None
        else (joules(zeptojoules), share(zeptojoules, one.energy.total.value))
    )
    return dict(zip((f"{one.arch} energy", f"{one.arch} share"), cells, strict=True))


def _shown_parts(one: Spent, by: str, *, beside: bool) -> list[Cells]:
    """A row for each layer or Pass: its energy, and the shares of the parts that took any."""
    taken = [part for part, spent in one.energy.by_part.items() if spent.value]
    groups = [(str(key), part.energy) for (key,), part in one.report.grouped(by)]
    rows: list[Cells] = []
    for name, energy in (*groups, ("total", one.energy)):
        assert energy is not None
        whole, parts = energy.total.value, energy.by_part
        shares = {part: share(parts[part].value, whole) for part in taken}
        arch = {"arch": one.arch} if beside else {}
        rows.append(
            {
                **arch,
                by: name,
                "energy": joules(whole),
                "of all": share(whole, one.energy.total.value),
                **shares,
            }
        )
    return rows


def _notes(found: Sequence[Spent]) -> list[str]:
    """The total of each machine between its bounds, and the sources by id."""
    notes = ["", *(f"{one.arch}: energy {bounded(one.energy.total)}" for one in found)]
    listed: dict[tuple[str, str], list[str]] = {}
    for one in found:
        for source in sources_of(one.energy.tariff, one.rows).items():
            listed.setdefault(source, []).append(one.arch)
    for (name, text), archs in listed.items():
        notes.append(f"{name}: {text}" if len(archs) == len(found) else f"{archs[0]} {name}: {text}")
    return [*notes, *unfinished(found[0].report.provenance)]
