"""Streams over weights under a mask that is given. Oracle: tests/oracles/magnitude.py."""

from typing import Any

import numpy as np

from simulator.kernels.compile import kernel


@kernel
def moved(bits: Any, mask: Any, out: Any, first: int, last: int) -> None:
    """Write the bits of what the mask keeps, else 0; unsigned integers of one dtype in, and out."""
    zero = bits.dtype.type(0)  # a plain 0 would make 64 bits a float
    for i in range(np.uint64(first), np.uint64(last)):
        out[i] = bits[i] if mask[i] else zero


@kernel
def faded(values: Any, mask: Any, factor: Any, out: Any, first: int, last: int) -> None:
    """Write the value where the mask keeps it, else factor * value."""
    for i in range(np.uint64(first), np.uint64(last)):
        other = factor * values[i]
        out[i] = values[i] if mask[i] else other


@kernel
def drawn(gradient: Any, weights: Any, mask: Any, factor: Any, out: Any, first: int, last: int) -> None:
    """Write the gradient where the mask keeps the weight, else gradient + factor * weight."""
    for i in range(np.uint64(first), np.uint64(last)):
        other = gradient[i] + factor * weights[i]
        out[i] = gradient[i] if mask[i] else other
