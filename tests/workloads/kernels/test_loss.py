"""Losses and their gradients against float64."""

import numpy as np
import pytest
from hypothesis import given

from tests.oracles import training_kernels as oracle
from tests.strategies import examples
from tests.workloads.kernels.near import DTYPES, Array, assert_near, empty, exact, normal, seeds, shapes
from workloads.kernels.loss import cross_entropy, squared_error

FACTOR = 0.125
Shape = tuple[int, int]


def targets_for(seed: int, shape: Shape) -> Array:
    """A class for each row; some rows have none."""
    return np.random.default_rng(seed).integers(-1, shape[1], shape[0])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("size", [1, 100])
@pytest.mark.parametrize("dtype", DTYPES)
@examples(20)
@given(shape=shapes, seed=seeds)
def test_cross_entropy_is_near(shape: Shape, seed: int, dtype: type, size: int, smoothing: float) -> None:
    logits, targets = normal(seed, *shape, dtype=dtype, size=size), targets_for(seed, shape)
    dlogits = empty(logits)
    losses, right, entropies = cross_entropy(logits, targets, smoothing, FACTOR, dlogits)
    (x,) = exact(logits)
    spread = 4 + np.ptp(x)  # a log-probability's terms, and the rounding of an exponent
    truth = oracle.cross_entropy(x, targets, smoothing)
    assert_near(losses, truth.sum(), 2, size=spread * shape[0], dtype=dtype)
    assert_near(entropies, oracle.entropies(x, targets).sum(), 2, size=spread * shape[0], dtype=dtype)
    assert right == oracle.right(logits, targets)
    gradient = oracle.gradient(
        lambda x: oracle.cross_entropy(x, targets, smoothing), x, np.full(shape[0], FACTOR)
    )
    assert_near(dlogits, gradient, 2, size=FACTOR * np.minimum(1, oracle.softmax(x) * spread + 1))


@pytest.mark.parametrize("target", [0, 1, 2])
def test_of_equal_logits_the_first_is_right(target: int) -> None:
    logits, targets = np.array([[0, 7, 7]], np.float32), np.array([target])
    assert cross_entropy(logits, targets, 0.0, 1.0, empty(logits))[1] == (target == 1)


def test_a_row_without_a_target_counts_for_nothing() -> None:
    logits, dlogits = normal(1, 5, 11), empty(normal(1, 5, 11))
    logits[3] = np.nan
    targets = np.array([3, -1, 10, -100, 0])
    some = targets >= 0
    alone = empty(logits[some])
    found = cross_entropy(logits, targets, 0.1, 1.0, dlogits)
    assert found == cross_entropy(logits[some], targets[some], 0.1, 1.0, alone)
    np.testing.assert_array_equal(dlogits[some], alone)
    np.testing.assert_array_equal(dlogits[~some], 0)


def test_no_logit_is_too_large() -> None:
    logits = np.array([[3e38, -3e38, 0], [-3e38, -3e38, -3e38], [1e4, -1e4, 0]], np.float32)
    dlogits = empty(logits)
    with np.errstate(over="ignore"):
        losses, right, entropies = cross_entropy(logits, np.array([0, 0, 2]), 0.0, 1.0, dlogits)
    third = np.float32(1 / 3)
    np.testing.assert_array_equal(dlogits, [[0, 0, 0], [third - 1, third, third], [1, 0, -1]])
    assert right == 2
    assert losses == pytest.approx(np.log(3) + 1e4, rel=1e-7)
    assert entropies == pytest.approx(np.log(3), rel=1e-6)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_is_seen_in_the_loss(wrong: float) -> None:
    logits = normal(1, 3, 17)
    logits[1, 16] = wrong
    dlogits = empty(logits)
    with np.errstate(invalid="ignore"):
        losses, right, entropies = cross_entropy(logits, np.argmax(logits, axis=1), 0.0, 1.0, dlogits)
    assert np.isnan([losses, entropies]).all()
    assert right == 2
    assert np.isnan(dlogits).all(axis=1).tolist() == [False, True, False]


@pytest.mark.parametrize("dtype", DTYPES)
@given(shape=shapes, seed=seeds)
def test_squared_error_is_near(shape: Shape, seed: int, dtype: type) -> None:
    outputs, targets = normal(seed, *shape, dtype=dtype), normal(seed + 1, *shape, dtype=dtype)
    doutputs = empty(outputs)
    total = squared_error(outputs, targets, FACTOR, doutputs)
    away = np.subtract(*exact(outputs, targets))
    assert_near(total, (away**2).sum(), 3, dtype=dtype)
    assert_near(doutputs, FACTOR * 2 * away, 1)


def test_an_output_that_is_not_a_number_is_seen() -> None:
    outputs, targets = normal(1, 3, 17), normal(2, 3, 17)
    outputs[2, 16] = np.nan
    doutputs = empty(outputs)
    assert np.isnan(squared_error(outputs, targets, 1.0, doutputs))
    assert np.argwhere(np.isnan(doutputs)).tolist() == [[2, 16]]
