"""Recipes that look at what layers read: the masks, and the weights that are left, are their oracles'."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from simulator.mask import breaks, breaks_transposable
from simulator.pattern import Pattern
from tests.oracles.recipes import AdamW, Draws
from tests.oracles.recipes_kept import Fixed
from tests.oracles.recipes_masks import Array, Mask, magnitude
from tests.oracles.recipes_one_shot import (
    absorbed,
    ada_prune,
    sampling_chances,
    sensitivities,
    sparse_gpt,
    unique_expected,
    wanda_scores,
)
from tests.workloads.training.emulator.cases import recipe
from tests.workloads.training.emulator.followed import Followed, compare, phases_of
from tests.workloads.training.emulator.mlp_by_hand import Part
from tests.workloads.training.emulator.recorded import ADAM, SGD, Recorded, Run, recorded
from workloads.training.moment import Moment
from workloads.training.recipes.pfp import sampled
from workloads.training.unstructured import Unstructured

SAMPLES = 32


def run(name: str, pattern: str, **settings: Any) -> Run:
    chosen = recipe(name, samples=SAMPLES, **settings)
    return Run(recipe=chosen, pattern=pattern, steps=8, batch=16)


def inputs_of(record: Recorded, weight: str, values: dict[str, Array]) -> Array:
    """What the product of a weight reads on the first training samples, with these values."""
    batches = record.trainer.task.training_sample(record.run.batch)[: SAMPLES // record.run.batch]
    return np.concatenate([Part(values, np.asarray(b.inputs, np.float64)).seen[weight] for b in batches])


def after_training(record: Recorded) -> tuple[dict[str, Array], Moment]:
    """All values after the last step, which are then served, and where the followers stood."""
    last = record.taken[-1]
    at = last.at[record.followers[0]]
    served = replace(at, step=record.run.steps, phase=record.run.recipe.last_phase(record.run.target))
    return {name: np.asarray(value, np.float64) for name, value in last.values.items()}, served


@pytest.mark.parametrize("name", ["wanda", "sparsegpt"])
@pytest.mark.parametrize("optimizer", [ADAM, SGD])
def test_they_train_dense_until_the_end(name: str, optimizer: Any) -> None:
    record = recorded(replace(run(name, "2:4"), optimizer=optimizer))
    compare(record, "dense", {})


@pytest.mark.parametrize("optimizer", [ADAM, SGD])
def test_adaprune_trains_unstructured_until_it_converts(optimizer: Any) -> None:
    record = recorded(replace(run("adaprune", "2:4", iterations=1), optimizer=optimizer))
    compare(record, "one_shot", {})
    assert isinstance(record.taken[-1].at[record.followers[0]].phase.pattern, Unstructured)


@pytest.mark.parametrize("pattern", ["2:4", "1:8", "4:8", "30 %"])
def test_wanda_keeps_weights_whose_inputs_are_large(pattern: str) -> None:
    record = recorded(run("wanda", pattern))
    values, at = after_training(record)
    for name in record.followers:  # layer after layer: the next one reads what pruned ones write
        scores = wanda_scores(values[name], inputs_of(record, name, values))
        if isinstance(at.target, Pattern):
            mask = magnitude(scores, at.target)
        else:  # compared within each output
            mask = np.concatenate([magnitude(row[None], at.target) for row in scores])
        np.testing.assert_array_equal(record.served_masks[name], mask)
        values[name] = np.where(mask, values[name], 0.0)
        np.testing.assert_array_equal(record.served[name], values[name])


@pytest.mark.parametrize("pattern", ["2:4", "1:8", "4:8"])
def test_sparse_gpt_makes_up_for_what_it_prunes(pattern: str) -> None:
    record = recorded(run("sparsegpt", pattern))
    values, at = after_training(record)
    for name in record.followers:
        assert isinstance(at.target, Pattern)
        left, mask = sparse_gpt(values[name], inputs_of(record, name, values), at.target)
        np.testing.assert_array_equal(record.served_masks[name], mask)
        values[name] = left
        np.testing.assert_allclose(record.served[name], left, rtol=1e-9, atol=1e-12)


def fitted(
    before: Array, start: Array, mask: Mask, inputs: Array, at: Moment, name: str, count: int
) -> Array:
    """AdaPrune by the oracle's Adam: batches of 50 rows, of the mean squared error over their rows."""
    rng = at.rng(name, "adaprune")
    left, adam = start, AdamW().start(start)
    for _ in range(count):
        rows = inputs[rng.integers(0, len(inputs), min(50, len(inputs)))]
        errors = rows @ (left - before).T
        left = adam.updated(left, np.where(mask, 2 / len(rows) * errors.T @ rows, 0.0), 1e-3)
    return left


@pytest.mark.parametrize("transposable", [False, True])
def test_adaprune_fits_what_is_kept_to_what_was_computed(transposable: bool) -> None:
    record = recorded(run("adaprune", "2:4", iterations=20, transposable=transposable))
    values, at = after_training(record)
    assert isinstance(at.target, Pattern)
    for name in record.followers:
        mask, inputs = record.served_masks[name], inputs_of(record, name, values)
        assert mask is not None
        if transposable:
            assert not breaks_transposable(mask, at.target, exactly=True)
        else:
            np.testing.assert_array_equal(mask, magnitude(values[name], at.target))
        start = absorbed(values[name], mask, at.target)
        left = fitted(values[name], start, mask, inputs, at, name, 20)
        np.testing.assert_allclose(record.served[name], left, rtol=1e-9, atol=1e-12)
        values[name] = left


def test_adaprune_approaches_the_least_squares() -> None:
    record = recorded(run("adaprune", "2:4", iterations=400, rate=1e-2))
    values, at = after_training(record)
    assert isinstance(at.target, Pattern)
    name = record.followers[0]
    mask, inputs = record.served_masks[name], inputs_of(record, name, values)
    assert mask is not None
    start, best = absorbed(values[name], mask, at.target), ada_prune(values[name], inputs, mask)
    errors = [
        float(np.square(inputs @ (each - values[name]).T).sum())
        for each in (start, record.served[name], best)
    ]
    assert errors[2] <= errors[1] < errors[2] + 0.05 * (errors[0] - errors[2])
    assert not breaks(mask, at.target, exactly=True)


class Channels(Fixed):
    """PFP: whole inputs are kept; where they are drawn, by count / (draws * chance) of their value."""

    factors: Array

    def selected(self, draws: Draws) -> Mask:
        return np.broadcast_to(self.factors > 0, self.weight.shape).copy()

    def on_selection(self) -> None:
        self.weight = self.weight * self.factors
        super().on_selection()


@pytest.mark.parametrize(("mode", "pattern"), [("top", "50 %"), ("rand", "50 %"), ("rand", "25 %")])
@pytest.mark.parametrize("optimizer", [ADAM, SGD])
def test_pfp_keeps_channels_and_trains_on(mode: str, pattern: str, optimizer: Any) -> None:
    record = recorded(replace(run("pfp", pattern, mode=mode), optimizer=optimizer))
    followed = Followed(record, "dense", {})
    for name in record.followers:
        old = followed.oracles[name]
        followed.oracles[name] = Channels(old.weight, old.optimizer, phases_of(record))
    for taken in record.taken:
        values = {name: oracle.weight for name, oracle in followed.oracles.items()}
        for name in record.followers:
            if not taken.due[name].select:
                continue
            oracle, mask = followed.oracles[name], taken.masks[name]
            assert isinstance(oracle, Channels)
            assert mask is not None
            worth = sensitivities(oracle.weight, inputs_of(record, name, values))
            oracle.factors = _factors(worth, mode, taken.at[name], name)
            np.testing.assert_array_equal(mask, np.broadcast_to(oracle.factors > 0, mask.shape))
            values[name] = oracle.weight * oracle.factors
        used = followed.step(taken)
        for name, oracle in followed.oracles.items():
            np.testing.assert_allclose(taken.forward[name], used[name].forward, rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(taken.values[name], oracle.weight, rtol=1e-9, atol=1e-12)


def _factors(worth: Array, mode: str, at: Moment, name: str) -> Array:
    """What each input is multiplied by: 1 of the most sensitive ones, or by how often it was drawn."""
    kept = round(at.target.density * len(worth))
    if mode == "top":
        kept_ones = magnitude(worth[None], Pattern(kept=kept, group=len(worth)))
        return np.asarray(kept_ones[0], np.float64)
    chances = sampling_chances(worth.tolist())
    samples = next(m for m in range(1, 10**6) if unique_expected(chances, m) >= kept)
    drawn = at.rng(name, "channels").multinomial(samples, np.array(chances)).astype(np.float64)
    factors: Array = drawn / (samples * np.array(chances))
    return factors


def test_pfp_draws_as_few_samples_as_keep_the_share_on_average() -> None:
    rng = np.random.default_rng(0)
    for kept in (1, 2, 4, 9):
        worth = rng.random(16)
        _, chances, samples = sampled(worth, kept, rng)
        assert chances == pytest.approx(sampling_chances(worth.tolist()))
        found = unique_expected(chances.tolist(), samples - 1), unique_expected(chances.tolist(), samples)
        assert found[0] < kept <= found[1]
