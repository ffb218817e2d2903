"""`nmsim study` as users script against it."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.cli import run
from analysis.study import conduct as room
from analysis.study.text import difference_text, p_text
from tests.analysis.study.tiny import SMALL, Inline

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The current directory, with a study in it that was carried out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "Runner", Inline)
        place = tmp_path_factory.mktemp("verb")
        patch.chdir(place)
        (place / "tiny.yaml").write_text(SMALL.replace("[2:4]", "[2:4, 1:8]"))
        assert run(["study", "tiny.yaml"]) == 0
        yield place


def said(capsys: Capture, *arguments: str) -> str:
    capsys.readouterr()
    assert run(["study", "tiny.yaml", *arguments]) == 0
    return capsys.readouterr().out


def test_the_table_says_what_was_learnt_and_what_that_takes(folder: Path, capsys: Capture) -> None:
    lines = said(capsys).splitlines()
    assert lines[0] == "teacher mlp, 24 steps: unexplained variance, lower is better"
    head = ("pattern", "recipe", "value", "against", "dense", "p", "algorithmic", "FLOPs", "hardware")
    assert tuple(lines[1].split())[: len(head)] == head
    rows = {tuple(line.split()[:2]): line for line in lines[2:5]}
    assert list(rows) == [("-", "dense"), ("2:4", "sr_ste"), ("1:8", "sr_ste")]
    assert "±" in rows["-", "dense"]
    assert rows["-", "dense"].split()[-3:] == ["1.000"] * 3
    assert " by 0." in rows["2:4", "sr_ste"]
    assert lines[6] == "teacher mlp, 24 steps: on machines"
    assert "speed-up over dense" in lines[7]
    assert [line.split()[:3] for line in lines[8:10]] == [["a100", "-", "dense"], ["a100", "2:4", "sr_ste"]]
    assert lines[-4:] == [
        "values are means over 2 seeds ± half of a 95% t interval",
        "differences are paired by seed: paired t, 95% intervals, p by Holm over 2",
        "FLOPs are shares of dense's",
        "kept in tiny: study.json, results.csv, summary.csv, comparisons.csv, runs/, reports/",
    ]


def test_a_number_of_workers_is_refused_before_anything_is_written(folder: Path, capsys: Capture) -> None:
    assert run(["study", "tiny.yaml", "--workers", "0", "--out", "fresh"]) == 2
    assert capsys.readouterr().err == "--workers: 0 workers; from 1 to 1024\n"
    assert not Path("fresh").exists()


def test_json_and_csv_are_alone_on_stdout(folder: Path, capsys: Capture) -> None:
    found = json.loads(said(capsys, "--format", "json"))
    assert found["counts"] == {"runs": 6, "finished": 6, "diverged": 0, "set_aside": 0, "reports": 3}
    assert [row["label"] for row in found["summary"]] == ["dense", "sr_ste", "sr_ste"]
    assert (found["baseline"], found["lost"], found["path"]) == ("dense", [], "tiny")
    text = said(capsys, "--format", "csv")
    assert text == (folder / "tiny" / "summary.csv").read_text()
    assert [row["pattern"] for row in csv.DictReader(io.StringIO(text))] == ["", "2:4", "1:8"]


def test_one_seed_says_that_it_says_little(folder: Path, capsys: Capture) -> None:
    file = folder / "one.yaml"
    file.write_text(SMALL.replace("seeds: 2", "seeds: 1").replace("machines: [a100]\n", ""))
    assert run(["study", str(file), "-o", "one"]) == 0
    text = capsys.readouterr().out
    assert "one seed: there is no interval, and no difference says anything about another seed" in text
    assert "on machines" not in text
    assert "±" not in text.partition("one seed")[0]


def test_a_bad_study_is_refused_before_anything_is_written(folder: Path, capsys: Capture) -> None:
    (folder / "bad.yaml").write_text(SMALL.replace("[2:4]", "[5:4]").replace("a100", "a10"))
    assert run(["study", "bad.yaml"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert [line.partition(";")[0] for line in printed.err.splitlines()] == [
        "bad.yaml:5:12: patterns.0: `5:4` keeps 5 of 4 (in teacher sr_ste 5:4)",
        "bad.yaml:9:12: machines.0: no machine is called `a10`",
    ]
    assert not (folder / "bad").exists()
    assert run(["check", "tiny.yaml"]) == 0
    assert capsys.readouterr().out.split()[-3:] == ["tiny.yaml", "study", "0"]
    assert run(["check", "bad.yaml"]) == 2
    assert run(["schema", "study"]) == 0
    assert '"recipes"' in capsys.readouterr().out


ROW: dict[str, Any] = {"difference": -0.25, "low": -0.5, "high": 0.1, "lower_is_better": "true"}


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, "better by 0.25 (-0.1 to 0.5)"),
        ({"lower_is_better": "false"}, "worse by 0.25 (-0.1 to 0.5)"),
        ({"difference": 0.25, "low": 0.1, "high": 0.4}, "worse by 0.25 (0.1 to 0.4)"),
        ({"difference": 0.25, "low": None, "high": None}, "worse by 0.25"),
        ({"difference": 0.0, "low": 0.0, "high": 0.0}, "different by 0 (0 to 0)"),
        ({"difference": None}, "no pair"),
    ],
)
def test_a_difference_is_told_in_the_direction_of_its_word(changed: dict[str, Any], text: str) -> None:
    assert difference_text(ROW | changed) == text


@pytest.mark.parametrize(("p", "text"), [(None, ""), (0.0123, "0.012"), (1e-7, "<1e-4"), (1.0, "1")])
def test_a_p_is_told_in_two_digits(p: float | None, text: str) -> None:
    assert p_text({"p_corrected": p}) == text
