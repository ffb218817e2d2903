"""Blocks: what a page is made of, as plain data; the page's script draws it, its document writes it down."""

import math
import numbers
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from analysis.page.headers import Header, header

if TYPE_CHECKING:
    import pandas as pd

TEXT_MAX = 240
EXACT_MAX = 2**53
"""From here on the numbers of a browser have gaps, so that counts go as text."""
ROWS_MAX = 6000
"""Of one table, however many there are; charts are drawn from the same rows."""
DIGITS = 7
_WITH_UNIT = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)( ?[A-Za-z%][A-Za-z/%^0-9]*)")
Cell = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a Sheet: its key in the CSV, how its header reads, and its cells.

    Cells times `factor` are in `unit`, which takes an SI prefix if `prefixed`. `goal` is min or max where
    one is better; a column that is not `shown` waits behind a switch. `written` ends each cell in the file.
    """

    key: str
    title: str
    unit: str = ""
    factor: float = 1.0
    prefixed: bool = False
    goal: str = ""
    shown: bool = True
    written: str = ""
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table of the page: rows that are told by `links`, of `whole` rows in the file `source`.

    What shares a link is chosen together, in every chart and every other Sheet. `keep` are rows that are
    never left out while there is room for any.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    links: tuple[str, ...]
    whole: int
    source: str
    note: str = ""
    keep: frozenset[int] = frozenset()
    file: str = ""

    @property
    def rows(self) -> int:
        """How many rows are at hand."""
        return len(self.links)

    def column(self, key: str) -> Column | None:
        """The column under that key."""
        return next((column for column in self.columns if column.key == key), None)

    def taken(self, most: int) -> "Sheet":
        """At most `most` rows: those to keep first, then evenly spread ones, all in their order."""
        if self.rows <= most:
            return self
        rows = spread(self.rows, self.keep, most)
        places = {row: place for place, row in enumerate(rows)}
        columns = tuple(
            replace(column, cells=tuple(column.cells[row] for row in rows)) for column in self.columns
        )
        keep = frozenset(places[row] for row in rows if row in self.keep)
        return replace(self, columns=columns, links=tuple(self.links[row] for row in rows), keep=keep)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing of the page's script: its kind, its title, one sentence on how to read it, and its data."""

    kind: str
    title: str
    reading: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A machine's picture as SVG, or why there is none."""

    title: str
    drawings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: what it is about, what it says first, and all else in its order."""

    title: str
    kind: str
    linked: str
    findings: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    charts: tuple[Chart, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    pictures: tuple[Picture, ...] = ()
    cautions: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)


def cell(value: object) -> Cell:
    """A value as JSON holds it: cut text, finite floats of a few digits, whole numbers exactly."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, numbers.Integral):
        whole = int(value)
        return whole if abs(whole) < EXACT_MAX else str(whole)
    if isinstance(value, numbers.Real):
        real = float(value)
        return float(f"{real:.{DIGITS}g}") if math.isfinite(real) else None
    if type(value).__name__ == "bool":  # numpy's
        return bool(value)
    return cut(str(value))


def cut(text: str) -> str:
    """`text`, or its beginning where it is endless."""
    return text if len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]}…"


def sheet(
    name: str,
    title: str,
    table: "pd.DataFrame | Mapping[str, Sequence[object]]",
    *,
    links: Iterable[str],
    source: str,
    hidden: Iterable[str] = (),
    headers: Mapping[str, Header] | None = None,
    note: str = "",
    keep: Iterable[int] = (),
) -> Sheet:
    """A frame, or columns by name, as a Sheet; columns in which nothing is written are left out."""
    named, first = list(links), frozenset(keep)
    rows = spread(len(named), first, ROWS_MAX)
    own, behind = headers or {}, frozenset(hidden)
    columns = []
    for key in map(str, table):
        values: Any = table[key]
        plain = values if isinstance(values, Sequence) else values.tolist()
        cells = tuple(cell(plain[row]) for row in rows)
        if cells and all(one is None or one == "" for one in cells):
            continue
        columns.append(_column(key, own.get(key) or header(key), cells, shown=key not in behind))
    return Sheet(
        name=name,
        title=title,
        columns=tuple(columns),
        links=tuple(cut(named[row]) for row in rows),
        whole=len(named),
        source=source,
        note=note,
        keep=frozenset(place for place, row in enumerate(rows) if row in first),
    )


def _column(key: str, named: Header, cells: tuple[Cell, ...], *, shown: bool) -> Column:
    """A column; cells such as 400 GB/s, all in one unit, are numbers in that unit."""
    unit, written = named.unit, ""
    found = [_WITH_UNIT.fullmatch(one) if isinstance(one, str) else None for one in cells]
    units = {one[2] if one else None for one in found}
    if cells and len(units) == 1 and None not in units:
        cells = tuple(float(one[1]) for one in found if one)
        written = units.pop() or ""
        unit = written.strip()
    return Column(
        key=key,
        title=named.title,
        unit=unit,
        factor=named.factor,
        prefixed=named.prefixed,
        goal=named.goal,
        shown=shown,
        written=written,
        cells=cells,
    )


def spread(count: int, keep: Set[int], most: int) -> list[int]:
    """At most `most` of `count` rows: those to keep first, then evenly spread ones, all in their order."""
    if count <= most:
        return list(range(count))
    kept = sorted(keep)[:most]
    rest = [row for row in range(count) if row not in keep]
    room = most - len(kept)
    return sorted({*kept, *(rest[place * len(rest) // room] for place in range(room))})


def thinned(count: int, most: int) -> Sequence[int]:
    """Which of `count` places of a curve are drawn: the first, the last and evenly spread ones."""
    if count <= most:
        return range(count)
    return sorted({place * (count - 1) // (most - 1) for place in range(most)})
