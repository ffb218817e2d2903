"""What runs in a worker: the job, and the promise to end with the parent and not before."""

import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import connection, parent_process
from threading import Lock, Thread
from typing import Any, TypeVar

from analysis.runner.job import Raised, Returned, one_line
from simulator.version import __version__

P = TypeVar("P")
# What sizes the pools of threads of the libraries below us, read by each when it is loaded.
POOLS = ("NMSIM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

_turn = Lock()


def enter(threads: int) -> None:
    """Begin a worker of this machine: it ends when its parent does, and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    Thread(target=_end_with_parent, daemon=True, name="parent").start()
    os.environ.update(dict.fromkeys(POOLS, str(threads)))
    limit_pools(threads)


def _end_with_parent() -> None:
    """A parent that was killed tells nobody: its pipes stay open in its other children."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def limit_pools(threads: int) -> None:
    """Limit the libraries that the main module has loaded already; the others read the environment."""
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_limits

        threadpool_limits(threads)


def ready(function: Callable[[P], Any]) -> str:
    """The version of nmsim here: that this returns says that `function` can be loaded."""
    assert callable(function)
    return __version__


def call(function: Callable[[P], Any], payload: P) -> Returned | Raised:
    """function(payload), or what it raised as text: an error of any type crosses processes."""
    try:
        return Returned(function(payload))
    except (Exception, SystemExit) as error:
        return Raised(one_line(error))


def call_in_turn(function: Callable[[P], Any], payload: P) -> Returned | Raised:
    """The same where the process has other threads that do so: one at a time, as everywhere else."""
    with _turn:
        return call(function, payload)
