"""Functions for workers: well-behaved, wrong, and deadly ones."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
KILLERS, RAISERS = {7}, {9}


def square(value: int) -> int:
    return value * value


def squares(values: list[int]) -> list[int]:
    """The squares, unless a value kills the worker or is refused."""
    if KILLERS.intersection(values):
        os.kill(os.getpid(), signal.SIGSEGV)
    if RAISERS.intersection(values):
        raise ValueError("bad\nnine")
    return [value * value for value in values]


def weigh(payload: bytes) -> int:
    """The size of a payload; one that begins with k kills while the next is still on its way."""
    if payload.startswith(b"k"):
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGKILL)
    return len(payload)


def split(values: list[int]) -> list[tuple[str, list[int]]]:
    return [(str(value), [value]) for value in values]


def slow_square(value: int) -> int:
    time.sleep(0.05)
    return value * value


def asleep(folder: str) -> None:
    """Say who sleeps, in a file, and sleep for longer than any test."""
    Path(folder, str(os.getpid())).touch()
    time.sleep(600)


def wrong(kind: str) -> Callable[[], int]:
    """Fail in one of several ways."""
    if kind == "exit":
        sys.exit(3)
    if kind == "raise":
        raise LookupError("x" * 1000)
    return lambda: 1  # which cannot be sent


def limits(_: None) -> tuple[str, set[int]]:
    """The threads that libraries may use here."""
    import numpy as np
    from threadpoolctl import threadpool_info

    assert np.ones((4, 4)).sum() == 16
    return os.environ["NMSIM_THREADS"], {pool["num_threads"] for pool in threadpool_info()}


def logged(job: tuple[str, str]) -> None:
    """Write down when a job begins and ends; the killer does not come to its end."""
    log, name = job
    note(log, f"{name} begins")
    if name == "killer":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    note(log, f"{name} ends")


def note(log: str, text: str) -> None:
    with Path(log).open("a") as file:
        file.write(f"{text}\n")


class Unloadable:
    """A function that ends the process that loads it."""

    def __reduce__(self) -> tuple[Callable[[int], None], tuple[int]]:
        return os._exit, (3,)

    def __call__(self, value: int) -> int:
        return value


def alive(pids: list[int]) -> list[int]:
    """Those of the processes that have not ended."""
    return [pid for pid in pids if Path(f"/proc/{pid}").exists() and "Z" not in state(pid)]


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def eventually(happens: Callable[[], object], seconds: float = 30) -> bool:
    """Whether it comes true within the time."""
    return any(happens() for _ in moments(seconds))


def moments(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.01)
