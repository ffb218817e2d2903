"""Activations and their gradients against float64."""

import numpy as np
import pytest
from hypothesis import given

from tests.oracles import training_kernels as oracle
from tests.strategies import examples
from tests.workloads.kernels.near import DTYPES, assert_near, empty, exact, normal, seeds, shapes
from workloads.kernels.activation import add, add_bias, gelu, gelu_back, relu, relu_back, sum_rows

Shape = tuple[int, int]
SIZES = [0.1, 1.0, 30.0]


@given(shape=shapes, seed=seeds)
def test_sums_of_two_are_exact(shape: Shape, seed: int) -> None:
    x, y, bias = normal(seed, *shape), normal(seed + 1, *shape), normal(seed + 2, shape[1])
    out = empty(x)
    add(x, y, out)
    np.testing.assert_array_equal(out, x + y)
    both, other = x.copy(), y.copy()
    add(both, y, both)
    add(x, other, other)
    np.testing.assert_array_equal(both, out)
    np.testing.assert_array_equal(other, out)
    twice = x.copy()
    add(twice, twice, twice)
    np.testing.assert_array_equal(twice, 2 * x)
    biased = x.copy()
    add_bias(biased, bias)
    np.testing.assert_array_equal(biased, x + bias)


@given(shape=shapes, seed=seeds)
def test_relu_and_its_gradient_are_exact(shape: Shape, seed: int) -> None:
    x, bias, dy = normal(seed, *shape), normal(seed + 1, shape[1]), normal(seed + 2, *shape)
    y, dx = empty(x), empty(x)
    relu(x, bias, y)
    np.testing.assert_array_equal(y, oracle.relu(x + bias))
    relu_back(dy, y, dx)
    np.testing.assert_array_equal(dx, np.where(x + bias > 0, dy, 0))
    relu(x, bias, x)
    relu_back(dy, y, dy)
    np.testing.assert_array_equal(x, y)
    np.testing.assert_array_equal(dy, dx)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", DTYPES)
@given(shape=shapes, seed=seeds)
def test_gelu_is_near(shape: Shape, seed: int, dtype: type, size: float) -> None:
    x, bias = normal(seed, *shape, dtype=dtype, size=size), normal(seed + 1, shape[1], dtype=dtype)
    pre, out = empty(x), empty(x)
    gelu(x, bias, pre, out)
    np.testing.assert_array_equal(pre, x + bias)
    # in the far tail, where gelu goes to 0, the exponential takes over the rounding of its argument
    assert_near(out, oracle.gelu(exact(pre)[0]), 2, size=np.abs(exact(pre)[0]))
    again = empty(out)
    gelu(x, bias, x, again)
    np.testing.assert_array_equal(x, pre)
    np.testing.assert_array_equal(again, out)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", DTYPES)
@examples(20)
@given(shape=shapes, seed=seeds)
def test_the_gradient_of_gelu_is_near(shape: Shape, seed: int, dtype: type, size: float) -> None:
    pre, dy = normal(seed, *shape, dtype=dtype, size=size), normal(seed + 1, *shape, dtype=dtype)
    dx = empty(dy)
    gelu_back(dy, pre, dx)
    assert_near(dx, oracle.gradient(oracle.gelu, *exact(pre, dy)), 3, size=np.abs(exact(dy)[0]))
    gelu_back(dy, pre, dy)
    np.testing.assert_array_equal(dy, dx)


@pytest.mark.parametrize("dtype", DTYPES)
@given(shape=shapes, seed=seeds)
def test_rows_are_summed(shape: Shape, seed: int, dtype: type) -> None:
    dy = normal(seed, *shape, dtype=dtype)
    out = empty(dy, shape[1])
    sum_rows(dy, out)
    assert_near(out, exact(dy)[0].sum(axis=0), 2, size=np.abs(exact(dy)[0]).sum(axis=0))


def test_gelu_is_quiet_where_its_exponential_ends() -> None:
    pre = np.array([[-3e12, -1e4, -40, 40, 1e4, 3e12]], np.float32)
    out, dx = empty(pre), np.ones_like(pre)
    gelu(pre.copy(), np.zeros(6, np.float32), empty(pre), out)
    gelu_back(dx, pre, dx)
    assert_near(out, np.maximum(pre, 0), 1, size=np.abs(pre))
    np.testing.assert_array_equal(dx[0, 3:], 1)
    assert np.abs(dx[0, 2]) < 1e-30


@pytest.mark.parametrize("place", [(0, 0), (2, 9), (1, 16)])
def test_what_is_not_a_number_stays_so(place: tuple[int, int]) -> None:
    x, bias, fine = normal(1, 3, 17), normal(2, 17), normal(3, 3, 17)
    x[place] = np.nan
    for function in (relu, lambda x, bias, out: gelu(x, bias, empty(x), out)):
        out = empty(x)
        out[...] = 0
        function(x, bias, out)
        assert np.argwhere(np.isnan(out)).tolist() == [list(place)]
    for dy, before in ((x, fine), (fine, x)):
        dx = np.zeros_like(x)
        gelu_back(dy, before, dx)
        assert np.argwhere(np.isnan(dx)).tolist() == [list(place)]
    sums = np.zeros(17, np.float32)
    sum_rows(x, sums)
    assert np.flatnonzero(np.isnan(sums)).tolist() == [place[1]]
