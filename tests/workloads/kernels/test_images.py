"""im2col and col2im against the windows taken one value at a time."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.oracles.images import images, windows
from workloads.kernels.images import col2im, im2col
from workloads.networks.blocks import positions

Array = NDArray[np.floating]


class Case(NamedTuple):
    shape: tuple[int, int, int, int]
    window: int
    stride: int
    padding: int

    @property
    def columns(self) -> tuple[int, int]:
        samples, height, width, channels = self.shape
        window = {"kernel": self.window, "stride": self.stride, "padding": self.padding}
        rows = samples * positions(height, **window) * positions(width, **window)
        return rows, self.window**2 * channels


@st.composite
def cases(draw: st.DrawFn) -> Case:
    window, padding = draw(st.integers(1, 4)), draw(st.integers(0, 5))
    least = max(1, window - 2 * padding)
    side = st.integers(least, least + 5)
    shape = draw(st.tuples(st.integers(1, 3), side, side, st.integers(1, 9)))
    return Case(shape, window, draw(st.integers(1, 5)), padding)


def whole(shape: tuple[int, ...], dtype: type[np.floating]) -> Array:
    """Small whole numbers, so that every sum of them is exact and every value differs."""
    return (np.arange(np.prod(shape)) + 1).reshape(shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(case=cases())
def test_a_window_is_a_row(case: Case, dtype: type[np.floating]) -> None:
    x = whole(case.shape, dtype)
    out = np.full(case.columns, np.nan, dtype)
    im2col(x, case.window, case.stride, case.padding, out)
    np.testing.assert_array_equal(out, windows(x, case.window, case.stride, case.padding, len(out)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(case=cases())
def test_the_way_back_sums_the_windows(case: Case, dtype: type[np.floating]) -> None:
    columns = whole(case.columns, dtype)
    out = np.full(case.shape, np.nan, dtype)
    col2im(columns, case.window, case.stride, case.padding, out)
    np.testing.assert_array_equal(
        out, images(columns, case.shape, case.window, case.stride, case.padding).astype(dtype)
    )


@given(case=cases())
def test_one_is_the_transpose_of_the_other(case: Case) -> None:
    x, columns = whole(case.shape, np.float64), whole(case.columns, np.float64)
    to, back = np.empty(case.columns), np.empty(case.shape)
    im2col(x, case.window, case.stride, case.padding, to)
    col2im(columns, case.window, case.stride, case.padding, back)
    assert np.vdot(to, columns) == np.vdot(x, back)


@given(case=cases(), seed=st.integers(0, 99))
def test_the_compiler_changes_no_bit(case: Case, seed: int) -> None:
    columns = np.random.default_rng(seed).standard_normal(case.columns).astype(np.float32)
    compiled, plain = np.empty(case.shape, np.float32), np.empty(case.shape, np.float32)
    col2im(columns, case.window, case.stride, case.padding, compiled)
    getattr(col2im, "py_func", col2im)(columns, case.window, case.stride, case.padding, plain)
    np.testing.assert_array_equal(compiled.view(np.uint32), plain.view(np.uint32))


def test_what_is_not_a_number_stays_so() -> None:
    x = np.zeros((1, 3, 3, 1), np.float32)
    x[0, 1, 1, 0] = np.nan
    columns, back = np.empty((9, 9), np.float32), np.empty_like(x)
    im2col(x, 3, 1, 1, columns)
    assert np.isnan(columns).sum() == 9
    col2im(columns, 3, 1, 1, back)
    assert np.isnan(back).sum() == 1
