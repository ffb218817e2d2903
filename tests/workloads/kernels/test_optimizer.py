"""Optimizer steps against float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import training_kernels as oracle
from tests.workloads.kernels.near import DTYPES, Array, assert_near, empty, exact, normal, seeds
from workloads.kernels.optimizer import LEAST, STRETCH, adamw, gather_gradients, sgd

ADAMW = {"rate": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "decay": 0.1}
SGD = {"rate": 0.1, "momentum": 0.9, "decay": 0.01}
FACTOR = 0.5
sizes = st.integers(1, 37)


@pytest.mark.parametrize("dtype", DTYPES)
@given(size=st.sampled_from([1, 7, 8, 37]), seed=seeds)
def test_gradients_are_added_and_squared(size: int, seed: int, dtype: type) -> None:
    first, second = (normal(seed + j, size, dtype=dtype) for j in range(2))
    out = empty(first)
    total = gather_gradients(first, second, out)
    np.testing.assert_array_equal(out, first + second)
    assert_near(total, (exact(out)[0] ** 2).sum(), 3)
    assert gather_gradients(first, second.copy(), first) == total
    np.testing.assert_array_equal(first, out)
    assert gather_gradients(out - second, second, out) == gather_gradients(out - second, second, second)
    np.testing.assert_array_equal(second, out)


def test_a_long_gradient_is_added_in_stretches() -> None:
    first, second = normal(1, STRETCH + 9), normal(2, STRETCH + 9)
    out = empty(first)
    total = gather_gradients(first, second, out)
    np.testing.assert_array_equal(out, first + second)
    assert_near(total, (exact(out)[0] ** 2).sum(), 10)


def test_the_norm_of_a_diverging_gradient_is_seen() -> None:
    huge = np.full(11, 1e30, np.float32)
    assert gather_gradients(huge, huge, empty(huge)) == pytest.approx(11 * 4e60, rel=1e-6)
    huge[10] = np.nan
    assert np.isnan(gather_gradients(huge, huge, empty(huge)))


def run_adamw(seed: int, size: int, dtype: type, steps: int) -> tuple[list[Array], tuple[Array, ...]]:
    """w, m, v after some steps, and the truth; the oracle starts each step from what the kernel had."""
    state = [normal(seed, size, dtype=dtype), np.zeros(size, dtype), np.zeros(size, dtype)]
    right: tuple[Array, ...] = ()
    for at in range(1, steps + 1):
        g = normal(seed + at, size, dtype=dtype)
        right = oracle.adamw(tuple(exact(*state)), FACTOR * exact(g)[0], at, **ADAMW)
        corrections = {"c1": 1 - ADAMW["beta1"] ** at, "c2": 1 - ADAMW["beta2"] ** at}
        adamw(*state[:1], g, *state[1:], FACTOR, *ADAMW.values(), *corrections.values())
    return state, right


@pytest.mark.parametrize("dtype", DTYPES)
@given(size=sizes, seed=seeds, steps=st.integers(1, 4))
def test_adamw_is_near(size: int, seed: int, dtype: type, steps: int) -> None:
    (w, m, v), right = run_adamw(seed, size, dtype, steps)
    assert_near(w, right[0], 2, size=16 * ADAMW["rate"])  # no step is longer than a few times the rate
    assert_near(m, right[1], 2, size=1)
    assert_near(v, right[2], 3)


@pytest.mark.parametrize("dtype", DTYPES)
@given(size=sizes, seed=seeds)
def test_sgd_is_near(size: int, seed: int, dtype: type) -> None:
    w, g, b = (normal(seed + j, size, dtype=dtype) for j in range(3))
    right = oracle.sgd((exact(w)[0], exact(b)[0]), FACTOR * exact(g)[0], **SGD)
    terms = np.abs(exact(w)[0]) + np.abs(exact(g)[0]) + np.abs(exact(b)[0])
    sgd(w, g, b, FACTOR, *SGD.values())
    assert_near(w, right[0], 1, size=terms)
    assert_near(b, right[1], 2, size=terms)


def test_the_first_step_of_adamw_is_the_rate_long() -> None:
    w, m, v = np.zeros((3, 9), np.float32)
    adamw(w, normal(1, 9), m, v, 1.0, 0.01, 0.9, 0.999, 0.0, 0.0, 0.1, 0.001)
    assert_near(w, -0.01 * np.sign(normal(1, 9)), 4)


def test_a_momentum_dies_away() -> None:
    """Where numbers below the normal ones are rounded to nearest, 0.9 times 6e-45 is 6e-45 again."""
    w, g, m = np.zeros((3, 11), np.float32)
    v, b = np.ones((2, 11), np.float32)
    m[:], b[:] = 1.5 * LEAST, 1.5 * LEAST
    found = []
    for _ in range(5):
        adamw(w, g, m, v, 1.0, *ADAMW.values(), 1.0, 1.0)
        sgd(w, g, b, 1.0, 0.1, 0.9, 0.0)
        found.append((m[0] > 0, b[0] > 0))
        assert len(set(m.tolist())) == len(set(b.tolist())) == 1
    assert found == [(True, True)] * 3 + [(False, False)] * 2


@pytest.mark.parametrize("place", [0, 9, 16])
def test_what_is_not_a_number_stays_so(place: int) -> None:
    g, b = normal(1, 17), np.zeros(17, np.float32)
    g[place] = np.nan
    w, m, v = np.zeros((3, 17), np.float32)
    adamw(w, g, m, v, 1.0, *ADAMW.values(), 0.1, 0.001)
    for found in (w, m, v):
        assert np.flatnonzero(np.isnan(found)).tolist() == [place]
    w[:] = 0
    sgd(w, g, b, 1.0, *SGD.values())
    for found in (w, b):
        assert np.flatnonzero(np.isnan(found)).tolist() == [place]
