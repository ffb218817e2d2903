"""Bandwidths: a case by hand, and laws: shares are at most 1, sums add up, no peak lies below its average."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analysis.roofline.bandwidth import TOTAL, WAYS, Flow, flows, intensity, rate_of
from simulator import Trace, load_arch, simulate, tile
from simulator.components import MOVES
from simulator.cost import Traffic
from simulator.errors import InputError
from simulator.gemm import Product, Step, Stream
from simulator.least import price as least
from simulator.lowering import lower
from simulator.machine import Machine, resolve
from simulator.report import Report, Row
from tests.simulator.machines import SPARSE, tiled_machines
from tests.simulator.steps import product, products_with_b, step, streams
from tests.strategies import TWO_OF_FOUR, examples

DRAM, INNER = SPARSE.levels
SLOW = replace(SPARSE, levels=(replace(DRAM, bandwidth_numerator=2, bandwidth_denominator=1), INNER))
"""Two bytes a cycle of dram."""
ROUNDED = len(MOVES)  # bytes that rounding up may add to those of a level each time


def report_of(steps: Sequence[Step], machine: Machine, *, fidelity: str = "bound") -> Report:
    """What `machine` takes for `steps`; no example where not even the smallest tile fits."""
    price = {"bound": least, "tile": tile.price}[fidelity]
    rows = []
    for one in steps:
        lowered = lower(one.work, machine) if isinstance(one.work, Product) else None
        try:
            found = price(lowered or one.work, machine)  # type: ignore[arg-type]
        except InputError as error:
            if "no tile of it fits" not in str(error):
                raise
            assume(False)
        rows.append(
            Row(
                step=one,
                lowered=lowered,
                cost=found.cost * one.when.count,
                bound_by=found.bound_by,
                fidelity=fidelity,
                clock_hz=machine.clock_hz,
            )
        )
    return Report({}, tuple(rows), tuple(level.name for level in machine.levels))


def by_name(found: Sequence[Flow]) -> dict[tuple[str, str], Flow]:
    return {(flow.level, flow.way): flow for flow in found}


def test_a_case_by_hand() -> None:
    """4x8x16 in bf16: A 128 B, B 256 B, C 64 B, in 224 cycles of 2 B; then 100 B are read in 50."""
    update = Stream(op="adamw", elements=1, read_bits=800)
    report = report_of((step(count=3), step("fc", work=update)), SLOW)
    found = by_name(flows(report, SLOW))
    total = found["dram", TOTAL]
    assert (total.bytes, total.cycles) == (3 * 448 + 100, 3 * 224 + 50)
    assert total.average == total.rate == 2
    assert total.share == total.peak_share == 1
    assert total.columns["bytes_per_second"] == 2e9
    read = found["dram", "read"]
    assert (read.bytes, read.busiest) == (3 * 384 + 100, "fc UPDATE")
    assert read.peak == 2
    assert found["dram", "write"].peak == Fraction(64, 224)
    assert found["dram", "write"].busiest == "fc FWD"
    assert (found["l1", "fill"].bytes, found["l1", "drain"].bytes) == (3 * 384 + 100, 3 * 64)
    assert found["l1", "fill"].share is found["l1", "fill"].peak_share is None
    assert found["l1", TOTAL].share == Fraction(total.bytes, total.cycles * 128)
    assert intensity(report, "dram") == Fraction(2 * 3 * 512, total.bytes)


def test_metadata_are_apart_and_zeros_do_no_work() -> None:
    report = report_of((step(work=product(pattern=TWO_OF_FOUR)),), SLOW)
    found = by_name(flows(report, SLOW))
    assert found["dram", "metadata_read"].bytes == 8 * 8 * 2 // 8  # 2 bits for each kept value
    assert found["dram", "read"].bytes == 128 + 128
    assert intensity(report, "dram") == Fraction(2 * 4 * 8 * 8, 128 + 128 + 64 + 16)


def test_the_rate_is_what_is_reached_of_the_bandwidth() -> None:
    arch = load_arch("edge24", settings=["memory.dram.efficiency=50 %"]).value
    (dram, buffer) = resolve(arch).levels
    assert rate_of(dram) == Fraction(25_600_000_000, 2 * 800_000_000)
    assert rate_of(buffer) == 2 * 288  # two instances


def test_unlimited_levels_have_bytes_and_no_share() -> None:
    free = replace(SPARSE, levels=(replace(DRAM, bandwidth_numerator=1, bandwidth_denominator=0),))
    work = Stream(op="copy", elements=1, read_bits=80)
    report = report_of((step("fc", work=work),), free)
    total = by_name(flows(report, free))["dram", TOTAL]
    assert (total.bytes, total.cycles) == (10, 0)
    assert total.average is total.share is total.peak is total.peak_share is None
    assert total.busiest == ""
    busy = by_name(flows(report_of((step("fc", work=work), step()), free), free))["dram", TOTAL]
    assert busy.average is not None
    assert busy.peak is busy.share is None  # ten bytes in no time


def test_an_empty_report_has_no_bandwidth() -> None:
    report = simulate("edge24", Trace(steps=()))
    found = flows(report, resolve(load_arch("edge24").value))
    assert {(flow.bytes, flow.average, flow.busiest) for flow in found} == {(0, None, "")}
    assert intensity(report, "dram") is None


traces = st.lists(
    st.builds(
        step, st.sampled_from("ab"), count=st.integers(1, 3), work=products_with_b(side=30, batch=2) | streams
    ),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("fidelity", ["bound", "tile"])
@examples(50)
@given(traces, tiled_machines())
def test_laws_of_any_report(fidelity: str, steps: list[Step], machine: Machine) -> None:
    report = report_of(steps, machine, fidelity=fidelity)
    found = by_name(flows(report, machine))
    happenings = sum(one.when.count for one in steps)
    for level in machine.levels:
        shared = found[level.name, TOTAL]
        assert shared.bytes == sum(found[level.name, way].bytes for way in MOVES)
        for way in WAYS:
            flow = found[level.name, way]
            assert flow.cycles == report.totals["cycles"]
            if way != TOTAL:
                assert flow.bytes == report.totals[f"{level.name}_{way}_bytes"]
            if flow.peak is not None and flow.average is not None:
                assert flow.peak >= flow.average
                assert bool(flow.peak) == bool(flow.bytes) == bool(flow.busiest)
            if way in Traffic._fields[4:] or not level.bandwidth_denominator:
                assert flow.share is flow.peak_share is None
        if shared.rate is not None:
            assert shared.bytes - ROUNDED * happenings <= shared.rate * shared.cycles


@examples(30)
@given(traces, tiled_machines())
def test_parts_add_up_and_none_is_above_the_peak(steps: list[Step], machine: Machine) -> None:
    report = report_of(steps, machine, fidelity="tile")
    whole = flows(report, machine)
    parts = [flows(part, machine) for _, part in report.grouped("layer", "pass")]
    for place, flow in enumerate(whole):
        own = [part[place] for part in parts]
        assert sum(one.bytes for one in own) == flow.bytes
        assert sum(one.cycles for one in own) == flow.cycles
        peaks = [one.peak for one in own]
        assert flow.peak == (None if None in peaks else max(peak for peak in peaks if peak is not None))
