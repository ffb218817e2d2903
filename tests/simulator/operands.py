"""Operands that tests of packing share: any bits, any shape and order in memory, and a mask."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.formats import FORMATS, Coordinate
from simulator.mask.magnitude import select
from simulator.pattern import Pattern

Operand = tuple[NDArray[Any], Pattern, int, NDArray[np.bool_]]

FORMS = {**FORMATS, "coordinate in bytes": Coordinate(straddle=False)}
FLOATS: list[type] = [np.float16, np.float32, np.float64, np.uint16]
DTYPES: list[type] = [*FLOATS, np.int8, np.uint8, np.int32, np.int64, np.uint32, np.bool_]
NAMES = {
    np.float16: "fp16",
    np.float32: "fp32",
    np.float64: "fp64",
    np.uint16: "bf16",
    np.int8: "int8",
    np.int32: "int32",
}
PLAIN = [
    Pattern.parse(text) for text in ("1:1", "1:3", "3:4", "2:5", "5:5", "3:6", "4:7", "1:9", "5:9", "3:13")
]
BY_LANES = [Pattern.parse(text) for text in ("1:2", "2:4", "4:8")]
TWO_OF_FOUR = Pattern.parse("2:4")


def drawn_values(shape: tuple[int, ...], dtype: Any, rng: np.random.Generator) -> NDArray[Any]:
    """Small numbers, zeros of both signs, NaNs with payloads, infinities, denormals: any bits at all."""
    kind = np.dtype(dtype)
    if kind == np.bool_:
        return rng.random(shape) < 0.5
    bits = rng.integers(0, 256, (*shape, kind.itemsize), np.uint8).view(f"u{kind.itemsize}")[..., 0]
    top = 1 << (8 * kind.itemsize - 1)
    edges = np.array([0, 0, 0, top, 1, top - 1, 2 * top - 1], f"u{kind.itemsize}")
    return np.where(rng.random(shape) < 0.6, rng.choice(edges, shape), bits).view(kind)


def drawn_mask(
    shape: tuple[int, ...], pattern: Pattern, axis: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Any mask of exactly min(kept, tail) in each group."""
    return select(rng.random(shape), pattern, axis=axis)


def masked(values: NDArray[Any], mask: NDArray[np.bool_]) -> NDArray[Any]:
    """The values, all bits 0 where the mask is not."""
    return np.where(mask, values, values.dtype.type(0))


def same_bits(first: NDArray[Any], second: NDArray[Any]) -> bool:
    return first.dtype == second.dtype and first.shape == second.shape and first.tobytes() == second.tobytes()


def relaid(array: NDArray[Any], how: int) -> NDArray[Any]:
    """The same values, in another order in memory."""
    if how == 0:
        return array
    if how == 1:
        return np.asfortranarray(array)
    return np.flip(np.flip(array).copy()) if how == 2 else np.repeat(array, 2, axis=-1)[..., ::2]


@st.composite
def operands(draw: st.DrawFn, patterns: list[Pattern], dtypes: list[type]) -> Operand:
    """Values, a pattern, an axis and a mask."""
    pattern = draw(st.sampled_from(patterns))
    lengths = st.sampled_from([0, 1, 2, 3, 5, 7, 8, 10, 16, 17, 18, 24, 64, 72])
    shape = draw(st.lists(lengths, min_size=1, max_size=3))
    while int(np.prod(shape)) > 900:
        shape[int(np.argmax(shape))] //= 2
    axis = draw(st.integers(0, len(shape) - 1))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    values = drawn_values(tuple(shape), draw(st.sampled_from(dtypes)), rng)
    return (
        relaid(values, draw(st.integers(0, 3))),
        pattern,
        axis,
        drawn_mask(values.shape, pattern, axis, rng),
    )


any_operand = st.one_of(operands(PLAIN, DTYPES), operands(BY_LANES, [np.float32, np.uint16]))
any_form = st.sampled_from(sorted(FORMS))
