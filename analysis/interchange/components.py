"""`nmsim components`: all that a machine's component tables charge, scaled to the machine, row by row."""

import json
from collections.abc import Sequence
from typing import Any

from analysis.joules import basis, charge_columns, sources_of, within
from analysis.tables import Cells, table_text
from simulator.tariff import Tariff


def components_text(arch: str, tariff: Tariff, form: str, *, notes: Sequence[str] = ()) -> str:
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
            "factor": "-" if charge.factor is None else f"{float(charge.factor):.3g}",
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
