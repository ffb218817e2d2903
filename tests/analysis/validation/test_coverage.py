"""Every table of published numbers is compared, row by row; which rows are cases follows from their words."""

import csv
from collections.abc import Callable, Mapping

import pytest

from analysis.cli import run
from analysis.published import published_names, read_published
from analysis.validation.cases import CALIBRATED, Case
from analysis.validation.coverage import USES, all_cases, coverage

Row = Mapping[str, str]
SPARSELOOP = {"TC", "STC", "STC_flexible", "STC_flexible-RLE"}


def is_case(name: str) -> Callable[[Row], int]:
    """How many cases a row of a table is, and 0 where it is none."""
    return {
        "a100_2to4_measured": lambda row: 2,  # dense and 2:4
        "a100_gemm_measured": lambda row: 1,
        "cacti_sram": lambda row: 3,  # read, write, area
        "scalesim_dense": lambda row: 1,
        "scalesim_sparse": lambda row: int(row["mode"] == "layerwise"),
        "sparseloop_stc": lambda row: 2 * (row["design"] in SPARSELOOP),  # at bound and at tile
        "sparseloop_stc_energy": lambda row: 1 if row["design"] == "TC" else 2,  # with the omission, too
        "torchao_2to4_training_linear": lambda row: int(row["variant"] != "prune+compress_only"),
        "vortex_dense_vs_2to4": lambda row: 1,
    }[name]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return all_cases()


def test_every_table_is_compared(cases: list[Case]) -> None:
    assert {case.reference for case in cases} == set(published_names()) == set(USES)
    assert [one.reference for one in coverage(cases)] == list(published_names())


@pytest.mark.parametrize(
    "name", [name for name in published_names() if not name.startswith(("synth", "vortex_f"))]
)
def test_the_cases_of_a_table_are_its_rows_that_are_cases(cases: list[Case], name: str) -> None:
    found = {index: 0 for index, _ in enumerate(read_published(name))}
    for case in cases:
        if case.reference == name:
            (index,) = case.rows
            found[index] += 1
    assert found == {index: is_case(name)(row) for index, row in enumerate(read_published(name))}


def test_rows_that_make_one_case_together(cases: list[Case]) -> None:
    """A mux is written in two ways, a float multiply-add is a multiply and an add, and 2:4 is over dense."""
    rows = read_published("synthesis")
    used = {index for case in cases if case.reference == "synthesis" for index in case.rows}
    left = {(row["design"], row["variant"]) for index, row in enumerate(rows) if index not in used}
    assert {design for design, _ in left} == {"one_hot", "multiply", "multiply_accumulate", "multiply_add"}
    assert [variant for design, variant in left if design == "multiply_add"] == ["BITS=16 SUM=32"]
    (pair,) = (case.rows for case in cases if case.reference == "vortex_fpga_synthesis")
    designs = [read_published("vortex_fpga_synthesis")[index]["design"] for index in pair]
    assert designs == ["tcu", "tcu_sp(2:4)"]


def test_what_is_left_out_is_said_and_nothing_else(cases: list[Case]) -> None:
    for one in coverage(cases):
        assert (one.compared < one.rows) == bool(USES[one.reference].left_out), one
        assert one.cases == one.calibrated + one.predicted > 0


def test_what_was_fitted_is_called_calibrated(cases: list[Case]) -> None:
    fitted = {case.reference for case in cases if case.standing == CALIBRATED}
    measured = {"a100_gemm_measured", "a100_2to4_measured", "torchao_2to4_training_linear"}
    assert fitted == {*measured, "cacti_sram", "synthesis"}
    assert all(case.standing == CALIBRATED for case in cases if case.reference in measured)


def test_the_list_of_references_says_their_cases(
    cases: list[Case], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["list", "references", "--format", "csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    listed = [(row["reference"], int(row["rows"]), int(row["cases"]), row["for"]) for row in rows]
    assert listed == [
        (one.reference, one.rows, one.cases, USES[one.reference].purpose) for one in coverage(cases)
    ]
