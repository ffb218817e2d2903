"""The published numbers: that our copies are whole, and agree with what is known of their sources."""

import re
from fractions import Fraction
from math import ceil
from pathlib import Path

import pytest

from analysis.published import published_names, published_source, read_published
from simulator.errors import InputError
from simulator.pattern import Pattern

ROOT = Path(__file__).parents[2]
ROWS = {
    "a100_2to4_measured": 6,
    "a100_gemm_measured": 10,
    "cacti_sram": 25,
    "scalesim_dense": 63,
    "scalesim_sparse": 120,
    "sparseloop_stc": 48,
    "sparseloop_stc_energy": 32,
    "synthesis": 64,
    "torchao_2to4_training_linear": 6,
    "vortex_dense_vs_2to4": 8,
    "vortex_fpga_synthesis": 4,
}
WORDS = {"dataflow", "sparsity", "mode", "formula_minus1_matches", "design", "variant", "test", "itype"}
A100_PEAK = 312e12  # fp16 FLOP/s, dense: 108 SM x 1.41 GHz x 2048 (A100 datasheet)


def numbers(name: str, **only: str) -> list[dict[str, float]]:
    """The columns of a table that hold numbers, of the rows that have `only` these words."""
    rows = [row for row in read_published(name) if only.items() <= row.items()]
    return [{key: float(value) for key, value in row.items() if key not in WORDS} for row in rows]


def sizes(row: dict[str, str]) -> tuple[int, int, int, int, int]:
    m, n, k, rows, columns = (int(row[key]) for key in ("M", "N", "K", "array_rows", "array_cols"))
    return m, n, k, rows, columns


def systolic_cycles(dataflow: str, m: int, n: int, k: int, rows: int, columns: int) -> int:
    """Folds times the cycles of a fold, without overlap between folds."""
    return {
        "ws": ceil(k / rows) * ceil(n / columns) * (2 * rows + columns + m - 2),
        "is": ceil(k / rows) * ceil(m / columns) * (2 * rows + columns + n - 2),
        "os": ceil(m / rows) * ceil(n / columns) * (rows + columns + k - 2),
    }[dataflow]


def test_there_are_these_tables() -> None:
    assert published_names() == tuple(sorted(ROWS))


@pytest.mark.parametrize("name", ROWS)
def test_a_table_is_whole(name: str) -> None:
    rows = read_published(name)
    assert len(rows) == ROWS[name]
    assert {tuple(row) for row in rows} == {tuple(rows[0])}
    assert all(value == value.strip() != "" for row in rows for value in row.values())
    assert len(numbers(name)) == len(rows)  # what is no word is a number


@pytest.mark.parametrize("name", ROWS)
def test_a_table_names_its_source_and_licence(name: str) -> None:
    source, repository, *meaning = published_source(name).splitlines()
    assert source.startswith("source: ")
    assert re.fullmatch(r"repository: github\.com/\S+/\S+; licence: \S.*", repository)
    assert meaning


def test_the_page_tells_of_each_table() -> None:
    page = (ROOT / "analysis" / "references" / "README.md").read_text()
    assert sorted(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == sorted(ROWS)


@pytest.mark.parametrize("name", ["scalesim", "../demo", "", "scalesim_dense.csv"])
def test_an_unknown_table_lists_the_known(name: str) -> None:
    with pytest.raises(InputError, match=r"no table of published numbers is .*known: a100_2to4_measured, "):
        read_published(name)


def test_every_dense_systolic_run_is_the_closed_form_less_one() -> None:
    """They report the index of the last cycle, counted from 0."""
    for row in read_published("scalesim_dense"):
        cycles = systolic_cycles(row["dataflow"], *sizes(row))
        assert int(row["scalesim_compute_cycles"]) == cycles - 1, row
        assert (int(row["formula_cycles"]), int(row["stall_cycles"])) == (cycles, 0), row


def test_every_layerwise_systolic_run_is_the_dense_one_of_the_kept_rows() -> None:
    rows = [row for row in read_published("scalesim_sparse") if row["mode"] == "layerwise"]
    assert len(rows) == 112
    for row in rows:
        m, n, k, height, width = sizes(row)
        kept = Pattern.parse(row["sparsity"]).kept_along(k)
        cycles = systolic_cycles(row["dataflow"], m, n, kept, height, width)
        assert (int(row["K_eff"]), int(row["scalesim_cycles"])) == (kept, cycles - 1), row
        assert int(row["dense_cycles"]) == systolic_cycles(row["dataflow"], *sizes(row)) - 1, row
        again = {"ws": 1, "is": ceil(m / width), "os": ceil(m / height)}[row["dataflow"]]
        assert int(row["sram_filter_reads"]) == kept * n * again, row


def test_every_rowwise_systolic_run_pads_blocks_to_their_half() -> None:
    rows = [row for row in read_published("scalesim_sparse") if row["mode"] == "rowwise"]
    assert len(rows) == 8
    for row in rows:
        m, n, k, height, width = sizes(row)
        block = int(row["sparsity"].rpartition(":")[2])
        padded = ceil(k / (2 * block)) * block
        cycles = systolic_cycles("ws", m, n, padded, height, width)
        assert (int(row["K_eff"]), int(row["scalesim_cycles"])) == (padded, cycles - 1), row


def tensor_core_cycles(row: dict[str, str]) -> int:
    """Multiplies at 1024 a cycle, or words at the 42 a cycle that the shared memory was built for.

    A step takes 8 compressed values: the `8 group` values that they select from, 1024/vectors values loaded,
    and metadata, fields that do not straddle bytes. Their weights are M x K, so that N counts the vectors.
    """
    m, k, n = int(row["M"]), int(row["K"]), int(row["N"])
    dense = row["weight_density"] == "1.0" or row["design"] == "TC"
    if dense:
        places, words = ceil(k / 16) * 16, 16 + Fraction(1024, 64 if k == 1152 else 128)
    else:
        flexible = {"0.25": 8, "0.3333": 6, "0.5": 4}[row["weight_density"]]
        group = 4 if row["design"] == "STC" else flexible
        bits = {4: 2, 6: 2 if row["design"].endswith("-RLE") else 3, 8: 3}[group]
        places = ceil(2 * ceil(k / group) / 16) * 16
        words = 8 * group + Fraction(1024, 128) + Fraction(8, 8 // bits)
    return ceil(Fraction(m * n * places, 1024) * max(Fraction(1), words / 42))


def test_every_tensor_core_run_is_the_law_of_its_shared_memory() -> None:
    designs = {"TC", "STC", "STC_flexible", "STC_flexible-RLE"}
    rows = [row for row in read_published("sparseloop_stc") if row["design"] in designs]
    assert len(rows) == 32
    for row in rows:
        assert int(row["cycles"]) == tensor_core_cycles(row), row


def test_what_was_measured_is_consistent() -> None:
    """Rates and speedups are those of the printed times, which are rounded in their last digit."""
    for row in numbers("a100_gemm_measured"):
        flops = 2 * row["m"] * row["n"] * row["k"] / 1e9
        assert flops / (row["ms"] + 5e-5) < row["tflops"] < flops / (row["ms"] - 5e-5), row
    for row in numbers("a100_2to4_measured"):
        assert 2 * row["m"] * row["n"] * row["k"] * row["batch"] / (row["dense_us"] / 1e6) < A100_PEAK
        for way in ("cusparselt", "cutlass"):
            low, high = ((row["dense_us"] + s * 0.05) / (row[f"{way}_us"] - s * 0.05) for s in (-1, 1))
            assert low - 0.005 <= row[f"{way}_speedup"] <= high + 0.005, row
    for row in numbers("torchao_2to4_training_linear", variant="dense_linear(fwd+bwd)"):
        assert 3 * 2 * row["M"] * row["N"] * row["K"] / (row["time_ms"] / 1e3) < A100_PEAK


def test_the_open_tensor_unit_is_as_its_authors_say() -> None:
    rows = read_published("vortex_dense_vs_2to4")
    cycles = {(row["test"], row["itype"]): int(row["rtlsim_cycles"]) for row in rows}
    speedups = {
        itype: round(dense / cycles["sgemm_tcu_sp(2:4)", itype], 2)
        for (test, itype), dense in cycles.items()
        if test == "sgemm_tcu"
    }
    assert speedups == {"fp16": 1.29, "fp8": 1.19, "int8": 1.19, "int4": 0.87}
    for row in numbers("vortex_fpga_synthesis"):
        period = round(1000 / row["target_mhz"], 3)  # ns, as the tools' constraints are written
        assert row["fmax_mhz"] == round(1000 / (period - row["wns"]), 1), row
        parts = row["static_w"] + row["vectorless_dynamic_w"]
        assert row["total_w"] == pytest.approx(parts, abs=0.0015), row  # three values, each rounded to 0.001
