"""What the tests of kernels share: arrays to work on, and how near to the truth a result must be."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Array = NDArray[Any]
DTYPES: list[type] = [np.float32, np.float64]

shapes = st.tuples(st.integers(1, 9), st.integers(1, 37))
"""Rows and columns; columns are seldom a multiple of 8."""
seeds = st.integers(0, 2**32 - 1)


def normal(seed: int, *shape: int, dtype: type = np.float32, size: float = 1.0) -> Array:
    """Normal numbers of a standard deviation, of which every seventh seed has all equal ones."""
    rng = np.random.default_rng(seed)
    numbers = rng.standard_normal(shape) * size
    return (np.full(shape, numbers.flat[0]) if seed % 7 == 0 else numbers).astype(dtype)


def empty(array: Array, *shape: int) -> Array:
    """Room of a shape, or that of `array`, in its dtype: all NaN, so that what is not written is seen."""
    return np.full(shape or array.shape, np.nan, array.dtype)


def exact(*arrays: Array) -> list[Array]:
    """The same numbers in float64."""
    return [array.astype(np.float64) for array in arrays]


def assert_near(found: Any, right: Any, ulp: float, size: Any = 0.0, dtype: Any = None) -> None:
    """`found` is within `ulp` rounding units of |right| + size, in its dtype; what is not a number is equal.

    `size` is that of the terms of a sum, whose rounding remains where they cancel. What is smaller than e^-87
    (e^-708), the least that exp gives, is as good as 0.
    """
    found, right = np.asarray(found), np.asarray(right, np.float64)
    limits = np.finfo(dtype or found.dtype)
    allowed = ulp * float(limits.eps) * (np.abs(right) + size) + 2 * float(limits.smallest_normal)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(right))
    with np.errstate(invalid="ignore"):
        away = np.abs(found - right) / allowed
    worst = float(np.nanmax(away, initial=0.0))
    assert worst <= 1, f"{worst * ulp:.2f} ulp, more than {ulp}"
