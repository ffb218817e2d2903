"""A machine's tariff as Accelergy's tables have it: components by name with the energies of their actions.

A component is what a table row is about: a lane, a flip-flop, the mux of one bit, an instance of a memory. An
action is of one of them, of one bit where its name ends in `_bit`. `leak` is of a cycle of the whole machine.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from analysis.interchange.names import BIT
from analysis.interchange.reference_tables import Entry, art_text, ert_text
from simulator.arch import Arch
from simulator.area import (
    ACCUMULATORS,
    decoded_bits,
    of_accumulators,
    of_level,
    register_bits,
    sum_dtype,
    value_bits,
    widest_sum,
)
from simulator.atomic import write_file
from simulator.components import AREA, LEAK, ROLES
from simulator.errors import InputError
from simulator.machine import Machine
from simulator.parts import SRAM
from simulator.report import picojoules
from simulator.scaled import Scaled, Value
from simulator.tariff import Action, Tariff

ERT, ART = "ERT.yaml", "ART.yaml"


class Placed(NamedTuple):
    """A component of a part: where it lies, its name, how many lie there, and the area of one in um^2."""

    part: str
    place: str
    name: str
    number: int
    area: Value | None


def entries(tariff: Tariff, machine: Machine) -> tuple[Entry, ...]:
    """The components of a machine, with every charge of its tariff and every area."""
    actions: dict[str, dict[str, float]] = {}
    for action, charge in tariff.charges.items():
        level = action.part in {one.name for one in machine.levels} | {ACCUMULATORS, "network"}
        key = component_of(action, machine)
        what = LEAK if action.part == "leakage" else action.action + (BIT if level else "")
        actions.setdefault(key, {})[what] = picojoules(charge.value)
    found = []
    placed = {f"{one.part} {one.name}": one for one in _placed(tariff.scaled, machine)}
    for key, energies in actions.items():
        one = placed[key]
        area = float(one.area.value) if one.area is not None else 0.0
        found.append(Entry(f"system.{one.place}{one.name}{span(one.number)}", energies, area))
    return tuple(found)


def component_of(action: Action, machine: Machine) -> str:
    """The part of an action, and what the name of its component ends in."""
    of = {"select": str(machine.fan_in), "decode": machine.decode_format}.get(action.part, action.of)
    return f"{action.part} {'_'.join(filter(None, (action.part, of)))}"


def span(count: int) -> str:
    """The range behind the name of what there is several of."""
    return f"[0..{count - 1}]" if count > 1 else ""


def _placed(scaled: Scaled, machine: Machine) -> Iterator[Placed]:
    """Where the components lie and what one of them takes; what no area counts takes none."""
    core = f"core{span(machine.cores)}."
    column = f"{core}column{span(machine.columns)}."
    pe = f"{column}pe{span(machine.rows)}."
    areas = {dtype: scaled.value("multiply_add", AREA, dtype) for dtype, _ in machine.lanes}
    widest = max(machine.lanes, key=lambda one: areas[one[0]].value * one[1])[0]
    for dtype, count in machine.lanes:
        area = areas[dtype] if dtype == widest else None
        yield Placed("multiply_add", pe, f"multiply_add_{dtype}", count, area)
    dtypes = [sum_dtype(dtype) for dtype, _ in machine.lanes]
    for dtype in dict.fromkeys(dtypes):
        area = scaled.value("add", AREA, dtype) if dtype == widest_sum(machine) else None
        yield Placed("add", column, f"add_{dtype}", 1, area)
    for role, bits in zip(ROLES, register_bits(machine), strict=True):
        area = scaled.value("register", AREA, role) if bits else None
        yield Placed("register", pe, f"register_{role}", bits, area)
    if machine.natives:
        mux = scaled.select(AREA, machine.fan_in)
        yield Placed("select", pe, f"select_{machine.fan_in}", value_bits(machine), mux)
        at = {"pe": pe, "column": column, "core": core}[machine.decode_at]
        bits, form = decoded_bits(machine), machine.decode_format
        yield Placed("decode", at, f"decode_{form}", bits, scaled.value("decode", AREA, form))
    yield Placed("vector", core, "vector", machine.vector_ops_per_cycle, scaled.value("vector", AREA))
    if machine.accumulator_bytes is not None:
        yield Placed(ACCUMULATORS, core, ACCUMULATORS, 1, of_accumulators(scaled, machine, AREA))
    for level in machine.levels:
        area = of_level(scaled, level, AREA) if level.kind == SRAM else None
        yield Placed(level.name, "", level.name, level.instances, area)
    for part in ("network", "leakage"):
        yield Placed(part, "", part, 1, None)


def write_tables(tariff: Tariff, machine: Machine, arch: Arch, folder: Path) -> tuple[Path, Path]:
    """Write ERT.yaml and ART.yaml of a machine into `folder`; returns the files."""
    found = entries(tariff, machine)
    clock = f"{arch.clock} Hz"
    head = f"# {arch.name}, {float(arch.node or 0):g} nm, {clock}: what nmsim charges for each action.\n"
    again = f"# A component table again:\n#   nmsim convert {ERT} {ART} --clock '{clock}' -o table.yaml\n"
    energies = (
        "# In pJ of one action of one instance; an action that ends in _bit is of one bit, and `leak` of a\n"
        "# cycle of the whole machine.\n"
    )
    rows = {row for charge in tariff.charges.values() for row in charge.rows}
    flagged = sum(tariff.rows[row].unverified for row in rows)
    energies += (
        f"# {flagged} of the {len(rows)} table rows behind them are unverified; bounds are left out.\n"
    )
    areas = "# In um^2 of one instance.\n"
    ert, art = folder / ERT, folder / ART
    for file in (ert, art):
        if file.is_dir():
            raise InputError.of("this is a directory", "a file is to be written there", where=str(file))
    write_file(ert, f"{head}{energies}{again}{ert_text(found)}".encode())
    write_file(art, f"{head}{areas}{again}{art_text(found)}".encode())
    return ert, art
