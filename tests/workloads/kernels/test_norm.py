"""Normalisations and their gradients against float64."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import training_kernels as oracle
from tests.strategies import examples
from tests.workloads.kernels.near import DTYPES, Array, assert_near, empty, exact, normal, seeds, shapes
from workloads.kernels.norm import group_norm, group_norm_back, layer_norm, layer_norm_back

EPS = 1e-5


class Image(NamedTuple):
    samples: int
    positions: int
    groups: int
    width: int

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.samples, self.positions, self.groups * self.width


images = st.builds(Image, *(st.integers(1, most) for most in (3, 5, 4, 4)))


def backward_of_rows(dy: Array, x: Array, gain: Array, bias: Array) -> list[Array]:
    """The output of layer_norm and the gradients to x, gain and bias."""
    out, mean, scale = empty(x), empty(x, len(x)), empty(x, len(x))
    layer_norm(x, gain, bias, EPS, out, mean, scale)
    found = [out, empty(x), empty(gain), empty(gain)]
    layer_norm_back(dy, x, gain, mean, scale, *found[1:])
    return found


def backward_of_groups(dy: Array, x: Array, gain: Array, bias: Array, *, groups: int) -> list[Array]:
    """The same of group_norm."""
    out, mean, scale = empty(x), empty(x, len(x), groups), empty(x, len(x), groups)
    group_norm(x, gain, bias, groups, EPS, out, mean, scale)
    found = [out, empty(x), empty(gain), empty(gain)]
    group_norm_back(dy, x, gain, groups, mean, scale, *found[1:])
    return found


def drawn(seed: int, shape: tuple[int, ...], dtype: type) -> list[Array]:
    """dy, x away from 0, gain and bias."""
    made = [normal(seed + j, *shape, dtype=dtype) for j in range(2)]
    made += [normal(seed + j, shape[-1], dtype=dtype) for j in (2, 3)]
    made[1] += dtype(seed % 3)
    return made


def check(found: list[Array], right: list[Array], given: list[Array], scale: Array) -> None:
    """What is found is right within the rounding of the sums that it is made of.

    `scale` is 1 / the standard deviation: what is lost by taking the mean away grows with it.
    """
    dy, x, gain, bias = exact(*given)
    lost = 1 + scale * np.abs(x).max()  # rounding units in a normalised value
    rows = tuple(range(x.ndim - 1))
    steepest = scale * np.abs(dy * gain).max() * lost
    sizes = [
        np.abs(gain) * lost + np.abs(bias),
        steepest * lost,
        (np.abs(dy) * lost).sum(axis=rows),
        np.abs(dy).sum(axis=rows),
    ]
    for each, truth, ulp, size in zip(found, right, (3, 2, 3, 2), sizes, strict=True):
        assert_near(each, truth, ulp, size=size)


@pytest.mark.parametrize("dtype", DTYPES)
@examples(20)
@given(shape=shapes, seed=seeds)
def test_rows(shape: tuple[int, int], seed: int, dtype: type) -> None:
    given = drawn(seed, shape, dtype)
    dy, x, gain, bias = exact(*given)
    right = [
        oracle.layer_norm(x, gain, bias, EPS),
        oracle.gradient(lambda x: oracle.layer_norm(x, gain, bias, EPS), x, dy),
        oracle.gradient(lambda gain: oracle.layer_norm(x, gain, bias, EPS), gain, dy),
        dy.sum(axis=0),
    ]
    scale = 1 / np.sqrt(x.var(axis=1, keepdims=True) + EPS)
    check(backward_of_rows(*given), right, given, scale.max())


@pytest.mark.parametrize("dtype", DTYPES)
@examples(20)
@given(image=images, seed=seeds)
def test_groups(image: Image, seed: int, dtype: type) -> None:
    given, groups = drawn(seed, image.shape, dtype), image.groups
    dy, x, gain, bias = exact(*given)
    right = [
        oracle.group_norm(x, gain, bias, groups, EPS),
        oracle.gradient(lambda x: oracle.group_norm(x, gain, bias, groups, EPS), x, dy),
        oracle.gradient(lambda gain: oracle.group_norm(x, gain, bias, groups, EPS), gain, dy),
        dy.sum(axis=(0, 1)),
    ]
    apart = x.reshape(image.samples, image.positions, groups, image.width)
    scale = 1 / np.sqrt(apart.var(axis=(1, 3)) + EPS)
    check(backward_of_groups(*given, groups=groups), right, given, scale.max())


def test_rows_of_equal_numbers_become_the_bias() -> None:
    x, gain, bias = np.full((3, 12), 0.1, np.float32), normal(1, 12), normal(2, 12)
    out = backward_of_rows(normal(3, 3, 12), x, gain, bias)[0]
    assert_near(out, np.broadcast_to(bias, (3, 12)), 1, size=np.abs(gain) / np.sqrt(EPS))


@pytest.mark.parametrize("dtype", DTYPES)
@given(image=images, seed=seeds)
def test_one_group_of_one_position_is_a_row(image: Image, seed: int, dtype: type) -> None:
    dy, x, gain, bias = drawn(seed, (image.samples, 1, image.positions), dtype)
    rows = backward_of_rows(dy[:, 0], x[:, 0], gain, bias)
    groups = backward_of_groups(dy, x, gain, bias, groups=1)
    lost = 20 * (1 + np.abs(exact(x)[0]).max()) ** 2 / np.sqrt(EPS)
    assert_near(groups[0][:, 0], rows[0], 1, size=lost * np.abs(gain).max())
    np.testing.assert_array_equal(groups[3], rows[3])


def test_what_is_not_a_number_stays_in_its_row_and_group() -> None:
    x, gain, bias = normal(1, 2, 3, 6), normal(2, 6), normal(3, 6)
    dy = normal(4, 2, 3, 6)
    x[1, 2, 4] = np.nan
    out, dx, dgain, dbias = backward_of_groups(dy, x, gain, bias, groups=2)
    for found in (out, dx):
        assert np.isnan(found[1, :, 3:]).all()
        assert np.isnan(found).sum() == 9
    assert np.isnan(dgain).tolist() == [False] * 3 + [True] * 3
    assert not np.isnan(dbias).any()
    out, dx, dgain, _ = backward_of_rows(dy[1], x[1], gain, bias)
    for found in (out, dx):
        assert np.isnan(found).all(axis=1).tolist() == [False, False, True]
        assert np.isnan(found).sum() == 6
    assert np.isnan(dgain).all()
