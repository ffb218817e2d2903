"""A worker process of this machine: an executor of one process, so that a death names the job that died."""

import signal
import sys
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import active_children, get_context, resource_tracker
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any, Generic

from analysis.runner.job import Died, End, Function, Job, P, Raised, Unbegun, one_line
from analysis.runner.worker import call, enter, ready
from simulator.errors import InputError

STARTS = 5  # in a row that fail before it is not the weather


class ProcessLane(Generic[P]):
    """One process, begun with its first job and again when it dies; `ahead` jobs wait behind the running one.

    A pool of several would break as a whole, could not say whose job killed it, and could stand still for
    ever: a killed worker may hold the lock of the queue that all share.
    """

    def __init__(self, function: Function[P], *, threads: int, ahead: int) -> None:
        self.function, self.threads, self.most = function, threads, 1 + ahead
        self.process: BaseProcess | None = None
        self._executor: ProcessPoolExecutor | None = None
        self._flying: dict[Future[Any], Job[P] | None] = {}  # in order; None: the handshake
        self._failed_starts = 0

    @property
    def flying(self) -> list[Future[Any]]:
        """What to wait for."""
        return list(self._flying)

    @property
    def busy(self) -> int:
        """The jobs in flight."""
        return sum(job is not None for job in self._flying.values())

    def begin(self, job: Job[P]) -> None:
        """Send a job to the process, a fresh one where it has died at rest."""
        future = self._sent(job)
        if _has_died(future) and not self._flying:
            self._stop()
            future = self._sent(job)
        self._flying[future] = job

    def _sent(self, job: Job[P]) -> Future[Any]:
        """The future of a job; where the process has died, that of a job which it did not come to."""
        executor = self._executor or self._started()
        try:
            return executor.submit(call, self.function, job.payload)
        except BrokenExecutor as error:
            future: Future[Any] = Future()
            future.set_exception(error)
            return future

    def _started(self) -> ProcessPoolExecutor:
        """Begin a process; spawned, because the threads of numba and BLAS do not survive a fork."""
        _clear_up_quietly()
        before = active_children()
        spawning = get_context("spawn")
        executor = ProcessPoolExecutor(1, spawning, initializer=enter, initargs=(self.threads,))
        try:
            with _interrupts_wait(), _main_kept_out(self.function):
                self._flying[executor.submit(ready, self.function)] = None
        except OSError as error:
            right = "begin fewer workers"
            raise InputError.of(f"a worker process cannot begin: {error.strerror}", right) from error
        self.process = next((child for child in active_children() if child not in before), None)
        self._executor = executor
        return executor

    def ended(self) -> Iterator[tuple[Job[P], End]]:
        """The jobs that are no longer in flight; of a process that died, the first of them killed it."""
        if any(_has_died(future) for future in self._flying):
            wait(self._flying)  # all are told within the moment
            blamed = False
            for future, job in list(self._flying.items()):
                if not _has_died(future):
                    yield from self._landed(future)
                    continue
                del self._flying[future]
                if job is None:
                    self._count_failed_start()
                else:
                    yield job, Unbegun() if blamed else Died(1, exact=True)
                blamed = True
            self._stop()
        for future in self.flying:
            if future.done() and not _has_died(future):
                yield from self._landed(future)

    def _landed(self, future: Future[Any]) -> Iterator[tuple[Job[P], End]]:
        job = self._flying.pop(future)
        error = future.exception()
        if job is None:
            self._failed_starts = 0
            if error is not None:
                raise error
        else:  # an error here is of the way: what cannot be pickled
            yield job, future.result() if error is None else Raised(one_line(error))

    def _count_failed_start(self) -> None:
        self._failed_starts += 1
        if self._failed_starts == STARTS:
            what = f"a worker process ended {STARTS} times before it was ready"
            raise InputError.of(what, "see above for what it said, and whether there is memory for it")

    def drop(self) -> None:
        """Forget what is in flight, and the process with it."""
        if self.busy:
            if self.process is not None:
                self.process.kill()
            self._stop()

    def close(self) -> None:
        """End the process; one that is at work or still starts is killed."""
        if self._flying and self.process is not None:
            self.process.kill()
        self._stop()

    def _stop(self) -> None:
        self._flying.clear()
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = self.process = None


def _has_died(future: Future[Any]) -> bool:
    return future.done() and isinstance(future.exception(), BrokenExecutor)


def _clear_up_quietly() -> None:
    """Start the process that clears up after a parent that was killed, and let it do so without a warning."""
    options = sys.warnoptions
    sys.warnoptions = [*options, "ignore::UserWarning:multiprocessing.resource_tracker"]
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions = options


@contextmanager
def _main_kept_out(function: Function[P]) -> Iterator[None]:
    """Let what is started not run the main module again, unless the function is there.

    A script that has no `if __name__ == "__main__"` would begin itself anew in every worker.
    """
    main = sys.modules["__main__"]
    if getattr(function, "__module__", None) != "__main__":
        sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Hold Ctrl-C back, here and in what is started: a worker that still imports would print a traceback."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
