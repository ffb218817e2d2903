"""Tariff: what each action of one machine takes, in whole zeptojoules, and the rows that say so."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce
from pathlib import Path
from typing import NamedTuple

from simulator.arch import Arch
from simulator.area import ACCUMULATORS, Area, areas, of_accumulators, of_level, sum_dtype
from simulator.components import MOVES, ROLES, Row, Table, load_table
from simulator.errors import InputError, placed
from simulator.machine import Machine, resolve
from simulator.parts import Scaling
from simulator.scaled import Scaled, Value
from simulator.spec import Loaded

ZEPTO_PER_PJ = 10**9
NODES_KEPT = 16  # tables at a node that are kept
PJ_PER_UJ = 10**6
STATIONARY, MOVING, SUM = ROLES


class Action(NamedTuple):
    """What a part of a machine does; `of` tells a part's actions apart by dtype or role."""

    part: str
    action: str
    of: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Zeptojoules (1e-21 J) of one `unit`: an action, a bit or a cycle; with bounds and their rows.

    `factor` is that of the rows' values to the machine's node, None where they have different ones.
    """

    low: int
    value: int
    high: int
    unit: str
    rows: tuple[str, ...]
    factor: Fraction | None


NOTHING = Charge(low=0, value=0, high=0, unit="action", rows=(), factor=Fraction(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """The Charge of every Action that a machine can take, and its areas, from the rows of its `tables`.

    `scaled` has these rows at the machine's node, and `sources` the citation of each by the row's id.
    """

    charges: Mapping[Action, Charge]
    scaled: Scaled
    sources: Mapping[str, str]
    areas: tuple[Area, ...]
    tables: tuple[Loaded[Table], ...]

    @property
    def rows(self) -> Mapping[str, Row]:
        """The rows by id, as their tables have them."""
        return self.scaled.rows

    @property
    def parts(self) -> tuple[str, ...]:
        """What a report tells apart, in the order of the charges."""
        return tuple(dict.fromkeys(action.part for action in self.charges))


class Tables:
    """Component tables, equal where their contents are."""

    def __init__(self, tables: tuple[Loaded[Table], ...]) -> None:
        self.tables = tables
        self.digests = tuple(table.digest for table in tables)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tables) and self.digests == other.digests

    def __hash__(self) -> int:
        return hash(self.digests)


@lru_cache(maxsize=NODES_KEPT)
def _scaled(given: Tables, node: Fraction, voltage: Fraction | None, scaling: Scaling | None) -> Scaled:
    """The rows of tables at a node and a voltage, which remember what was asked of them."""
    rows = tuple(table.value.rows for table in given.tables)
    return Scaled(tables=rows, node=node, voltage=voltage, scaling=scaling)


def tariff_of(arch: Loaded[Arch], machine: Machine) -> Tariff | None:
    """The tariff of a machine, None if it names no component tables; InputError where they lack a row."""
    given = arch.value
    if given.components is None or given.node is None:
        return None
    tables = tuple(_tables(arch))
    scaled = _scaled(Tables(tables), given.node, given.voltage, given.scaling)
    try:
        charges, taken = charged(scaled, machine)
    except InputError as error:
        raise error.at(arch.name) from None
    sources = {name: one.value.sources[row.source] for one in tables for name, row in one.value.rows.items()}
    return Tariff(charges=charges, scaled=scaled, sources=sources, areas=taken, tables=tables)


def load_tariff(arch: Loaded[Arch]) -> tuple[Machine, Tariff]:
    """A machine with its tariff; InputError where it names no component tables, or where they lack a row."""
    machine = resolve(arch.value)
    tariff = tariff_of(arch, machine)
    if tariff is None:
        right = "name some under `components`, and the `node` to scale them to"
        raise InputError.of("it names no component tables", right, where=arch.name)
    return machine, tariff


def charged(scaled: Scaled, machine: Machine) -> tuple[dict[Action, Charge], tuple[Area, ...]]:
    """The charge of every action that a machine can take, and its areas; InputError for a missing row."""
    taken = areas(scaled, machine)
    return {**dict(_charges(scaled, machine)), Action("leakage", "cycle"): _leak(taken, machine)}, taken


def _tables(arch: Loaded[Arch]) -> Iterator[Loaded[Table]]:
    """The tables that a machine names; a path is relative to the file that names it."""
    for index, name in enumerate(arch.value.components or ()):
        place = arch.origin.get(("components", index), "")
        written = re.fullmatch(r"(?!--set )(.*):[0-9]+:[0-9]+", place)
        with placed(f"{place or arch.name}: components.{index}"):
            yield load_table(name, beside=Path(written[1]).parent if written else Path())


def _charges(scaled: Scaled, machine: Machine) -> Iterator[tuple[Action, Charge]]:
    """The charges of the core's parts, of memory, and of what lies between and beside."""
    for dtype, _ in machine.lanes:
        yield from _multiplies(scaled, machine, dtype)
    for dtype in dict.fromkeys(sum_dtype(dtype) for dtype, _ in machine.lanes):
        yield Action("add", "add", dtype), _each(scaled.value("add", "add", dtype))
    for role in ROLES:
        yield Action("register", "write", role), _bit(scaled.value("register", "write", role))
    yield Action("register", "read", STATIONARY), _bit(scaled.value("register", "read", STATIONARY))
    if machine.natives:
        yield Action("select", "select"), _bit(scaled.select("select", machine.fan_in))
        yield Action("decode", "decode"), _bit(scaled.value("decode", "decode", machine.decode_format))
    yield from _memory(scaled, machine)
    if any(level.hops for level in machine.levels):
        yield Action("network", "hop"), _bit(scaled.value("network", "hop"))
    yield Action("vector", "op"), _each(scaled.value("vector", "op"))


def _multiplies(scaled: Scaled, machine: Machine, dtype: str) -> Iterator[tuple[Action, Charge]]:
    """A multiply-add; one by a zero, where it is gated; one that is skipped, nothing unless a row says so."""
    yield Action("multiply_add", "multiply", dtype), _each(scaled.value("multiply_add", "multiply", dtype))
    if machine.gate_zeros:
        yield Action("multiply_add", "gated", dtype), _each(scaled.value("multiply_add", "gated", dtype))
    skipped = scaled.find("multiply_add", "skipped", dtype)
    yield Action("multiply_add", "skipped", dtype), _each(skipped) if skipped else NOTHING


def _memory(scaled: Scaled, machine: Machine) -> Iterator[tuple[Action, Charge]]:
    """Accumulators and levels, read and written, a level's metadata apart."""
    for name in ("read", "write"):
        if machine.accumulator_bytes is not None:
            yield Action(ACCUMULATORS, name), _bit(of_accumulators(scaled, machine, name))
    for level in machine.levels:
        for name in MOVES:
            yield Action(level.name, name), _bit(of_level(scaled, level, name))


def _each(value: Value) -> Charge:
    return _charge(value, "action")


def _bit(value: Value) -> Charge:
    return _charge(value, "bit")


def _charge(value: Value, unit: str) -> Charge:
    low, middle, high = map(_zeptojoules, (value.low, value.value, value.high))
    return Charge(low=low, value=middle, high=high, unit=unit, rows=value.rows, factor=value.factor)


def _zeptojoules(picojoules: Fraction) -> int:
    """The nearest whole number of them, the even one of two, as `round` has it."""
    whole, rest = divmod(picojoules.numerator * ZEPTO_PER_PJ, picojoules.denominator)
    return whole + (2 * rest + whole % 2 > picojoules.denominator)


def _leak(taken: tuple[Area, ...], machine: Machine) -> Charge:
    """What the whole machine leaks in a cycle: power over clock."""
    leaks = [area.leak * area.instances for area in taken if area.leak is not None]
    return _charge(reduce(Value.__add__, leaks) * Fraction(PJ_PER_UJ, machine.clock_hz), "cycle")
