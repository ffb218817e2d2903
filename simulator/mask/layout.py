"""Arrays as the kernels take them: which values are accepted, how they are ordered, and where groups lie."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.pattern import Pattern

Array = NDArray[Any]

INFINITY = {  # the bits of infinity, by dtype; above them lie the NaNs
    np.dtype(np.float16): 0x7C00,
    np.dtype(np.uint16): 0x7F80,  # bfloat16, as bits
    np.dtype(np.float32): 0x7F80_0000,
    np.dtype(np.float64): 0x7FF0_0000_0000_0000,
}

REAL = (np.dtype(np.float32), np.dtype(np.float64))  # what arithmetic is done in


def check_scores(scores: object, *, what: str = "scores") -> Array:
    """`scores`, an array of a dtype that can be ranked."""
    if not isinstance(scores, np.ndarray):
        raise InputError.of(f"{what} is a {type(scores).__name__}", f"{what} is a numpy array")
    if scores.dtype not in INFINITY:
        raise InputError.of(
            f"{what} has dtype {scores.dtype}",
            "float32, float64, float16, or uint16 that holds the bits of bfloat16",
        )
    if scores.ndim == 0:
        raise InputError.of(f"{what} has no axis", f"{what} has at least one axis")
    return scores


def check_real(values: object, *, what: str) -> Array:
    """`values`, an array that arithmetic is done with."""
    array = check_scores(values, what=what)
    if array.dtype not in REAL:
        raise InputError.of(f"{what} has dtype {array.dtype}", "float32 or float64")
    return array


def check_pattern(pattern: object) -> Pattern:
    """`pattern`, a Pattern and not its text."""
    if not isinstance(pattern, Pattern):
        raise InputError.of(f"the pattern is {pattern!r}", 'a Pattern, as Pattern.parse("2:4") makes it')
    return pattern


def check_mask(mask: object, *, shape: tuple[int, ...] | None = None) -> NDArray[np.bool_]:
    """`mask`, an array of bool, of `shape` where one is given."""
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
        seen = f"dtype {mask.dtype}" if isinstance(mask, np.ndarray) else f"a {type(mask).__name__}"
        raise InputError.of(f"the mask is {seen}", "a mask is a numpy array of bool")
    if mask.ndim == 0:
        raise InputError.of("the mask has no axis", "a mask has at least one axis")
    if shape is not None and mask.shape != shape:
        raise InputError.of(f"the mask has shape {mask.shape}", f"the values have shape {shape}")
    return mask


def check_axis_of(array: Array, axis: int) -> int:
    """`axis` counted from the front."""
    if type(axis) is not int or not -array.ndim <= axis < array.ndim:
        raise InputError.of(
            f"axis is {axis!r}", f"an axis of shape {array.shape} is {-array.ndim} to {array.ndim - 1}"
        )
    return axis % array.ndim


def check_like(array: Array, shape: tuple[int, ...], *, what: str, like: Array | None = None) -> Array:
    """`array`, whose shape, and where `like` is given whose dtype, must be those of the weights."""
    if array.shape != shape:
        raise InputError.of(f"{what} has shape {array.shape}", f"the weights have shape {shape}")
    if like is not None and array.dtype != like.dtype:
        raise InputError.of(f"{what} has dtype {array.dtype}", f"the weights have dtype {like.dtype}")
    return array


def check_factor(factor: float, what: str, weights: Array) -> float:
    """A finite factor; one that is not 0 needs weights that are multiplied here."""
    if (
        isinstance(factor, bool)
        or not isinstance(factor, int | float | np.floating)
        or not np.isfinite(factor)
    ):
        raise InputError.of(f"{what} is {factor!r}", f"{what} is a finite number")
    if factor and weights.dtype not in REAL:
        raise InputError.of(f"{what} with weights of dtype {weights.dtype}", "weights of float32 or float64")
    return float(factor)


def check_out(out: object, *, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """`out`, where a result goes, of its shape and dtype and C-contiguous; a new array where it is None."""
    if out is None:
        return np.empty(shape, dtype)
    if not isinstance(out, np.ndarray) or out.dtype != dtype or out.shape != shape:
        seen = (
            f"{out.dtype} of shape {out.shape}" if isinstance(out, np.ndarray) else f"a {type(out).__name__}"
        )
        raise InputError.of(f"out is {seen}", f"the result is {dtype} of shape {shape}")
    if not (out.flags.c_contiguous and out.flags.writeable):
        raise InputError.of(
            "out is not C-contiguous and writable", "out is such an array, as numpy.empty makes it"
        )
    return out


def grouped(array: Array, axis: int) -> Array:
    """`array` as (outer, length, inner), C-contiguous, `length` being `axis`: a view, or else a copy."""
    at = check_axis_of(array, axis)
    outer, inner = (
        int(np.prod(array.shape[:at], dtype=np.int64)),
        int(np.prod(array.shape[at + 1 :], dtype=np.int64)),
    )
    return np.ascontiguousarray(array).reshape(outer, array.shape[at], inner)


def order(scores: Array) -> NDArray[np.signedinteger[Any]]:
    """Integers in the order of magnitude: NaN (-1) < 0 = -0 < denormals < ... < infinity."""
    infinity = INFINITY[scores.dtype]
    wide = np.int64 if scores.dtype.itemsize == 8 else np.int32
    bits = scores.view(f"u{scores.dtype.itemsize}").astype(f"u{np.dtype(wide).itemsize}")
    sign = 1 << (8 * scores.dtype.itemsize - 1)
    keys: NDArray[np.signedinteger[Any]] = (bits & (sign - 1)).astype(wide)
    keys[keys > infinity] = -1
    return keys
