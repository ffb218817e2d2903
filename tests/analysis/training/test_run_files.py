"""A run on disk as other verbs see it: the names that RunFolder gives, and damage that is said."""

import shutil
from pathlib import Path

import pytest

from analysis.cli import run
from analysis.training import run_files
from simulator.errors import InputError
from tests.analysis.training.tiny import SPARSE, TEACHER
from workloads.training.emulator import folder

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("made") / "run"
    assert run([*TEACHER, *SPARSE, "--steps", "3", "-o", str(place)]) == 0
    return place


@pytest.fixture
def copied(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the run as `run` in the current directory."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made, tmp_path / "run")
    return Path("run")


def test_names_are_those_of_the_run_folder() -> None:
    ours = (run_files.META, run_files.CHECKPOINT, run_files.TRACE)
    assert ours == (folder.META, folder.CHECKPOINT, folder.TRACE)


def test_a_history_is_read_as_it_was_written(copied: Path) -> None:
    rows = run_files.read_history(copied)
    assert [row["step"] for row in rows] == [0, 1, 2]
    assert rows[0]["held_out_loss"] is None
    assert rows[2]["held_out_loss"] is not None


@pytest.mark.parametrize("content", [b"step,loss\n1,x\n", b"step,loss\n1,2,3\n", b"\xff", b'step\n"1'])
def test_a_damaged_history_is_said(copied: Path, content: bytes) -> None:
    (copied / "history.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"^run/history\.csv: is no history: .*; train the run again$"):
        run_files.read_history(copied)


def test_every_damage_of_a_run_is_named(copied: Path, capsys: Capture) -> None:
    assert run(["check", "run"]) == 0
    part = copied / "trace" / "part-00000.parquet"
    part.write_bytes(part.read_bytes()[:-1])
    checkpoint = copied / "checkpoint.npz"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-30])
    (copied / "history.csv").unlink()
    capsys.readouterr()
    assert run(["check", "run"]) == 2
    history, trace, damaged = capsys.readouterr().err.splitlines()
    assert history.startswith("run/history.csv: cannot be read: No such file or directory; ")
    assert trace.startswith("run/trace/part-00000.parquet: is not the file that meta.json names")
    assert damaged.startswith("run/checkpoint.npz: is damaged: ")
    assert damaged.endswith("; `nmsim train ... --resume` sets it aside and begins anew")


def test_a_flipped_byte_of_a_checkpoint_is_found(copied: Path, capsys: Capture) -> None:
    checkpoint = copied / "checkpoint.npz"
    data = bytearray(checkpoint.read_bytes())
    data[len(data) // 2] ^= 1
    checkpoint.write_bytes(data)
    assert run(["check", "run"]) == 2
    assert capsys.readouterr().err.startswith("run/checkpoint.npz: is damaged: ")


def test_a_run_that_has_just_begun_is_whole(copied: Path) -> None:
    meta = (copied / "run.json").read_text().replace('"step": 3', '"step": 0', 1)
    for path in copied.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (copied / "run.json").write_text(meta)
    assert run(["check", "run"]) == 0
