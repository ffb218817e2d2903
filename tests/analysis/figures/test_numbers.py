"""The numbers of every figure are those of the tables, and follow from their definitions."""

import json
from math import isclose
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.explain.cycles import BARS, waterfall
from analysis.figures.heat_map import merged, utilizations
from analysis.figures.waterfall import row_bars
from analysis.front import staircase
from analysis.results import load_results
from simulator import simulate
from simulator.errors import InputError
from simulator.report import Report
from simulator.trace import load_trace
from tests.analysis.figures.studies import ARCHS, LABELS, found
from tests.analysis.results.made import made_study, made_sweep, study_rows, sweep_rows
from workloads import trace_network

POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12)


@given(POINTS, st.booleans(), st.booleans())
def test_the_staircase_is_what_no_point_beats(
    points: list[tuple[int, int]], first: bool, second: bool
) -> None:
    def beats(one: tuple[int, int], other: tuple[int, int]) -> bool:
        signs = (1 if first else -1, 1 if second else -1)
        gains = [sign * (a - b) for sign, a, b in zip(signs, one, other, strict=True)]
        return min(gains) >= 0 and max(gains) > 0

    kept = staircase(points, (first, second))
    assert sorted(kept) == [
        i for i, one in enumerate(points) if not any(beats(other, one) for other in points)
    ]
    assert [points[i] for i in kept] == sorted(points[i] for i in kept)


@pytest.mark.parametrize("convention", ["algorithmic", "hardware", "all_sparse"])
def test_accuracy_has_a_row_for_each_mean(convention: str, tmp_path: Path) -> None:
    rows = study_rows(steps=(100, 200))
    (drawing,) = found("accuracy_flops", made_study(tmp_path / "s", rows), convention=convention)
    once = [row for row in rows if row["arch"] == "a100"]
    cost = f"training FLOPs, {convention} (FLOP)"
    assert [(n["recipe"], n["pattern"], n["steps"], n[cost]) for n in drawing.numbers] == [
        (row["label"], row["pattern"], row["steps"], row[f"{convention}_flops"]) for row in once
    ]
    value = "unexplained variance, mean"
    assert [(n[value], n["low"], n["high"]) for n in drawing.numbers] == [
        (row["value_mean"], row["value_low"], row["value_high"]) for row in once
    ]


def test_accuracy_against_joules_has_a_figure_for_each_machine(tmp_path: Path) -> None:
    drawings = found("accuracy_joules", made_study(tmp_path / "s"))
    assert [one.part for one in drawings] == ["a100", "dense128"]
    column = "energy of training on a100 (J)"
    assert [n[column] for n in drawings[0].numbers] == [
        row["energy_j"] for row in study_rows() if row["arch"] == "a100"
    ]


def test_a_run_without_a_value_is_left_out_and_said(tmp_path: Path) -> None:
    rows = study_rows()
    for row in rows[:2]:
        row["value_mean"] = row["value_low"] = row["value_high"] = None
    (drawing,) = found("accuracy_flops", made_study(tmp_path / "s", rows))
    assert len(drawing.numbers) == 4
    assert "1 cells have no value and are not drawn" in drawing.said


def test_words_choose_rows(tmp_path: Path) -> None:
    folder = made_study(tmp_path / "s")
    (drawing,) = found("accuracy_flops", folder, only=("sr_ste", "mdgf_linear", "2:4"))
    assert [(n["recipe"], n["pattern"]) for n in drawing.numbers] == [
        ("sr_ste", "2:4"),
        ("mdgf_linear", "2:4"),
    ]
    with pytest.raises(InputError, match="--only: no row has `sr-ste`; did you mean `sr_ste`"):
        found("accuracy_flops", folder, only=("sr-ste",))


def report_of(arch: str) -> Report:
    return simulate(arch, trace_network("vit_b16", recipe="sr_ste", pattern="2:4", steps=3))


@pytest.mark.parametrize("arch", ["a100", "dense128", "vegeta"])
def test_the_bars_of_a_reports_rows_are_those_of_the_report(arch: str) -> None:
    report = report_of(arch)
    rows = json.loads(report.to_json())["rows"]
    bars = dict(zip(BARS, map(sum, zip(*map(row_bars, rows), strict=True)), strict=True))
    assert bars == dict(waterfall(report))


def test_a_waterfall_of_a_study_adds_up_and_knows_the_dense_run(study: Path) -> None:
    (drawing,) = found("waterfall", study)
    for arch in ARCHS:
        own = {n["bar"]: n["cycles"] for n in drawing.numbers if str(n["machine"]).startswith(f"{arch}, ")}
        report = json.loads((study / "reports" / f"{arch}-sr_ste-2x4.json").read_text())
        assert sum(own[bar] for bar in BARS) == own["modelled"] == report["totals"]["cycles"]
        trace = load_trace(study.parent / "trained-sr_ste" / "trace")
        assert own["modelled dense"] == simulate(arch, trace, dense=True).totals["cycles"]


def test_energy_has_a_bar_for_each_report_that_adds_up(study: Path) -> None:
    (drawing,) = found("energy", study)
    assert [(n["machine"], n["ran"]) for n in drawing.numbers] == [
        (arch, " ".join(filter(None, label))) for arch in ARCHS for label in LABELS
    ]
    for numbers in drawing.numbers:
        parts = [value for key, value in numbers.items() if key.endswith(" (J)")]
        whole, low, high, *own = parts
        assert low <= whole <= high
        assert isclose(sum(own), whole, rel_tol=1e-12)


def test_time_by_pass_is_that_of_the_reports(study: Path) -> None:
    (drawing,) = found("time_by_pass", study)
    for numbers in drawing.numbers:
        label = str(numbers["ran"]).replace(" ", "-").replace(":", "x")
        file = f"{numbers['machine']}-{label if '-' in label else f'{label}-'}.json"
        seconds = json.loads((study / "reports" / file).read_text())["totals"]["seconds"]
        assert isclose(sum(numbers[f"{p} (s)"] for p in ("FWD", "DGRAD", "WGRAD", "UPDATE")), seconds / 40)


def test_utilization_of_a_layer_is_multiply_adds_over_peak() -> None:
    report = report_of("a100")
    rows = json.loads(report.to_json())["rows"]
    shares = utilizations(rows)
    for (layer, pass_), part in report.grouped("layer", "pass"):
        products = [row for row in part.rows if row.lowered is not None]
        possible = sum(row.lowered.peak * row.cost.cycles for row in products if row.lowered is not None)
        if possible:
            share = shares[str(layer)][str(pass_)]
            assert isclose(share, sum(row.macs["effective_macs"] for row in products) / possible)
    assert sum(len(line.layers) for line in merged(shares)) == len(shares)
    assert len(merged(shares)) < 12 < len(shares)


def test_layers_that_differ_stay_apart() -> None:
    found_lines = merged({"b.0": {"FWD": 0.5}, "b.1": {"FWD": 0.5}, "b.2": {"FWD": 0.25}, "c": {"FWD": 0.5}})
    assert [line.said for line in found_lines] == ["b.* (×2)", "b.2", "c"]


def test_design_space_holds_every_point(tmp_path: Path) -> None:
    (drawing,) = found("design_space", made_sweep(tmp_path / "s"))
    assert [(n["seconds (s)"], n["area_mm2 (mm²)"], n["front"]) for n in drawing.numbers] == [
        (row["seconds"], row["area_mm2"], row["front"]) for row in sweep_rows()
    ]


def test_a_tornado_swings_around_the_point_in_the_middle(tmp_path: Path) -> None:
    (drawing,) = found("tornado", made_sweep(tmp_path / "s", sweep_rows((4, 8, 16), (400, 800, 1600))))
    rows, bandwidth = drawing.numbers
    assert (rows["axis"], rows["base"], bandwidth["base"]) == ("core.array.rows", 8, "800 GB/s")
    time = {(r["core.array.rows"], r["memory.dram.bandwidth"]): r["seconds"] for r in sweep_rows()}
    assert rows["seconds at base (s)"] == time[8, "800 GB/s"]
    assert (rows["lowest at"], rows["lowest seconds (s)"]) == (16, time[16, "800 GB/s"])
    assert (rows["highest at"], rows["highest seconds (s)"]) == (4, time[4, "800 GB/s"])
    assert (bandwidth["lowest at"], bandwidth["highest at"]) == ("1600 GB/s", "400 GB/s")


def test_one_at_a_time_has_its_base_where_all_lines_cross(tmp_path: Path) -> None:
    every = sweep_rows((4, 8, 16), (400, 800, 1600))
    crossing = [r for r in every if r["core.array.rows"] == 4 or r["memory.dram.bandwidth"] == "1600 GB/s"]
    (drawing,) = found("tornado", made_sweep(tmp_path / "s", crossing), y="area_mm2")
    assert {n["axis"]: n["base"] for n in drawing.numbers} == {
        "core.array.rows": 4,
        "memory.dram.bandwidth": "1600 GB/s",
    }


def test_a_timeline_shows_the_tiles_of_one_product(study: Path) -> None:
    drawings = found("timeline", study)
    assert [one.part for one in drawings] == list(ARCHS)
    for drawing in drawings:
        stages: dict[object, int] = {}
        for piece in drawing.numbers:
            start, end = int(str(piece["start (cycles)"])), int(str(piece["end (cycles)"]))
            assert stages.get(piece["stage"], 0) <= start <= end
            stages[piece["stage"]] = end
        assert any(str(stage).startswith("core") for stage in stages)
    with pytest.raises(InputError, match="--layer: no layer is called `heat`; did you mean `head`"):
        found("timeline", study, layer="heat")


def test_masks_and_learning_are_those_of_the_histories(study: Path) -> None:
    history = load_results(study.parent / "trained-sr_ste").table("history")
    (masks,) = found("masks", study)
    own = [row for row in masks.numbers if row["recipe"] == "sr_ste"]
    assert [row["flip_rate"] for row in own] == history["flip_rate"].tolist()
    assert [row["density"] for row in own] == history["density"].tolist()
    (learning,) = found("learning", study.parent / "trained-sr_ste")
    held = history["held_out_loss"].dropna().tolist()
    assert len(held) > 1
    assert [row["held_out_loss"] for row in learning.numbers] == held
