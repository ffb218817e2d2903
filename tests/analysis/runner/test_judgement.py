"""Whatever lanes do, each job is answered once, and only who is to blame is set aside."""

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from analysis.runner import Runner
from analysis.runner.job import Died, End, Job, Raised, Returned, Unbegun
from analysis.runner.runner import KILLER
from tests.analysis.runner.jobs import split, squares

Chunk = list[int]


class ActedLane:
    """A lane that acts what may happen: the `guilty` end their worker, and so may an outsider."""

    def __init__(self, most: int, *, exact: bool, guilty: set[int], outside: Iterator[bool]) -> None:
        self.most, self.exact, self.guilty, self.outside = most, exact, guilty, outside
        self.jobs: list[Job[Chunk]] = []

    @property
    def busy(self) -> int:
        return len(self.jobs)

    @property
    def flying(self) -> list[Future[Any]]:
        future: Future[Any] = Future()
        future.set_result(None)
        return [future] * len(self.jobs)

    def begin(self, job: Job[Chunk]) -> None:
        assert self.busy < self.most
        self.jobs.append(job)

    def ended(self) -> Iterator[tuple[Job[Chunk], End]]:
        if not self.jobs:
            return
        died = not self.guilty.isdisjoint(self.jobs[0].payload)
        if died or next(self.outside, False):
            jobs, self.jobs = self.jobs, []
            for place, job in enumerate(jobs):
                yield (
                    job,
                    Died(1 if self.exact else 4, self.exact) if not (self.exact and place) else Unbegun(),
                )
            return
        job = self.jobs.pop(0)
        yield job, Raised("no") if 9 in job.payload else Returned([value * value for value in job.payload])

    def drop(self) -> None:
        assert not self.jobs

    def close(self) -> None:
        pass


@given(
    sizes=st.lists(st.integers(1, 5), max_size=12),
    guilty=st.sets(st.integers(0, 40), max_size=4),
    lanes=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    exact=st.booleans(),
    outside=st.lists(st.booleans(), max_size=40).filter(lambda kills: sum(kills) <= 2),
)
def test_each_point_is_answered_once_and_only_the_guilty_are_set_aside(
    sizes: list[int], guilty: set[int], lanes: list[int], exact: bool, outside: list[bool]
) -> None:
    runner = Runner(squares, workers=1, split=split)
    kills = iter(outside if exact else [])
    runner.lanes = [ActedLane(most, exact=exact, guilty=guilty, outside=kills) for most in lanes]
    values = iter(range(100))
    chunks = [[next(values) for _ in range(size)] for size in sizes]
    answers: list[tuple[int, str | int]] = []
    for outcome in runner.run((str(chunk), chunk) for chunk in chunks):
        if outcome.failed is not None:
            answers.append((int(outcome.key), outcome.failed))
        else:
            answers += [(round(square**0.5), square) for square in outcome.value or ()]
    points = [value for chunk in chunks for value in chunk]
    right = {value: value * value for value in points} | {9: "no"} | dict.fromkeys(guilty, KILLER)
    assert sorted(answers) == [(value, right[value]) for value in points]
