"""A batch in equal parts: each runs forward and backward on a thread of its own, with sums in a fixed order.

So the bits of a run do not depend on the number of threads, as those of BLAS may, and no threads of BLAS
spin beside ours.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from threadpoolctl import threadpool_limits

from simulator.kernels.threads import threads, unspread

PARTS = 2
"""Parts of a batch, on any machine."""

T = TypeVar("T")


class Parts:
    """Runs one function for each part of a batch, at once where there are threads for it."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(PARTS - 1, "nmsim-part") if threads() >= PARTS else None

    def run(self, work: Callable[[int], T]) -> list[T]:
        """What work(0), work(1), ... return, in that order; a failure is raised once all have ended."""
        if self._pool is None:
            return [work(part) for part in range(PARTS)]
        others = [self._pool.submit(_alone, work, part) for part in range(1, PARTS)]
        try:
            first = _alone(work, 0)
        finally:
            failed = [other.exception() for other in others]
        for error in failed:
            if error is not None:
                raise error
        return [first, *(other.result() for other in others)]

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()


def _alone(work: Callable[[int], T], part: int) -> T:
    """work(part), whose kernels stay on this thread."""
    with unspread():
        return work(part)


@contextmanager
def parts() -> Iterator[Parts]:
    """Parts, with BLAS held to one thread for each.

    Other kernels that the caller runs stay on its thread: weights are small here, and to wake another one
    takes longer than a selection of masks.
    """
    with threadpool_limits(limits=1, user_api="blas"), unspread():
        running = Parts()
        try:
            yield running
        finally:
            running.close()
