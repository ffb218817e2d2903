"""`nmsim components`: all that a machine's component tables charge, scaled to the machine, row by row."""

import json
from collections.abc import Sequence
from typing import Any

from analysis.charges.basis import basis, factor_number, factor_text, sources_of
from analysis.tables import Cells, table_text
from simulator.report import picojoules
from simulator.tariff import Action, Charge, Tariff


def tariff_text(arch: str, tariff: Tariff, form: str, *, notes: Sequence[str] = ()) -> str:
    """Every action of a machine with its charge, its bounds and its rows, as a table, JSON or CSV."""
    used = tuple(dict.fromkeys(row for charge in tariff.charges.values() for row in charge.rows))
    sources = sources_of(tariff, used)
    if form == "csv":
        return table_text(_columns(tariff, form), form)
    if form == "json":
        tables = [{"given": table.name, "sha256": table.digest} for table in tariff.tables]
        content = {"arch": arch, "tables": tables, "rows": _columns(tariff, form), "sources": sources}
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    rows: list[Cells] = [
        {
            "part": action.part,
            "action": action.action,
            "of": action.of or "-",
            "unit": charge.unit,
            "pJ": within(charge),
            "factor": factor_text(charge.factor),
            **basis(tariff, charge.rows).cells,
        }
        for action, charge in tariff.charges.items()
    ]
    title = f"{arch}: energies from {', '.join(table.value.name for table in tariff.tables)}"
    said = ["", *(f"{name}: {text}" for name, text in sources.items()), *notes]
    return table_text(rows, form, title=title, notes=said, numbers=("pJ",))


def _columns(tariff: Tariff, form: str) -> list[dict[str, Any]]:
    return [
        {**charge_columns(action, charge), **basis(tariff, charge.rows).columns(form)}
        for action, charge in tariff.charges.items()
    ]


def within(charge: Charge) -> str:
    """What one action takes, in pJ, and its bounds where they differ."""
    low, value, high = (f"{picojoules(one):.4g}" for one in (charge.low, charge.value, charge.high))
    return value if low == high else f"{value} ({low} to {high})"


def charge_columns(action: Action, charge: Charge) -> dict[str, Any]:
    """An action and its charge, exact in zeptojoules and in pJ."""
    return {
        **action._asdict(),
        "unit": charge.unit,
        "each_low_zj": charge.low,
        "each_zj": charge.value,
        "each_high_zj": charge.high,
        "each_low_pj": picojoules(charge.low),
        "each_pj": picojoules(charge.value),
        "each_high_pj": picojoules(charge.high),
        "factor": factor_number(charge.factor),
    }
