import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.mask.apply import masked, masked_decay
from tests.arrays import REAL, masks_of, same_bits, same_numbers, score_arrays
from tests.oracles import magnitude as oracle

shapes = st.lists(st.integers(0, 9), min_size=1, max_size=3).map(tuple)
weights_with_masks = score_arrays(shapes, REAL).flatmap(
    lambda weights: st.tuples(
        st.just(weights),
        masks_of(weights.shape),
    )
)


@given(weights_with_masks, st.sampled_from([0.0, 0.25, 1 / 3, -1.0]))
def test_weights_under_a_mask(case: tuple[NDArray[Any], NDArray[np.bool_]], fade: float) -> None:
    weights, mask = case
    assert same_numbers(masked(weights, mask, fade=fade), oracle.masked(weights, mask, fade))


@given(score_arrays(shapes, [np.float16, np.uint16]), st.data())
def test_sixteen_bits_are_moved_as_they_are(weights: NDArray[Any], data: st.DataObject) -> None:
    mask = data.draw(masks_of(weights.shape))
    assert same_bits(masked(weights, mask), np.where(mask, weights, weights.dtype.type(0)))


def test_a_fade_is_that_of_the_dtype() -> None:
    weights, mask = np.array([np.inf, np.nan, 3], np.float32), np.zeros(3, np.bool_)
    assert masked(weights, mask, fade=1e-50).tolist() == [0, 0, 0]  # in float32 it is 0, which writes 0
    assert masked(weights.astype(np.float64), mask, fade=1e-50)[2] == 3e-50


def test_weights_can_be_masked_in_place() -> None:
    weights, mask = np.arange(5, dtype=np.float32), np.array([True, False, True, False, False])
    assert masked(weights, mask, out=weights) is weights
    assert weights.tolist() == [0, 0, 2, 0, 0]


@given(weights_with_masks, st.sampled_from([0.0, 2e-4, -1 / 3]))
def test_a_gradient_with_the_decay_of_what_is_not_kept(
    case: tuple[NDArray[Any], NDArray[np.bool_]], strength: float
) -> None:
    weights, mask = case
    gradient = np.ascontiguousarray(np.flip(weights))
    made = masked_decay(gradient, weights, mask, strength=strength)
    assert same_numbers(made, oracle.masked_decay(gradient, weights, mask, strength))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.uint16])
def test_every_bit_of_what_is_kept_stays(dtype: type) -> None:
    bits = np.random.default_rng(0).integers(0, 256, 8 * 41, np.uint8)
    weights: NDArray[Any] = bits.view(dtype)
    mask = np.arange(weights.size) % 3 != 0
    assert masked(weights, mask).tobytes() == np.where(mask, weights, dtype(0)).tobytes()


def test_a_gradient_can_be_changed_in_place() -> None:
    gradient, weights = np.ones(5, np.float32), np.arange(5, dtype=np.float32)
    mask = np.array([True, False, True, False, False])
    assert masked_decay(gradient, weights, mask, strength=0.5, out=gradient) is gradient
    assert gradient.tolist() == [1, 1.5, 1, 2.5, 3]


NOT: Any = [True]
WEIGHTS = np.zeros((2, 3), np.float32)
SHARED = np.zeros(7, np.float32)
MASK = np.ones((2, 3), np.bool_)
ERRORS: dict[str, tuple[Any, str]] = {
    "dtype": (
        lambda: masked(WEIGHTS.astype(np.int32), MASK),
        "weights has dtype int32; float32, float64, float16, or uint16 that holds the bits of bfloat16",
    ),
    "dtype of a decay": (
        lambda: masked_decay(WEIGHTS, WEIGHTS.astype(np.float16), MASK, strength=1.0),
        "weights has dtype float16; float32 or float64",
    ),
    "fade of 16 bits": (
        lambda: masked(WEIGHTS.astype(np.uint16), MASK, fade=0.5),
        "fade is `0.5` and the weights are uint16; a fade other than 0 takes weights of float32 or float64",
    ),
    "fade beyond float32": (
        lambda: masked(WEIGHTS, MASK, fade=1e39),
        "fade is `1e+39`; fade is finite in float32",
    ),
    "out overlaps": (
        lambda: masked(SHARED[:6].reshape(2, 3), MASK, out=SHARED[1:].reshape(2, 3)),
        "out overlaps what it is made from; out is one of the arrays itself, or memory of its own",
    ),
    "out of a decay overlaps": (
        lambda: masked_decay(
            WEIGHTS, SHARED[:6].reshape(2, 3), MASK, strength=1.0, out=SHARED[1:].reshape(2, 3)
        ),
        "out overlaps what it is made from; out is one of the arrays itself, or memory of its own",
    ),
    "mask": (
        lambda: masked(WEIGHTS, MASK.astype(np.uint8)),
        "the mask has dtype uint8; a mask is a numpy array of bool",
    ),
    "mask list": (lambda: masked(WEIGHTS, NOT), "the mask is of type list; the mask is a numpy array"),
    "shape": (lambda: masked(WEIGHTS, MASK[:1]), "the mask has shape (1, 3); the values have shape (2, 3)"),
    "fade": (lambda: masked(WEIGHTS, MASK, fade=True), "fade is `true`; fade is a finite number"),
    "gradient": (
        lambda: masked_decay(WEIGHTS[0], WEIGHTS, MASK, strength=1.0),
        "gradient has shape (3,); the weights have shape (2, 3)",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_bad_input_is_told_what_would_be_right(name: str) -> None:
    call, words = ERRORS[name]
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        call()
