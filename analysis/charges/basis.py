"""What a charge or an area rests on: its rows, their nodes, sources and flags."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, NamedTuple

from simulator.tariff import Tariff

FLAG = "unverified"


class Basis(NamedTuple):
    """What a value rests on: ids of rows, their nodes, ids of their sources, and whether one is flagged."""

    rows: tuple[str, ...]
    nodes: tuple[str, ...]
    sources: tuple[str, ...]
    unverified: bool

    @property
    def cells(self) -> dict[str, str]:
        """As a table shows it."""
        return {
            "rows": " ".join(self.rows) or "-",
            "node": " ".join(self.nodes) or "-",
            "source": " ".join(self.sources) or "-",
            "flag": FLAG if self.unverified else "",
        }

    def columns(self, form: str) -> dict[str, Any]:
        """As JSON holds it, in lists, or CSV, joined by spaces."""
        listed = {"rows": self.rows, "nodes": self.nodes, "sources": self.sources}
        cells = {
            name: list(names) if form == "json" else " ".join(names).replace(" nm", "nm")
            for name, names in listed.items()
        }
        return {**cells, FLAG: self.unverified}


def basis(tariff: Tariff, rows: Iterable[str]) -> Basis:
    """What the `rows` of a tariff's tables are."""
    ids = tuple(dict.fromkeys(rows))
    found = [tariff.rows[name] for name in ids]
    labels = _labels(tariff)
    return Basis(
        rows=ids,
        nodes=tuple(dict.fromkeys(f"{float(row.node):g} nm" for row in found if row.node is not None)),
        sources=tuple(dict.fromkeys(labels[name] for name in ids)),
        unverified=any(row.unverified for row in found),
    )


def sources_of(tariff: Tariff, rows: Iterable[str]) -> dict[str, str]:
    """The sources of the `rows`, by id."""
    labels = _labels(tariff)
    return {labels[name]: tariff.sources[name] for name in rows}


def _labels(tariff: Tariff) -> dict[str, str]:
    """The id of each row's source, with a number where an earlier table uses the id for another one."""
    texts: dict[str, list[str]] = {}
    labels = {}
    for name, row in tariff.rows.items():
        known = texts.setdefault(row.source, [])
        if tariff.sources[name] not in known:
            known.append(tariff.sources[name])
        place = known.index(tariff.sources[name])
        labels[name] = f"{row.source}_{place + 1}" if place else row.source
    return labels


def flags_note(flagged: int, used: int, resting: str) -> str:
    """How many of the `used` rows nobody read in their source, and what rests on those."""
    if not flagged:
        return f"none of the {used} table rows used is flagged as unverified"
    return f"{flagged} of the {used} table rows used are flagged as unverified, and {resting}"


def factor_number(factor: Fraction | None) -> float | None:
    """By what the rows' values were scaled; None where it was by several factors."""
    return None if factor is None else float(factor)


def factor_text(factor: Fraction | None) -> str:
    """The same as a table shows it."""
    return "-" if factor is None else f"{float(factor):.3g}"
