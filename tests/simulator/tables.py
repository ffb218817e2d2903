"""Small component tables that tests of energy and area share."""

from dataclasses import replace
from fractions import Fraction

from simulator.components import BY_BIT, COMPONENTS, LEAK, Row, Table
from simulator.gemm import DTYPES
from simulator.machine import Machine
from simulator.scaled import Scaled

KINDS = {
    "multiply_add": tuple(DTYPES),
    "add": ("fp32", "int32"),
    "register": ("stationary", "moving", "sum"),
    "select": ("2", "4", "8", "16", "32"),
    "decode": ("coordinate", "bitmask", "combinatorial"),
    "dram": ("hbm2",),
    "memory": (),
}


def row(component: str, **keys: object) -> Row:
    """A checked row, of 45 nm and with bounds of a half and of twice unless `keys` say otherwise."""
    written = {
        "component": component,
        "node": "45 nm",
        "low": "50 %",
        "high": "200 %",
        "source": "book",
    } | keys
    return Row.model_validate({key: value for key, value in written.items() if value is not None})


def whole_table() -> Table:
    """A row of every component, the n-th value of all n tenths of its unit."""
    count = iter(range(1, 10_000))
    rows = {}
    for name, about in COMPONENTS.items():
        for of in KINDS.get(name, (None,)):
            values = {action: f"{next(count)}e-1 pJ" for action in about.actions}
            if about.area:
                values["area"] = f"{next(count)}e-1 um^2"
            if name in ("sram", "leakage"):
                values[LEAK] = f"{next(count)}e-1 uW"
            keys: dict[str, object] = {"of": of, "value": values}
            if name in BY_BIT:
                keys["bits"] = 8
            if name != "sram":
                rows[f"{name}_{of}".lower()] = row(name, **keys)
    for size, width, times in ((2**8, 32, 1), (2**8, 1024, 2), (2**22, 32, 8), (2**22, 1024, 16)):
        values = {
            "read": f"{times} pJ",
            "write": f"{2 * times} pJ",
            "area": f"{3 * times} um^2",
            "leak": f"{times} uW",
        }
        rows[f"sram_{size}_{width}"] = row("sram", size=f"{size} B", width=width, value=values)
    return Table(name="a test's table", sources={"book": "a test, doi:10.1/1"}, rows=rows)


def at_home(rows: dict[str, Row] | None = None) -> Scaled:
    """Rows at the node that they are of, so that nothing scales."""
    return Scaled(tables=(rows or whole_table().rows,), node=Fraction(45))


def with_dram(machine: Machine) -> Machine:
    """The machine, its outermost memory of a kind that the table knows."""
    return replace(machine, levels=(replace(machine.levels[0], kind="hbm2"), *machine.levels[1:]))
