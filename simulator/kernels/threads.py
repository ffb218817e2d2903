"""Work spread over threads: a kernel takes [first, last) of what is independent, so results do not change."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from threading import local

from simulator.errors import InputError, shown

GRAIN = 1 << 16  # values below which a thread costs more than it saves
MOST = 1024

_here = local()


def threads() -> int:
    """Threads that kernels may use: NMSIM_THREADS if set, else the processors that this process may use."""
    named = os.environ.get("NMSIM_THREADS", "")
    if not named:
        # macOS does not say which processors a process may use.
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not (named.isascii() and named.isdecimal() and len(named) < 10 and 1 <= int(named) <= MOST):
        raise InputError.of(f"NMSIM_THREADS is {shown(named)}", f"a whole number from 1 to {MOST}, or unset")
    return int(named)


def spread(run: Callable[[int, int], object], count: int, *, values: int, step: int = 1) -> None:
    """Call run(first, last) until [0, count) is covered, in parallel where `values` in all make it worth it.

    Every part but the last is a multiple of `step`. All parts have ended when this returns or raises, and the
    error is that of the first part that failed. A call from within a thread of the pool is not spread again.
    """
    most = threads()
    parts = max(1, min(most, values // GRAIN, count // step))
    if parts == 1 or getattr(_here, "is_of_the_pool", False):
        run(0, count)
        return
    cuts = [count * part // parts // step * step for part in range(parts)] + [count]
    left = list(pairwise(cuts))
    others: list[Future[object]] = []
    try:
        while len(left) > 1 and (begun := _begin(most - 1, run, left[-1])):
            others.append(begun)
            left.pop()
        for first, last in left:
            run(first, last)
    finally:
        wait(others)
    for other in reversed(others):
        other.result()


@contextmanager
def unspread() -> Iterator[None]:
    """Let every call of `spread` from this thread stay on it, where the caller has spread work already."""
    before = getattr(_here, "is_of_the_pool", False)
    _here.is_of_the_pool = True
    try:
        yield
    finally:
        _here.is_of_the_pool = before


def _begin(size: int, run: Callable[[int, int], object], part: tuple[int, int]) -> Future[object] | None:
    """A thread at work on the part; None where the interpreter ends and begins no more."""
    try:
        return _pool(size).submit(run, *part)
    except RuntimeError as error:
        if "shutdown" not in str(error):
            raise
        return None


@cache
def _pool(size: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(size, thread_name_prefix="nmsim", initializer=_enter)


def _enter() -> None:
    """A part that waited for other parts of the same pool could wait for ever: it does its own instead."""
    _here.is_of_the_pool = True


# A forked child has none of the threads of its parent, and would wait for them.
os.register_at_fork(after_in_child=_pool.cache_clear)
