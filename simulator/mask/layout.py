"""Arrays as the kernels take them: what is accepted, with what words it is refused, where groups lie."""

from collections.abc import Sequence
from math import inf, isfinite, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, shown
from simulator.mask.dtypes import INFINITY, REAL, Array
from simulator.pattern import Pattern

VALUES_MAX = 1 << 34  # an array that is repeated, not held, can say that it has any number


def check_array(array: object, *, what: str) -> Array:
    """`array` as a plain numpy array; a subclass of it is taken for what it holds, unless it hides values."""
    if not isinstance(array, np.ndarray):
        raise InputError.of(f"{what} is of type {type(array).__name__}", f"{what} is a numpy array")
    if isinstance(array, np.ma.MaskedArray):
        raise InputError.of(f"{what} is a MaskedArray", "an array without a mask of its own: fill it first")
    if array.size > VALUES_MAX:
        raise InputError.of(f"{what} has {array.size} values", f"at most {VALUES_MAX}")
    return np.asarray(array)


def check_axes(array: Array, *, what: str) -> Array:
    """`array`, which has an axis that groups can run along."""
    if array.ndim == 0:
        raise InputError.of(f"{what} has no axis", f"{what} has at least one axis")
    return array


def check_scores(scores: object, *, what: str = "scores") -> Array:
    """`scores`, an array of a dtype that can be ranked."""
    array = check_array(scores, what=what)
    if array.dtype not in INFINITY:
        raise InputError.of(
            f"{what} has dtype {array.dtype}",
            "float32, float64, float16, or uint16 that holds the bits of bfloat16",
        )
    return check_axes(array, what=what)


def check_real(values: object, *, what: str) -> Array:
    """`values`, an array that arithmetic is done with."""
    array = check_scores(values, what=what)
    if array.dtype not in REAL:
        raise InputError.of(f"{what} has dtype {array.dtype}", "float32 or float64")
    return array


def check_pattern(pattern: object) -> Pattern:
    """`pattern`, a Pattern and not its text."""
    if not isinstance(pattern, Pattern):
        raise InputError.of(f"the pattern is {shown(pattern)}", 'a Pattern, as Pattern.parse("2:4") makes it')
    return pattern


def check_mask_bytes(mask: object, *, shape: tuple[int, ...] | None = None) -> NDArray[np.uint8]:
    """The bytes of `mask`, an array of bool, of `shape` where one is given; any byte but 0 is true."""
    array = check_array(mask, what="the mask")
    if array.dtype != np.bool_:
        raise InputError.of(f"the mask has dtype {array.dtype}", "a mask is a numpy array of bool")
    if array.ndim == 0:
        raise InputError.of("the mask has no axis", "a mask has at least one axis")
    if shape is not None and array.shape != shape:
        raise InputError.of(f"the mask has shape {array.shape}", f"the values have shape {shape}")
    return array.view(np.uint8)


def check_mask(mask: object, *, shape: tuple[int, ...] | None = None) -> NDArray[np.bool_]:
    """`mask` with bytes of 0 and 1 alone, which can be added: a copy if it has others, as a view may."""
    whole = check_mask_bytes(mask, shape=shape)
    plain = not whole.size or int(np.max(whole)) < 2
    return whole.view(np.bool_) if plain else whole != 0


def check_axis_of(array: Array, axis: int) -> int:
    """`axis` counted from the front."""
    whole = not isinstance(axis, bool) and isinstance(axis, int | np.integer)
    if not whole or not -array.ndim <= axis < array.ndim:
        raise InputError.of(
            f"axis is {shown(axis)}", f"an axis of shape {array.shape} is {-array.ndim} to {array.ndim - 1}"
        )
    return int(axis) % array.ndim


def check_like(array: Array, shape: tuple[int, ...], *, what: str, like: Array | None = None) -> Array:
    """`array`, whose shape, and where `like` is given whose dtype, must be those of the weights."""
    if array.shape != shape:
        raise InputError.of(f"{what} has shape {array.shape}", f"the weights have shape {shape}")
    if like is not None and array.dtype != like.dtype:
        raise InputError.of(f"{what} has dtype {array.dtype}", f"the weights have dtype {like.dtype}")
    return array


def check_factor(factor: float, what: str, weights: Array) -> float:
    """A factor that is finite in the dtype of the weights, and rounded to it; 0 alone suits 16 bits."""
    if isinstance(factor, bool) or not isinstance(factor, int | float | np.floating | np.integer):
        raise InputError.of(f"{what} is {shown(factor)}", f"{what} is a finite number")
    if factor and weights.dtype not in REAL:
        raise InputError.of(
            f"{what} is {shown(factor)} and the weights are {weights.dtype}",
            f"a {what} other than 0 takes weights of float32 or float64",
        )
    try:
        with np.errstate(over="ignore"):
            used = float(weights.dtype.type(factor)) if weights.dtype in REAL else 0.0
    except OverflowError:  # a whole number beyond any float
        used = inf
    if not isfinite(used):
        raise InputError.of(f"{what} is {shown(factor)}", f"{what} is finite in {weights.dtype}")
    return used + 0.0  # which makes -0 a plain 0


def check_generator(rng: object) -> np.random.Generator:
    """`rng`, a source of random numbers."""
    if not isinstance(rng, np.random.Generator):
        raise InputError.of(f"rng is of type {type(rng).__name__}", "rng is a numpy.random.Generator")
    return rng


def check_out(
    out: object, *, shape: tuple[int, ...], dtype: np.dtype[Any], reads: Sequence[Array] = ()
) -> Array:
    """`out`, where a result goes, of its shape and dtype and C-contiguous; a new array where it is None.

    It may be one of the arrays that the result is made from, `reads`, but not overlap one.
    """
    if out is None:
        return np.empty(shape, dtype)
    out = check_array(out, what="out")
    if out.dtype != dtype or out.shape != shape:
        raise InputError.of(
            f"out is {out.dtype} of shape {out.shape}", f"the result is {dtype} of shape {shape}"
        )
    if not (out.flags.c_contiguous and out.flags.writeable):
        raise InputError.of(
            "out is not C-contiguous and writable", "out is such an array, as numpy.empty makes it"
        )
    for read in reads:
        same = (out.ctypes.data, out.strides, out.shape) == (read.ctypes.data, read.strides, read.shape)
        if not same and np.may_share_memory(out, read):
            raise InputError.of(
                "out overlaps what it is made from", "out is one of the arrays itself, or memory of its own"
            )
    return out


def grouped(array: Array, axis: int) -> Array:
    """`array` as (outer, length, inner), C-contiguous, `length` being `axis`: a view, or else a copy."""
    at = check_axis_of(array, axis)
    shape = array.shape
    return np.ascontiguousarray(array).reshape(prod(shape[:at]), shape[at], prod(shape[at + 1 :]))
