"""Results are told by their marks; tables have the types of their cells; what is damaged is named."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.results import load_results
from analysis.results.found import SCHEMAS
from analysis.results.read import number
from analysis.study.folder import SCHEMA as STUDY_SCHEMA
from analysis.sweep.table import SCHEMA as SWEEP_SCHEMA
from simulator import Trace, load_arch, simulate
from simulator.errors import InputError
from simulator.simulate import REPORT_SCHEMA
from simulator.trace_rows import SCHEMA as TRACE_SCHEMA
from tests.analysis.results.made import made_study, made_sweep, sweep_rows, write_results
from workloads.training.emulator.folder import SCHEMA as RUN_SCHEMA

Damage = Callable[[Path], object]


def test_the_newest_schemas_are_those_of_the_writers() -> None:
    assert SCHEMAS["sweep"] == SWEEP_SCHEMA
    assert SCHEMAS["study"] == STUDY_SCHEMA
    assert SCHEMAS["run"] == RUN_SCHEMA
    assert SCHEMAS["trace"] == TRACE_SCHEMA
    assert SCHEMAS["report"] == REPORT_SCHEMA


def test_each_kind_is_told_by_its_mark(tmp_path: Path) -> None:
    trace = Trace(steps=())
    trace.save(tmp_path / "trace")
    report = tmp_path / "report.json"
    report.write_text(simulate(load_arch("a100"), trace).to_json())
    run = write_results(tmp_path / "run", "run.json", {"schema": 1, "provenance": {}}, history=[])
    places = {
        "study": made_study(tmp_path / "study"),
        "sweep": made_sweep(tmp_path / "sweep"),
        "trace": tmp_path / "trace",
        "report": report,
        "run": run,
    }
    assert {kind: load_results(place).kind for kind, place in places.items()} == {
        kind: kind for kind in places
    }
    assert load_results(report).table("rows").empty
    assert list(load_results(report).reports()) == ["report"]
    assert load_results(run).table("noise").empty
    assert list(load_results(run).runs()) == ["run"]


def test_cells_have_the_types_that_they_say(tmp_path: Path) -> None:
    points = load_results(made_sweep(tmp_path / "s")).table("points")
    assert points["core.array.rows"].tolist() == [row["core.array.rows"] for row in sweep_rows()]
    assert points["core.array.rows"].dtype.kind == "i"
    assert points["feasible"].dtype.kind == "b"
    assert points["memory.dram.bandwidth"].tolist()[0] == "400 GB/s"
    assert points["seconds"].tolist() == [row["seconds"] for row in sweep_rows()]


def test_a_name_stays_a_name_and_a_large_count_exact(tmp_path: Path) -> None:
    rows = [{**row, "why": "1e3", "cycles": 2**70, "energy_j": ""} for row in sweep_rows()]
    points = load_results(made_sweep(tmp_path / "s", rows)).table("points")
    assert set(points["why"]) == {"1e3"}
    assert set(points["cycles"]) == {2**70}
    assert points["energy_j"].isna().all()
    assert points["energy_j"].dtype.kind == "f"


def test_beyond_all_floats_is_infinite(tmp_path: Path) -> None:
    rows = [{**row, "energy_j": 10**400} for row in sweep_rows()[:1]]
    rows += [{**row, "energy_j": None} for row in sweep_rows()[1:]]
    points = load_results(made_sweep(tmp_path / "s", rows)).table("points")
    assert points["energy_j"].tolist()[0] == float("inf")
    assert number(f"-{10**400}") == -float("inf")
    assert number(str(10**300)) == 10**300


@pytest.mark.parametrize(("cell", "value"), [("7", 7), ("-3", -3), ("1e3", 1000.0), ("inf", float("inf"))])
def test_numbers(cell: str, value: float) -> None:
    assert number(cell) == value
    assert type(number(cell)) is type(value)


@pytest.mark.parametrize("cell", ["1_000", "0x10", "one", "1,5"])
def test_what_is_no_number(cell: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        number(cell)


def changed(name: str, before: str, after: str) -> Damage:
    """What writes another text into a file, once."""

    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert before in text
        (folder / name).write_text(text.replace(before, after, 1))

    return change


def named(folder: Path) -> None:
    """Let the mark name the digest of a table that is not the one that lies there."""
    meta = json.loads((folder / "sweep.json").read_text())
    (folder / "sweep.json").write_text(json.dumps(meta | {"points_sha256": "0" * 64}))


DAMAGES: dict[str, tuple[Damage, str]] = {
    "number": (
        changed("points.csv", ",400 GB/s,25000000,", ",400 GB/s,25x,"),
        r"points.csv: is damaged: `25x` is no number, in column `cycles`; restore it",
    ),
    "whole": (changed("points.csv", "\n11,", "\ninf,"), "`inf` is no whole number, in column `point`"),
    "flag": (changed("points.csv", ",true,", ",yes,"), "`yes` is no flag, in column `feasible`"),
    "twice": (changed("points.csv", "seconds", "cycles"), "it has two columns `cycles`"),
    "digest": (named, "points.csv: is not the file that its results name: its digest differs; restore it"),
    "torn": (
        lambda d: (d / "points.csv").write_bytes((d / "points.csv").read_bytes()[:-40]),
        r"row 12 has 8 cells, not 13",
    ),
    "end": (
        lambda d: (d / "points.csv").write_bytes((d / "points.csv").read_bytes()[:-1]),
        r"its end is missing",
    ),
    "wide": (
        lambda d: (d / "points.csv").write_text("point,state,feasible,front\n1,done,true,true,5,6\n"),
        "points.csv: is damaged",
    ),
    "bytes": (lambda d: (d / "points.csv").write_bytes(b"point\xff\n1\n"), "points.csv: is damaged"),
    "column": (lambda d: (d / "points.csv").write_text("point\n1\n"), "has no column `state`"),
    "none": (lambda d: (d / "points.csv").unlink(), "points.csv: cannot be read: No such file"),
    "mark": (lambda d: (d / "sweep.json").write_text("{"), "sweep.json: is damaged: it is no JSON"),
    "list": (lambda d: (d / "sweep.json").write_text("[]"), "sweep.json: is damaged: it is no JSON object"),
    "deep": (lambda d: (d / "sweep.json").write_text("[" * 100_000), "sweep.json: is damaged: it is no JSON"),
    "axes": (changed("sweep.json", '"core.array.rows"', "[]"), "its axes are no list of names; restore it"),
    "newer": (
        lambda d: (d / "sweep.json").write_text('{"schema": 2}'),
        "schema `2` is newer than this nmsim",
    ),
    "plain": (lambda d: (d / "sweep.json").write_text("{}"), "is no sweep of nmsim: it has no schema"),
    "truth": (lambda d: (d / "sweep.json").write_text('{"schema": true}'), "it has no schema"),
    "source": (lambda d: (d / "sweep.json").write_text('{"schema": 1}'), "it has no provenance"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused_by_name(damage: str, tmp_path: Path) -> None:
    folder = made_sweep(tmp_path / "s")
    change, said = DAMAGES[damage]
    change(folder)
    with pytest.raises(InputError, match=said) as raised:
        load_results(folder).table("points")
    assert str(folder) in str(raised.value)
    assert "; " in str(raised.value)


def test_what_holds_no_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"holds no results: none of sweep.json, study.json, run.json, meta.json; name"
    ):
        load_results(tmp_path)
    with pytest.raises(InputError, match="does not exist; name what"):
        load_results(tmp_path / "nowhere")
    (tmp_path / "x.json").write_text(json.dumps({"provenance": {}, "rows": []}))
    with pytest.raises(InputError, match="is no report: it has no totals"):
        load_results(tmp_path / "x.json")
    with pytest.raises(InputError, match="no table of a sweep is called `rows`; known: points"):
        load_results(made_sweep(tmp_path / "s")).table("rows")


def test_a_study_that_was_stopped_has_no_tables(tmp_path: Path) -> None:
    study = made_study(tmp_path / "s")
    changed("study.json", '"schema": 1', '"schema": 1, "complete": false')(study)
    with pytest.raises(InputError, match="s: is a study without its end; run `nmsim study` again"):
        load_results(study).table("summary")


def test_runs_are_those_with_a_mark(tmp_path: Path) -> None:
    study = made_study(tmp_path / "s")
    for name in ("b", "a", "aside"):
        (study / "runs" / name).mkdir(parents=True)
    for name in ("b", "a"):
        (study / "runs" / name / "run.json").write_text("{}")
    assert list(load_results(study).runs()) == ["a", "b"]
    (study / "comparisons.csv").unlink()
    assert load_results(study).table("comparisons").empty
