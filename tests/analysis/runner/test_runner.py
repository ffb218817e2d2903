"""Jobs over worker processes that die, by their own hand or another's."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from analysis.runner import Outcome, Runner
from analysis.runner.runner import KILLER
from simulator.errors import InputError
from tests.analysis.runner import jobs

SLEEPERS = """
import signal, sys
from analysis.runner import Runner
from tests.analysis.runner.jobs import asleep
signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts the tests may ignore it
try:
    with Runner(asleep, workers=2) as runner:
        list(runner.run((str(i), sys.argv[1]) for i in range(9)))
except KeyboardInterrupt:
    sys.exit(130)
"""


def answered(outcomes: Iterator[Outcome[int]]) -> dict[str, int | None]:
    """The values by key, of which none is answered twice."""
    found: dict[str, int | None] = {}
    for outcome in outcomes:
        assert outcome.key not in found
        assert outcome.failed is None
        found[outcome.key] = outcome.value
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_is_answered_once_and_workers_stay_for_the_next_run(workers: int) -> None:
    pids: list[set[int]] = []
    with Runner(jobs.square, workers=workers, ahead=1) as runner:
        for size in (20, 3, 0):
            found = answered(runner.run((str(value), value) for value in range(size)))
            assert found == {str(value): value * value for value in range(size)}
            pids.append({lane.process.pid for lane in runner.lanes})  # type: ignore[attr-defined]
    assert len(pids[0]) == workers
    assert pids == [pids[0]] * 3


def test_of_a_chunk_that_kills_or_raises_only_the_guilty_points_are_set_aside() -> None:
    chunks = [(f"from {first}", list(range(first, first + 4))) for first in range(0, 20, 4)]
    with Runner(jobs.squares, workers=2, split=jobs.split, ahead=1) as runner:
        outcomes = {outcome.key: outcome for outcome in runner.run(chunks)}
    failed = {key: outcome.failed for key, outcome in outcomes.items() if outcome.failed}
    assert failed == {"7": KILLER, "9": "ValueError: bad nine"}
    values = [value for outcome in outcomes.values() for value in outcome.value or []]
    assert sorted(values) == [value * value for value in range(20) if value not in (7, 9)]


def test_a_worker_that_is_killed_from_outside_sets_nothing_aside() -> None:
    kills = 0
    with Runner(jobs.slow_square, workers=2, ahead=1) as runner:
        found: dict[str, int | None] = {}
        for outcome in runner.run((str(value), value) for value in range(30)):
            assert outcome.failed is None
            found[outcome.key] = outcome.value
            process = runner.lanes[kills % 2].process  # type: ignore[attr-defined]
            if kills < 3 and len(found) % 4 == 0 and process is not None:
                os.kill(process.pid, signal.SIGKILL)
                kills += 1
    assert kills == 3
    assert found == {str(value): value * value for value in range(30)}


def test_what_kills_twice_is_tried_with_nothing_beside_it(tmp_path: Path) -> None:
    log = str(tmp_path / "log")
    names = [*map(str, range(6)), "killer", *map(str, range(6, 12))]
    with Runner(jobs.logged, workers=2) as runner:
        failed = [
            outcome.key for outcome in runner.run((name, (log, name)) for name in names) if outcome.failed
        ]
    assert failed == ["killer"]
    running: set[str] = set()
    beside = []
    for line in Path(log).read_text().splitlines():
        name, happens = line.split()
        if name == "killer":
            beside.append(len(running))
        elif happens == "begins":
            running.add(name)
        else:
            running.remove(name)
    assert len(beside) == 3
    assert beside[1:] == [0, 0]


def test_a_worker_may_die_while_the_next_payload_fills_its_pipe() -> None:
    payloads = [(str(place), (b"k" if place == 1 else b"x") * 2**20) for place in range(4)]
    with Runner(jobs.weigh, workers=1, ahead=1) as runner:
        found = {outcome.key: outcome.value for outcome in runner.run(payloads)}
    assert found == {"0": 2**20, "1": None, "2": 2**20, "3": 2**20}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("exit", "SystemExit: 3"),
        ("raise", f"LookupError: {'x' * 287}…"),
        ("unsendable", "AttributeError: Can't "),
    ],
)
def test_what_goes_wrong_in_a_job_is_said_on_one_line(kind: str, text: str) -> None:
    with Runner(jobs.wrong, workers=1) as runner:
        (outcome,) = runner.run([("k", kind)])
    assert outcome.value is None
    assert (outcome.failed or "").startswith(text)


def test_jobs_are_taken_as_there_is_room() -> None:
    taken = count()
    jobs_without_end = ((str(value), value) for value in taken)
    with Runner(jobs.square, workers=2, ahead=1) as runner:
        for done, _ in enumerate(runner.run(jobs_without_end), start=1):
            assert done <= next(taken) <= done * 2 + 5
            if done == 8:
                break
        assert answered(runner.run([("a", 3)])) == {"a": 9}


def test_workers_share_the_threads_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMSIM_THREADS", "4")
    for workers, share in ((2, 2), (8, 1)):
        with Runner(jobs.limits, workers=workers) as runner:
            (outcome,) = runner.run([("k", None)])
        assert outcome.value == (str(share), {share})


def test_a_worker_that_cannot_start_is_said_and_blamed_on_no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.runner.lane.STARTS", 2)
    right = "see above for what it said, and whether there is memory for it"
    with Runner(jobs.Unloadable(), workers=1) as runner, pytest.raises(InputError) as refused:
        list(runner.run([("k", 1)]))
    assert str(refused.value) == f"a worker process ended 2 times before it was ready; {right}"


@pytest.mark.parametrize("workers", [0, -1, 1025])
def test_a_number_of_workers_that_cannot_be_is_refused(workers: int) -> None:
    with pytest.raises(InputError, match=f"workers: {workers} workers; from 1 to 1024"):
        Runner(jobs.square, workers=workers)


def started(place: Path) -> tuple["subprocess.Popen[str]", list[int]]:
    """A parent whose two workers sleep, and their ids."""
    script = place / "sleepers.py"
    script.write_text(SLEEPERS)
    folder = place / "asleep"
    folder.mkdir()
    parent = subprocess.Popen(
        [sys.executable, str(script), str(folder)],
        env={**os.environ, "PYTHONPATH": str(jobs.ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert jobs.eventually(lambda: len(list(folder.iterdir())) == 2)
    return parent, [int(path.name) for path in folder.iterdir()]


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent, pids = started(tmp_path)
    assert jobs.alive(pids) == pids
    parent.kill()
    assert parent.communicate()[1] == ""
    assert jobs.eventually(lambda: not jobs.alive(pids), 5)


def test_an_interrupt_ends_parent_and_workers_without_a_word(tmp_path: Path) -> None:
    parent, pids = started(tmp_path)
    os.killpg(parent.pid, signal.SIGINT)
    assert parent.communicate(timeout=20)[1] == ""
    assert parent.returncode == 130
    assert jobs.eventually(lambda: not jobs.alive(pids), 5)
