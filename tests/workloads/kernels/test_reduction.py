"""Sums along a row: in the order that they promise, to the bit."""

import numpy as np
import pytest
from hypothesis import given

from tests.oracles.training_kernels import in_lanes
from tests.workloads.kernels.near import DTYPES, normal, seeds, shapes
from workloads.kernels.reduction import row_dot, row_max, row_moment, row_spread, row_sum, square_sum


@pytest.mark.parametrize("dtype", DTYPES)
@given(shape=shapes, seed=seeds)
def test_sums_keep_their_order(shape: tuple[int, int], seed: int, dtype: type) -> None:
    x, y = normal(seed, *shape, dtype=dtype), normal(seed + 1, *shape, dtype=dtype)
    centre, last = x[-1, 0], shape[0] - 1
    row, other = x[last], y[last]
    assert float(row_sum(x, last)) == in_lanes(row)
    assert float(row_dot(x, y, last)) == in_lanes(row * other)
    assert float(row_spread(x, last, centre)) == in_lanes((row - centre) * (row - centre))
    assert float(row_moment(y, x, last, centre)) == in_lanes(other * (row - centre))


@pytest.mark.parametrize("dtype", DTYPES)
@given(shape=shapes, seed=seeds)
def test_squares_are_summed_in_float64(shape: tuple[int, int], seed: int, dtype: type) -> None:
    x = normal(seed, 1, shape[0] * shape[1], dtype=dtype, size=1e25)
    start = shape[0] // 2
    assert square_sum(x, start, x.size) == in_lanes(x[0, start:].astype(np.float64) ** 2)


@pytest.mark.parametrize("dtype", DTYPES)
@given(shape=shapes, seed=seeds)
def test_the_largest_of_the_first_is_found_and_nan_is_none(
    shape: tuple[int, int], seed: int, dtype: type
) -> None:
    x = normal(seed, *shape, dtype=dtype)
    last, columns = shape[0] - 1, 1 + seed % shape[1]
    x[last, seed % 5 :: 5] = np.nan
    seen = x[last, :columns]
    right = -np.inf if np.isnan(seen).all() else np.nanmax(seen)
    assert row_max(x, last, columns) == right


def test_a_weight_of_zero_adds_nothing_however_far_its_value_is() -> None:
    x = np.full((1, 11), -3e38, np.float32)
    x[0, 3] = 3e38
    with np.errstate(over="ignore"):
        assert row_moment((x > 0).astype(np.float32), x, 0, np.float32(3e38)) == 0
