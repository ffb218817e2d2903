"""The model against published numbers: exact where it must be, within stated bars where it was fitted."""

import csv
import io
import json
from dataclasses import replace
from fractions import Fraction

import pytest

from analysis.cli import run
from analysis.validation.cases import CALIBRATED, PREDICTED, Case, check, product, sizes
from analysis.validation.exact import systolic_cases, tensor_core_cases, vortex_cases
from analysis.validation.fit import CONSTANTS, GIVEN, LEFT_OUT, fit, settings_of, without, written_value
from analysis.validation.gpu import (
    GEMM,
    GEMM_MEDIAN,
    GEMM_WORST,
    LAYER,
    LAYER_WORST,
    LEFT_OUT_WORST,
    SPEEDUP_WORST,
    TRAINING,
    TRAINING_WORST,
    checked_gpu,
    gpu_cases,
    speedups,
    training_works,
)
from analysis.validation.looked_up import looked_up
from analysis.validation.page import validation_page
from analysis.validation.shift import figures, left_out, other_memory, simpler_models
from analysis.validation.validate import (
    BY_SOURCE,
    CHANGED,
    TUNED,
    source_columns,
    validate,
    validation_text,
)
from simulator.arch import arch_names, load_arch
from simulator.gemm import Gemm, Product, Stream
from simulator.machine import resolve

PEAK, BANDWIDTH = 312e12, 2039e9  # A100 80 GB data sheet: fp16 FLOP/s, bytes a second
MOST_CONSTANTS = 6


def test_the_plain_systolic_array_is_exact() -> None:
    checked = check(systolic_cases())
    assert len(checked) == 63 + 112
    assert [one for one in checked if one.error] == []


def test_sparseloops_tensor_cores_are_exact_at_bound() -> None:
    checked = check(tensor_core_cases("bound"))
    assert len(checked) == 32
    assert [one for one in checked if one.error] == []


def test_tiles_add_the_first_folds_way_in_and_out() -> None:
    """A row of PEs to load, and the skew over 1 row and 64 columns: one tile's fill, whatever the product."""
    for one in check(tensor_core_cases("tile")):
        array = resolve(load_arch(one.case.arch).value)
        fill = array.rows + array.rows + array.columns - 2
        assert one.simulated - one.case.published == fill, one.case.name


def test_vortex_is_its_tensor_unit_alone() -> None:
    """Nothing is tuned; a unit that took longer than the whole program would be wrong."""
    checked = check(vortex_cases())
    assert len(checked) == 8
    assert all(-1 < one.error < 0 for one in checked)


def test_an_error_is_simulated_over_published() -> None:
    work = product(16, 16, 16, None, "int8")
    case = Case(reference="by hand", rows=(), name="one fold", arch="systolic", works=(work,), published=31)
    (one,) = check([case])
    assert one.simulated == 2 * 16 + 16 + 16 - 2  # weight-stationary: 2R + C + m - 2
    assert one.error == 1.0
    assert sizes([-0.3, 0.1, 0.2]) == (0.2, 0.3)


def test_cases_come_back_in_their_order() -> None:
    """They are simulated by machine, and products that one machine runs twice are simulated once."""
    one, two = (
        Case(
            reference="-", rows=(), name=arch, arch=arch, works=(product(m, 8, 8, None, "int8"),), published=1
        )
        for arch, m in (("systolic", 8), ("stc", 64))
    )
    cases = [one, two, replace(one, name="again"), two.with_settings(["core.array.columns=32"])]
    checked = check(cases)
    assert [found.case for found in checked] == cases
    assert checked[0].simulated == checked[2].simulated
    assert checked[1].simulated != checked[3].simulated


def test_the_constants_are_few_and_one_set() -> None:
    assert len(CONSTANTS) <= MOST_CONSTANTS
    assert {(case.arch, case.settings) for case in gpu_cases()} == {("a100", ()), ("a100_80gb", ())}
    for constant in CONSTANTS:
        assert constant.low <= written_value(constant) <= constant.high, constant.key


def test_both_a100s_have_them_and_no_other_machine_does() -> None:
    """Nobody inherits what was fitted to another machine."""
    small, large = (load_arch(name).value for name in ("a100", "a100_80gb"))
    assert small.clock_under_load == large.clock_under_load is not None
    assert small.launch == large.launch
    assert small.memory[0].efficiency == large.memory[0].efficiency is not None
    for name in set(arch_names()) - {"a100", "a100_80gb"}:
        arch = load_arch(name).value
        assert arch.clock_under_load is None, name
        assert arch.launch is None, name
        assert arch.memory[0].efficiency != large.memory[0].efficiency, name


def test_a_constant_is_set_as_a_person_would_write_it() -> None:
    values = tuple(written_value(constant) for constant in CONSTANTS)
    assert load_arch("a100_80gb", settings=settings_of(values)).value == load_arch("a100_80gb").value
    assert CONSTANTS[0].setting(Fraction(110)) == "clock_under_load.dense=100 %"
    assert [written_value(constant) for constant in GIVEN] == [400, 200]


def test_every_measured_row_is_within_its_bar() -> None:
    checked = checked_gpu()
    by_source = {
        source: sizes(one.error for one in checked if one.case.source == source)
        for source in (GEMM, LAYER, TRAINING)
    }
    assert by_source[GEMM][0] <= GEMM_MEDIAN
    assert by_source[GEMM][1] <= GEMM_WORST
    assert by_source[LAYER][1] <= LAYER_WORST
    assert by_source[TRAINING][1] <= TRAINING_WORST
    assert sizes(one.error for one in speedups(checked) if one.source == LAYER)[1] <= SPEEDUP_WORST


def test_speedups_are_predicted_from_the_rows_of_another_k() -> None:
    assert sorted(LEFT_OUT) == sorted({one.k for one in speedups(checked_gpu()) if one.source == LAYER})
    found = list(left_out())
    assert len(found) == 6
    worst = {k: sizes(one.error for one in found if one.k == k)[1] for k in LEFT_OUT}
    assert worst[768] <= LEFT_OUT_WORST
    # A miss, stated on the page: the rows of k = 768 alone make skipping look dearer than it is at 3072.
    assert LEFT_OUT_WORST < worst[3072] <= 0.225


def test_leaving_out_takes_the_layers_of_one_k() -> None:
    cases = gpu_cases()
    rest = without(cases, 768)
    assert len(cases) - len(rest) == 4
    assert {works_k(case) for case in rest if case.source == LAYER} == {3072}
    assert without(cases, None) == cases


def works_k(case: Case) -> int:
    assert isinstance(case.works[0], Product)
    return case.works[0].gemm.k


def test_the_roofline_is_peak_or_bandwidth_and_worse() -> None:
    """2 m n k over the peak, or two bytes a value of A, B and C over the bandwidth, whichever is longer."""
    errors = []
    for one in checked_gpu():
        if one.case.source == GEMM:
            assert isinstance(one.case.works[0], Product)
            gemm: Gemm = one.case.works[0].gemm
            moved = 2 * (gemm.m * gemm.k + gemm.k * gemm.n + gemm.m * gemm.n)
            errors.append(max(2 * gemm.macs / PEAK, moved / BANDWIDTH) / one.case.published - 1)
    roofline, sheets = simpler_models()
    *_, small = other_memory()
    assert small.gemm == pytest.approx((0.108, 0.22), abs=0.002)  # by hand, with 1555 GB/s
    assert roofline.gemm == pytest.approx(sizes(errors), abs=0.002)
    fitted = figures("nmsim", checked_gpu())
    for simpler in (roofline, sheets, small):
        assert fitted.gemm < simpler.gemm
        assert fitted.layer[1] < simpler.layer[1]
        assert fitted.training[1] < simpler.training[1]


def test_a_trained_layer_is_three_products_and_its_streams() -> None:
    m, n, k = 96, 64, 32
    dense, sparse = (training_works(m, n, k, pattern) for pattern in (None, "2:4"))
    products = [[one for one in works if isinstance(one, Product)] for works in (dense, sparse)]
    assert [one.dense_macs for one in products[0]] == [m * n * k] * 3
    assert [one.effective_macs for one in products[1]] == [m * n * k // 2, m * n * k // 2, m * n * k]
    assert [one.gemm for one in products[0]] == [
        Gemm(m=m, n=n, k=k),
        Gemm(m=m, n=k, k=n),
        Gemm(m=k, n=n, k=m),
    ]
    (bias,) = (one for one in dense if isinstance(one, Stream))
    assert (bias.read_bits, bias.write_bits) == (16 * m * n, 16 * n)
    pruning = sparse[-1]
    assert isinstance(pruning, Stream)
    # two packed copies of half of the weights, each with two bits for a kept value
    assert (pruning.write_bits, pruning.metadata_write_bits) == (2 * 16 * n * k // 2, 2 * 2 * n * k // 2)


def test_what_is_printed_names_every_source_and_reads_back(capsys: pytest.CaptureFixture[str]) -> None:
    found = validate()
    assert {one.case.source for one in found.checked} == set(TUNED)
    rows = list(csv.DictReader(io.StringIO(validation_text(found, "csv"))))
    assert len(found.checked) == 63 + 112 + 32 + 32 + 56 + 8 + 26 + 75 + 34 + 1
    assert len(rows) == len(found.checked) + len(found.faster) + len(found.left_out) + len(found.relations)
    for row in rows:
        error = float(row["simulated"]) / float(row["published"]) - 1
        assert float(row["error"]) == pytest.approx(error), row
    assert {row["standing"] for row in rows} == {CALIBRATED, PREDICTED}
    tables = json.loads(validation_text(found, "json"))
    text = validation_text(found, "table")
    places = [text.index(f"{title}\n") for title in tables]
    assert places == sorted(places)
    assert next(iter(tables)) == BY_SOURCE
    assert len(tables[CHANGED]) == 1 + 2 * (len(CONSTANTS) + len(GIVEN))
    assert repr(found) in text
    assert run(["validate", "--format", "csv"]) == 0
    assert capsys.readouterr().out == validation_text(found, "csv")


def test_a_source_has_its_median_and_worst_by_standing() -> None:
    found = list(looked_up())
    for row in source_columns(found):
        errors = sorted(
            abs(one.error)
            for one in found
            if (one.case.source, one.case.standing) == (row["source"], row["standing"])
        )
        assert row["cases"] == len(errors)
        assert row["worst error"] == errors[-1]
        assert errors[(len(errors) - 1) // 2] <= row["median error"] <= errors[len(errors) // 2]  # type: ignore[operator]


@pytest.mark.full
def test_the_page_names_every_source() -> None:
    page = validation_page()
    assert all(f"| {source} |" in page for source in TUNED)


@pytest.mark.full
def test_the_constants_are_those_that_the_fit_finds() -> None:
    values, _ = fit()
    assert values == tuple(written_value(constant) for constant in CONSTANTS)
    for k, seen in LEFT_OUT.items():
        assert fit(left_out=k)[0] == seen, k
