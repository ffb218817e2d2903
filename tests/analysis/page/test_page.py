"""What a page says is what its results say, and it is written only where it may be."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.cli import run
from analysis.page.blocks import Page, Sheet
from analysis.page.headers import header
from analysis.page.page import page_of
from analysis.results import load_results
from tests.analysis.page.kinds import Made
from tests.analysis.results.made import made_study, made_sweep, study_rows, sweep_rows


def page(path: Path) -> Page:
    return page_of(load_results(path))


def sheet_of(made: Page, name: str) -> Sheet:
    return next(one for one in made.sheets if one.name == name)


def charts_of(made: Page, kind: str) -> list[Any]:
    return [chart for chart in made.charts if chart.kind == kind]


def test_the_bars_of_a_report_add_up_to_its_totals(made: Made) -> None:
    totals = json.loads(made.report.read_text())["totals"]
    views = [view for chart in charts_of(page(made.report), "bars") for view in chart.data["views"]]
    wanted = {"cycles": totals["cycles"], "energy": totals["energy_pj"]}
    assert [view["title"] for view in views] == ["cycles", "cycles", "energy", "energy"]
    for view in views:
        whole = sum(sum(bar["values"]) for bar in view["bars"])
        assert whole == pytest.approx(wanted[view["title"]], rel=1e-5)


def test_the_map_of_a_report_weighs_utilization_by_cycles(made: Made) -> None:
    rows = json.loads(made.report.read_text())["rows"]
    (chart,) = charts_of(page(made.report), "heat")
    views = {view["title"]: view["values"] for view in chart.data["views"]}
    for place, one in enumerate(chart.data["rows"]):
        for column, name in enumerate(chart.data["columns"]):
            here = [row for row in rows if (row["layer"], row["pass"]) == (one["name"], name)]
            multiplied = [row for row in here if row["dense_macs"]]
            found = views["utilization"][place][column]
            if not multiplied:
                assert found is None
                continue
            cycles = sum(row["cycles"] for row in multiplied)
            expected = sum(row["utilization"] * row["cycles"] for row in multiplied) / cycles
            assert found == pytest.approx(expected, rel=1e-5)
            assert views["time"][place][column] == pytest.approx(
                sum(row["seconds"] for row in here), rel=1e-5
            )


def test_every_row_and_column_of_a_report_is_in_its_sheet(made: Made) -> None:
    rows = json.loads(made.report.read_text())["rows"]
    sheet = sheet_of(page(made.report), "rows")
    assert sheet.rows == sheet.whole == len(rows)
    for key in ("layer", "cycles", "effective_macs"):
        column = sheet.column(key)
        assert column is not None
        assert [str(cell) for cell in column.cells] == [str(row[key]) for row in rows]


def test_a_study_says_which_is_best_and_what_is_learnt_by_each(made: Made) -> None:
    said = " ".join(page(made.study).findings)
    assert "of dense; with a pattern it is 0.245 (0.235 to 0.255), of sr_ste 2:4" in said
    (learnt,) = charts_of(page(made.study), "curves")
    assert [line["name"] for line in learnt.data["lines"]] == ["dense, seed 0", "sr_ste 2:4, seed 0"]
    history = pd.read_csv(made.run / "history.csv")
    steps, values = learnt.data["lines"][0]["figures"]["loss"]
    assert (steps[0], steps[-1]) == (0, len(history) - 1)
    assert values[-1] == pytest.approx(history["loss"].iloc[-1], rel=1e-6)


def test_where_more_is_better_the_best_is_the_most(tmp_path: Path) -> None:
    rows = [row | {"metric": "accuracy", "unit": "", "lower_is_better": False} for row in study_rows()]
    made = page(made_study(tmp_path / "study", rows))
    best = max(rows, key=lambda row: row["value_mean"])
    assert f"the best accuracy is {best['value_mean']:.4g}" in " ".join(made.findings)
    column = sheet_of(made, "summary").column("value_mean")
    assert column is not None
    assert (column.title, column.goal) == ("accuracy", "max")


def test_a_sweep_names_the_best_of_its_front(made: Made) -> None:
    front = [row for row in sweep_rows() if row["front"]]
    fastest = min(front, key=lambda row: float(row["seconds"]))
    said = " ".join(page(made.sweep).findings)
    assert f"The best time is {1e3 * fastest['seconds']:.3g} ms" in said
    assert f"(point {fastest['point']})" in said
    assert sheet_of(page(made.sweep), "points").keep == {row["point"] for row in front}


def test_a_maximised_objective_is_best_where_it_is_most(tmp_path: Path) -> None:
    points = [row | {"front": True, "feasible": True, "cycles": 100 + row["point"]} for row in sweep_rows()]
    goals = [{"name": "cycles", "goal": "max"}]
    made = page(made_sweep(tmp_path / "sweep", points, objectives=goals))
    assert f"The best cycles is {99 + len(points)}" in " ".join(made.findings)


def test_results_without_rows_have_a_page(tmp_path: Path) -> None:
    empty = made_sweep(tmp_path / "sweep", sweep_rows()[:1])
    (empty / "points.csv").write_text((empty / "points.csv").read_text().splitlines()[0] + "\n")
    assert "no front" in " ".join(page(empty).findings)
    study = made_study(tmp_path / "study", study_rows()[:1])
    for name in ("summary", "results", "comparisons"):
        text = (study / f"{name}.csv").read_text().splitlines()[0]
        (study / f"{name}.csv").write_text(f"{text}\n")
    assert page(study).findings == ("The study has no results yet.",)
    for path in (empty, study):
        assert run(["report", str(path)]) == 0


def test_a_diverged_run_is_told_apart(tmp_path: Path) -> None:
    rows = study_rows()
    for row in rows[:2]:
        row["value_mean"] = row["value_low"] = row["value_high"] = None
    made = page(made_study(tmp_path / "study", rows))
    assert any("have no result" in caution for caution in made.cautions)
    assert ", of sr_ste 2:4." in " ".join(made.findings)


@pytest.mark.parametrize(
    ("key", "read"),
    [
        ("seconds", ("time", "s", 1.0)),
        ("energy_dram_pj", ("energy dram", "J", 1e-12)),
        ("hardware_flops", ("hardware FLOPs", "FLOP", 1.0)),
        ("dram_read_bytes", ("dram read bytes", "B", 1.0)),
        ("stall_dram", ("stalled by dram", "", 1.0)),
        ("held_out_loss_mean", ("held-out loss, mean", "", 1.0)),
        ("core.array.rows", ("core.array.rows", "", 1.0)),
        ("area_low_mm2", ("area, at least", "mm²", 1.0)),
    ],
)
def test_a_header_says_what_a_column_is(key: str, read: tuple[str, str, float]) -> None:
    found = header(key)
    assert (found.title, found.unit, found.factor) == read


def test_the_verb_writes_beside_its_results_and_over_its_own_pages_alone(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = made_study(tmp_path / "study")
    assert run(["report", str(study)]) == 0
    assert "study/report.html: open it in a browser" in capsys.readouterr().out
    first = (study / "report.html").read_bytes()
    assert run(["report", str(study)]) == 0
    assert (study / "report.html").read_bytes() == first
    thesis = tmp_path / "thesis.html"
    thesis.write_text("mine")
    assert run(["report", str(study), "-o", str(thesis)]) == 2
    assert "thesis.html: holds something else than a page of nmsim" in capsys.readouterr().err
    assert thesis.read_text() == "mine"
    copy = tmp_path / "b.json"
    copy.write_bytes(made.report.read_bytes())
    assert run(["report", str(copy)]) == 0
    assert (tmp_path / "b.html").is_file()


def test_what_is_no_result_is_refused_and_nothing_is_written(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = json.loads(made.report.read_text())
    del rows["rows"][0]["cycles"]
    (tmp_path / "torn.json").write_text(json.dumps(rows))
    (tmp_path / "empty").mkdir()
    for name, what in (
        ("torn.json", "a row has no `cycles`"),
        ("empty", "no results"),
        ("gone", "not exist"),
    ):
        assert run(["report", str(tmp_path / name)]) == 2
        assert what in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "torn.json"]
