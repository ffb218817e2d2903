"""exp and log against 60 digits."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from tests.oracles.training_kernels import exponential, logarithm
from tests.workloads.kernels.near import DTYPES
from workloads.kernels.elementary import exp, log

ENDS = [(np.float32, 87), (np.float64, 708)]


def ulp(found: Any, right: Decimal, dtype: type) -> float:
    """How far from `right`, in units of the last place of that number."""
    unit = np.spacing(np.abs(np.asarray(float(right), dtype)))
    return float(abs(Decimal(float(found)) - right) / Decimal(float(unit)))


def worst(function: Callable[[Any], Any], oracle: Callable[[float], Decimal], points: Any) -> float:
    dtype = points.dtype.type
    return max(ulp(function(x), oracle(float(x)), dtype) for x in points)


@pytest.mark.parametrize(("dtype", "end", "most"), [(np.float32, 87, 1), (np.float64, 708, 2)])
def test_exp_is_near(dtype: type, end: int, most: float) -> None:
    rng = np.random.default_rng(1)
    halves = (np.arange(-end, end) + 0.5) * np.log(2)  # where the nearest n changes
    points = [np.linspace(-end, end, 1001), rng.standard_normal(500), halves[np.abs(halves) < end], [1e-9]]
    assert worst(exp, exponential, np.concatenate(points).astype(dtype)) <= most


@pytest.mark.parametrize(("dtype", "end"), ENDS)
def test_exp_ends(dtype: type, end: int) -> None:
    assert exp(dtype(0)) == 1
    assert exp(np.nextafter(dtype(-end), dtype(-np.inf))) == exp(dtype(-np.inf)) == 0
    assert exp(dtype(np.inf)) == exp(dtype(end + 1)) == exp(dtype(end))
    assert exp(dtype(-end)) >= np.finfo(dtype).smallest_normal
    assert 1 / exp(dtype(end)) >= np.finfo(dtype).smallest_normal
    assert np.isnan(exp(dtype(np.nan)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_exp_has_the_dtype_of_what_it_is_given(dtype: type) -> None:
    third = exp(dtype(1 / 3))
    assert (float(np.float32(third)) == float(third)) == (dtype is np.float32)


def test_log_is_near() -> None:
    rng = np.random.default_rng(1)
    spread = [1 + 99 * rng.random(500), np.exp(50 * rng.standard_normal(500)), np.linspace(1.4, 1.43, 500)]
    assert worst(log, logarithm, np.concatenate([*spread, 1 + 1e-3 * rng.standard_normal(500)])) <= 1


def test_log_ends() -> None:
    assert log(np.float64(1)) == 0
    assert log(np.float64(np.inf)) == np.inf
    assert np.isnan(log(np.float64(np.nan)))
