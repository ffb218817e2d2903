"""Attention's softmax and its gradient against float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import training_kernels as oracle
from tests.strategies import examples
from tests.workloads.kernels.near import DTYPES, assert_near, empty, exact, normal, seeds
from workloads.kernels.softmax import attention_softmax, attention_softmax_back

FACTOR = 0.25
Shape = tuple[int, int, int]
scores_of = st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 19))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("size", [1, 100])
@pytest.mark.parametrize("dtype", DTYPES)
@given(shape=scores_of, seed=seeds)
def test_shares_are_near(shape: Shape, seed: int, dtype: type, size: int, causal: bool) -> None:
    scores = normal(seed, *shape, dtype=dtype, size=size)
    out = empty(scores)
    attention_softmax(scores, FACTOR, causal, out)
    right = oracle.attention_softmax(exact(scores)[0], FACTOR, causal)
    # a share is as uncertain as its exponent, which the dtype rounds
    spread = 1 + FACTOR * np.ptp(exact(scores)[0])
    assert_near(out, right, 4 * spread)
    assert_near(out.sum(axis=2), np.ones(shape[:2]), 4)
    if causal:
        assert not out[:, ~np.tri(*shape[1:], dtype=bool)].any()


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@examples(20)
@given(shape=scores_of, seed=seeds)
def test_the_gradient_is_near(shape: Shape, seed: int, dtype: type, causal: bool) -> None:
    scores, dout = normal(seed, *shape, dtype=dtype), normal(seed + 1, *shape, dtype=dtype)
    out, dscores = empty(scores), empty(scores)
    attention_softmax(scores, FACTOR, causal, out)
    attention_softmax_back(dout, out, FACTOR, dscores)
    right = oracle.gradient(lambda x: oracle.attention_softmax(x, FACTOR, causal), *exact(scores, dout))
    shares, size = exact(out)[0], np.abs(exact(dout)[0]).max(axis=2, keepdims=True)
    assert_near(dscores, right, 6, size=FACTOR * shares * size)


@pytest.mark.parametrize("scores", [[3e38, -3e38, 0], [-3e38, -3e38, -3e38], [1e4, 1e4, -1e4]])
def test_no_score_is_too_large(scores: list[float]) -> None:
    """What lies more than 87 below the largest gets nothing."""
    row = np.array([[scores]], np.float32)
    out = empty(row)
    with np.errstate(over="ignore"):
        attention_softmax(row, 1.0, False, out)
    largest = row == row.max()
    np.testing.assert_array_equal(out, largest / np.float32(largest.sum()))


def test_what_a_query_does_not_see_is_nothing_to_it() -> None:
    scores = normal(1, 2, 3, 5)
    hidden = scores.copy()
    hidden[:, ~np.tri(3, 5, dtype=bool)] = np.nan
    out, same = empty(scores), empty(scores)
    attention_softmax(scores, FACTOR, True, out)
    attention_softmax(hidden, FACTOR, True, same)
    np.testing.assert_array_equal(out, same)


def test_what_is_not_a_number_stays_in_its_row() -> None:
    scores = normal(1, 2, 3, 10)
    scores[1, 2, 9] = np.nan
    out, dscores = empty(scores), empty(scores)
    attention_softmax(scores, FACTOR, False, out)
    attention_softmax_back(normal(2, 2, 3, 10), out, FACTOR, dscores)
    for found in (out, dscores):
        assert np.isnan(found[1, 2]).all()
        assert np.isnan(found).sum() == 10
