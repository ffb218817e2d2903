"""simulate and its Report: conserved, exact, and the sums of its rows."""

import csv
import io
import json
from dataclasses import replace
from fractions import Fraction
from math import fsum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import Report, Trace, load_arch, simulate
from simulator.components import MOVES
from simulator.energy import Joules
from simulator.errors import InputError
from simulator.gemm import Gemm, Operand, Pass, Product, Span, Step, Stream
from simulator.machine import resolve
from simulator.report import summed_names
from tests.simulator.steps import product, products_with_b, step
from tests.strategies import TWO_OF_FOUR

some_products = products_with_b(side=300, batch=9)
some_streams = st.builds(
    Stream,
    op=st.just("adamw"),
    elements=st.integers(1, 9),
    read_bits=st.integers(0, 999),
    ops=st.integers(0, 999),
)
traces = st.lists(
    st.builds(step, work=some_products | some_streams, count=st.integers(1, 10**9)), max_size=6
).map(lambda steps: Trace(steps=tuple(steps)))
archs = st.sampled_from(["a100", "dense128"])
fidelities = st.sampled_from(["bound", "tile"])


@settings(deadline=None)
@given(archs, traces, fidelities)
def test_totals_are_sums_of_rows_and_nothing_else(arch: str, trace: Trace, fidelity: str) -> None:
    said = json.loads(simulate(arch, trace, fidelity=fidelity).to_json())
    assert set(said) == {"provenance", "rows", "totals"}
    for name, total in said["totals"].items():
        values = [row[name] for row in said["rows"]]
        if name.startswith("energy"):
            assert total == pytest.approx(fsum(values), rel=1e-14)  # of rows that are rounded, each once
        else:
            assert total == (fsum(values) if name == "seconds" else sum(values))


@settings(deadline=None)
@given(archs, traces, fidelities)
def test_every_row_is_conserved(arch: str, trace: Trace, fidelity: str) -> None:
    table: tuple[dict[str, Any], ...] = simulate(arch, trace, fidelity=fidelity).table
    for row in table:
        stalls = sum(value for name, value in row.items() if name.startswith("stall_"))
        assert row["cycles"] == row["compute_cycles"] + stalls
        assert row["dense_macs"] == row["effective_macs"] + row["padding_macs"] + row["skipped_macs"]
        assert min(row["effective_macs"], row["padding_macs"], row["skipped_macs"]) >= 0
        assert 0 <= row["utilization"] <= 1


@settings(deadline=None)
@given(archs, traces, fidelities)
def test_cycles_are_at_least_multiplies_over_peak_and_bytes_over_bandwidth(
    arch: str, trace: Trace, fidelity: str
) -> None:
    machine = resolve(load_arch(arch).value)
    report = simulate(arch, trace, fidelity=fidelity)
    table: tuple[dict[str, Any], ...] = report.table
    for row, columns in zip(report.rows, table, strict=True):
        if row.lowered:
            assert columns["cycles"] * row.lowered.peak >= columns["effective_macs"]
        for level in machine.levels:
            moved = sum(columns[f"{level.name}_{way}_bytes"] for way in MOVES)  # fills have their own port
            per_cycle = Fraction(level.bandwidth_numerator, level.bandwidth_denominator)
            assert columns["cycles"] * per_cycle >= moved


@given(archs, some_products, st.integers(1, 10**12))
@settings(deadline=None)
def test_a_long_run_is_one_step_many_times(arch: str, work: Product, count: int) -> None:
    once, many = (simulate(arch, Trace(steps=(step(work=work, count=c),))) for c in (1, count))
    for name in summed_names(once.levels):
        assert many.totals[name] == count * once.totals[name]
    if once.energy is not None:
        assert many.energy is not None
        assert many.energy.by_action == {
            action: Joules(*(count * side for side in joules))
            for action, joules in once.energy.by_action.items()
        }


def test_counts_are_exact_beyond_64_bits() -> None:
    work = product(m=2**20, n=2**20, k=2**20, batch=1)
    report = simulate("a100", Trace(steps=(step(work=work, count=10**9),)), fidelity="bound")
    assert report.totals["dense_macs"] == 2**60 * 10**9
    assert json.loads(report.to_json())["totals"]["dense_macs"] == 2**60 * 10**9
    assert str(2**60 * 10**9) in report.to_csv()


def test_a_product_on_the_a100_by_hand() -> None:
    """4096^3 in bf16: 432 * 256 multiply-adds a cycle, halved work at 2:4; both bound by multiplying."""
    dense, sparse = (
        simulate(
            "a100",
            Trace(steps=(step(work=product(m=4096, n=4096, k=4096, pattern=pattern)),)),
            fidelity="bound",
        ).table[0]
        for pattern in (None, TWO_OF_FOUR)
    )
    assert dense["cycles"] == dense["compute_cycles"] == -(-(4096**3) // (432 * 256))
    assert sparse["cycles"] == -(-(4096**3) // (2 * 432 * 256))
    assert dense["dram_read_bytes"] == 2 * 2 * 4096**2
    assert sparse["dram_read_bytes"] == 2 * 4096**2 + 4096**2
    assert sparse["dram_metadata_read_bytes"] == 4096**2 // 8
    assert (dense["runs_as"], sparse["runs_as"]) == ("dense", "2:4")
    assert dense["seconds"] == dense["cycles"] / 1.41e9


@pytest.mark.parametrize(
    ("nonzeros", "text"),
    [(12, "9.38%"), (128, "100%"), (1, "0.781%"), (64, "50.0%")],
)
def test_zeros_anywhere_are_named_and_cost_what_dense_does(nonzeros: int, text: str) -> None:
    (row, dense) = simulate("a100", Trace(steps=(step(work=product(nonzeros=nonzeros)), step()))).table
    changed = {name for name in row if row[name] != dense[name]}
    assert row["pattern"] == f"unstructured {text}"
    assert row["effective_macs"] == 4 * nonzeros
    assert changed <= {"pattern", "note", "effective_macs", "padding_macs", "utilization"}


def test_a_pattern_that_conforms_runs_as_the_native_one() -> None:
    work = product(m=64, n=64, k=64, pattern=replace(TWO_OF_FOUR, kept=1, group=16))
    row = simulate("a100", Trace(steps=(step(work=work),)), fidelity="bound").table[0]
    assert (row["pattern"], row["runs_as"]) == ("1:16", "2:4")
    dense = 64**3
    assert (row["effective_macs"], row["padding_macs"], row["skipped_macs"]) == (
        dense // 16,
        dense // 2 - dense // 16,
        dense // 2,
    )


def test_a_machine_runs_dense_where_skipping_is_slower() -> None:
    """One group decoded a cycle: 64 columns of 16 groups past 8 folds of rows, on each of 432 cores."""
    work = product(m=64, n=64, k=64, pattern=TWO_OF_FOUR)
    slow = load_arch(
        "a100", settings=["core.decode.groups_per_cycle=1", "cores=4", "memory.shared.per=4 cores"]
    )
    row = simulate(slow, Trace(steps=(step(work=work),)), fidelity="bound").table[0]
    assert (row["runs_as"], row["note"]) == ("dense", "dense: decode makes 2:4 slower")
    assert row["cycles"] == 64**3 // (4 * 256)
    assert row["cycles"] < 64 * 16 * 8 // 4


def test_csv_has_the_rows() -> None:
    report = simulate(
        "dense128", Trace(steps=(step(), step("update", work=Stream(op="adamw", elements=3, ops=9))))
    )
    rows = list(csv.DictReader(io.StringIO(report.to_csv())))
    assert [row["layer"] for row in rows] == ["fc", "update"]
    assert rows[1]["m"] == ""
    assert rows[0]["cycles"] == str(report.table[0]["cycles"])


def test_grouped_parts_add_up() -> None:
    steps = tuple(
        Step(layer=name, pass_=pass_, work=product(m=m), when=Span())
        for m, (name, pass_) in enumerate([("a", Pass.FWD), ("a", Pass.DGRAD), ("b", Pass.FWD)], 1)
    )
    report = simulate("a100", Trace(steps=steps))
    parts = dict(report.grouped("pass"))
    assert list(parts) == [("FWD",), ("DGRAD",)]
    assert sum(part.totals["cycles"] for part in parts.values()) == report.totals["cycles"]


def test_an_empty_trace_is_an_empty_report() -> None:
    report = simulate("a100", Trace(steps=()))
    said = json.loads(report.to_json())
    assert said["rows"] == []
    some = simulate("a100", Trace(steps=(step(),)))
    assert set(said["totals"]) == set(some.totals)
    assert report.totals["cycles"] == report.totals["dram_read_bytes"] == 0
    assert report.to_csv() == some.to_csv().splitlines()[0] + "\n"


def test_provenance_names_machine_and_trace() -> None:
    trace = Trace(steps=(step(),), provenance={"seed": 7})
    made = simulate("a100", trace).provenance
    assert made["arch"]["sha256"] == load_arch("a100").digest
    assert made["trace"] == {"sha256": trace.digest, "complete": True, "made": {"seed": 7}}
    wider = simulate(load_arch("a100", settings=["core.array.rows=16"]), trace).provenance
    assert wider["arch"]["sha256"] != made["arch"]["sha256"]


def test_bad_input_is_said() -> None:
    with pytest.raises(InputError) as refused:
        simulate("a100", Trace(steps=()), fidelity="bond")
    assert (
        str(refused.value) == "no fidelity is called `bond`; did you mean `bound`? known: bound, cycle, tile"
    )
    plain = Operand(dtype="fp64")
    work = Product(gemm=Gemm(m=1, n=1, k=1), a=plain, b=plain, c=plain)
    with pytest.raises(InputError) as refused:
        simulate("a100", Trace(steps=(step("fc", work=work),)))
    assert str(refused.value).startswith(
        "a100: fc FWD: no dtype of A100-like sparse tensor cores is called `fp64`"
    )


def test_a_report_is_frozen() -> None:
    report: Report = simulate("a100", Trace(steps=()))
    with pytest.raises(AttributeError):
        report.rows = ()  # type: ignore[misc]
