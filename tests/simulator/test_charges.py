"""What docs/energy.md says an action is charged: its own row by the bit, and leakage by hand in watts."""

from dataclasses import replace
from fractions import Fraction

from simulator.components import Row
from simulator.cost import Cost
from simulator.energy import Energy, Joules, counted
from simulator.gemm import Stream
from simulator.machine import Machine
from simulator.nodes import REFERENCE_VOLTAGE, energy_factor
from simulator.scaled import Scaled
from simulator.tariff import Action, Tariff, charged
from tests.simulator.machines import SPARSE
from tests.simulator.tables import at_home, row, whole_table, with_dram


def test_each_action_is_charged_by_its_own_row() -> None:
    """A row says for how many bits it is: 8 in the table of these tests."""
    table = whole_table().rows
    rows = table | {
        "sums": row("memory", of="accumulators", bits=32, value={"read": "7 pJ", "write": "9 pJ"})
    }
    hops = tuple(replace(level, hops=1) for level in SPARSE.levels)
    machine = with_dram(replace(SPARSE, accumulator_bytes=2**12, gate_zeros=True, levels=hops))
    charges, _ = charged(at_home(rows), machine)
    by_row: dict[str, dict[str, tuple[str, ...]]] = {
        "multiply_add_bf16": {"multiply_add": ("multiply", "gated", "skipped", "bf16")},
        "multiply_add_int8": {"multiply_add": ("multiply", "gated", "skipped", "int8")},
        "add_fp32": {"add": ("add", "fp32")},
        "add_int32": {"add": ("add", "int32")},
        "register_stationary": {"register": ("read", "write", "stationary")},
        "register_moving": {"register": ("write", "moving")},
        "register_sum": {"register": ("write", "sum")},
        "select_4": {"select": ("select", "")},
        "decode_coordinate": {"decode": ("decode", "")},
        "dram_hbm2": {"dram": ("read", "write", "")},
        "sums": {"accumulators": ("read", "write", "")},
        "network_none": {"network": ("hop", "")},
        "vector_none": {"vector": ("op", "")},
    }
    for name, parts in by_row.items():
        for part, (*actions, of) in parts.items():
            for action in actions:
                charge = charges[Action(part, action, of)]
                each = rows[name].value[action] * 10**9 / (rows[name].bits or 1)
                assert charge.rows == (name,)
                assert [charge.low, charge.value, charge.high] == [each / 2, each, each * 2], (name, action)
    by_bit = {action.part for action, charge in charges.items() if charge.unit == "bit"}
    assert by_bit == {"register", "select", "decode", "dram", "l1", "accumulators", "network"}
    assert charges[Action("dram", "metadata_read")] == charges[Action("dram", "read")]


def leaking() -> dict[str, Row]:
    """Nothing but the vector unit has an area, 1 mm^2, and a mm^2 leaks 0.25 W; each l1 leaks 0.5 W."""
    rows = {
        name: one.model_copy(update={"value": {**one.value, "area": Fraction(0)}})
        if "area" in one.value and one.component != "sram"
        else one
        for name, one in whole_table().rows.items()
    }
    rows["vector_none"] = row("vector", value={"op": "1 pJ", "area": "1 mm^2"})
    rows["leakage_none"] = row("leakage", value={"leak": "0.25 W"})
    rows["l1"] = row("memory", of="l1", value={"area": "1 mm^2", "leak": "0.5 W"})
    return rows


def leakage(node: int) -> tuple[Machine, Tariff]:
    """A machine of eight lanes of vector units and two l1, 3 W at 45 nm, and its tariff at `node`."""
    machine = with_dram(SPARSE)
    scaled = Scaled(tables=(leaking(),), node=Fraction(node))
    charges, areas = charged(scaled, machine)
    return machine, Tariff(charges=charges, scaled=scaled, sources={}, areas=areas, tables=())


def test_three_watts_for_a_second_are_three_joules() -> None:
    """2 W in logic, from 50 to 200 % of its area and of what that leaks, and 1 W in banks."""
    machine, tariff = leakage(45)
    idle = Stream(op="adamw", elements=1)
    second = counted(idle, None, Cost(cycles=machine.clock_hz), machine)
    assert second == {Action("leakage", "cycle"): 10**9}
    energy = Energy(counts=second, tariff=tariff)
    assert energy.total == Joules(low=10**21, value=3 * 10**21, high=10 * 10**21)


def test_a_machine_of_another_node_leaks_as_energy_scales() -> None:
    """Its logic is smaller, and leaks more by the square millimetre."""
    _, tariff = leakage(16)
    factor = energy_factor(Fraction(45), Fraction(16), REFERENCE_VOLTAGE, REFERENCE_VOLTAGE)
    assert Fraction(1, 10) < factor < 1
    assert tariff.charges[Action("leakage", "cycle")].value == round(3 * 10**12 * factor)
