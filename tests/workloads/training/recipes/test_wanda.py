"""Wanda's scores by their definition, on what a layer reads."""

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from simulator.pattern import Pattern
from tests.oracles.recipes_masks import magnitude
from tests.oracles.recipes_one_shot import wanda_scores
from workloads.models.parameters import Array, Slot
from workloads.training.emulator.line import Line
from workloads.training.emulator.weight import Weight
from workloads.training.moment import Moment
from workloads.training.recipes.wanda import WANDA
from workloads.training.unstructured import Unstructured, parse_target

RNG = np.random.default_rng(0)
VALUES = RNG.standard_normal((6, 16)).astype(np.float32)
SCALES = np.geomspace(0.01, 100, 16)[RNG.permutation(16)]
INPUTS = (RNG.standard_normal((40, 16)) * SCALES).astype(np.float32)


def weight_of(values: Array, inputs: Array, asked: list[int]) -> Weight:
    def read(samples: int) -> Array:
        asked.append(samples)
        return inputs

    empty = np.zeros_like(values)
    line = cast("Line", SimpleNamespace())
    return Weight(
        Slot(name="one", shape=values.shape),
        line=line,
        values=values,
        gradient=empty,
        moments=(),
        inputs=read,
    )


def at(target: str) -> Moment:
    return Moment(step=5, steps=5, phase=WANDA.last_phase(parse_target(target)), start=5, seed=0)


@pytest.mark.parametrize("target", ["2:4", "1:8", "3:5", "4:4"])
def test_the_largest_scores_of_each_group_are_kept(target: str) -> None:
    asked: list[int] = []
    weight = weight_of(VALUES.copy(), INPUTS, asked)
    WANDA.select(weight, at(target))
    scores = wanda_scores(VALUES.astype(np.float64), INPUTS.astype(np.float64))
    np.testing.assert_array_equal(weight.mask, magnitude(scores, Pattern.parse(target)))
    assert asked == [128]
    np.testing.assert_array_equal(weight.values, VALUES)


@pytest.mark.parametrize("target", ["30 %", "50 %", "5 %"])
def test_without_groups_scores_are_compared_within_each_output(target: str) -> None:
    weight, share = weight_of(VALUES.copy(), INPUTS, []), parse_target(target)
    assert isinstance(share, Unstructured)
    WANDA.select(weight, at(target))
    scores = wanda_scores(VALUES.astype(np.float64), INPUTS.astype(np.float64))
    assert weight.mask is not None
    for row, mask in zip(scores, weight.mask, strict=True):
        assert mask.sum() == share.kept_of(16)
        assert row[mask].min() > row[~mask].max()


def test_of_equal_scores_the_lowest_index_is_kept() -> None:
    weight = weight_of(np.ones((2, 8), np.float32), np.ones((3, 8), np.float32), [])
    WANDA.select(weight, at("2:4"))
    np.testing.assert_array_equal(weight.mask, np.tile([True, True, False, False], (2, 2)))


def test_an_input_that_is_never_there_is_pruned_first() -> None:
    inputs = INPUTS.copy()
    inputs[:, ::2] = 0
    weight = weight_of(VALUES.copy(), inputs, [])
    WANDA.select(weight, at("2:4"))
    np.testing.assert_array_equal(weight.mask, np.tile([False, True], (6, 8)))
