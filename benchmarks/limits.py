"""What the machine can do at best: loops that only move as many bytes, and how a ratio to them is taken."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from simulator.kernels.compile import kernel
from simulator.kernels.threads import spread

Run = Callable[[], object]


@kernel
def read_write(values: Any, out: Any, first: int, last: int) -> None:
    """Read a float32, write a byte."""
    for i in range(np.uint64(first), np.uint64(last)):
        out[i] = values[i] > 0


@kernel
def triad(first_values: Any, second_values: Any, factor: Any, out: Any, first: int, last: int) -> None:
    """Read two float32, write one."""
    for i in range(np.uint64(first), np.uint64(last)):
        out[i] = first_values[i] + factor * second_values[i]


def spreading(run: Callable[..., object], *arguments: Any, size: int | None = None, step: int = 1) -> Run:
    """`run(*arguments, first, last)` by all threads, over the steps of `size` values.

    Without a `size` those are the values of the last argument, an array.
    """
    values = arguments[-1].size if size is None else size
    return lambda: spread(lambda first, last: run(*arguments, first, last), values // step, values=values)


def fastest(runs: dict[str, Run], *, rounds: int) -> dict[str, float]:
    """The least seconds of each, taken in turns, so that a slow moment of the machine meets all of them."""
    for run in runs.values():
        run()
    least = dict.fromkeys(runs, float("inf"))
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            least[name] = min(least[name], time.perf_counter() - start)
    return least
