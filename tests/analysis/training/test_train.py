"""`nmsim train` as users script against it: what it prints in each form, and what it leaves behind."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from analysis.cli import run
from simulator.arch import load_arch
from simulator.simulate import simulate
from simulator.trace import load_trace
from tests.analysis.training.tiny import GRAMMAR, SPARSE, TEACHER, kept

Capture = pytest.CaptureFixture[str]


def said(*arguments: str) -> str:
    """What a command that succeeds prints."""
    with redirect_stdout(io.StringIO()) as printed:
        assert run(arguments) == 0
    return printed.getvalue()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a dense run and a sparse one of the same seed."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        said(*GRAMMAR, "-o", "dense")
        said(*GRAMMAR, *SPARSE, "-o", "sparse", "--mask-every", "8")
        yield folder


def again(run_: str, *arguments: str) -> str:
    """What the sparse run says once more: it is finished, so nothing is trained."""
    return said(*GRAMMAR, *SPARSE, "-o", run_, "--resume", *arguments)


def test_a_run_says_what_it_learnt_and_what_it_took(runs: Path) -> None:
    lines = again("sparse").splitlines()
    assert lines[0] == "grammar decoder, sr_ste 2:4: 24 steps of 256 samples, seed 0"
    assert lines[1].split() == [
        "samples",
        "bits",
        "per",
        "symbol",
        "loss",
        "(nats)",
        "output",
        "entropy",
        "(nats)",
    ]
    assert lines[4] == "50.0% of the weights that may be sparse are kept"
    files = "checkpoint.npz, history.csv, masks/, run.json, trace/, weights.csv"
    assert lines[5] == f"kept in sparse: {files}"
    result = json.loads((runs / "sparse" / "run.json").read_text())["result"]
    assert lines[2].split()[:2] == ["held-out", f"{result['value']:.4g}"]
    assert lines[7] == "FLOPs of the run"
    trace = load_trace(runs / "sparse" / "trace")
    of_dense = {line.split()[0]: float(line.split()[-1]) for line in lines[9:12]}
    # half of what the feed-forward layers multiply forward, and backward where it is by an N:M weight
    assert of_dense["all_sparse"] < of_dense["algorithmic"] < of_dense["hardware"] < 1
    assert trace.provenance["from"] == "training"


def test_masks_are_kept_when_asked_for(runs: Path) -> None:
    assert [file.name for file in sorted((runs / "sparse" / "masks").iterdir())] == [
        "step-000000007.npz",
        "step-000000015.npz",
        "step-000000023.npz",
    ]


def test_csv_is_the_history(runs: Path) -> None:
    text = again("sparse", "--format", "csv")
    assert text == (runs / "sparse" / "history.csv").read_text()
    assert [int(row["step"]) for row in csv.DictReader(io.StringIO(text))] == list(range(24))


def test_json_has_all_of_it(runs: Path) -> None:
    found = json.loads(again("sparse", "--format", "json", "--arch", "a100", "--against", "dense"))
    meta = json.loads((runs / "sparse" / "run.json").read_text())
    assert found["provenance"] == meta["provenance"]
    assert found["result"] == meta["result"]
    assert len(found["history"]) == 24
    for row in found["flops"]:
        assert row["total"] == row["FWD"] + row["DGRAD"] + row["WGRAD"]
        assert row["total"] == found["result"][f"{row['convention']}_flops"]
    (machine,) = found["machines"]
    assert_charged(machine, runs)
    assert found["against"]["paired"] is True


def assert_charged(machine: dict[str, Any], runs: Path) -> None:
    """The machine's figures are those that `simulate` finds."""
    report = simulate(load_arch("a100"), load_trace(runs / "sparse" / "trace"))
    assert machine["arch"] == "a100"
    assert machine["totals"] == json.loads(report.to_json())["totals"]
    assert machine["report"] == "sparse/report-a100.json"
    whole = json.loads((runs / "sparse" / "report-a100.json").read_text())
    assert whole["totals"] == machine["totals"]
    watts = machine["totals"]["energy_pj"] * 1e-12 / machine["totals"]["seconds"]
    assert machine["average_watts"] == pytest.approx(watts, rel=1e-12)
    each = machine["totals"]["energy_pj"] / machine["totals"]["effective_macs"]
    assert machine["pj_per_effective_mac"] == pytest.approx(each, rel=1e-12)
    (dram,) = (one for one in machine["bandwidth"] if (one["level"], one["way"]) == ("dram", "total"))
    moved = sum(
        machine["totals"][f"dram_{way}_bytes"] for way in ("read", "write", "metadata_read", "metadata_write")
    )
    assert dram["bytes"] == moved
    assert dram["bytes_per_second"] == pytest.approx(moved / machine["totals"]["seconds"], rel=1e-12)


def test_a_machine_has_its_costs_and_its_bytes(runs: Path) -> None:
    text = again("sparse", "--arch", "h100", "--arch", "dense128", "--set", "clock=1 GHz")
    assert text.count("bandwidth, UPDATE included\n") == 2
    assert text.count("pJ per effective MAC") == 2
    assert "average power " in text
    assert "\nevery row is in sparse/report-h100.json\n" in text
    assert (runs / "sparse" / "report-dense128.json").is_file()


def test_the_difference_from_another_run(runs: Path) -> None:
    found = json.loads(again("sparse", "--format", "json", "--against", "dense"))["against"]
    ours, theirs = (
        json.loads((runs / name / "run.json").read_text())["result"] for name in ("sparse", "dense")
    )
    *way, end = found["gaps"]
    assert [gap["share"] for gap in way] == [0.25, 0.5, 0.75, 1.0]
    assert all(gap["step"] == gap["other_step"] for gap in way)
    assert end["share"] is None
    for name in ("training_loss", "held_out_loss", "held_out_entropy", "held_out_metric"):
        assert end[name] == ours[name] - theirs[name]
    for name, ratio in found["flops"].items():
        assert ratio == float(Fraction(ours[f"{name}_flops"], theirs[f"{name}_flops"]))
    text = again("sparse", "--against", "dense")
    assert "\nthis run minus dense (grammar decoder, dense)\n" in text
    assert "\npaired: the same data in the same order, and the same start\n" in text
    assert f"\n{found['verdict']} (one pair of runs; a claim takes several seeds)\n" in text


def test_without_a_place_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = said(*TEACHER, "--steps", "2", "--arch", "a100")
    assert text.startswith("teacher mlp, dense: 2 steps of 256 samples, seed 0\n")
    assert "\nnothing of the run is kept: --out names a directory for it\n" in text
    assert text.splitlines()[1].split() == ["samples", "unexplained", "variance", "loss"]
    assert list(tmp_path.iterdir()) == []


def test_the_same_choices_leave_the_same_bytes(runs: Path) -> None:
    said(*GRAMMAR, *SPARSE, "-o", "twin")
    assert kept(runs / "twin") == kept(runs / "sparse")


def test_a_run_is_not_written_over(runs: Path, capsys: Capture) -> None:
    before = kept(runs / "dense")
    assert run([*GRAMMAR, "-o", "dense"]) == 2
    assert capsys.readouterr().err == (
        "dense: holds a finished run; --resume goes on with it; for a new run name another directory\n"
    )
    assert kept(runs / "dense") == before


def test_a_run_is_not_mixed_with_another(runs: Path, capsys: Capture) -> None:
    before = kept(runs / "dense")
    assert run([*GRAMMAR, "--seed", "3", "-o", "dense", "--resume"]) == 2
    assert capsys.readouterr().err == (
        "dense: the run here has seed `0`; not `3`: resume with the same choices\n"
    )
    assert kept(runs / "dense") == before


def test_a_run_is_taken_where_a_trace_is(runs: Path) -> None:
    for verb in (("simulate",), ("explain",), ("explain", "--energy"), ("roofline",)):
        name, *options = verb
        of_run, of_trace = (said(name, "a100", path, *options) for path in ("sparse", "sparse/trace"))
        assert of_run == of_trace
    assert said("explain", "a100", "sparse").startswith("grammar decoder, sr_ste 2:4 on ")


def test_a_run_is_checked_whole(runs: Path) -> None:
    (row,) = json.loads(said("check", "sparse", "--format", "json"))["rows"]
    assert row == {"file": "sparse", "kind": "run", "obeys": "", "problems": 0}


@pytest.mark.parametrize("what", ["tasks", "models", "references"])
def test_a_list_has_a_row_a_name(what: str) -> None:
    rows = json.loads(said("list", what, "--format", "json"))["rows"]
    assert len(rows) > 4
    assert all(cell not in ("", None) for row in rows for cell in row.values())
