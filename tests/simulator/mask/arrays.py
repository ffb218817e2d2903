"""Arrays that tests of masks share: ties, signed zeros, NaN, infinities, denormals, in any memory order."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

DTYPES = [np.float32, np.float64, np.float16, np.uint16]
NASTY = [0.0, -0.0, 1.0, -1.0, 2.0, np.nan, -np.nan, np.inf, -np.inf, 1e-7, -1e-7]


def values(seed: int, shape: tuple[int, ...], dtype: type, nasty: float) -> NDArray[Any]:
    """Random numbers, of which a share is drawn from the values that go wrong, and denormals of the dtype."""
    rng = np.random.default_rng(seed)
    numbers = np.where(
        rng.random(shape) < nasty, rng.choice(NASTY, shape), np.round(rng.standard_normal(shape) * 4) / 4
    )
    if dtype is np.uint16:
        return (numbers.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
    array: NDArray[Any] = numbers.astype(dtype)
    denormal = rng.random(shape) < nasty / 4
    return np.where(
        denormal, np.finfo(dtype).smallest_subnormal * rng.choice([1, -2, 3], shape), array
    ).astype(dtype)


def in_memory(array: NDArray[Any], kind: str) -> NDArray[Any]:
    """The same values, lying otherwise in memory."""
    if kind == "transposed":
        return np.ascontiguousarray(array.T).T
    if kind == "strided":
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    if kind == "reversed":
        return np.ascontiguousarray(array[::-1])[::-1]
    return array


@st.composite
def score_arrays(
    draw: st.DrawFn, shapes: st.SearchStrategy[tuple[int, ...]], dtypes: list[type] | None = None
) -> NDArray[Any]:
    """An array of one of `shapes` and `dtypes`, which may hold anything."""
    array = values(
        draw(st.integers(0, 1 << 30)),
        draw(shapes),
        draw(st.sampled_from(dtypes or DTYPES)),
        draw(st.sampled_from([0.0, 0.2, 0.7, 1.0])),
    )
    return in_memory(array, draw(st.sampled_from(["plain", "transposed", "strided", "reversed"])))
