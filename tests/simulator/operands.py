"""Operands that tests of packing share: any bits, any shape and order in memory, and a mask."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.formats import FORMATS, Coordinate
from simulator.pattern import Pattern
from tests.arrays import DTYPES, Array, drawn_mask, layouts, odd_values
from tests.strategies import TWO_OF_FOUR

Operand = tuple[Array, Pattern, int, NDArray[np.bool_]]

FORMS = {**FORMATS, "coordinate in bytes": Coordinate(straddle=False)}
PACKED: list[type] = [*DTYPES, np.int8, np.uint8, np.int32, np.int64, np.uint32, np.bool_]
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
ONE_OF_TWO, FOUR_OF_EIGHT = Pattern.parse("1:2"), Pattern.parse("4:8")


def drawn_values(shape: tuple[int, ...], dtype: Any, rng: np.random.Generator) -> Array:
    """Zeros, what goes wrong, and any bits at all."""
    kind = np.dtype(dtype)
    if kind == np.bool_:
        return rng.random(shape) < 0.5
    bits = rng.integers(0, 256, (*shape, kind.itemsize), np.uint8).view(kind)[..., 0]
    odd = np.where(rng.random(shape) < 0.5, rng.choice(odd_values(kind), shape), kind.type(0))
    return np.where(rng.random(shape) < 0.6, odd, bits)


def masked(values: Array, mask: NDArray[np.bool_]) -> Array:
    """The values, all bits 0 where the mask is not."""
    return np.where(mask, values, values.dtype.type(0))


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
        draw(layouts)(values),
        pattern,
        axis,
        drawn_mask(values.shape, pattern, axis, rng),
    )


# By vector code a pattern is compiled for each dtype, so that there are few pairs.
by_lanes = st.one_of(
    operands([ONE_OF_TWO, TWO_OF_FOUR], [np.float32]), operands([FOUR_OF_EIGHT], [np.uint16])
)
any_operand = st.one_of(operands(PLAIN, PACKED), by_lanes)
any_form = st.sampled_from(sorted(FORMS))
