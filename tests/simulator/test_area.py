from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given

from simulator.arch import arch_names, load_arch
from simulator.area import LOGIC, areas, of_accumulators, register_bits, value_bits, without_sparsity
from simulator.machine import Machine, resolve
from simulator.tariff import tariff_of
from tests.simulator.machines import SPARSE, sparse_machines
from tests.simulator.tables import at_home, with_dram
from tests.strategies import examples

MACHINE = with_dram(replace(SPARSE, accumulator_bytes=2**12))

WINDOW = 16 * 4 * 4  # bf16 and int8 alike: of each lane a group, at 1:4


def by_part(machine: Machine) -> dict[str, Fraction]:
    return {area.part: area.total.value for area in areas(at_home(), machine)}


def test_areas_are_instances_times_rows() -> None:
    scaled, found = at_home(), by_part(MACHINE)
    pes = 2 * 4 * 2

    def row(component: str, of: str | None = None) -> Fraction:
        return scaled.value(component, "area", of).value

    assert found["multiply_add"] == pes * max(
        4 * row("multiply_add", "bf16"), 8 * row("multiply_add", "int8")
    )
    assert found["add"] == 2 * 2 * row("add", "fp32")
    assert found["select"] == pes * 64 * row("select", "4")
    assert found["decode"] == 2 * 8 * (2 * 2) * row("decode", "coordinate")
    assert found["vector"] == 2 * 4 * row("vector")
    stationary, moving, sums = register_bits(MACHINE)
    assert (stationary, moving, sums) == (0, WINDOW + 64 + 8 * 2, 2 * 32)
    assert found["register"] == pes * (moving * row("register", "moving") + sums * row("register", "sum"))
    assert found["l1"] == 2 * scaled.sram("area", 2**16, 128).value
    assert found["accumulators"] == 2 * scaled.sram("area", 2**12, 64).value
    assert "dram" not in found


@pytest.mark.parametrize(
    ("dataflow", "bits"),
    [
        ("weight_stationary", (2 * (64 + 16), WINDOW, 32)),
        ("input_stationary", (2 * WINDOW, 64 + 16, 32)),
        ("output_stationary", (0, WINDOW + 64 + 16, 64)),
    ],
)
def test_registers_of_a_pe(dataflow: str, bits: tuple[int, int, int]) -> None:
    assert value_bits(MACHINE) == 64
    machine = replace(MACHINE, dataflow=dataflow)
    assert register_bits(machine) == bits
    once = register_bits(replace(machine, overlap=False))
    assert sum(once) < sum(bits)


def test_a_wide_row_of_sums_has_banks_side_by_side() -> None:
    scaled = at_home()
    machine = replace(MACHINE, columns=64, accumulator_bytes=2**16)
    assert of_accumulators(scaled, machine, "area").value == 2 * scaled.sram("area", 2**15, 1024).value
    assert of_accumulators(scaled, machine, "read").value == scaled.sram("read", 2**15, 1024).value


@examples(30)
@given(sparse_machines)
def test_sparsity_adds_area_and_takes_none_away(machine: Machine) -> None:
    machine = with_dram(machine)
    dense, sparse = by_part(without_sparsity(machine)), by_part(machine)
    assert set(sparse) - set(dense) == {"select", "decode"}
    assert all(dense[part] <= sparse[part] for part in dense)
    assert dense["multiply_add"] == sparse["multiply_add"]


@pytest.mark.parametrize("name", arch_names())
def test_every_machine_has_an_area_between_its_bounds(name: str) -> None:
    arch = load_arch(name)
    tariff = tariff_of(arch, resolve(arch.value))
    if tariff is None:
        assert arch.value.components is None
        return
    for area in tariff.areas:
        assert 0 <= area.total.low <= area.total.value <= area.total.high
    parts = [area.part for area in tariff.areas]
    assert len(parts) == len(set(parts))
    assert parts[: parts.index("vector") + 1] == [part for part in LOGIC if part in parts]
