from fractions import Fraction
from typing import Any

import pytest

from simulator.errors import InputError
from simulator.pattern import Pattern
from tests.strategies import TWO_OF_FOUR
from workloads.training.face import DENSE, Face, Phase


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (
            {"dgrad": "output"},
            "no dgrad is called `output`; did you mean `outputs`? known: dense, inputs, outputs",
        ),
        ({"wgrad": "mvue"}, "no wgrad is called `mvue`; known: dense, gradient, kept"),
        (
            {"selector": "magnitudes"},
            "no selector is called `magnitudes`; did you mean `magnitude`? "
            "known: grow_gradient, grow_random, magnitude, permuted, random, threshold, transposable",
        ),
        (
            {"select_every": 0},
            "select_every is 0; select_every is a whole number from 1 to 1099511627776",
        ),
        ({"dgrad": "inputs"}, "dgrad is inputs while FWD is dense; sparse weights need forward: true"),
        ({"wgrad": "kept"}, "wgrad is kept while FWD is dense; kept weights need forward: true"),
        ({"kept_state": True}, "kept_state is set while FWD is dense; kept weights need forward: true"),
        (
            {"dense_wgrad_every": 100},
            "dense_wgrad_every is set while wgrad is dense; write wgrad: gradient or kept",
        ),
        (
            {"forward": True, "wgrad": "kept", "dense_wgrad_every": 100, "select_every": 100},
            "dense_wgrad_every and select_every are both set; "
            "leave select_every out: masks are selected on the dense gradient",
        ),
        (
            {"forward": True, "dgrad": "inputs", "second_selector": "magnitude"},
            "a second mask is selected while dgrad is inputs; a second mask needs dgrad: outputs",
        ),
        ({"second_every": 100}, "second_every is set without second_selector; name the second_selector"),
    ],
)
def test_a_face_that_contradicts_itself_is_refused_in_words(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(InputError) as error:
        Face(**keys)
    assert str(error.value) == text


def test_a_sparse_phase_needs_a_pattern() -> None:
    with pytest.raises(InputError) as error:
        Phase(face=Face(forward=True), pattern=None, steps=1)
    assert str(error.value) == "a phase with a sparse face has no pattern; give it one, as 2:4"


def test_fading_weights_obey_no_mask_although_one_is_selected() -> None:
    fading = Phase(face=Face(select_every=1), pattern=TWO_OF_FOUR, steps=1)
    assert fading.mask is None
    assert Phase(face=Face(forward=True), pattern=TWO_OF_FOUR, steps=1).mask == TWO_OF_FOUR


def test_density_of_a_phase_is_that_of_its_pattern() -> None:
    assert Phase(face=DENSE, pattern=None, steps=3).density == 1
    assert Phase(face=Face(forward=True), pattern=Pattern(kept=3, group=8), steps=3).density == Fraction(3, 8)
