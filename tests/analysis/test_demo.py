"""The demo: the whole story on a smaller study, the same each time, and a study like any other."""

import csv
import json
from pathlib import Path

import pytest

from analysis.cli import run
from analysis.demo import FIGURES, load_demo, run_demo
from analysis.study.spec import WrittenStudy
from simulator.spec import Loaded, load_spec

SMALL = """
spec: 1
name: a small demo
tasks: [teacher]
recipes: [dense, sr_ste, mdgf_exp]
patterns: [2:4]
seeds: 2
steps: 12
train: {batch: 16, width: 16}
machines: [vegeta, a100]
baseline: dense
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Loaded[WrittenStudy], bytes]:
    file = tmp_path_factory.mktemp("written") / "demo.yaml"
    file.write_text(SMALL)
    return load_spec(file, WrittenStudy), SMALL.encode()


@pytest.fixture(scope="module")
def demos(
    small: tuple[Loaded[WrittenStudy], bytes], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, str]:
    folder = tmp_path_factory.mktemp("demo")
    text = run_demo(folder / "a", small)
    run_demo(folder / "b", small)
    return folder / "a", folder / "b", text


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but those that say where they lie."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file.suffix != ".txt"
    }


def test_the_same_bytes_each_time(demos: tuple[Path, Path, str]) -> None:
    first, second = (contents(folder) for folder in demos[:2])
    assert {name for name in first if first[name] != second.get(name)} == set()
    assert first.keys() == second.keys()


def test_a_second_run_repeats_nothing_and_changes_nothing(
    small: tuple[Loaded[WrittenStudy], bytes], demos: tuple[Path, Path, str]
) -> None:
    folder, _, text = demos
    before = contents(folder)
    trained = {path: path.stat().st_mtime_ns for path in folder.glob("runs/*/*") if path.is_file()}
    assert run_demo(folder, small) == text
    assert contents(folder) == before
    assert {path: path.stat().st_mtime_ns for path in trained} == trained


def test_every_recipe_is_charged_on_every_machine(demos: tuple[Path, Path, str]) -> None:
    folder, _, text = demos
    rows = list(csv.DictReader((folder / "results.csv").read_text().splitlines()))
    assert len(rows) == 3 * 2 * 2  # recipes, seeds, machines
    for row in rows:
        report = json.loads((folder / "reports" / f"{row['report']}.json").read_text())
        assert report["totals"]["cycles"] == sum(one["cycles"] for one in report["rows"])
        assert report["totals"]["cycles"] == int(row["cycles"])
    assert all(word in text for word in ("sr_ste", "mdgf_exp", "vegeta", "a100", "demo.yaml"))


def test_four_figures_and_a_page(demos: tuple[Path, Path, str]) -> None:
    drawn = {file.name for file in (demos[0] / "figures").iterdir()}
    for name in FIGURES:
        assert any(file.startswith(name) and file.endswith(".pdf") for file in drawn), name
    assert (demos[0] / "report.html").read_bytes().startswith(b"<!doctype html>")


def test_what_is_shipped_is_a_study_of_three_recipes_on_two_machines() -> None:
    shipped = load_demo()[0].value
    assert (len(shipped.recipes), len(shipped.machines)) == (3, 2)


def test_a_strangers_directory_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    assert run(["demo", "-o", str(tmp_path)]) == 2
    assert "but no study.json of an earlier result" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]
