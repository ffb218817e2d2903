"""How results show themselves in a notebook: one short line, or a small table of HTML without styles."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from html import escape
from typing import Any

from simulator.places import printable

ROWS_MAX = 40
"""The most rows that a table shows; the rest are counted below it."""


def brief(thing: Any) -> str:
    """A dataclass as Python makes it again, without what is at its default: Operand(dtype='bf16')."""
    values = ((field, getattr(thing, field.name)) for field in fields(thing))
    told = (
        f"{field.name}={value!r}"
        for field, value in values
        if field.default is MISSING or value != field.default
    )
    return f"{type(thing).__name__}({', '.join(told)})"


def line(kind: str, name: str, *facts: str) -> str:
    """What a thing is, in one line: <Trace vit_b16: 1 training step, 237 rows>."""
    return printable(f"<{kind} {name}: {', '.join(filter(None, facts))}>")


def counted(count: int, what: str) -> str:
    """1 row, 2 rows."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def html_table(caption: str, rows: Sequence[Mapping[str, object]]) -> str:
    """The rows, which share their columns, as a table of HTML: what is no number is escaped text."""
    columns = list(rows[0]) if rows else []
    lines = [
        "<table>",
        f"<caption>{_text(caption)}</caption>",
        f"<thead>{_row('th', columns)}</thead>",
        "<tbody>",
        *(_row("td", row.values()) for row in rows[:ROWS_MAX]),
        "</tbody>",
        "</table>",
    ]
    if len(rows) > ROWS_MAX:
        lines.append(f"<p>and {counted(len(rows) - ROWS_MAX, 'more row')}</p>")
    return "\n".join(lines)


def _row(tag: str, cells: Iterable[object]) -> str:
    return f"<tr>{''.join(f'<{tag}>{_text(cell)}</{tag}>' for cell in cells)}</tr>"


def _text(cell: object) -> str:
    """A cell: four digits of what is rounded, all of what is counted, nothing for None."""
    if cell is None:
        return ""
    if isinstance(cell, int | float):
        return f"{cell:.4g}" if isinstance(cell, float) else f"{cell:,}"
    return escape(printable(str(cell)))
