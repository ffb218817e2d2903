"""The four dtypes as numbers: what their bits mean, how they rank, and how 16 bits become 32 and back."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

INFINITY = {  # the bits of infinity, by dtype; above them lie the NaNs
    np.dtype(np.float16): 0x7C00,
    np.dtype(np.uint16): 0x7F80,  # bfloat16, as bits
    np.dtype(np.float32): 0x7F80_0000,
    np.dtype(np.float64): 0x7FF0_0000_0000_0000,
}
REAL = (np.dtype(np.float32), np.dtype(np.float64))  # what arithmetic is done in
BFLOAT16_SHIFT = 16  # a bfloat16 is the upper half of a float32


def magnitude_bits(dtype: np.dtype[Any]) -> int:
    """All bits of a value but its sign."""
    return (1 << (8 * dtype.itemsize - 1)) - 1


def order(scores: Array) -> NDArray[np.signedinteger[Any]]:
    """Integers in the order of magnitude: NaN (-1) < 0 = -0 < denormals < ... < infinity."""
    wide = np.int64 if scores.dtype.itemsize == 8 else np.int32
    bits = scores.view(f"u{scores.dtype.itemsize}").astype(f"u{np.dtype(wide).itemsize}")
    keys: NDArray[np.signedinteger[Any]] = (bits & magnitude_bits(scores.dtype)).astype(wide)
    keys[keys > INFINITY[scores.dtype]] = -1
    return keys


def widened(values: Array) -> NDArray[np.float32] | NDArray[np.float64]:
    """The same numbers as float32, or as float64 if they are; uint16 holds the bits of bfloat16."""
    if values.dtype == np.uint16:
        return (values.astype(np.uint32) << BFLOAT16_SHIFT).view(np.float32)
    with np.errstate(invalid="ignore"):  # of a signalling NaN
        return values.astype(np.result_type(values.dtype, np.float32), copy=False)


def narrowed(values: Array, dtype: np.dtype[np.generic]) -> Array:
    """Floats as `dtype`, rounded to nearest, ties to even, infinite beyond its range.

    For uint16, which is bfloat16, the values are float32.
    """
    if dtype != np.uint16:
        with np.errstate(over="ignore", invalid="ignore"):
            return values.astype(dtype, copy=False)
    bits = values.view(np.uint32)
    even = bits >> BFLOAT16_SHIFT & 1
    rounded = (bits + (even + ((1 << BFLOAT16_SHIFT - 1) - 1))) >> BFLOAT16_SHIFT
    quiet = bits >> BFLOAT16_SHIFT | 0x40  # a NaN that rounding would carry into infinity
    return np.where(np.isnan(values), quiet, rounded).astype(np.uint16)
