"""A study from its file to its tables, and how it goes on."""

import csv
import json
import logging
import math
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis import study
from analysis.results import load_results
from analysis.study import conduct as room
from analysis.study.conduct import Study
from analysis.study.machines import load_machines
from analysis.study.spec import MachineEntry
from analysis.training.run_files import trace_of
from simulator.atomic import locked
from simulator.errors import InputError
from simulator.simulate import simulate
from tests.analysis.study.tiny import SMALL, Inline, carried_out, content
from workloads.training.emulator.folder import read_run

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "Runner", Inline)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a study that nothing disturbed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "Runner", Inline)
        folder = tmp_path_factory.mktemp("whole")
        carried_out(folder, SMALL)
        yield folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, which a test may break."""
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    return tmp_path


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "out" / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def again(folder: Path, text: str = SMALL) -> list[str]:
    """What a study in `folder` still had to do."""
    carried_out(folder, text)
    return [job.rpartition("-")[0] for job in Inline.jobs]


def same(folder: Path, whole: Path) -> bool:
    """Whether the tables and Reports are those of the undisturbed study, but for the path in study.json."""
    ours, theirs = content(folder / "out"), content(whole / "out")
    for one, path in ((ours, folder), (theirs, whole)):
        one["study.json"] = one["study.json"].replace(str(path).encode(), b"")
    return ours == theirs


def test_results_join_what_was_learnt_with_what_it_takes(whole: Path) -> None:
    found = rows(whole, "results")
    assert [(row["label"], row["pattern"], row["seed"]) for row in found] == [
        ("dense", "", "0"),
        ("dense", "", "1"),
        ("sr_ste", "2:4", "0"),
        ("sr_ste", "2:4", "1"),
    ]
    ((machine,), _) = load_machines([MachineEntry(arch="a100")], Path(), ["bf16"])
    for row in found:
        run = whole / "out" / "runs" / row["run"]
        result = read_run(run)["result"]
        for name in ("value", "held_out_loss", "training_loss", "density", "all_sparse_flops"):
            assert float(row[name]) == result[name]
        report = simulate("a100", trace_of(run))
        totals = report.totals
        assert int(row["cycles"]) == totals["cycles"]
        assert float(row["energy_j"]) == totals["energy_pj"] * 1e-12
        assert float(row["edp_js"]) == pytest.approx(totals["energy_pj"] * 1e-12 * totals["seconds"])
        assert float(row["utilization"]) == pytest.approx(report.utilization, rel=1e-14)
        assert int(row["dram_bytes"]) == report.traffic(report.levels[0]).total
        assert float(row["area_mm2"]) == machine.area_mm2
        assert (whole / "out" / "reports" / f"{row['report']}.json").is_file()
    assert found[0]["report"] == found[1]["report"] != found[2]["report"], "equal traces share one"


def test_means_and_paired_differences_follow_from_the_results(whole: Path) -> None:
    values = {(row["label"], row["seed"]): float(row["value"]) for row in rows(whole, "results")}
    dense, sparse = rows(whole, "summary")
    mean = (values["sr_ste", "0"] + values["sr_ste", "1"]) / 2
    half = 12.706204736 * abs(values["sr_ste", "0"] - values["sr_ste", "1"]) / 2  # t(1) at 97.5 %
    assert float(sparse["value_mean"]) == pytest.approx(mean)
    assert float(sparse["value_high"]) == pytest.approx(mean + half)
    assert (dense["seeds"], dense["pattern"], dense["arch"], dense["lost"]) == ("2", "", "a100", "0")
    (compared,) = rows(whole, "comparisons")
    differences = [values["sr_ste", seed] - values["dense", seed] for seed in "01"]
    assert float(compared["difference"]) == pytest.approx(sum(differences) / 2)
    assert (compared["against"], compared["pattern"], compared["pairs"]) == ("dense", "2:4", "2")
    assert compared["p"] == compared["p_corrected"]
    assert compared["method"] == "paired t, 95% intervals, p by Holm over 1"


def test_the_object_has_frames_and_shows_its_table(whole: Path) -> None:
    found = study(whole / "study.yaml", whole / "out")
    assert isinstance(found, Study)
    assert list(found.summary["label"]) == ["dense", "sr_ste"]
    assert list(found.results["pattern"]) == ["", "", "2:4", "2:4"]
    assert found.comparisons["pairs"].sum() == 2
    assert repr(found).startswith("teacher mlp, 24 steps: unexplained variance, lower is better\n")
    assert "<table" in found._repr_html_()


def test_nothing_is_done_twice(copy: Path, whole: Path) -> None:
    assert again(copy) == []
    assert same(copy, whole)


def test_a_study_grows_by_what_is_new(copy: Path) -> None:
    grown = SMALL.replace("[dense, sr_ste]", "[dense, ste, sr_ste]").replace("seeds: 2", "seeds: 3")
    new = ["teacher-dense-s2", *(f"teacher-ste-2x4-s{seed}" for seed in range(3)), "teacher-sr_ste-2x4-s2"]
    assert [job for job in again(copy, grown) if job.startswith("teacher")] == new
    first = rows(copy, "results")
    assert [row["label"] for row in first[::3]] == ["dense", "ste", "sr_ste"]
    assert again(copy, grown.replace("[a100]", "[a100, h100]")) == ["h100"] * 2, (
        "ste and sr_ste have one trace"
    )
    assert again(copy) == []
    assert len(rows(copy, "results")) == 4, "what is no longer asked for is in no table"
    assert len(list((copy / "out" / "runs").glob("teacher-*"))) == 9


@pytest.mark.parametrize(
    ("torn", "repeated"),
    [
        ("runs/*sr_ste*s0*/trace/part-00000.parquet", True),
        ("runs/*sr_ste*s0*/history.csv", True),
        ("runs/*sr_ste*s0*/run.json", True),
        ("reports/a100*.json", True),
        ("results.csv", False),
        ("study.json", False),
    ],
)
def test_what_is_torn_is_made_anew(
    copy: Path, whole: Path, torn: str, repeated: bool, caplog: pytest.LogCaptureFixture
) -> None:
    file = next((copy / "out").glob(torn))
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert len(again(copy)) == repeated
    assert same(copy, whole)
    if torn == "study.json":
        assert "is damaged" in caplog.text
        assert (copy / "out" / "study.json.damaged").is_file()
    if torn.endswith("run.json"):
        assert "was set aside in set_aside/; the run begins anew" in caplog.text
        assert len(list((copy / "out" / "set_aside").iterdir())) == 1


def test_a_flipped_digit_of_a_report_is_seen(copy: Path, whole: Path) -> None:
    file = next((copy / "out" / "reports").glob("*.json"))
    text = file.read_text()
    file.write_text(text.replace('"cycles": ', '"cycles": 1', 1))
    assert again(copy) == ["a100"]
    assert same(copy, whole)


@pytest.mark.parametrize("name", ["run.json", "history.csv", "weights.csv"])
def test_a_flipped_digit_of_a_run_is_seen(
    copy: Path, whole: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = next((copy / "out" / "runs").glob(f"*-sr_ste-*-s0-*/{name}"))
    text = file.read_text()
    before, after = (r'("value": )[0-9]', r"\g<1>7") if name == "run.json" else (r"(,0\.)[0-9]", r"\g<1>77")
    file.write_text(re.sub(before, after, text, count=1))
    assert file.read_text() != text
    assert again(copy) == ["teacher-sr_ste-2x4-s0"]
    assert "is not what it was when the study ended and was set aside in set_aside/" in caplog.text
    assert same(copy, whole)


def test_an_edited_table_is_refused_until_the_study_is_run_again(copy: Path) -> None:
    file = copy / "out" / "summary.csv"
    file.write_text(file.read_text().replace("teacher", "learner"))
    with pytest.raises(InputError, match=r"summary.csv: is not the file that its results name"):
        load_results(copy / "out").table("summary")
    assert again(copy) == []
    assert set(load_results(copy / "out").table("summary")["task"]) == {"teacher"}


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"schema": 1, "study": {"name": "tiny"}, "reports": null}', '{"schema": 1}']
)
def test_a_study_json_that_no_study_wrote_is_set_aside(
    copy: Path, whole: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (copy / "out" / "study.json").write_text(text)
    assert again(copy) == []
    assert "was set aside as study.json.damaged, and is written anew" in caplog.text
    assert same(copy, whole)


def test_a_pipe_in_place_of_a_report_is_refused(copy: Path) -> None:
    file = next((copy / "out" / "reports").glob("*.json"))
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(InputError, match="is a device or pipe; name a file"):
        carried_out(copy, SMALL)


def test_a_run_begun_elsewhere_begins_anew(copy: Path, whole: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = next((copy / "out" / "runs").glob("*-dense-s0-*"))
    meta = json.loads((run / "run.json").read_text())
    meta["provenance"]["versions"]["numpy"] = "1.0"
    meta |= {"result": None, "step": 0}
    (run / "run.json").write_text(json.dumps(meta))
    assert again(copy) == ["teacher-dense-s0"]
    assert "was begun under other versions and was set aside" in caplog.text
    assert same(copy, whole)


def test_a_run_that_diverges_is_a_result(tmp_path: Path) -> None:
    text = SMALL.replace("sr_ste]", "{recipe: sr_ste, train: {rate: 1e6, clip: 0}}]").replace("a100", "")
    found = carried_out(tmp_path, text)
    assert found.meta["counts"] == {"runs": 4, "finished": 2, "diverged": 2, "set_aside": 0, "reports": 0}
    lost = rows(tmp_path, "results")[2:]
    assert all(row["value"] == "" and row["why"].startswith("diverged: the loss is ") for row in lost)
    (_, summary) = rows(tmp_path, "summary")
    assert (summary["seeds"], summary["lost"], summary["value_mean"]) == ("0", "2", "")
    (compared,) = rows(tmp_path, "comparisons")
    assert (compared["pairs"], compared["difference"], compared["p"]) == ("0", "", "")
    assert "none: 2 lost" in repr(found)
    assert "diverged: the loss is" in repr(found)
    assert math.isnan(found.results["value"].iloc[-1])
    assert again(tmp_path, text) == []


def test_one_study_at_a_time(copy: Path) -> None:
    with locked(copy / "out"), pytest.raises(InputError, match="another process is writing here"):
        carried_out(copy, SMALL)


def test_a_directory_takes_no_other_study(copy: Path, whole: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(InputError, match="holds the study `tiny`; name another directory for `other`"):
        carried_out(copy, SMALL.replace("name: tiny", "name: other"))
    (copy / "elsewhere").mkdir()
    (copy / "elsewhere" / "thesis.txt").touch()
    with pytest.raises(InputError, match=r"the directory holds files, but no study\.json"):
        carried_out(copy, SMALL, out="elsewhere")
    file = copy / "out" / "study.json"
    file.write_text(file.read_text().replace('"schema": 1', '"schema": 2'))
    with pytest.raises(InputError, match="has schema `2`; this version reads 1"):
        carried_out(copy, SMALL)
    assert same(copy, whole) is False
    assert caplog.records == []


def test_what_the_place_refuses_ends_the_study_with_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logging.getLogger(__name__)
    (tmp_path / "out").write_text("a file")
    with pytest.raises(InputError, match="out: is a file; name a directory"):
        carried_out(tmp_path, SMALL)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "runs").symlink_to("/dev/full")
    with pytest.raises(InputError):
        carried_out(tmp_path, SMALL, out="full")
