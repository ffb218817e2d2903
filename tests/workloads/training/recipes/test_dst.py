"""Trained thresholds: the surrogate slope, the pull on thresholds, and starting again."""

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.pattern import Pattern
from tests.oracles.recipes_kept import surrogate
from tests.strategies import examples
from workloads.models.parameters import Array, Slot
from workloads.networks.layer import Role
from workloads.training.emulator.line import Line
from workloads.training.emulator.weight import Weight
from workloads.training.moment import Moment
from workloads.training.recipes.dst import DST, THRESHOLD

AT = Moment(step=0, steps=9, phase=DST.last_phase(None), start=0, seed=0)


def weight_of(values: Array, thresholds: Array, gradient: Array) -> Weight:
    weight = Weight(
        Slot(name="one", shape=values.shape),
        line=cast("Line", SimpleNamespace()),
        values=values,
        gradient=gradient,
        moments=(),
        inputs=lambda _: values,
    )
    weight.beside = {THRESHOLD: (thresholds, np.full(thresholds.shape, np.nan))}
    return weight


@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 8))
@examples(60)
def test_gradients_are_the_surrogate_s(seed: int, outputs: int, inputs: int) -> None:
    rng = np.random.default_rng(seed)
    values, gradient = rng.standard_normal((2, outputs, inputs))
    thresholds = rng.uniform(-0.2, 1.5, outputs)
    weight = weight_of(values, thresholds, gradient.copy())
    weight.mask = np.abs(values) > thresholds[:, None]
    DST.gradient(weight, AT)
    pulls = -DST.strength * np.exp(-thresholds)
    for i, j in np.ndindex(outputs, inputs):
        slope = surrogate(abs(values[i, j]) - thresholds[i])
        right = gradient[i, j] * (weight.mask[i, j] + abs(values[i, j]) * slope)
        assert weight.gradient[i, j] == pytest.approx(right, rel=1e-12, abs=1e-15)
        pulls[i] -= gradient[i, j] * values[i, j] * slope
    np.testing.assert_allclose(weight.beside[THRESHOLD][1], pulls, rtol=1e-9, atol=1e-12)


def test_masks_are_what_is_above_the_threshold_of_its_output() -> None:
    values = np.array([[0.5, -2.0, 1.0, 0.0], [0.5, -2.0, 1.0, 0.0]])
    weight = weight_of(values, np.array([1.0, 0.0]), np.zeros((2, 4)))
    DST.select(weight, AT)
    np.testing.assert_array_equal(weight.mask, [[False, True, False, False], [True, True, True, False]])


def test_a_layer_that_keeps_a_hundredth_starts_again() -> None:
    values = np.arange(1.0, 201.0).reshape(2, 100)
    thresholds = np.array([100.0, 198.0])  # above them lie 2 of 200
    weight = weight_of(values, thresholds, np.zeros((2, 100)))
    DST.select(weight, AT)
    assert not thresholds.any()
    assert weight.kept == 200
    thresholds[...] = (100.0, 197.0)
    DST.select(weight, AT)
    assert weight.kept == 3, "three are more than a hundredth"
    assert thresholds.tolist() == [100.0, 197.0]


def test_thresholds_are_trained_from_0_and_do_not_decay() -> None:
    slot = Slot(name="a.weight", shape=(7, 3), role=Role.FF, decayed=True, spread=0.3)
    assert DST.beside(slot) == [Slot(name="a.weight.threshold", shape=(7,))]


def test_it_finds_its_own_density() -> None:
    with pytest.raises(InputError) as refused:
        DST.phases(Pattern(kept=2, group=4), 10)
    assert str(refused.value) == (
        "pattern: recipe dst finds its own density; leave the pattern out; a larger strength is sparser"
    )
    with pytest.raises(InputError) as untold:
        DST.phases(None, 10)
    assert str(untold.value) == (
        "recipe: recipe dst finds its density while it trains; train it: `nmsim train`"
    )
    (phase,) = DST.longest(None, 10)
    assert phase.steps == 10
