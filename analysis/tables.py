"""Results as text: a table for people, JSON or CSV for programs."""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from simulator.places import printable
from simulator.report import csv_text

Cells = Mapping[str, object]


def table_text(
    rows: Sequence[Cells],
    form: str,
    *,
    title: str = "",
    notes: Sequence[str] = (),
    numbers: Sequence[str] = (),
) -> str:
    """The rows, which share their columns, as a table, JSON or CSV; columns of `numbers` may have gaps."""
    if form == "json":
        return json.dumps({"rows": [dict(row) for row in rows]}, indent=1, ensure_ascii=False) + "\n"
    columns = list(rows[0]) if rows else []
    if form == "csv":
        return csv_text(columns, rows)
    heading = printable(title) if title else None
    table = Table(title=heading, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        numeric = column in numbers or all(str(row[column])[:1].isdigit() for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else printable(str(cell)) for cell in row.values()))
    return drawn(table) + "".join(f"{printable(note)}\n" for note in notes)


def json_text(provenance: Mapping[str, Any], **entries: object) -> str:
    """A JSON object of the provenance and the `entries`, one a line, and of a list one item a line."""
    written = {"provenance": json.dumps(provenance, ensure_ascii=False, sort_keys=True)}
    for name, entry in entries.items():
        if isinstance(entry, list):
            items = ",\n  ".join(json.dumps(item, ensure_ascii=False) for item in entry)
            written[name] = f"[\n  {items}]"
        else:
            written[name] = json.dumps(entry, ensure_ascii=False)
    return "{" + ",\n ".join(f'"{name}": {text}' for name, text in written.items()) + "}\n"


def drawn(table: Table) -> str:
    """The table as plain text, as wide as it needs, without markup: names are shown as they are."""
    console = Console(
        file=io.StringIO(), force_terminal=False, width=200, markup=False, highlight=False, emoji=False
    )
    console.print(table)
    file: Any = console.file
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())
