"""AdamW and SGD against their formulas in float64; decay where it belongs; a variance that stands still."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from tests.strategies import examples
from workloads.models.parameters import Array, Parameters, Slot
from workloads.training.emulator.optimizers import MOMENTS, Optimizer, Settings
from workloads.training.upkeep import OPTIMIZERS

SLOTS = [Slot(name="bias", shape=(5,)), Slot(name="weight", shape=(3, 4), decayed=True)]
settings = st.builds(
    Settings,
    name=st.sampled_from(["adamw", "sgd"]),
    beta1=st.sampled_from([0.0, 0.5, 0.9]),
    beta2=st.sampled_from([0.0, 0.9, 0.999]),
    epsilon=st.sampled_from([1e-8, 1e-3]),
    momentum=st.sampled_from([0.0, 0.9]),
    decay=st.sampled_from([0.0, 0.01, 0.5]),
)


class Formulas:
    """One array's optimizer, one line for each line of the papers."""

    def __init__(self, chosen: Settings, values: Array, *, decayed: bool) -> None:
        self.chosen, self.w, self.t = chosen, values.astype(np.float64), 0
        self.first = self.second = np.zeros_like(self.w)
        self.decay = chosen.decay if decayed else 0.0

    def update(self, g: Array, rate: float, *, frozen: bool) -> None:
        self.t += 1
        if self.chosen.name == "sgd":
            self.first = self.chosen.momentum * self.first + (g + self.decay * self.w)
            self.w = self.w - rate * self.first
            return
        beta1, beta2, eps = self.chosen.beta1, self.chosen.beta2, self.chosen.epsilon
        self.w = self.w - rate * self.decay * self.w
        self.first = beta1 * self.first + (1 - beta1) * g
        root = np.sqrt(self.second) + eps**0.75
        if not frozen:
            self.second = beta2 * self.second + (1 - beta2) * g**2
            root = np.sqrt(self.second / (1 - beta2**self.t)) + eps
        self.w = self.w - rate * self.first / (1 - beta1**self.t) / root


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 2e-5)])
@given(chosen=settings, seed=st.integers(0, 1000), freeze=st.integers(1, 6))
@examples(25)
def test_steps_are_the_formulas(
    dtype: str, tolerance: float, chosen: Settings, seed: int, freeze: int
) -> None:
    rng, parameters = np.random.default_rng(seed), Parameters(SLOTS, dtype=dtype)
    values = rng.standard_normal(parameters.size).astype(dtype)
    views, optimizer = parameters.views(values), Optimizer(chosen, parameters)
    own = {
        name: Formulas(chosen, view, decayed=parameters.slots[name].decayed) for name, view in views.items()
    }
    for step in range(6):
        gradient = rng.standard_normal(parameters.size).astype(dtype)
        rate = 0.01 * (1 + step)
        optimizer.update(values, gradient, rate, frozen=step >= freeze)
        for name, part in parameters.views(gradient).items():
            own[name].update(part.astype(np.float64), rate, frozen=step >= freeze)
            np.testing.assert_allclose(views[name], own[name].w, rtol=tolerance, atol=tolerance)
    for moment, which in zip(optimizer.moments, ("first", "second"), strict=False):
        for name, view in parameters.views(moment).items():
            np.testing.assert_allclose(view, getattr(own[name], which), rtol=tolerance, atol=tolerance)
    assert optimizer.updates == 6


@pytest.mark.parametrize("name", MOMENTS)
def test_only_decayed_slots_shrink_by_themselves(name: str) -> None:
    parameters = Parameters(SLOTS)
    values = np.ones(parameters.size, np.float32)
    optimizer = Optimizer(Settings(name=name, decay=0.5), parameters)
    optimizer.update(values, parameters.zeros(), 0.1)
    views = parameters.views(values)
    assert (views["bias"] == 1).all()
    np.testing.assert_allclose(views["weight"], 0.95)


def test_a_frozen_variance_keeps_its_bits() -> None:
    parameters = Parameters(SLOTS)
    values, gradient = parameters.zeros(), np.ones(parameters.size, np.float32)
    optimizer = Optimizer(Settings(), parameters)
    for _ in range(3):
        optimizer.update(values, gradient, 0.1)
    first, second = (moment.copy() for moment in optimizer.moments)
    optimizer.update(values, 2 * gradient, 0.1, frozen=True)
    np.testing.assert_array_equal(optimizer.moments[1], second)
    assert (optimizer.moments[0] > first).all()


def test_state_is_as_large_as_the_trace_says() -> None:
    assert {name: each.state for name, each in OPTIMIZERS.items()} == MOMENTS
    for name, count in MOMENTS.items():
        assert len(Optimizer(Settings(name=name), Parameters(SLOTS)).moments) == count


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("beta1", 1.0, "beta1: `1.0` is no beta1; a number from 0 to below 1"),
        ("beta2", -0.1, "beta2: `-0.1` is no beta2; a number from 0 to below 1"),
        ("beta2", float("nan"), "beta2: `nan` is no beta2; a number from 0 to below 1"),
        ("momentum", 1, "momentum: `1` is no momentum; a number from 0 to below 1"),
        ("epsilon", "0", "epsilon: `0` is no epsilon; a number from 0 to below 1"),
        ("decay", -1e-9, "decay: `-1e-09` is no decay; a number from 0 to below 1e+06"),
        ("decay", float("inf"), "decay: `inf` is no decay; a number from 0 to below 1e+06"),
        ("name", "adam", "optimizer: no optimizer is called `adam`; did you mean `adamw`? known: adamw, sgd"),
    ],
)
def test_what_is_no_setting(name: str, value: object, text: str) -> None:
    with pytest.raises(InputError) as refused:
        replace(Settings(), **{name: value})  # type: ignore[arg-type]
    assert str(refused.value) == text
