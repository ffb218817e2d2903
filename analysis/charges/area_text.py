"""What `nmsim area` prints: the areas of a machine by part, and under them what sparsity adds."""

import json
from fractions import Fraction
from typing import Any

from analysis.charges.area import Areas, leaks, subtotals
from analysis.charges.basis import factor_number, flags_note, sources_of
from analysis.quantities import digits, quantity, share
from analysis.tables import Cells, table_text
from simulator.area import LOGIC, UM2_PER_MM2, Area
from simulator.scaled import Value

TEXTS = ("part", "rows", "node", "source", "flag")
KINDS = {"logic": (True,), "memory": (False,), "total": (True, False)}
"""Whether the parts of each sum are logic."""


def area_text(found: Areas, form: str) -> str:
    """The areas as tables, JSON or CSV, which holds nothing but the parts."""
    if form == "csv":
        return table_text([_columns(found, area, form) for area in found.taken], form)
    if form == "json":
        return _json(found)
    sources = [f"{name}: {text}" for name, text in sources_of(found.tariff, found.rows).items()]
    rows = _parts(found)
    numbers = [column for column in rows[0] if column not in TEXTS]
    text = table_text(rows, form, title=f"{found.arch}: area on the chip", numbers=numbers)
    if not found.skips:
        said = "it skips no zeros, so nothing is there for sparsity"
        return f"{text}\n{said}\n{_flags(found)}\n" + "".join(f"{line}\n" for line in ["", *sources])
    rows = _added(found)
    title = "what sparsity adds to the same array without it"
    more = table_text(rows, form, title=title, notes=[_flags(found), "", *sources], numbers=list(rows[0])[1:])
    return f"{text}\n{more}"


def _parts(found: Areas) -> list[Cells]:
    """A row for each part, and under them the sums."""
    sums = subtotals(found.taken)
    rows: list[Cells] = []
    for area in found.taken:
        size = {
            "part": area.part,
            "instances": area.instances,
            "um^2 each": f"{float(area.each.value):.4g}",
        }
        leakage = quantity(leaks(area), "W")
        cells = found.basis(area).cells
        rows.append({**size, **_sizes(area.total, sums["total"]), "leakage": leakage, **cells})
    blank = dict.fromkeys(rows[0], "")
    for name, value in sums.items():
        watts = sum(leaks(area) for area in found.taken if (area.part in LOGIC) in KINDS[name])
        sizes = _sizes(value, sums["total"])
        rows.append({**blank, "part": name, **sizes, "leakage": quantity(watts, "W")})
    return rows


def _sizes(value: Value, whole: Value) -> dict[str, str]:
    return {
        "mm^2": _square(value.value),
        "low": _square(value.low),
        "high": _square(value.high),
        "share": _share(value.value, whole.value),
    }


def _square(area: Fraction) -> str:
    return digits(float(area / UM2_PER_MM2))


def _share(part: Fraction, whole: Fraction) -> str:
    return share(part, whole, places=2)


def _added(found: Areas) -> list[Cells]:
    """A row for each part that sparsity changes, the logic and the whole."""
    sums = found.overheads
    logic, whole = sums["logic"].before.value, sums["total"].before.value
    return [
        {
            "part": part,
            "mm^2 without": _square(one.before.value),
            "with": _square(one.after.value),
            "added": _square(one.added.value),
            "low": _square(one.added.low),
            "high": _square(one.added.high),
            "of all logic": _share(one.added.value, logic),
            "of the whole": _share(one.added.value, whole),
        }
        for part, one in sums.items()
    ]


def _flags(found: Areas) -> str:
    """How many of the rows nobody read in their source, and the share of the area that stands on them."""
    rows = [name for name in found.rows if found.tariff.rows[name].unverified]
    part = _share(found.flagged, subtotals(found.taken)["total"].value) or "nothing"
    return flags_note(len(rows), len(found.rows), f"{part} of the area rests on them")


def _columns(found: Areas, area: Area, form: str) -> dict[str, Any]:
    return {
        "part": area.part,
        "kind": "logic" if area.part in LOGIC else "memory",
        "instances": area.instances,
        **_bounds(area.each, "each_um2", Fraction(1)),
        **_bounds(area.total),
        "leakage_w": leaks(area),
        "factor": factor_number(area.each.factor),
        **found.basis(area).columns(form),
    }


def _bounds(value: Value, name: str = "mm2", scale: Fraction = Fraction(1, UM2_PER_MM2)) -> dict[str, float]:
    sides = {f"{name}_low": value.low, name: value.value, f"{name}_high": value.high}
    return {key: float(one * scale) for key, one in sides.items()}


def _json(found: Areas) -> str:
    content = {
        "arch": found.arch,
        "rows": [_columns(found, area, "json") for area in found.taken],
        "totals": {name: _bounds(value) for name, value in subtotals(found.taken).items()},
        "without_sparsity": {name: _bounds(value) for name, value in subtotals(found.dense).items()},
        "sparsity": {part: _bounds(one.added) for part, one in found.overheads.items()},
        "sources": sources_of(found.tariff, found.rows),
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
