"""A factory of kernels that compile fast, for the tests of the cache."""

import resource
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from simulator.kernels.compile import kernel

VALUES = np.arange(5.0)


def make(times: int, plus: int) -> Any:
    @kernel
    def weigh(values: Any) -> float:
        total = 0.0
        for value in values:
            total += times * value + plus
        return total

    return weigh


def expected(times: int, plus: int) -> float:
    return float(sum(times * value + plus for value in range(5)))


def make_of(closed: object) -> Callable[[], object]:
    def answer() -> object:
        return closed

    return answer


def call(times: int, plus: int, most: int) -> None:
    """What a process does that is given the kernel to call; no file of it may have more than `most` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    sys.stdout.write(f"{make(times, plus)(VALUES)}\n")
