"""The same sweep on a Dask cluster of this machine: same table, whoever dies; a lost scheduler is one line.

The cluster and what uses it are processes of their own: in this one, nothing may use the network.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests.analysis.runner.jobs import alive, eventually
from tests.analysis.sweep import tiny_sweep
from tests.analysis.sweep.storm import environment, stored_in, workers_of

pytest.importorskip("distributed", reason="the extra dask is not installed")

POINTS = 90
CLI = "import sys; from dask.__main__ import main; main()"
REFUSED = """
import sys
from analysis.runner import Runner
from simulator.errors import InputError
from tests.analysis.runner.jobs import square
try:
    Runner(square, scheduler=sys.argv[1])
except InputError as error:
    print(error)
"""


class Cluster:
    """A scheduler and two workers, each a process with one thread."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.scheduler = self._begun("scheduler", "--port", "0", "--scheduler-file", str(place / "at.json"))
        assert eventually((place / "at.json").exists, 60)
        self.address = str(json.loads((place / "at.json").read_text())["address"])
        directory = ("--local-directory", str(place))
        self.nanny = self._begun("worker", self.address, "--nworkers", "2", "--nthreads", "1", *directory)

    def _begun(self, what: str, *arguments: str) -> "subprocess.Popen[bytes]":
        local = ("--host", "127.0.0.1", "--no-dashboard")
        command = [sys.executable, "-c", CLI, what, *arguments, *local]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, env=environment(), stdout=quiet, stderr=quiet, cwd=self.place)

    def workers(self) -> list[int]:
        return workers_of(self.nanny.pid)

    def close(self) -> None:
        workers = self.workers()
        for process in (self.nanny, self.scheduler):
            process.kill()
            process.wait()
        for worker in alive(workers):
            os.kill(worker, signal.SIGKILL)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    yield made
    made.close()


def begun(out: Path, scheduler: str = "") -> "subprocess.Popen[str]":
    """A toy sweep, on the cluster or here."""
    command = [
        sys.executable,
        "-m",
        tiny_sweep.__name__,
        str(out),
        str(POINTS),
        *([scheduler] if scheduler else []),
    ]
    return subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True)


def half_way(out: Path, process: "subprocess.Popen[str]") -> bool:
    """Wait until some points are stored and some are not."""
    return eventually(lambda: process.poll() is not None or stored_in(out / "sweep.db") >= POINTS // 3, 90)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What the sweep writes here, where nobody disturbs it."""
    out = tmp_path_factory.mktemp("here") / "out"
    assert begun(out).communicate(timeout=120)[1] == ""
    return (out / "points.csv").read_bytes()


def test_a_worker_that_dies_half_way_changes_nothing(cluster: Cluster, table: bytes, tmp_path: Path) -> None:
    out = tmp_path / "out"
    sweep = begun(out, cluster.address)
    assert half_way(out, sweep)
    assert sweep.poll() is None
    os.kill(cluster.workers()[0], signal.SIGKILL)
    assert sweep.communicate(timeout=120)[1] == ""
    assert (out / "points.csv").read_bytes() == table


@pytest.mark.full
def test_a_lost_scheduler_is_said_and_what_was_done_is_kept(
    cluster: Cluster, table: bytes, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    sweep = begun(out, cluster.address)
    assert half_way(out, sweep)
    cluster.scheduler.kill()
    said = sweep.communicate(timeout=120)[1].splitlines()[-1]
    right = "run this again when it is back; what was done is kept"
    assert said.endswith(f"scheduler {cluster.address}: the connection to the scheduler was lost; {right}")
    assert stored_in(out / "sweep.db") >= POINTS // 3
    assert begun(out).communicate(timeout=120)[1] == ""
    assert (out / "points.csv").read_bytes() == table


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tcp://127.0.0.1:9", "cannot be reached (OSError: Timed out trying to connect"),
        ("nonsense", "cannot be reached (ValueError: missing port number in address 'nonsense')"),
        ("x://127.0.0.1:9", "cannot be reached (ValueError: unknown address scheme 'x'"),
    ],
)
def test_a_scheduler_that_is_not_there_is_said_within_ten_seconds(address: str, said: str) -> None:
    began = monotonic()
    command = [sys.executable, "-c", REFUSED, address]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.startswith(f"scheduler {address}: {said}")
    assert done.stdout.endswith("; name the address that `dask scheduler` prints, as tcp://127.0.0.1:8786\n")
    assert done.stderr == ""
    assert monotonic() - began < 30
