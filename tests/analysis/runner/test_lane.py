"""A worker process: whose job killed it, and what becomes of the one behind."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.runner.job import Died, Job, Returned, Unbegun
from analysis.runner.lane import ProcessLane
from simulator.errors import InputError
from tests.analysis.runner import jobs


@pytest.fixture
def lane() -> Iterator[ProcessLane[int]]:
    made: ProcessLane[int] = ProcessLane(jobs.square, threads=1, ahead=1)
    yield made
    made.close()


def killed(lane: ProcessLane[int]) -> None:
    """Kill the process, and wait until those who wait for it are told."""
    assert lane.process is not None
    os.kill(lane.process.pid or 0, signal.SIGKILL)
    assert jobs.eventually(lambda: all(future.done() for future in lane.flying))
    executor = lane._executor
    assert jobs.eventually(lambda: getattr(executor, "_broken", False))


def test_a_process_that_dies_at_rest_costs_nothing(lane: ProcessLane[int]) -> None:
    for value in range(2):
        job = Job(key="k", payload=value)
        lane.begin(job)
        ends: list[object] = []
        assert jobs.eventually(lambda ends=ends: ends.extend(lane.ended()) or ends)  # type: ignore[misc]
        assert ends == [(job, Returned(value * value))]
        killed(lane)


def test_of_two_jobs_the_first_is_blamed_though_the_second_came_after_the_death(tmp_path: Path) -> None:
    lane: ProcessLane[str] = ProcessLane(jobs.asleep, threads=1, ahead=1)
    first, second = (Job(key=key, payload=str(tmp_path)) for key in "ab")
    try:
        lane.begin(first)
        assert jobs.eventually(lambda: list(tmp_path.iterdir()))
        assert list(lane.ended()) == []
        killed(lane)  # type: ignore[arg-type]
        lane.begin(second)
        assert list(lane.ended()) == [(first, Died(1, exact=True)), (second, Unbegun())]
        assert lane.busy == 0
    finally:
        lane.close()


def test_a_machine_that_takes_no_more_processes_is_said(
    lane: ProcessLane[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.context.SpawnProcess._Popen", full)
    with pytest.raises(InputError) as refused:
        lane.begin(Job(key="k", payload=1))
    right = "Resource temporarily unavailable; begin fewer workers"
    assert str(refused.value) == f"a worker process cannot begin: {right}"
