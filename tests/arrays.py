"""Arrays that tests share: ties, signed zeros, NaN of any payload, infinities, denormals, in any order."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from simulator.pattern import Pattern

Array = NDArray[Any]
Layout = Callable[[Any], Any]
Shapes = st.SearchStrategy[tuple[int, ...]]

REAL: list[type] = [np.float32, np.float64]
DTYPES: list[type] = [*REAL, np.float16, np.uint16]  # what can be ranked; uint16 holds the bits of bfloat16


def _strided(array: Array) -> Array:
    wide = np.empty((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    wide[..., ::2], wide[..., 1::2] = array, array[..., ::-1]
    return wide[..., ::2]


LAYOUTS: dict[str, Layout] = {
    "by rows": np.ascontiguousarray,
    "by columns": np.asfortranarray,
    "strided": _strided,
    "reversed": lambda array: np.flip(np.flip(array).copy()),
}
layouts = st.sampled_from(sorted(LAYOUTS)).map(LAYOUTS.__getitem__)


def in_dtype(numbers: ArrayLike, dtype: Any) -> Array:
    """The numbers in a dtype; for uint16 as bits of bfloat16, rounded toward 0."""
    if np.dtype(dtype) == np.uint16:
        return (np.asarray(numbers, np.float32).view(np.uint32) >> 16).astype(np.uint16)
    return np.asarray(numbers).astype(dtype)


def odd_values(dtype: Any) -> Array:
    """What goes wrong, of both signs: 0, the least, the largest, infinity, NaN of several payloads.

    Of an integer other than uint16, the ends of its range and what lies beside them.
    """
    kind = np.dtype(dtype)
    sign = 1 << 8 * kind.itemsize - 1
    bits = [0, 1, 3, sign - 1]
    if kind in DTYPES:
        infinity = int(in_dtype([np.inf], kind).view(f"u{kind.itemsize}")[0])
        bits += [infinity - 1, infinity, infinity + 1]
    return np.array([each | signs for each in bits for signs in (0, sign)], f"u{kind.itemsize}").view(kind)


def drawn(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any, *, odd: float) -> Array:
    """Small numbers, many of them equal, of which a share is replaced by what goes wrong."""
    numbers = in_dtype(np.round(rng.standard_normal(shape) * 4) / 4, dtype)
    return np.where(rng.random(shape) < odd, rng.choice(odd_values(dtype), shape), numbers)


@st.composite
def score_arrays(draw: st.DrawFn, shapes: Shapes, dtypes: list[type] = DTYPES) -> Array:
    """An array of one of `shapes` and `dtypes`, which may hold anything."""
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    odd = draw(st.sampled_from([0.0, 0.2, 0.7, 1.0]))
    array: Array = draw(layouts)(drawn(rng, draw(shapes), draw(st.sampled_from(dtypes)), odd=odd))
    return array


@st.composite
def masks_of(draw: st.DrawFn, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """A mask of any density, in any memory order, true written as 1 or as another byte."""
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    mask = rng.random(shape) < draw(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]))
    array: NDArray[np.bool_] = draw(layouts)(draw(st.sampled_from([mask, with_byte(mask, 2)])))
    return array


def with_byte(mask: NDArray[np.bool_], byte: int) -> NDArray[np.bool_]:
    """The same mask, as other programs may write it: any byte but 0 is true."""
    return (np.ascontiguousarray(mask).view(np.uint8) * np.uint8(byte)).view(np.bool_)


def same_bits(first: Array, second: Array) -> bool:
    """Equal in dtype, shape and every bit."""
    return first.dtype == second.dtype and first.shape == second.shape and first.tobytes() == second.tobytes()


def same_numbers(first: Array, second: Array) -> bool:
    """The same bits, but for the sign and payload of a NaN, which IEEE 754 leaves open."""
    alike = first.dtype == second.dtype and np.array_equal(first, second, equal_nan=True)
    return alike and bool(((np.signbit(first) == np.signbit(second)) | np.isnan(first)).all())


def drawn_mask(
    shape: tuple[int, ...], pattern: Pattern, axis: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """A mask of exactly min(kept, tail) in each group, every one as likely."""
    numbers = np.moveaxis(rng.random(shape), axis, -1)
    groups = [numbers[..., at : at + pattern.group] for at in range(0, numbers.shape[-1], pattern.group)]
    parts = [group.argsort(axis=-1) < pattern.kept for group in groups]
    whole = np.concatenate(parts, axis=-1) if parts else numbers > 1
    return np.ascontiguousarray(np.moveaxis(whole, -1, axis))
