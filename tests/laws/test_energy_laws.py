"""What holds of energy on every machine and for any product: it is counts times a table, and nothing else."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.arch import arch_names, load_arch
from simulator.bound import product_traffic
from simulator.components import MOVES, Row
from simulator.energy import Energy, Joules, counted
from simulator.gemm import Pass, Product, Stream
from simulator.least import price as least
from simulator.lowering import lower
from simulator.machine import Machine, resolve
from simulator.simulate import simulate
from simulator.tariff import Action, Charge, Tariff, charged, tariff_of
from simulator.tile import price
from simulator.trace import Trace
from tests.laws.test_tile_laws import priced
from tests.simulator.machines import SPARSE, tiled_machines
from tests.simulator.steps import product, products_with_b, step
from tests.simulator.tables import at_home, with_dram
from tests.strategies import TWO_OF_FOUR, examples

WITH_TABLES = [name for name in arch_names() if load_arch(name).value.components]


def tariff(machine: Machine) -> Tariff:
    """The charges of a test's machine under a test's table."""
    scaled = at_home()
    charges, areas = charged(scaled, machine)
    return Tariff(charges=charges, scaled=scaled, sources={}, areas=areas, tables=())


def works(dtype: str) -> tuple[Product, ...]:
    return (
        product(m=96, n=64, k=128, pattern=TWO_OF_FOUR, dtype=dtype),
        product(m=40, n=24, k=72, dtype=dtype, batch=2),
    )


def trace(name: str) -> Trace:
    """Products of a dtype that the machine has, an UPDATE, several layers, passes and counts."""
    dtype = next(iter(load_arch(name).value.core.lanes))
    sparse, dense = works(dtype)
    moved = {"read_bits": 4096, "write_bits": 2048, "metadata_read_bits": 64, "metadata_write_bits": 32}
    update = step("first", work=Stream(op="adamw", elements=64, ops=999, **moved))
    first, second = step("first", work=sparse, count=3), step("second", work=dense)
    return Trace(steps=(first, second, replace(second, layer="third", pass_=Pass.WGRAD), update))


@pytest.mark.parametrize("fidelity", ["bound", "tile"])
@pytest.mark.parametrize("name", WITH_TABLES)
def test_energy_is_the_sum_over_parts_layers_and_passes(name: str, fidelity: str) -> None:
    report = simulate(name, trace(name), fidelity=fidelity)
    assert report.energy is not None
    total = report.energy.total
    assert 0 < total.low <= total.value <= total.high
    assert total == summed(report.energy.by_part.values())
    assert total == summed(report.energy.by_action.values())
    for by in ("layer", "pass"):
        parts = [part for _, part in report.grouped(by)]
        assert total == summed(part.energy.total for part in parts if part.energy)
        assert len(parts) == 3
    for row in report.rows:
        assert row.energy is not None
        times_table = {
            action: count * charge_of(row.energy, action) for action, count in row.energy.counts.items()
        }
        assert sum(times_table.values()) == row.energy.total.value
    shown = report.totals
    assert shown["energy_pj"] == total.value / 10**9
    assert shown["energy_pj"] == pytest.approx(sum(row["energy_pj"] for row in report.table))  # type: ignore[misc]


def charge_of(energy: Energy, action: Action) -> int:
    return energy.tariff.charges[action].value


def summed(energies: Any) -> Joules:
    return Joules(*map(sum, zip(*energies, strict=True)))


@pytest.mark.parametrize("name", WITH_TABLES)
def test_doubling_a_row_moves_exactly_its_share(name: str) -> None:
    arch = load_arch(name)
    machine = resolve(arch.value)
    tariff = tariff_of(arch, machine)
    report = simulate(name, trace(name))
    assert tariff is not None
    assert report.energy is not None
    used = {row for action in report.energy.counts for row in tariff.charges[action].rows}
    assert used
    banks = {row for row in used if tariff.rows[row].component == "sram"}
    for row in sorted(used - banks):
        if tariff.rows[row].component in ("leakage", "select"):
            continue
        rows = dict(tariff.rows) | {row: doubled(tariff.rows[row])}
        charges, _ = charged(replace(tariff.scaled, tables=(rows,)), machine)
        moved = {action for action, charge in charges.items() if charge != tariff.charges[action]}
        own_row = {action: charge for action, charge in tariff.charges.items() if charge.rows == (row,)}
        assert moved == {action for action, charge in own_row.items() if charge.high > 0}
        for action in moved:
            assert abs(charges[action].value - 2 * tariff.charges[action].value) <= 1, (row, action)
        again = Energy(counts=report.energy.counts, tariff=replace(tariff, charges=charges))
        own = sum(report.energy.by_action[action].value for action in moved if action in report.energy.counts)
        rounding = sum(count for action, count in report.energy.counts.items() if action in moved)
        assert abs(again.total.value - report.energy.total.value - own) <= rounding


def doubled(row: Row) -> Row:
    """The row with twice its energies, and its bounds with them; areas and leakage stay."""
    twice = {name: value * (1 if name in ("area", "leak") else 2) for name, value in row.value.items()}
    bounds = {
        side: {name: row.bound(side, name) * (1 if name in ("area", "leak") else 2) for name in row.value}
        for side in ("low", "high")
    }
    return row.model_copy(update={"value": twice, **bounds})


@examples(40)
@given(products_with_b(side=40, batch=3), tiled_machines(), st.booleans())
def test_compulsory_traffic_is_a_lower_bound_of_energy(work: Product, machine: Machine, gates: bool) -> None:
    machine = replace(with_dram(machine), gate_zeros=gates)
    lowered = lower(work, machine)
    found = priced(lowered, machine).cost
    energy = Energy(counts=counted(work, lowered, found, machine), tariff=tariff(machine))
    outermost, must = machine.levels[0].name, product_traffic(lowered)
    charges = energy.tariff.charges
    for action, least_bytes in zip(MOVES, must, strict=False):
        count = energy.counts.get(Action(outermost, action), 0)
        assert count >= 8 * least_bytes
    floor = sum(
        8 * moved * charges[Action(outermost, name)].value for name, moved in zip(MOVES, must, strict=False)
    )
    floor += work.effective_macs * charges[Action("multiply_add", "multiply", lowered.dtype)].value
    assert energy.total.value >= floor


@examples(40)
@given(products_with_b(side=40, batch=3), tiled_machines())
def test_bound_multiplies_as_tile_does_and_moves_no_more_from_dram(work: Product, machine: Machine) -> None:
    machine = with_dram(machine)
    lowered = lower(work, machine)
    few, many = (
        counted(work, lowered, found.cost, machine)
        for found in (least(lowered, machine), priced(lowered, machine))
    )
    for action in ("multiply", "skipped"):
        key = Action("multiply_add", action, lowered.dtype)
        assert few.get(key, 0) == many.get(key, 0)
    for name in MOVES:
        assert few.get(Action("dram", name), 0) <= many.get(Action("dram", name), 0)


@examples(40)
@given(products_with_b(side=40, batch=3), tiled_machines())
def test_traffic_is_conserved_from_level_to_level(work: Product, machine: Machine) -> None:
    lowered = lower(work, machine)
    traffic = priced(lowered, machine).cost.traffic
    for (_, outer), (_, inner) in pairwise(traffic[:-1]):
        assert (inner.fill, inner.metadata_fill) == (outer.read, outer.metadata_read)
        assert inner.drain == outer.write
    first, last = traffic[0][1], traffic[-1][1]
    assert (first.fill, first.drain, first.metadata_fill, first.metadata_drain) == (0, 0, 0, 0)
    if len(traffic) > 1:
        assert last.fill <= traffic[-2][1].read
        assert last.metadata_fill == traffic[-2][1].metadata_read


@examples(40)
@given(products_with_b(side=40, batch=3), tiled_machines())
def test_multiplies_are_conserved(work: Product, machine: Machine) -> None:
    machine = replace(with_dram(machine), gate_zeros=True)
    lowered = lower(work, machine)
    counts = counted(work, lowered, priced(lowered, machine).cost, machine)
    done, gated, skipped = (
        counts.get(Action("multiply_add", name, lowered.dtype), 0)
        for name in ("multiply", "gated", "skipped")
    )
    assert done == work.effective_macs
    assert done + gated == lowered.multiplies
    assert done + gated + skipped == work.dense_macs


def test_a_machine_without_tables_has_no_energy() -> None:
    report = simulate("systolic", trace("systolic"))
    assert report.energy is None
    assert report.table[0]["energy_pj"] is None
    assert report.totals["energy_pj"] is None


def test_a_zero_cost_has_a_zero_share() -> None:
    zeros = Charge(low=0, value=0, high=0, unit="action", rows=(), factor=Fraction(1))
    some = tariff(with_dram(SPARSE))
    free = replace(some, charges=dict.fromkeys(some.charges, zeros))
    lowered = lower(product(), SPARSE)
    counts = counted(product(), lowered, price(lowered, SPARSE).cost, SPARSE)
    assert Energy(counts=counts, tariff=free).total == Joules(0, 0, 0)
