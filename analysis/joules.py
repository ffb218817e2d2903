"""Energies as people read them, and what a charge rests on: its rows, their nodes, sources and flags."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from simulator.energy import Energy, Joules
from simulator.errors import InputError
from simulator.report import picojoules
from simulator.tariff import Action, Charge, Tariff

ZEPTO = 1e-21
PREFIXES = "YZEPTGMk munpfazy"
"""From 1e24 down to 1e-24; a space stands for none."""
LARGEST = 1e24
FLAG = "unverified"


def prefix(value: float) -> tuple[float, str]:
    """The size and the name of the SI prefix that leaves 1 to 999 of `value`."""
    size = LARGEST
    for name in PREFIXES:
        if abs(value) >= 0.9995 * size:
            return size, name.strip()
        size /= 1000
    return 1.0, ""


def digits(value: float) -> str:
    """`value` with three digits, or those before the point if there are more."""
    return f"{value:.3g}" if abs(value) < 999.5 else f"{value:.0f}"


def quantity(value: float, unit: str) -> str:
    """`value` with three digits and an SI prefix, whether large or small: 4.56 mJ."""
    size, name = prefix(value)
    return f"{digits(value / size)} {name}{unit}"


def joules(zeptojoules: float) -> str:
    """An energy with three digits."""
    return quantity(zeptojoules * ZEPTO, "J")


def bounded(energy: Joules) -> str:
    """An energy and its bounds in one unit: 12.3 mJ (8.1 to 20.4 mJ)."""
    size, name = prefix(energy.value * ZEPTO)
    low, value, high = (digits(one * ZEPTO / size) for one in energy)
    return f"{value} {name}J ({low} to {high} {name}J)"


def within(charge: Charge) -> str:
    """What one action takes, in pJ, and its bounds where they differ."""
    low, value, high = (f"{picojoules(one):.4g}" for one in (charge.low, charge.value, charge.high))
    return value if low == high else f"{value} ({low} to {high})"


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


def flagged(energy: Energy) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """The flagged rows that were used, all rows that were, and the zeptojoules that rest on flagged ones.

    Those are of actions that happened, and whose charge names a flagged row; rows of what took most come
    first.
    """
    tariff = energy.tariff
    used: dict[str, None] = {}
    resting = 0
    for action, spent in sorted(energy.by_action.items(), key=lambda one: -one[1].value):
        rows = tariff.charges[action].rows
        if energy.counts[action]:
            used |= dict.fromkeys(rows)
            resting += spent.value if basis(tariff, rows).unverified else 0
    return tuple(name for name in used if tariff.rows[name].unverified), tuple(used), resting


def ranked(energy: Energy) -> list[tuple[str, Joules]]:
    """The parts that took any energy, the most first."""
    taken = [(part, spent) for part, spent in energy.by_part.items() if spent.value]
    return sorted(taken, key=lambda one: -one[1].value)


def nothing_known(arch: str) -> str:
    """Why a machine has no energy."""
    return f"there is no energy: {arch} names no component tables"


def priced(arch: str, tariff: Tariff | None) -> Tariff:
    """The tariff of a machine, or an InputError where its file names no component tables."""
    if tariff is None:
        right = "name some under `components`, and the `node` to scale them to"
        raise InputError.of("it names no component tables", right, where=arch)
    return tariff


def charge_columns(action: Action, charge: Charge) -> Mapping[str, Any]:
    """An action and its charge, exact in zeptojoules and in pJ."""
    exact = {"low": charge.low, "": charge.value, "high": charge.high}
    each = {f"each_{name}_".replace("__", "_"): value for name, value in exact.items()}
    return {
        **action._asdict(),
        "unit": charge.unit,
        **{f"{name}zj": value for name, value in each.items()},
        **{f"{name}pj": picojoules(value) for name, value in each.items()},
        "factor": None if charge.factor is None else float(charge.factor),
    }
