"""Wanda, SparseGPT, AdaPrune and PFP as oracles: by hand, against the published form, and by optimality."""

from math import ceil, log

import numpy as np
import pytest

from simulator.pattern import Pattern
from tests.oracles import recipes_one_shot as one_shot
from tests.oracles.recipes_masks import Array, Mask, magnitude, obeys
from tests.strategies import TWO_OF_FOUR


def correlated(samples: int, inputs: int, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    return np.asarray(rng.standard_normal((samples, inputs)) @ rng.standard_normal((inputs, inputs)))


def error(weight: Array, other: Array, inputs: Array) -> float:
    return float(((inputs @ (weight - other).T) ** 2).sum())


def test_wanda_by_hand() -> None:
    weight, inputs = np.array([[1.0, -2.0, 3.0, 0.5]]), np.array([[3.0, 0.0, 1.0, 1.0], [4.0, 1.0, 0.0, 1.0]])
    scores = one_shot.wanda_scores(weight, inputs)
    assert scores == pytest.approx(np.array([[5, 2, 3, 0.5 * 2**0.5]]))
    assert magnitude(scores, TWO_OF_FOUR).tolist() == [[True, False, True, False]]


def test_sparse_gpt_of_independent_inputs_is_magnitude_pruning() -> None:
    weight = np.random.default_rng(0).standard_normal((5, 8))
    for score in ("own", "start"):
        pruned, mask = one_shot.sparse_gpt(weight, np.eye(8), TWO_OF_FOUR, score=score)
        assert (mask == magnitude(weight, TWO_OF_FOUR)).all()
        assert pruned == pytest.approx(np.where(mask, weight, 0))


def published(weight: Array, inputs: Array, pattern: Pattern) -> tuple[Array, Mask]:
    """The published form: one Cholesky factor U of the inverse, U^T U = H^-1, and its rows."""
    left, mask = weight.copy(), np.ones(weight.shape, np.bool_)
    hessian = inputs.T @ inputs
    hessian += 0.01 * np.diag(hessian).mean() * np.eye(len(hessian))
    upper = np.linalg.cholesky(np.linalg.inv(hessian)).T
    for j in range(weight.shape[1]):
        if j % pattern.group == 0:
            spent = np.diag(upper)[j : j + pattern.group]
            scores = left[:, j : j + pattern.group] ** 2 / spent**2
            mask[:, j : j + pattern.group] = magnitude(scores, pattern)
        lost = np.where(mask[:, j], 0, left[:, j]) / upper[j, j]
        left[:, j:] -= np.outer(lost, upper[j, j:])
    return np.where(mask, left, 0), mask


@pytest.mark.parametrize("pattern", ["2:4", "1:8", "3:5"])
def test_sparse_gpt_is_its_published_form(pattern: str) -> None:
    weight, inputs = np.random.default_rng(1).standard_normal((6, 16)), correlated(40, 16)
    found = one_shot.sparse_gpt(weight, inputs, Pattern.parse(pattern))
    wanted = published(weight, inputs, Pattern.parse(pattern))
    assert (found[1] == wanted[1]).all()
    assert found[0] == pytest.approx(wanted[0], rel=1e-6, abs=1e-9)
    assert obeys(found[1], Pattern.parse(pattern))


def test_one_pruned_weight_is_made_up_for_as_well_as_can_be() -> None:
    """Where the first of the inputs goes, all others are free: OBS is then the least squares solution."""
    inputs = correlated(20, 4)
    weight = np.random.default_rng(2).standard_normal((30, 4))
    pruned, mask = one_shot.sparse_gpt(weight, inputs, Pattern(kept=3, group=4), damp=0.0)
    first = ~mask[:, 0]
    assert 0 < first.sum() < 30
    best = one_shot.ada_prune(weight, inputs, mask)
    assert pruned[first] == pytest.approx(best[first])


def test_the_two_scores_are_two_masks() -> None:
    weight, inputs = np.random.default_rng(3).standard_normal((40, 8)), correlated(40, 8)
    own = one_shot.sparse_gpt(weight, inputs, TWO_OF_FOUR, score="own")[1]
    assert (own != one_shot.sparse_gpt(weight, inputs, TWO_OF_FOUR, score="start")[1]).any()


def test_an_input_that_is_always_zero_loses_its_weights() -> None:
    inputs = correlated(20, 8)
    inputs[:, 2] = 0
    pruned, _ = one_shot.sparse_gpt(np.ones((3, 8)), inputs, TWO_OF_FOUR)
    assert not pruned[:, 2].any()
    assert np.isfinite(pruned).all()


def test_ada_prune_is_least_and_better_than_sparse_gpt_under_its_mask() -> None:
    weight, inputs = np.random.default_rng(4).standard_normal((6, 16)), correlated(40, 16)
    pruned, mask = one_shot.sparse_gpt(weight, inputs, TWO_OF_FOUR)
    best = one_shot.ada_prune(weight, inputs, mask)
    assert not best[~mask].any()
    slope = (best - weight) @ inputs.T @ inputs
    assert slope[mask] == pytest.approx(np.zeros(int(mask.sum())), abs=1e-8)
    errors = [error(weight, other, inputs) for other in (best, pruned, np.where(mask, weight, 0))]
    assert errors == sorted(errors)
    assert errors[1] > 1.001 * errors[0]


def test_kept_weights_absorb_the_mean_of_the_pruned_ones() -> None:
    weight = np.array([[4.0, 1.0, 5.0, 3.0, 7.0, 1.0]])
    mask = np.array([[1, 0, 1, 0, 1, 1]], np.bool_)
    assert one_shot.absorbed(weight, mask, TWO_OF_FOUR).tolist() == [[6, 0, 7, 0, 7, 1]]


def test_sensitivity_is_the_largest_share_of_a_sum() -> None:
    weight = np.array([[1.0, 3.0, -2.0, 0.0], [1.0, -1.0, -3.0, 0.0]])
    inputs = np.array([[1.0, 1.0, 1.0, 1.0], [2.0, 1.0, 0.0, 1.0]])
    assert one_shot.sensitivities(weight, inputs).tolist() == [1, 1, 1, 0]
    assert one_shot.sensitivities(weight[:1], inputs).tolist() == [0.4, 0.75, 1, 0]
    assert one_shot.sampling_chances([0.5, 1.0, 0.5]) == [0.25, 0.5, 0.25]


def test_more_samples_for_a_smaller_error_find_more_channels() -> None:
    chances = [0.25, 0.5, 0.25]
    counts = [
        one_shot.sample_count([0.5, 1.0, 0.5], eps=eps, delta=0.1, patches=3, size=10, factor=3.0)
        for eps in (1.0, 0.5)
    ]
    total = 2 * 3 * log(8 * 4 * 10 / 0.1) * 2
    assert counts == [ceil(24 * total), ceil(3 * 7 * total / 0.25)]
    assert one_shot.unique_expected(chances, 1) == 1
    assert one_shot.unique_expected(chances, 2) == 2 - (0.25**2 + 0.5**2 + 0.25**2)
    assert one_shot.unique_expected(chances, counts[0]) == pytest.approx(3)
