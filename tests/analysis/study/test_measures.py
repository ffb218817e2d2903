"""measures.csv against the files of the runs, and which combinations are compared."""

import csv
from pathlib import Path

import pytest

from analysis.study import conduct as room
from analysis.study.cells import cells_of
from analysis.study.pairs import compared
from analysis.study.spec import WrittenStudy
from simulator.spec import load_spec
from tests.analysis.study.tiny import SMALL, Inline, carried_out
from workloads.training.emulator.folder import read_run

ALL = SMALL.replace("machines: [a100]", "measures: [losses, entropy, flips, noise]\npairs: [[ste, sr_ste]]")
ALL = ALL.replace("batch: 256", "batch: 256, probes: 2").replace("[dense, sr_ste]", "[dense, sr_ste, ste]")


def table(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_each_measure_is_a_mean_over_seeds_of_what_the_runs_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "Runner", Inline)
    carried_out(tmp_path, ALL)
    found = table(tmp_path / "out" / "measures.csv")
    runs = {row["run"]: row for row in table(tmp_path / "out" / "results.csv")}
    ste = [tmp_path / "out" / "runs" / run for run, row in runs.items() if row["label"] == "ste"]

    def of(measure: str, against: str) -> dict[str, str]:
        (row,) = (r for r in found if (r["label"], r["measure"], r["against"]) == ("ste", measure, against))
        return row

    losses = [read_run(run)["result"]["training_loss"] for run in ste]
    assert float(of("training_loss", "dense")["mean"]) == pytest.approx(sum(losses) / 2)
    sad = [sum(float(row["sad"]) for row in table(run / "weights.csv")) for run in ste]
    assert float(of("sad", "sr_ste 2:4")["mean"]) == pytest.approx(sum(sad) / 2)
    last = [row for run in ste for row in table(run / "noise.csv") if row["step"] == "22"]
    raw = [float(row["raw_variance_pruned"]) for row in last]
    assert float(of("raw_variance_pruned_3", "sr_ste 2:4")["mean"]) == pytest.approx(sum(raw) / len(raw))
    assert not any("entropy" in row["measure"] for row in found), "a regression has none"
    assert {row["pairs"] for row in found if row["against"]} == {"2"}


def cells_compared(folder: Path, recipes: str, more: str = "") -> list[str]:
    file = folder / "s.yaml"
    file.write_text(SMALL.replace("[dense, sr_ste]", recipes).replace("[2:4]", "[2:4, 1:8]") + more)
    pairs = compared(cells_of(load_spec(file, WrittenStudy)))
    return [f"{of.label} {of.pattern} - {other.label} {other.pattern}".strip() for of, other in pairs]


def test_equal_patterns_are_compared_and_a_recipe_without_goes_with_all(tmp_path: Path) -> None:
    assert cells_compared(tmp_path, "[dense, sr_ste]") == ["sr_ste 2:4 - dense", "sr_ste 1:8 - dense"]
    assert cells_compared(tmp_path, "[dense, sr_ste, ste]", "pairs: [[ste, sr_ste]]")[4:] == [
        "ste 2:4 - sr_ste 2:4",
        "ste 1:8 - sr_ste 1:8",
    ]
    backwards = cells_compared(tmp_path, "[dense, sr_ste]", "baseline: sr_ste")
    assert backwards == ["dense  - sr_ste 2:4", "dense  - sr_ste 1:8"]


def test_a_recipe_with_one_pattern_goes_with_every_pattern_of_the_other(tmp_path: Path) -> None:
    before = "[{recipe: one_shot, name: before, patterns: [50 %]}, {recipe: adaprune, name: after}]"
    assert cells_compared(tmp_path, before) == ["after 2:4 - before 50 %", "after 1:8 - before 50 %"]
