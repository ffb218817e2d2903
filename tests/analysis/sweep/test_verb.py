import json
from pathlib import Path

import pytest

from analysis.cli import run
from tests.analysis.sweep.spaces import Here, write_space

CORES = "{cores: [108, 216, 217, 432]}"


@pytest.fixture(autouse=True)
def _in_a_fresh_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_sweep_says_its_front_its_counts_and_where_the_rest_is(
    tmp_path: Path, here: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    write_space(tmp_path, axes=CORES, objectives="[seconds, area]")
    assert run(["sweep", "space.yaml"]) == 0
    out, err = capsys.readouterr()
    title, header, *rest = out.splitlines()
    assert title == "tiny: the front of min seconds, min area_mm2"
    assert header.split() == ["point", "cores", "seconds", "area_mm2"]
    assert "4 points: 3 done, 1 refused, 0 set aside; 3 feasible, 1 on the front" in rest
    why = "memory.2.per: 217 cores are not shared evenly by 4; it divides `cores`"
    assert f"refused: 1, such as point 2: {why}" in rest
    assert rest[-1] == "every point is in space/points.csv, the whole in space/sweep.json"
    assert any(line.startswith("hypervolume ") for line in rest)
    assert err == ""


def test_json_and_csv_are_alone_on_stdout(
    tmp_path: Path, here: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    write_space(tmp_path, axes=CORES)
    assert run(["sweep", "space.yaml", "-o", "out", "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    written = json.loads((tmp_path / "out" / "sweep.json").read_text())
    assert {key: said[key] for key in written if key in said} == {
        key: value for key, value in written.items() if key != "points_sha256"
    }
    assert [row["point"] for row in said["front"]] == [
        index
        for index, row in enumerate((tmp_path / "out" / "points.csv").read_text().splitlines()[1:])
        if ",true,true,done," in row
    ]
    assert run(["sweep", "space.yaml", "-o", "out", "--format", "csv"]) == 0
    assert capsys.readouterr().out == (tmp_path / "out" / "points.csv").read_text()


def test_one_axis_at_a_time_says_what_each_changes(
    tmp_path: Path, here: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    write_space(tmp_path, axes="{cores: [217, 432, 864], launch: [16 us]}", choose="one_at_a_time")
    assert run(["sweep", "space.yaml"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "tiny: one axis at a time of min seconds"
    cells = [line.split() for line in lines[2:6]]
    assert [row[:2] for row in cells] == [
        ["as", "written"],
        ["cores", "217"],
        ["cores", "864"],
        ["launch", "16"],
    ]
    assert cells[1][2] == "refused"
    assert cells[3][-1].startswith("+")
    assert not any(line.startswith("hypervolume") for line in lines)


def test_no_point_that_meets_the_constraints_is_said(
    tmp_path: Path, here: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    write_space(tmp_path, constraints="[seconds <= 1 ps]")
    assert run(["sweep", "space.yaml"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "tiny: the front of min seconds: no point meets the constraints"
    assert lines[1] == "2 points: 2 done, 0 refused, 0 set aside; 0 feasible, 0 on the front"


def test_bad_input_is_one_line_a_problem_and_writes_nothing(
    tmp_path: Path, here: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    write_space(tmp_path, axes="{core.array.row: [4]}", objectives="[second]")
    assert run(["sweep", "space.yaml"]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)  # the keys of the space, before those of the machine
    assert err.startswith(
        "space.yaml:7:14: objectives.0: no metric is called `second`; did you mean `seconds`? "
    )
    assert run(["sweep", "space.yaml", "--workers", "x"]) == 2
    write_space(tmp_path)
    assert run(["sweep", "space.yaml", "--workers", "0"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "--workers: 0 workers; from 1 to 1024"
    write_space(tmp_path, axes="{core.array.row: [4]}")
    assert run(["check", "space.yaml"]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.yaml", "space.yaml"]


def test_check_and_schema_know_a_space(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_space(tmp_path)
    assert run(["check", "space.yaml"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["space.yaml", "sweep", "0"]
    assert run(["schema", "sweep"]) == 0
    assert "axes" in json.loads(capsys.readouterr().out)["properties"]


def test_an_interrupt_says_how_far_it_came(
    tmp_path: Path, here: Here, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_space(tmp_path, axes=CORES)

    def interrupted(_jobs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(here, "run", interrupted)
    assert run(["sweep", "space.yaml"]) == 130
    assert capsys.readouterr().err == "nmsim: interrupted at 0 of 4 points; the same command goes on\n"


def test_what_was_set_aside_is_named_and_tried_again_when_asked(
    tmp_path: Path, here: Here, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from analysis.sweep import evaluate

    write_space(tmp_path, axes="{cores: [216, 432]}")
    with monkeypatch.context() as patched:
        patched.setattr(evaluate, "metrics_of", lambda _: 1 / 0)
        assert run(["sweep", "space.yaml"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "set aside: point 1 (cores 432): ZeroDivisionError: division by zero" in lines
    assert "--retry tries again what was set aside" in lines
    assert run(["sweep", "space.yaml"]) == 0
    assert "2 points: 0 done, 0 refused, 2 set aside; 0 feasible, 0 on the front" in capsys.readouterr().out
    assert run(["sweep", "space.yaml", "--retry"]) == 0
    assert "2 points: 2 done, 0 refused, 0 set aside; 2 feasible, 2 on the front" in capsys.readouterr().out
