"""Jobs over workers that may die: each is answered once, and one that kills its workers is set aside.

    with Runner(function, workers=2) as runner:
        for outcome in runner.run((key, payload) for ...):
            outcome.key, outcome.value, outcome.failed

`run` may be called again while the runner is open; its workers, and what they have cached, stay.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

from analysis.runner.job import End, Job, Lane, P, Raised, Returned, Unbegun
from analysis.runner.lane import ProcessLane
from simulator.errors import InputError

R = TypeVar("R")
DEATHS = 3
KILLER = "every worker that ran it died"
WORKERS_MAX = 1024
PATIENCE = 1.0  # seconds between looks at a cluster that says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[R]):
    """What became of the job `key`: its value, or `failed`, one line that says why it was set aside."""

    key: str
    value: R | None
    failed: str | None


def check_workers(workers: int | None) -> None:
    """Refuse a number of workers that no runner takes."""
    if workers is not None and not 1 <= workers <= WORKERS_MAX:
        raise InputError.of(f"{workers} workers", f"from 1 to {WORKERS_MAX}", where="workers")


class Runner(Generic[P, R]):
    """Runs `function`, of a module's top level, on payloads: here, or on the Dask cluster at `scheduler`.

    A job whose worker dies is tried again; once more, and it is tried with nothing else running; when three
    of its workers have died, it is set aside. So an outsider that kills a worker sets nothing aside, nor does
    a neighbour that takes all memory. What the function raises sets a job aside at once, as `Type: text`.
    `split` cuts a payload of several points into those, with their keys: then these are tried again.

    `workers` are the processors of this machine if None; they share its threads. `ahead` jobs wait at each
    worker behind the running one: 0 where jobs are long, 1 where they are as short as their way there.
    """

    def __init__(
        self,
        function: Callable[[P], R],
        *,
        workers: int | None = None,
        scheduler: str | None = None,
        split: Callable[[P], Sequence[tuple[str, P]]] | None = None,
        ahead: int = 0,
    ) -> None:
        self._split = split
        self._again: deque[Job[P]] = deque()
        self._alone: deque[Job[P]] = deque()
        self._is_alone = False
        self.lanes: list[Lane[P]]
        if scheduler is not None:
            from analysis.runner.cluster import ClusterLane

            cluster = ClusterLane(function, scheduler, ahead=ahead)
            self.lanes, self.workers = [cluster], cluster.threads
            return
        from simulator.kernels.threads import threads

        cores = threads()
        self.workers = cores if workers is None else workers
        check_workers(self.workers)
        share = max(1, cores // self.workers)
        self.lanes = [ProcessLane(function, threads=share, ahead=ahead) for _ in range(self.workers)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lane in self.lanes:
            lane.close()

    def run(self, jobs: Iterable[tuple[str, P]]) -> Iterator[Outcome[R]]:
        """The outcome of every job as it ends, in any order; jobs are taken as there is room for them."""
        left = (Job(key=key, payload=payload) for key, payload in jobs)
        try:
            while True:
                self._fill(left)
                if not any(lane.busy for lane in self.lanes):
                    return
                flying = [future for lane in self.lanes for future in lane.flying]
                wait(flying, timeout=PATIENCE, return_when=FIRST_COMPLETED)
                for lane in self.lanes:
                    for job, end in lane.ended():
                        yield from self._judged(job, end)
        finally:
            self._again.clear()
            self._alone.clear()
            self._is_alone = False
            for lane in self.lanes:
                lane.drop()

    def _fill(self, left: Iterator[Job[P]]) -> None:
        """Begin what there is room for; a suspect when nothing else runs, and nothing beside it."""
        while True:
            lane = min(self.lanes, key=lambda lane: lane.busy)
            if self._alone or self._is_alone:
                if not any(lane.busy for lane in self.lanes):
                    self._is_alone = True
                    lane.begin(self._alone.popleft())
                return
            if lane.busy >= lane.most:
                return
            job = self._again.popleft() if self._again else next(left, None)
            if job is None:
                return
            lane.begin(job)

    def _judged(self, job: Job[P], end: End) -> Iterator[Outcome[R]]:
        """The outcome of a job that ended so, or none where it, or its parts, are to be tried again."""
        was_alone, self._is_alone = self._is_alone, False
        if isinstance(end, Returned):
            yield Outcome(key=job.key, value=end.value, failed=None)
        elif isinstance(end, Unbegun):
            self._again.appendleft(job)
        elif job.whole and self._split is not None:
            exact = isinstance(end, Raised) or end.exact
            parts = (Job(key=key, payload=part, whole=False) for key, part in self._split(job.payload))
            (self._again if exact else self._alone).extend(parts)
        elif isinstance(end, Raised):
            yield Outcome(key=job.key, value=None, failed=end.text)
        else:
            job.deaths += end.deaths
            if job.deaths >= DEATHS and was_alone:
                yield Outcome(key=job.key, value=None, failed=KILLER)
            else:
                (self._again if end.exact and job.deaths == 1 else self._alone).append(job)
