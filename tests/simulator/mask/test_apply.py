import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.mask.apply import masked, masked_decay
from tests.oracles import magnitude as oracle
from tests.simulator.mask.arrays import score_arrays

REAL: list[type] = [np.float32, np.float64]
shapes = st.lists(st.integers(0, 20), min_size=1, max_size=3).map(tuple)
weights_with_masks = score_arrays(shapes, REAL).flatmap(
    lambda weights: st.tuples(
        st.just(weights),
        st.integers(0, 1 << 30).map(lambda seed: np.random.default_rng(seed).random(weights.shape) < 0.5),
    )
)


def same_numbers(first: NDArray[Any], second: NDArray[Any]) -> bool:
    return first.dtype == second.dtype and np.array_equal(first, second, equal_nan=True)


@given(weights_with_masks, st.sampled_from([0.0, 0.25, 1 / 3, -1.0]))
def test_weights_under_a_mask(case: tuple[NDArray[Any], NDArray[np.bool_]], fade: float) -> None:
    weights, mask = case
    assert same_numbers(masked(weights, mask, fade=fade), oracle.masked(weights, mask, fade))


@given(weights_with_masks, st.sampled_from([0.0, 2e-4, -1 / 3]))
def test_a_gradient_with_the_decay_of_what_is_not_kept(
    case: tuple[NDArray[Any], NDArray[np.bool_]], strength: float
) -> None:
    weights, mask = case
    gradient = np.ascontiguousarray(np.flip(weights)) + 1
    made = masked_decay(gradient, weights, mask, strength=strength)
    assert same_numbers(made, oracle.masked_decay(gradient, weights, mask, strength))


def test_a_gradient_can_be_changed_in_place() -> None:
    gradient, weights = np.ones(5, np.float32), np.arange(5, dtype=np.float32)
    mask = np.array([True, False, True, False, False])
    assert masked_decay(gradient, weights, mask, strength=0.5, out=gradient) is gradient
    assert gradient.tolist() == [1, 1.5, 1, 2.5, 3]


NOT: Any = [True]
WEIGHTS = np.zeros((2, 3), np.float32)
MASK = np.ones((2, 3), np.bool_)
ERRORS: dict[str, tuple[Any, str]] = {
    "dtype": (
        lambda: masked(WEIGHTS.astype(np.float16), MASK),
        "weights has dtype float16; float32 or float64",
    ),
    "mask": (
        lambda: masked(WEIGHTS, MASK.astype(np.uint8)),
        "the mask is dtype uint8; a mask is a numpy array of bool",
    ),
    "mask list": (lambda: masked(WEIGHTS, NOT), "the mask is a list; a mask is a numpy array of bool"),
    "shape": (lambda: masked(WEIGHTS, MASK[:1]), "the mask has shape (1, 3); the values have shape (2, 3)"),
    "fade": (lambda: masked(WEIGHTS, MASK, fade=True), "fade is True; fade is a finite number"),
    "gradient": (
        lambda: masked_decay(WEIGHTS[0], WEIGHTS, MASK, strength=1.0),
        "gradient has shape (3,); the weights have shape (2, 3)",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_bad_input_is_told_what_would_be_right(name: str) -> None:
    call, words = ERRORS[name]
    with pytest.raises(InputError, match=re.escape(words)):
        call()
