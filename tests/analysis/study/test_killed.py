"""Studies whose processes are killed: run again, they come to the bytes of one that was not."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import pytest

from analysis.study import conduct as room
from analysis.study.cells import cells_of
from analysis.study.spec import WrittenStudy
from simulator.spec import load_spec
from tests.analysis.study.tiny import SMALL, Inline, content
from workloads.training.emulator.train import train

ROOT = Path(__file__).parents[3]
TEXT = SMALL.replace("steps: 24", "steps: 60").replace("[2:4]", "[2:4, 1:4]")
STUDY = "import sys; from analysis.cli import run; sys.exit(run(sys.argv[1:]))"
PATIENCE = 120.0


@pytest.fixture
def undisturbed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What the study comes to where nobody kills anything; `./study.yaml` is left for others to carry out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(room, "Runner", Inline)
    Path("study.yaml").write_text(TEXT)
    room.conduct("study.yaml", "whole")
    return content(Path("whole"))


def started() -> "subprocess.Popen[bytes]":
    """The command in a process of its own, with two workers."""
    arguments = ("study", "study.yaml", "-o", "out", "--workers", "2", "--format", "csv")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", STUDY, *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def workers(pid: int) -> list[int]:
    """The processes that `pid` has started to work, not those that look after them."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    commands = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
    return [child for child, command in commands.items() if b"spawn_main" in command]


def ended(runs: Path) -> int:
    """How many runs have their result."""
    return sum(b'"result": {' in file.read_bytes() for file in runs.glob("*/run.json"))


def until(there: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until so many runs have ended, or the study has."""
    begun = monotonic()
    while ended(Path("out/runs")) < there and process.poll() is None:
        assert monotonic() < begun + PATIENCE
        sleep(0.01)


def finish(process: "subprocess.Popen[bytes]") -> None:
    _, said = process.communicate(timeout=PATIENCE)
    notes = [line for line in said.splitlines() if not line.startswith(b"compiling ")]  # of a cold cache
    assert (process.returncode, notes) == (0, [])


def gone(pids: list[int]) -> bool:
    """Whether the processes end by themselves, soon."""
    until = monotonic() + PATIENCE
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        if monotonic() > until:
            return False
        sleep(0.01)
    return True


def test_a_killed_worker_and_a_killed_study_cost_no_bytes(undisturbed: dict[str, bytes]) -> None:
    first = started()
    until(1, first)
    for pid in workers(first.pid)[:1]:
        os.kill(pid, signal.SIGKILL)
    until(3, first)
    orphans = workers(first.pid) if first.poll() is None else []
    first.kill()
    first.communicate()
    assert gone(orphans)
    finish(started())
    assert content(Path("out")) == undisturbed


def test_a_run_that_was_interrupted_goes_on(undisturbed: dict[str, bytes]) -> None:
    cells = cells_of(load_spec("study.yaml", WrittenStudy))
    cell = cells.runs[2]

    def stop(done: int, whole: int, row: object) -> None:
        if done == 30:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(cell.choices, out=Path("out/runs") / cell.run, progress=stop)
    (Path("out") / "study.json").write_bytes(undisturbed["study.json"].replace(b"true", b"false"))
    room.conduct("study.yaml", "out")
    assert len([job for job in Inline.jobs if job.startswith("teacher")]) == 6
    assert content(Path("out")) == undisturbed


@pytest.mark.full
def test_a_storm_of_kills_costs_no_bytes(undisturbed: dict[str, bytes]) -> None:
    moments = random.Random(7)
    for _ in range(20):
        process = started()
        begun = ended(Path("out/runs"))
        until(begun, process)
        sleep(moments.uniform(0, 8))
        killed = moments.choice(["worker", "study", "both"])
        pids = workers(process.pid) if process.poll() is None else []
        with suppress(ProcessLookupError):
            if killed != "study" and pids:
                os.kill(moments.choice(pids), signal.SIGKILL)
            if killed != "worker":
                process.kill()
        if killed == "worker":
            sleep(moments.uniform(0, 4))
            process.kill()
        process.communicate()
        assert gone(pids)
    finish(started())
    assert content(Path("out")) == undisturbed


@pytest.fixture(autouse=True)
def _no_process_left() -> Iterator[None]:
    """Fail where a worker outlives its test."""
    before = set(workers(os.getpid()))
    yield
    assert gone([pid for pid in workers(os.getpid()) if pid not in before])
