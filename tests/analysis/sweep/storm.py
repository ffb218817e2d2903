"""A storm: a command that sweeps is killed at random moments, the command or its workers, and run again.

python -m tests.analysis.sweep.storm KILLS OUT COMMAND...   runs one and says what was killed
"""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep

from tests.analysis.runner.jobs import ROOT, alive, eventually

ORPHANS_END = 5.0  # seconds
KINDS = ("worker", "parent", "both")


class Storm:
    """Kills of a sweep into `out`; `struck` counts them by kind, `finished` the runs that came to an end."""

    def __init__(self, command: Sequence[str], out: Path, *, seed: int = 0) -> None:
        self.command, self.out = command, out
        self.random = random.Random(seed)
        self.struck: Counter[str] = Counter()
        self.finished = 0
        self.takes = 1.0
        self._stored = 0

    def undisturbed(self) -> dict[str, bytes]:
        """The tables of a run that nobody disturbs, which are removed."""
        began = monotonic()
        subprocess.run(self.command, env=environment(), check=True, stdout=subprocess.DEVNULL)
        self.takes = monotonic() - began
        return self._taken()

    def blow(self, kills: int, whole: dict[str, bytes]) -> None:
        """Kill until `kills` have hit; each time that the sweep comes to its end, its tables are `whole`."""
        while self.struck.total() < kills:
            if self.run(kills):
                assert self._taken() == whole
                self.finished += 1
        subprocess.run(self.command, env=environment(), check=True, stdout=subprocess.DEVNULL)
        assert self._taken() == whole

    def run(self, kills: int) -> bool:
        """Whether one run of the command came to its end, and was not killed; its workers may be, often."""
        with subprocess.Popen(self.command, env=environment(), stdout=subprocess.DEVNULL) as parent:
            workers: list[int] = []
            while parent.poll() is None:
                sleep(self.random.uniform(0.02, 0.5) * self.takes)
                workers = workers_of(parent.pid) or workers
                if self.struck.total() < kills and parent.poll() is None:
                    self._strike(parent, workers)
            code = parent.wait()
        assert code in (0, -signal.SIGKILL)
        assert eventually(lambda: not alive(workers), ORPHANS_END), "a worker outlived its parent"
        if code:
            stored = stored_in(self.out / "sweep.db")
            assert stored >= self._stored, "points were lost"
            self._stored = stored
        return code == 0

    def _strike(self, parent: "subprocess.Popen[bytes]", workers: Sequence[int]) -> None:
        kind = self.random.choice(KINDS if workers else ["parent"])
        victims = [self.random.choice(workers)] if workers and kind != "parent" else []
        victims += [parent.pid] if kind != "worker" else []
        for victim in alive(victims):
            os.kill(victim, signal.SIGKILL)
        self.struck[kind] += 1

    def _taken(self) -> dict[str, bytes]:
        """What the tables hold, which are then removed with all that led to them."""
        tables = {name: (self.out / name).read_bytes() for name in ("points.csv", "sweep.json")}
        shutil.rmtree(self.out)
        self._stored = 0
        return tables


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def workers_of(parent: int) -> list[int]:
    """The processes that run the jobs of a parent."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal():
            continue
        try:
            text = (process / "stat").read_text().rpartition(")")[2].split()
            is_worker = b"spawn_main" in (process / "cmdline").read_bytes()
        except OSError:
            continue
        if int(text[1]) == parent and is_worker:
            found.append(int(process.name))
    return found


def stored_in(path: Path) -> int:
    """How many results a store holds, told from a copy: 0 where its process is just at work on it."""
    copy = path.with_name("copy")
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    try:
        for file in path.parent.glob(f"{path.name}*"):
            shutil.copy(file, copy)
        if not (copy / path.name).exists():
            return 0
        with closing(sqlite3.connect(copy / path.name)) as connection:
            count: int = connection.execute("SELECT count(*) FROM results").fetchone()[0]
            return count
    except (OSError, sqlite3.DatabaseError):  # too early, or not of one moment
        return 0
    finally:
        shutil.rmtree(copy)


if __name__ == "__main__":
    storm = Storm(sys.argv[3:], Path(sys.argv[2]))
    storm.blow(int(sys.argv[1]), storm.undisturbed())
    sys.stdout.write(f"{dict(storm.struck)}, {storm.finished + 1} whole runs, all of the same bytes\n")
