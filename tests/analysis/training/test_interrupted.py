"""Runs that are stopped, killed, or have no room: loadable at every moment, and resumed to the same bits."""

import errno
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from time import monotonic, sleep

import pytest

from analysis.cli import run
from analysis.progress import Counted
from simulator.trace import load_trace
from tests.analysis.training.tiny import SPARSE, TEACHER, kept
from workloads.training.emulator.folder import read_run

ROOT = Path(__file__).parents[3]
Capture = pytest.CaptureFixture[str]
SLOWLY = """
import sys, time
import workloads.training.emulator.train as emulator
from analysis.cli import run
emulator.SAVED_EVERY = 0.0
step = emulator.Run._advance
def slow(self, mask_every):
    time.sleep(0.02)
    return step(self, mask_every)
emulator.Run._advance = slow
sys.exit(run(sys.argv[1:]))
"""
KILLED = """
import os, random, signal, sys, time
import workloads.training.emulator.train as emulator
from analysis.cli import run
from workloads.training.emulator.folder import read_run
arguments, out = sys.argv[1:], sys.argv[-1]
run([*arguments[:-1], "warm"])
emulator.SAVED_EVERY = 0.0
moments, kills = random.Random(1), 0
def step():
    return read_run(out)["step"] if os.path.exists(out + "/run.json") else -1
while (begun := step()) < 40:
    pid = os.fork()
    if pid == 0:
        os._exit(run([*arguments, *(["--resume"] if begun >= 0 else [])]))
    while step() < begun + 6 and os.waitpid(pid, os.WNOHANG) == (0, 0):
        time.sleep(0.002)
    time.sleep(moments.uniform(0, 0.03))
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        break
    kills += 1
    assert run(["check", out]) == 0
print("kills", kills, file=sys.stderr)
sys.exit(run([*arguments, "--resume"]))
"""


def started(script: str, *arguments: str) -> "subprocess.Popen[str]":
    """A process of its own that runs the command line in the current directory."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run leaves that nobody disturbs."""
    place = tmp_path_factory.mktemp("undisturbed") / "run"
    with redirect_stdout(io.StringIO()):
        assert run([*TEACHER, *SPARSE, "-o", str(place)]) == 0
    return outcome(place)


def outcome(place: Path) -> dict[str, bytes]:
    """The bytes of all that does not say with which libraries it was made, and the result."""
    files = {name: data for name, data in kept(place).items() if name != "trace/meta.json"}
    return files | {"result": json.dumps(read_run(place)["result"]).encode()}


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that Ctrl-C stopped, in a process of its own, and that said so."""
    place = tmp_path_factory.mktemp("interrupted") / "r"
    process = started(SLOWLY, *TEACHER, *SPARSE, "-o", str(place))
    end = monotonic() + 60
    while monotonic() < end and process.poll() is None and not (place / "checkpoint.npz").exists():
        sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    step = read_run(place)["step"]
    assert (process.returncode, out) == (130, "")
    assert err == f"nmsim: interrupted at step {step} of 40; `nmsim train ... --resume` goes on\n"
    return place


@pytest.fixture
def stopped(interrupted: Path, tmp_path: Path) -> int:
    """The step at which the run in `r` was stopped."""
    shutil.copytree(interrupted, tmp_path / "r")
    step: int = read_run("r")["step"]
    assert 0 < step < 40
    return step


def test_after_an_interrupt_a_run_is_loadable_and_goes_on_to_the_same_bits(
    stopped: int, undisturbed: dict[str, bytes], capsys: Capture
) -> None:
    assert run(["check", "r"]) == 0
    trace = load_trace("r/trace")
    assert max(step.when.first_step + step.when.count for step in trace.steps) == stopped
    assert run([*TEACHER, *SPARSE, "-o", "r"]) == 2
    assert capsys.readouterr().err == (
        f"r: holds an unfinished run, at step {stopped}; --resume goes on with it; "
        "for a new run name another directory\n"
    )
    assert run([*TEACHER, *SPARSE, "-o", "r", "--resume"]) == 0
    assert outcome(Path("r")) == undisturbed
    assert load_trace("r/trace").complete


def test_the_trace_of_an_interrupted_run_says_so(stopped: int) -> None:
    assert not load_trace("r/trace").complete


def test_an_interrupt_of_a_run_without_a_place_says_so(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = Counted.__call__

    def pressed(steps: Counted, done: int, whole: int, said: str = "") -> None:
        noted(steps, done, whole, said)
        if done == 5:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Counted, "__call__", pressed)
    assert run(TEACHER) == 130
    assert capsys.readouterr() == (
        "",
        "nmsim: interrupted at step 5 of 40; nothing is kept without --out\n",
    )


def test_killed_at_any_moment_a_run_goes_on_to_the_same_bits(undisturbed: dict[str, bytes]) -> None:
    process = started(KILLED, *TEACHER, *SPARSE, "-o", "r")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert int(err.split()[-1]) >= 3
    assert outcome(Path("r")) == undisturbed


def test_a_full_disk_is_one_line_and_leaves_the_run_as_it_was(
    undisturbed: dict[str, bytes], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("workloads.training.emulator.train.SAVED_EVERY", 0.0)
        synced = os.fsync
        calls = iter(range(10**6))

        def full(handle: int) -> None:
            if next(calls) > 20:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            synced(handle)

        patch.setattr("simulator.atomic.os.fsync", full)
        assert run([*TEACHER, *SPARSE, "-o", "r"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert ": cannot be written: No space left on device; name a place that can be written" in said.err
    assert not [path for path in Path("r").rglob("*") if path.name.endswith(".tmp")]
    assert run(["check", "r"]) == 0
    assert run([*TEACHER, *SPARSE, "-o", "r", "--resume"]) == 0
    assert outcome(Path("r")) == undisturbed
