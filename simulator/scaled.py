"""Rows of component tables as a machine has them: found, interpolated, scaled to its node and voltage."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import log
from operator import add, mul

from simulator.components import AREA, LEAK, Row
from simulator.errors import InputError, placed
from simulator.nodes import NODES, REFERENCE_VOLTAGE, area_factor, energy_factor
from simulator.parts import SRAM, Scaling
from simulator.sram import Bank, Sram

SIDES = ("low", "value", "high")
POINTS_MAX = 2**12  # banks whose values are kept
SRAM_VALUES = ("read", "write", AREA, LEAK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value with its bounds, in pJ, um^2 or uW, and the ids of the rows that it is from.

    Those of a row that says for how many `bits` it is are for one bit. `factor` is what the rows' own values
    were multiplied by to reach the machine's node and voltage, None where they were by different ones.
    """

    low: Fraction
    value: Fraction
    high: Fraction
    rows: tuple[str, ...]
    factor: Fraction | None = Fraction(1)

    def __add__(self, other: "Value") -> "Value":
        return self._with(other, add)

    def __mul__(self, times: Fraction | int) -> "Value":
        return Value(
            low=self.low * times,
            value=self.value * times,
            high=self.high * times,
            rows=self.rows,
            factor=self.factor,
        )

    def times(self, other: "Value") -> "Value":
        """Both values multiplied, and their bounds."""
        return self._with(other, mul)

    def _with(self, other: "Value", join: Callable[[Fraction, Fraction], Fraction]) -> "Value":
        return Value(
            low=join(self.low, other.low),
            value=join(self.value, other.value),
            high=join(self.high, other.high),
            rows=tuple(dict.fromkeys((*self.rows, *other.rows))),
            factor=self.factor if self.factor == other.factor else None,
        )


@dataclass(frozen=True, kw_only=True)
class Scaled:
    """The rows of a machine's `tables`, at its node in nm and its voltage if it names one.

    Of several tables the last one that has a row counts, and in it the row of the nearest node; banks of
    sram are one grid, of the rows of all tables.
    """

    tables: tuple[Mapping[str, Row], ...]
    node: Fraction
    voltage: Fraction | None = None
    scaling: Scaling | None = None

    @cached_property
    def rows(self) -> dict[str, Row]:
        """The rows of all tables by id; a later table's replaces an earlier one's of the same id."""
        return {name: row for table in self.tables for name, row in table.items()}

    def find(self, component: str, name: str, of: str | None = None) -> Value | None:
        """The value `name` of a component; None where no row has it.

        A register's row that names no role is every role's.
        """
        asked = component, name, of
        if asked not in self._found:
            self._found[asked] = self._search(component, name, of)
        return self._found[asked]

    def _search(self, component: str, name: str, of: str | None) -> Value | None:
        """`find`, the first time."""
        matching = (_matching(table, component, name, of) for table in self._latest)
        rows = next(filter(None, matching), None)
        if rows is None:
            return None
        best = min(rows, key=lambda one: (self._distance(rows[one]), rows[one].node is None, one))
        row = rows[best]
        whole = component == "memory" and name in (AREA, LEAK)
        per = Fraction(1, 1 if whole else row.bits or 1)
        with placed(f"components: {best}"):
            factor = self._factor(row, name)
        low, value, high = (_side(row, side, name) * factor * per for side in SIDES)
        return Value(low=low, value=value, high=high, rows=(best,), factor=factor)

    def value(self, component: str, name: str, of: str | None = None) -> Value:
        """`find`, or an InputError that says which row is missing."""
        found = self.find(component, name, of)
        if found is None:
            what = f"no row gives {name} of {component}{f' {of}' if of else ''}"
            others = sorted({row.of for row in self.rows.values() if row.of and _gives(row, component, name)})
            known = f"; there are rows of {', '.join(others)}" if others else ""
            raise InputError.of(
                what, f"add such a row, or name a table that has one{known}", where="components"
            )
        return found

    def select(self, name: str, fan_in: int) -> Value:
        """The energy or area of a bit of an operand mux; between fan-ins of a table, linear in the fan-in."""
        exact = self.find("select", name, str(fan_in))
        if exact is not None:
            return exact
        muxes = ({row.of for row in table.values() if _gives(row, "select", name)} for table in self._latest)
        known = sorted(int(of) for of in next(filter(None, muxes), set()) if of)
        below, above = [one for one in known if one < fan_in], [one for one in known if one > fan_in]
        if not below or not above:
            return self.value("select", name, str(fan_in))
        few, many = (self.value("select", name, str(one)) for one in (below[-1], above[0]))
        share = Fraction(fan_in - below[-1], above[0] - below[-1])
        return few * (1 - share) + many * share

    def sram(self, name: str, size_bytes: int, width: int) -> Value:
        """A value of a bank, interpolated between points of the nearest node; energies are for one bit.

        A bank smaller or narrower than every point is taken as the smallest or narrowest. Bounds are
        interpolated like values, and end where they would cross them.
        """
        rows, banks = self._banks, self._grid
        size, wide = max(size_bytes, banks.sizes[0]), max(width, banks.widths[0])
        if (size, wide) not in self._points:
            if len(self._points) >= POINTS_MAX:
                self._points.clear()
            self._points[size, wide] = banks.at(size, wide), _around(rows, size, wide)
        found, ids = self._points[size, wide]
        place, per = SRAM_VALUES.index(name), Fraction(1) if name in (AREA, LEAK) else Fraction(1, width)
        places = range(place, len(found), len(SRAM_VALUES))
        low, value, high = (Fraction(found[side]) * per for side in places)
        factors = {self._factor_of_row(one, name) for one in ids}
        factor = factors.pop() if len(factors) == 1 else None
        return Value(low=min(low, value), value=value, high=max(high, value), rows=ids, factor=factor)

    @cached_property
    def _found(self) -> dict[tuple[str, str, str | None], Value | None]:
        """What was found before."""
        return {}

    @cached_property
    def _points(self) -> dict[tuple[int, int], tuple[tuple[float, ...], tuple[str, ...]]]:
        """Banks that were asked for before: their values, and the rows around them."""
        return {}

    @cached_property
    def _factors(self) -> dict[tuple[str, str], Fraction]:
        """Factors of rows of the sram that were asked for before."""
        return {}

    def _factor_of_row(self, row: str, name: str) -> Fraction:
        """The factor of a row of the sram."""
        if (row, name) not in self._factors:
            self._factors[row, name] = self._factor(self._banks[row], name)
        return self._factors[row, name]

    @cached_property
    def _banks(self) -> dict[str, Row]:
        """The rows of the sram of all tables together, at the node that is nearest."""
        rows = {name: row for name, row in self.rows.items() if row.component == SRAM}
        if not rows:
            self.value(SRAM, AREA)
        nodes = {row.node or self.node for row in rows.values()}
        nearest = min(nodes, key=lambda node: (_between(node, self.node), node))
        return {name: row for name, row in rows.items() if (row.node or self.node) == nearest}

    @cached_property
    def _grid(self) -> Sram:
        """Their points, as this machine has them."""
        return Sram.of([*map(self._point, self._banks.values())])

    def _point(self, row: Row) -> Bank:
        """A row of an sram as a point: its values at the machine's node and voltage, low bounds first."""
        values = tuple(
            float(_side(row, side, name) * self._factor(row, name)) for side in SIDES for name in SRAM_VALUES
        )
        return Bank(size_bytes=row.size or 0, width_bits=row.width or 0, values=values)

    @cached_property
    def _latest(self) -> tuple[dict[str, Row], ...]:
        """The tables from the last one on, each without the rows that a later one replaces."""
        return tuple(
            {name: row for name, row in table.items() if row is self.rows[name]}
            for table in reversed(self.tables)
        )

    def _distance(self, row: Row) -> float:
        return _between(row.node or self.node, self.node)

    def _factor(self, row: Row, name: str) -> Fraction:
        if row.node is None:
            return Fraction(1)
        factor = self._factor_of(row.node, row.voltage, name)
        dense = row.component == "leakage"  # of an area: more devices leak in it where they are smaller
        return factor / self._factor_of(row.node, row.voltage, AREA) if dense else factor

    def _factor_of(self, node: Fraction, voltage: Fraction | None, name: str) -> Fraction:
        """From a node to the machine's: area, or energy, which leakage is taken to follow."""
        to = min(max(self.node, Fraction(NODES[-1])), Fraction(NODES[0]))
        given = self.scaling
        if name == AREA:
            beyond = given.area if given and node != self.node else Fraction(1)
            return (Fraction(1) if node == self.node else area_factor(node, to)) * beyond
        beyond = given.energy if given and node != self.node else Fraction(1)
        if self.voltage is None:
            if node == self.node:
                return beyond
            return energy_factor(node, to, REFERENCE_VOLTAGE, REFERENCE_VOLTAGE) * beyond
        start = to if node == self.node else node
        return energy_factor(start, to, voltage or REFERENCE_VOLTAGE, self.voltage) * beyond


def _gives(row: Row, component: str, name: str) -> bool:
    """Whether a row gives a value of a component."""
    return row.component == component and name in row.value


def _matching(table: Mapping[str, Row], component: str, name: str, of: str | None) -> dict[str, Row]:
    """The rows of a table that have a value, those of this `of`, else those of none."""
    rows = {key: row for key, row in table.items() if _gives(row, component, name)}
    exact = {key: row for key, row in rows.items() if row.of == of}
    return exact or {key: row for key, row in rows.items() if row.of is None}


def _side(row: Row, side: str, name: str) -> Fraction:
    """The value of a row, or one of its bounds."""
    return row.value[name] if side == "value" else row.bound(side, name)


def _between(node: Fraction, other: Fraction) -> float:
    """How far two nodes are apart, as a ratio."""
    return abs(log(node / other))


def _around(rows: Mapping[str, Row], size: int, width: int) -> tuple[str, ...]:
    """The rows of the points around a size and a width."""

    def near(values: list[int], value: int) -> set[int]:
        return {max(one for one in values if one <= value), min(one for one in values if one >= value)}

    sizes = near([row.size or 0 for row in rows.values()], size)
    widths = near([row.width or 0 for row in rows.values()], width)
    return tuple(name for name, row in rows.items() if row.size in sizes and row.width in widths)
