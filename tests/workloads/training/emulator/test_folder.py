"""A run as a directory: what is refused and in which words, the lock, full disks, damage, going on."""

import errno
import fcntl
import json
import logging
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.trace import load_trace
from tests.workloads.training.emulator.tiny import shrink, tiny
from workloads.training.emulator.checkpoint import load_checkpoint
from workloads.training.emulator.choices import Choices
from workloads.training.emulator.folder import read_run
from workloads.training.emulator.history import Row
from workloads.training.emulator.train import Trained, train

CHOICES = tiny("set", steps=8)
RIGHT = "name a place that can be written and has room; an earlier result there is unchanged"


@pytest.fixture(autouse=True)
def _shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)


def interrupted(folder: Path, at: int, choices: Choices = CHOICES, *, resume: bool = False) -> None:
    """Train until the step `at`, at which Ctrl-C is pressed."""

    def press(step: int, _steps: int, _row: Row | None) -> None:
        if step == at:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(choices, out=folder, resume=resume, progress=press)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def same_run(found: Trained, right: Trained) -> None:
    assert found.result == right.result
    assert found.trace.digest == right.trace.digest
    for name in ("rows", "weights", "noise"):
        assert getattr(found.history, name) == getattr(right.history, name)


def test_a_run_that_was_interrupted_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    right = train(CHOICES, out=tmp_path / "whole")
    folder = tmp_path / "run"
    interrupted(folder, 3)
    assert read_run(folder)["step"] == 3
    assert read_run(folder)["result"] is None
    assert not load_trace(folder / "trace").complete
    interrupted(folder, 6, resume=True)
    same_run(train(CHOICES, out=folder, resume=True), right)
    here, there = contents(folder), contents(tmp_path / "whole")
    assert here.keys() == there.keys()
    for name in here.keys() - {"checkpoint.npz"}:  # a zip file has the time of day in it
        assert here[name] == there[name], name


def test_a_run_that_was_interrupted_at_its_last_step_has_its_result(tmp_path: Path) -> None:
    choices = tiny("adaprune", steps=6)
    right = train(choices)
    interrupted(tmp_path / "run", 6, choices)
    same_run(train(choices, out=tmp_path / "run", resume=True), right)


def test_a_finished_run_gives_its_result_without_training(tmp_path: Path) -> None:
    right = train(CHOICES, out=tmp_path / "run")
    before, steps = contents(tmp_path / "run"), list[int]()
    found = train(CHOICES, out=tmp_path / "run", resume=True, progress=lambda step, *_: steps.append(step))
    assert steps == []
    same_run(found, right)
    assert found.folder == tmp_path / "run"
    assert contents(tmp_path / "run") == before


def test_what_is_written_is_what_is_returned(tmp_path: Path) -> None:
    found = train(replace(CHOICES, probes=2), out=tmp_path / "run")
    meta = read_run(tmp_path / "run")
    assert meta["result"] == json.loads(json.dumps(found.result))
    assert meta["provenance"] == json.loads(json.dumps(found.provenance))
    trace = load_trace(tmp_path / "run" / "trace")
    assert trace.digest == found.trace.digest
    assert trace.complete
    for name, rows in (("history", found.history.rows), ("weights", found.history.weights)):
        lines = (tmp_path / "run" / f"{name}.csv").read_text().splitlines()
        assert len(lines) == 1 + len(rows)
    assert (tmp_path / "run" / "noise.csv").exists()


def test_masks_are_written_a_bit_a_weight(tmp_path: Path) -> None:
    train(tiny("sr_ste", steps=5), out=tmp_path / "run", mask_every=2)
    files = sorted(file.name for file in (tmp_path / "run" / "masks").iterdir())
    assert files == ["step-000000001.npz", "step-000000003.npz"]
    with np.load(tmp_path / "run" / "masks" / files[-1]) as held:
        arrays = {name: held[name] for name in held.files}
    assert {name: array.shape for name, array in arrays.items()} == {
        "blocks.0.ff.1.weight": (32, 2),
        "blocks.0.ff.2.weight": (16, 4),
    }
    for array in arrays.values():
        bits = np.unpackbits(array, axis=-1, bitorder="little")
        assert (bits.reshape(-1, 4).sum(axis=1) == 2).all(), "2:4 along the inputs"


def refused(folder: Path, choices: Choices = CHOICES, *, resume: bool = False) -> str:
    with pytest.raises(InputError) as error:
        train(choices, out=folder, resume=resume)
    return str(error.value)


def test_refusals(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert refused(folder, resume=True) == f"{folder}: holds no run; leave --resume out to begin one"
    interrupted(folder, 3)
    right = "--resume goes on with it; for a new run name another directory"
    assert refused(folder) == f"{folder}: holds an unfinished run, at step 3; {right}"
    train(CHOICES, out=folder, resume=True)
    assert refused(folder) == f"{folder}: holds a finished run; {right}"
    assert refused(folder, replace(CHOICES, seed=4), resume=True) == (
        f"{folder}: the run here has seed `3`; not `4`: resume with the same choices"
    )
    assert refused(folder, replace(CHOICES, steps=9), resume=True) == (
        f"{folder}: the run here has steps `8`; not `9`: resume with the same choices"
    )


def test_strangers_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    assert refused(tmp_path / "notes") == (
        f"{tmp_path}/notes: the directory holds files, but no run.json of an earlier result; "
        "name a new or an empty directory"
    )
    assert refused(tmp_path / "notes" / "mine.txt") == (
        f"{tmp_path}/notes/mine.txt: is a file; name a directory"
    )
    assert contents(tmp_path) == {"notes/mine.txt": b"mine"}


def test_a_wrong_choice_writes_nothing(tmp_path: Path) -> None:
    refused(tmp_path / "run", replace(CHOICES, pattern="5:4"))
    assert list(tmp_path.iterdir()) == []


def test_another_process_that_writes_there(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    interrupted(folder, 2)
    handle = os.open(tmp_path / ".run.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    right = "wait for it, or name another directory"
    assert refused(folder, resume=True) == f"{folder}: another process is writing here; {right}"
    assert refused(folder) == f"{folder}: another process is writing here; {right}"
    os.close(handle)  # as when it dies
    assert train(CHOICES, out=folder, resume=True).result["steps"] == 8


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda data: data[:-3], "is damaged: JSONDecodeError; train it again"),
        (lambda data: b"", "is damaged: JSONDecodeError; train it again"),
        (lambda data: b"[]", "is damaged: TypeError; train it again"),
        (lambda data: b"{}", "is damaged: KeyError; train it again"),
        (lambda data: b"\xff", "is damaged: UnicodeDecodeError; train it again"),
        (lambda data: data.replace(b'"schema": 1', b'"schema": 2'), "has schema `2`; this version reads 1"),
    ],
)
def test_a_damaged_run_json_is_told(damage: Callable[[bytes], bytes], what: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    interrupted(folder, 2)
    file = folder / "run.json"
    file.write_bytes(damage(file.read_bytes()))
    assert refused(folder, resume=True) == f"{file}: {what}"
    with pytest.raises(InputError) as error:
        read_run(folder)
    assert str(error.value) == f"{file}: {what}"


@pytest.mark.parametrize("place", ["nowhere", "file", "empty"])
def test_what_holds_no_run(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as error:
        read_run(tmp_path / place)
    right = "name a directory that `nmsim train` wrote"
    assert str(error.value) == f"{tmp_path / place}: holds no run; {right}"


def flipped(data: bytes) -> bytes:
    middle = data.index(b"values.npy") + 150
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize(
    "damage",
    [flipped, lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"no zip"],
    ids=["flipped", "truncated", "empty", "no zip"],
)
@pytest.mark.parametrize("finished", [False, True])
def test_a_damaged_checkpoint_is_set_aside_and_the_run_begins_anew(
    damage: Callable[[bytes], bytes], finished: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    right, folder = train(CHOICES), tmp_path / "run"
    if finished:
        train(CHOICES, out=folder)
    else:
        interrupted(folder, 5)
    file = folder / "checkpoint.npz"
    bad = damage(file.read_bytes())
    file.write_bytes(bad)
    steps: list[int] = []
    with caplog.at_level(logging.WARNING):
        found = train(CHOICES, out=folder, resume=True, progress=lambda step, *_: steps.append(step))
    assert steps == list(range(1, 9))
    same_run(found, right)
    (message,) = caplog.messages
    assert message.startswith(f"{file} is damaged (")
    assert message.endswith(" and was set aside as checkpoint.npz.damaged; the run begins anew")
    assert (folder / "checkpoint.npz.damaged").read_bytes() == bad
    assert load_checkpoint(file)[0]["step"] == 8


class Disk:
    """A disk that has room for `writes` more: then what is written out is refused, and one renaming."""

    def __init__(self, patch: pytest.MonkeyPatch, writes: int) -> None:
        self.left = writes
        patch.setattr(os, "fsync", self.counted(os.fsync, lambda: self.left < 0))
        for name in ("replace", "rename"):
            patch.setattr(Path, name, self.counted(getattr(Path, name), lambda: self.left == -1))

    def counted(self, write: Callable[..., Any], full: Callable[[], bool]) -> Callable[..., Any]:
        def counting(*arguments: Any) -> Any:
            self.left -= 1
            if full():
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(*arguments)

        return counting


def check_whole(folder: Path) -> None:
    """Each file is as some save left it, and nothing else lies around, in the folder or beside it."""
    assert not [file for file in folder.parent.rglob("*") if file.name.startswith(".")]
    read_run(folder)
    load_checkpoint(folder / "checkpoint.npz")
    load_trace(folder / "trace")
    for file in folder.glob("*.csv"):
        assert file.read_text().endswith("\n")


def test_a_full_disk_at_any_write_leaves_what_was_there_whole(tmp_path: Path) -> None:
    choices = tiny("adaprune", steps=4, settings=("iterations=20",))
    right, refusals = train(choices), 0
    interrupted(tmp_path / "begun" / "run", 2, choices)
    for writes in range(100):
        folder = tmp_path / str(writes) / "run"
        shutil.copytree(tmp_path / "begun" / "run", folder)
        with pytest.MonkeyPatch.context() as patch:
            Disk(patch, writes)
            try:
                same_run(train(choices, out=folder, resume=True), right)
                break
            except InputError as error:
                (problem,) = error.problems
        assert problem.what == "cannot be written: No space left on device"
        assert problem.right == RIGHT
        assert problem.where.startswith(str(folder))
        check_whole(folder)
        same_run(train(choices, out=folder, resume=True), right)
        refusals += 1
    assert refusals > 10


@pytest.mark.parametrize("writes", [0, 1])
def test_a_disk_that_is_full_from_the_beginning(
    writes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Disk(monkeypatch, writes)
    text = refused(tmp_path / "run")
    assert text == f"{tmp_path}/run/run.json: cannot be written: No space left on device; {RIGHT}"
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]
