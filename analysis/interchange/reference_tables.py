"""Accelergy's reference tables: energy by component and action (ERT), and area by component (ART).

Written as version 0.4 and read as 0.3 or 0.4. Energies are in pJ, of one action of one instance; areas are in
um^2, of one instance. A name such as `system.core[0..3].multiply_add` says how many instances there are.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from simulator.errors import InputError, shown, suggestion
from simulator.places import Found, KeyPath, Node, printable, refuse
from simulator.yaml12 import parse, read_file

VERSION, VERSIONS = "0.4", ("0.3", "0.4")
ROWS_MAX = 1500
NAME_MAX = 200
VALUE_MAX = 1e15
INSTANCES_MAX = 10**12

_PART = r"[A-Za-z_][A-Za-z0-9_-]*"
_INDEX = r"\[([0-9]{1,9})(?:\.\.([0-9]{1,9}))?\]"
_COMPONENT = re.compile(rf"{_PART}(?:{_INDEX})?(?:\.{_PART}(?:{_INDEX})?)*")
_ACTION = re.compile(_PART)
_READ_AS_OTHER = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


class Entry(NamedTuple):
    """One component: what its actions take, in pJ, and its area, in um^2; None where a table does not say."""

    name: str
    actions: Mapping[str, float] = MappingProxyType({})
    area: float | None = None

    @property
    def instances(self) -> int:
        """How many there are: the product of the ranges in the name."""
        return _instances(self.name)


def ert_text(entries: Iterable[Entry]) -> str:
    """An ERT of the entries that have actions; `read_ert` gives back the very same numbers."""
    kept = [entry for entry in entries if entry.actions]
    _check(kept, sum(1 + len(entry.actions) for entry in kept))
    lines = ["ERT:", f"    version: '{VERSION}'", "    tables:"]
    for entry in kept:
        lines += [f"      - name: {_word(entry.name)}", "        actions:"]
        for action, energy in entry.actions.items():
            lines += [
                f"          - name: {_word(action)}",
                "            arguments: {}",
                f"            energy: {_number(energy)}",
            ]
    return "\n".join(lines) + ("\n" if kept else " []\n")


def art_text(entries: Iterable[Entry]) -> str:
    """An ART of the entries that have an area; `read_art` gives back the very same numbers."""
    kept = [(entry, entry.area) for entry in entries if entry.area is not None]
    _check([entry for entry, _ in kept], len(kept))
    lines = ["ART:", f"    version: '{VERSION}'", "    tables:"]
    for entry, area in kept:
        lines += [f"      - name: {_word(entry.name)}", f"        area: {_number(area)}"]
    return "\n".join(lines) + ("\n" if kept else " []\n")


def read_ert(path: str | Path) -> tuple[Entry, ...]:
    """The components of an ERT with what their actions take, in the order of the file.

    An action may be written several times, with other `arguments`, if its energy is the same each time.
    Raises InputError with every problem, as `file:line:column: key: what; right`.
    """
    return _read(path, "ERT")


def read_art(path: str | Path) -> tuple[Entry, ...]:
    """The components of an ART with their areas, in the order of the file; refuses what `read_ert` does."""
    return _read(path, "ART")


def _number(value: float) -> str:
    """The shortest text that is this number again, under YAML 1.1 too: with a point before any exponent."""
    mantissa, exponent, power = repr(float(value) + 0.0).partition("e")  # + 0.0 takes the sign off -0.0
    return mantissa + ("" if "." in mantissa else ".0") + exponent + power


def _word(name: str) -> str:
    """A name as YAML text, in quotes where a reader of YAML 1.1 or 1.2 would take it for a truth value."""
    return f"'{name}'" if name.lower() in _READ_AS_OTHER else name


def _instances(name: str) -> int:
    ranges = (match.groups() for match in re.finditer(_INDEX, name))
    return math.prod(int(last) - int(first) + 1 for first, last in ranges if last is not None)


def _base(name: str) -> str:
    """The name without its ranges, by which Accelergy finds a component."""
    return re.sub(_INDEX, "", name)


def _wrong_component(name: str) -> tuple[str, str] | None:
    """What is wrong with a component's name and what would be right, if anything is."""
    if len(name) > NAME_MAX or not _COMPONENT.fullmatch(name):
        return f"{shown(name)} names no component", "write one such as system.core[0..3].multiply_add"
    spans = [match.groups() for match in re.finditer(_INDEX, name)]
    if any(last is not None and int(last) < int(first) for first, last in spans):
        return f"{shown(name)} has a range that ends before it starts", "write the smaller index first"
    if _instances(name) > INSTANCES_MAX:
        return f"{shown(name)} names {_instances(name)} instances", f"at most {INSTANCES_MAX}"
    return None


def _wrong_action(name: str) -> tuple[str, str] | None:
    if len(name) > NAME_MAX or not _ACTION.fullmatch(name):
        return f"{shown(name)} names no action", "write one such as read"
    return None


def _wrong_value(value: float) -> tuple[str, str] | None:
    if not 0 <= value <= VALUE_MAX:
        return f"{value!r} is out of range", f"energies and areas are from 0 to {VALUE_MAX:g}"
    return None


def _check(entries: list[Entry], rows: int) -> None:
    """Refuse what no reader would take: names, values, doubles, and too many rows."""
    if rows > ROWS_MAX:
        raise InputError.of(f"{rows} rows are too many", f"at most {ROWS_MAX} components and actions")
    seen: set[str] = set()
    for entry in entries:
        wrong = [_wrong_component(entry.name), *map(_wrong_action, entry.actions)]
        wrong += map(_wrong_value, [*entry.actions.values(), *([] if entry.area is None else [entry.area])])
        if _base(entry.name) in seen:
            wrong.append((f"{shown(entry.name)} is there twice", "keep one"))
        for problem in filter(None, wrong):
            raise InputError.of(*problem, where=printable(entry.name))
        seen.add(_base(entry.name))


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Takes a tree of YAML apart, and collects what is wrong with it."""

    found: list[Found] = field(default_factory=list)

    def note(self, node: Node, path: KeyPath, what: str, right: str) -> None:
        """Record a problem, unless the reader of YAML recorded one there already."""
        if not node.bad:
            self.found.append(Found.at(node.place, path, what, right))

    def keys(self, node: Node, path: KeyPath, *needed: str, free: tuple[str, ...] = ()) -> list[Node] | None:
        """The values of the needed keys, if all are there; others than `free` are refused."""
        if not isinstance(node.value, dict):
            self.note(node, path, f"{shown(node.plain())} is no mapping", f"write {', '.join(needed)}")
            return None
        for key, value in node.value.items():
            if key not in (*needed, *free):
                what, right = "there is no such key", suggestion(key, needed)
                self.found.append(Found.at(value.key or value.place, (*path, key), what, right))
        for key in needed:
            if key not in node.value:
                self.found.append(Found.at(node.place, (*path, key), "missing", "write it"))
        here = [node.value[key] for key in needed if key in node.value]
        return here if len(here) == len(needed) else None

    def rows(self, node: Node, path: KeyPath) -> list[Node]:
        """The items of a list."""
        if isinstance(node.value, list):
            return node.value
        self.note(node, path, f"{shown(node.plain())} is no list", "write a list")
        return []

    def name(self, node: Node, path: KeyPath, wrong: Callable[[str], tuple[str, str] | None]) -> str | None:
        """A name with which nothing is wrong."""
        if not isinstance(node.value, str):
            self.note(node, path, f"{shown(node.plain())} is no text", "write a name")
        elif problem := wrong(node.value):
            self.note(node, path, *problem)
        else:
            return node.value
        return None

    def value(self, node: Node, path: KeyPath) -> float | None:
        """A finite number of at least 0."""
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            self.note(node, path, f"{shown(node.plain())} is no number", "write one, such as 0.56")
        elif problem := _wrong_value(node.value):
            self.note(node, path, *problem)
        else:
            return float(node.value)
        return None


def _read(path: str | Path, kind: str) -> tuple[Entry, ...]:
    """The components of a file of this kind, ERT or ART."""
    name = printable(str(path))
    root, found = parse(read_file(Path(path), str(path)), name)
    if root is None:
        raise InputError.of("the file is empty", f"start it with `{kind}:`", where=name)
    reader = _Reader(found=found)
    entries: list[Entry] = []
    if (top := reader.keys(root, (), kind)) and (parts := reader.keys(top[0], (kind,), "version", "tables")):
        version, tables = parts
        if isinstance(version.value, str | float) and str(version.value) in VERSIONS:
            entries = _tables(reader, tables, kind)
        else:
            right = f"versions {' and '.join(VERSIONS)} are read"
            reader.note(version, (kind, "version"), f"{shown(version.plain())} is another version", right)
    if reader.found:
        refuse(reader.found)
    return tuple(entries)


def _tables(reader: _Reader, tables: Node, kind: str) -> list[Entry]:
    """The components of a list of tables; none may be there twice."""
    entries: list[Entry] = []
    lines: dict[str, int] = {}
    for index, row in enumerate(reader.rows(tables, (kind, "tables"))):
        path = (kind, "tables", index)
        parts = reader.keys(row, path, "name", "actions" if kind == "ERT" else "area")
        name = reader.name(parts[0], (*path, "name"), _wrong_component) if parts else None
        if parts is None or name is None:
            continue
        if _base(name) in lines:
            right = f"keep one; the first is on line {lines[_base(name)]}"
            reader.note(parts[0], (*path, "name"), f"{shown(name)} is written twice", right)
        lines.setdefault(_base(name), parts[0].place.line)
        if kind == "ERT":
            entries.append(Entry(name, _actions(reader, parts[1], (*path, "actions"))))
        else:
            entries.append(Entry(name, area=reader.value(parts[1], (*path, "area"))))
    return entries


def _actions(reader: _Reader, listed: Node, path: KeyPath) -> dict[str, float]:
    """The energy of each action of a component."""
    actions: dict[str, float] = {}
    for index, row in enumerate(reader.rows(listed, path)):
        here = (*path, index)
        if (parts := reader.keys(row, here, "name", "energy", free=("arguments",))) is None:
            continue
        name = reader.name(parts[0], (*here, "name"), _wrong_action)
        energy = reader.value(parts[1], (*here, "energy"))
        if name is not None and energy is not None and actions.setdefault(name, energy) != energy:
            what = f"`{name}` takes {energy} pJ here and {actions[name]} pJ above"
            reader.note(parts[1], (*here, "energy"), what, "keep one: its arguments are not told apart here")
    return actions
