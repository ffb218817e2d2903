"""The demo: what it leaves behind, that it is the same each time, and that its figure can be printed."""

import csv
import json
import re
from pathlib import Path

import pytest

from analysis.cli import run
from analysis.demo import MACHINES, RECIPES, run_demo
from simulator import load_trace


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    folder = tmp_path_factory.mktemp("demo")
    text = run_demo(folder / "a")
    run_demo(folder / "b")
    return folder / "a", folder / "b", text


def test_the_same_bytes_each_time(demos: tuple[Path, Path, str]) -> None:
    first, second, _ = demos
    files = sorted(file.relative_to(first) for file in first.rglob("*") if file.is_file())
    assert files == sorted(file.relative_to(second) for file in second.rglob("*") if file.is_file())
    for file in files:
        assert (first / file).read_bytes() == (second / file).read_bytes(), file


def test_every_pair_is_there_and_adds_up(demos: tuple[Path, Path, str]) -> None:
    folder, _, text = demos
    rows = list(csv.DictReader((folder / "demo.csv").read_text().splitlines()))
    assert [(row["machine"], row["recipe"]) for row in rows] == [(m, r) for m in MACHINES for r, _ in RECIPES]
    for machine in MACHINES:
        for recipe, _ in RECIPES:
            report = json.loads((folder / "reports" / f"{machine}-{recipe}.json").read_text())
            assert report["totals"]["cycles"] == sum(row["cycles"] for row in report["rows"])
    assert load_trace(folder / "traces" / "mdgf_exp").provenance["pattern"] == "1:16"
    assert "fidelity tile" in text


def test_the_figures_numbers_are_the_reports(demos: tuple[Path, Path, str]) -> None:
    folder, _, _ = demos
    for bar in csv.DictReader((folder / "time_by_pass.csv").read_text().splitlines()):
        report = json.loads((folder / "reports" / f"{bar['machine']}-{bar['recipe']}.json").read_text())
        steps = report["provenance"]["trace"]["made"]["steps"]
        whole = sum(float(bar[name]) for name in ("FWD", "DGRAD", "WGRAD", "UPDATE"))
        assert whole == pytest.approx(report["totals"]["seconds"] / steps, rel=1e-12)


def test_the_figure_embeds_truetype_fonts_and_no_date(demos: tuple[Path, Path, str]) -> None:
    pdf = (demos[0] / "time_by_pass.pdf").read_bytes()
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert b"CreationDate" not in pdf
    box = re.search(rb"/MediaBox \[ 0 0 ([0-9.]+) ([0-9.]+) \]", pdf)
    assert box is not None
    assert float(box[1]) / 72 <= 3.5  # a column of a two-column paper


def test_a_strangers_directory_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    assert run(["demo", "-o", str(tmp_path)]) == 2
    assert "but no demo.csv of an earlier result" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]
