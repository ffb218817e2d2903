"""Intervals against their definitions, and against scipy's own tests."""

from math import gamma, pi, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.study.interval import RESAMPLES, bootstrap_interval, holm, method_text, t_interval

FEW = [0.31, 0.12, 0.25, 0.4, 0.18, 0.22]
VALUES = st.lists(st.floats(-1e3, 1e3).map(lambda x: round(x, 3)), min_size=2, max_size=12)


def density(x: float, freedom: int) -> float:
    """Student's density, from its definition."""
    scale = gamma((freedom + 1) / 2) / (sqrt(freedom * pi) * gamma(freedom / 2))
    return float(scale * (1 + x * x / freedom) ** (-(freedom + 1) / 2))


def within(width: float, freedom: int, steps: int = 20_000) -> float:
    """P(|T| <= width), by Simpson's rule."""
    xs = np.linspace(-width, width, steps + 1)
    weights = np.ones(steps + 1)
    weights[1:-1:2], weights[2:-1:2] = 4, 2
    ys = np.array([density(float(x), freedom) for x in xs])
    return float((weights * ys).sum() * (xs[1] - xs[0]) / 3)


def test_the_interval_holds_95_of_100_of_students_distribution() -> None:
    found = t_interval(FEW)
    mean = sum(FEW) / 6
    error = sqrt(sum((x - mean) ** 2 for x in FEW) / 5 / 6)
    assert found.mean == pytest.approx(mean)
    assert found.high is not None
    assert within((found.high - mean) / error, 5) == pytest.approx(0.95, abs=1e-9)
    assert found.p == pytest.approx(1 - within(mean / error, 5), abs=1e-9)


@given(VALUES)
def test_the_t_interval_is_that_of_scipy(values: list[float]) -> None:
    if max(values) - min(values) <= 1e-2 * max(map(abs, values)):
        return  # there scipy warns of lost precision
    found = t_interval(values)
    peer = stats.ttest_1samp(values, 0)
    low, high = peer.confidence_interval(0.95)
    assert found.low == pytest.approx(low)
    assert found.high == pytest.approx(high)
    assert found.p == pytest.approx(peer.pvalue)


def test_the_bootstrap_is_near_that_of_scipy() -> None:
    found = bootstrap_interval(FEW)
    peer = stats.bootstrap((FEW,), np.mean, method="percentile", n_resamples=RESAMPLES)
    assert found.low == pytest.approx(peer.confidence_interval.low, abs=0.01)
    assert found.high == pytest.approx(peer.confidence_interval.high, abs=0.01)
    assert found == bootstrap_interval(FEW)


def test_no_draw_of_positive_values_is_below_0_so_that_p_is_the_least() -> None:
    many = [0.3 + 0.01 * place for place in range(20)]
    assert bootstrap_interval(many).p == pytest.approx(2 / (RESAMPLES + 1))
    assert bootstrap_interval(FEW).p == 2**-5  # six signs show no less
    centred = [x - sum(FEW) / 6 for x in FEW]
    p = bootstrap_interval(centred).p
    assert p is not None
    assert p > 0.9


@pytest.mark.parametrize("interval", [t_interval, bootstrap_interval])
def test_what_has_no_spread_has_no_p(interval: type) -> None:
    assert interval([]).mean is None
    one = interval([0.5])
    assert (one.mean, one.low, one.high, one.p) == (0.5, None, None, None)
    equal = interval([0.5] * 3)
    assert (equal.mean, equal.low, equal.high, equal.p) == (0.5, 0.5, 0.5, None)
    assert interval([0.0] * 3).p == 1.0


def test_holm_is_as_published() -> None:
    """The example of Holm's procedure with 4 p-values: 0.01 x 4, 0.02 x 3, 0.03 x 2, then 0.04."""
    assert holm([0.04, 0.01, None, 0.03, 0.02]) == [
        pytest.approx(0.06),
        pytest.approx(0.04),
        None,
        pytest.approx(0.06),
        pytest.approx(0.06),
    ]
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_refuses_what_its_definition_accepts_step_by_step(ps: list[float]) -> None:
    """Reject the smallest while p <= level / (m - i), stop at the first that is not."""
    corrected = holm(ps)
    for level in (0.01, 0.05, 0.2):
        rejected = set()
        for rank, index in enumerate(sorted(range(len(ps)), key=lambda one: ps[one])):
            if ps[index] * (len(ps) - rank) > level:
                break
            rejected.add(index)
        assert rejected == {index for index, p in enumerate(corrected) if p is not None and p <= level}


def test_the_method_is_stated() -> None:
    assert method_text("paired t", 3) == "paired t, 95% intervals, p by Holm over 3"
    assert method_text("paired bootstrap", 1).startswith("paired bootstrap of 9999 draws, 95% intervals")
