"""The one decorator of kernels."""

from collections.abc import Callable
from typing import Any

import numba

from simulator.kernels.cache import KernelCache, fits
from simulator.kernels.store import warn


def kernel(function: Callable[..., Any]) -> Any:
    """`function`, compiled when it is first called, and kept on disk for the next process.

    A function made by a factory may close over ints, strings, bools and None: constants to the compiler.
    """
    if numba.config.DISABLE_JIT:
        return function
    kept = KernelCache(function)
    # The name becomes a symbol. Kernels of one factory that were compiled in two processes would share one,
    # and a third kernel that calls both would call the same one twice.
    function.__qualname__ += f"_{kept.identity}"
    dispatcher = numba.njit(nogil=True, error_model="numpy")(function)
    if fits(dispatcher):
        dispatcher._cache = kept
    else:
        warn(f"compiled kernels are not kept, so every start compiles them: numba is {numba.__version__}")
    return dispatcher
