"""Streams over weights under a mask that is given. Oracle: tests/oracles/magnitude.py."""

from typing import Any

import numpy as np

from simulator.kernels.compile import kernel


@kernel
def faded(values: Any, mask: Any, factor: Any, out: Any, first: int, last: int) -> None:
    """Write the value where the mask keeps it, else factor * value, and 0 where the factor is 0."""
    zero = factor * 0
    for i in range(np.uint64(first), np.uint64(last)):
        other = factor * values[i] if factor != zero else zero
        out[i] = values[i] if mask[i] else other


@kernel
def drawn(gradient: Any, weights: Any, mask: Any, factor: Any, out: Any, first: int, last: int) -> None:
    """Write the gradient where the mask keeps the weight, else gradient + factor * weight."""
    for i in range(np.uint64(first), np.uint64(last)):
        other = gradient[i] + factor * weights[i]
        out[i] = gradient[i] if mask[i] else other
