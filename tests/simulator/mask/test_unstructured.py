"""Masks without groups: exactly as many as asked, the largest, in time that does not depend on the values."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.kernels import threads
from simulator.mask import unstructured
from simulator.mask.dtypes import widened
from simulator.mask.unstructured import select_above, select_largest, select_largest_of, select_random
from tests.arrays import DTYPES, in_dtype, score_arrays
from tests.oracles import unstructured as oracle

small = st.lists(st.integers(0, 7), min_size=1, max_size=3).map(tuple)
arrays = score_arrays(small)


@st.composite
def any_bits(draw: st.DrawFn) -> NDArray[Any]:
    """Floats of any bits at all, signalling NaN among them, so that each digit of a key decides somewhere."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    near = draw(st.integers(0, 2 ** (8 * dtype.itemsize) - 2**12))
    wide = st.integers(0, 2 ** (8 * dtype.itemsize) - 1)
    bits = draw(st.lists(wide | st.integers(near, near + 2**12 - 1), max_size=40))
    return np.array(bits, f"u{dtype.itemsize}").view(dtype)


@given(arrays | any_bits(), st.floats(0, 1))
def test_the_largest_are_those_that_sorting_puts_first(scores: NDArray[Any], share: float) -> None:
    count = round(share * scores.size)
    mask = select_largest(scores, count)
    assert mask.flags.c_contiguous
    assert mask.dtype == np.bool_
    np.testing.assert_array_equal(mask, oracle.largest([scores], count)[0])


@given(st.lists(arrays | any_bits(), max_size=4), st.floats(0, 1))
def test_one_budget_over_tensors_of_any_shape_and_dtype(scores: list[NDArray[Any]], share: float) -> None:
    count = round(share * sum(each.size for each in scores))
    masks = select_largest_of(scores, count)
    assert [mask.shape for mask in masks] == [each.shape for each in scores]
    for mask, expected in zip(masks, oracle.largest(scores, count), strict=True):
        np.testing.assert_array_equal(mask, expected)


@given(st.lists(arrays, min_size=1, max_size=3), st.floats(0, 1), st.sampled_from([1, 3, 8]))
def test_stretches_change_nothing(scores: list[NDArray[Any]], share: float, size: int) -> None:
    count = round(share * sum(each.size for each in scores))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unstructured, "STRETCH", size)
        patch.setattr(unstructured, "STRETCHES_MAX", 10_000)
        masks = select_largest_of(scores, count)
    for mask, expected in zip(masks, oracle.largest(scores, count), strict=True):
        np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_many_values_over_many_threads(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = np.random.default_rng(1).integers(0, 2**9, 7000).astype(np.uint16)  # many of the same
    scores = (scores if dtype is np.uint16 else scores.view(np.float16)).astype(dtype)
    masks = []
    monkeypatch.setattr(threads, "GRAIN", 16)
    for count in ("1", "2", "5"):
        monkeypatch.setenv("NMSIM_THREADS", count)
        monkeypatch.setattr(unstructured, "STRETCH", 100 * int(count))
        masks.append(select_largest(scores, 2501))
    order = np.argsort(-np.abs(widened(scores)), kind="stable")
    assert [np.count_nonzero(mask) for mask in masks] == [2501] * 3
    assert all(mask[order[:2501]].all() for mask in masks)


@pytest.mark.parametrize("first", DTYPES)
@pytest.mark.parametrize("second", DTYPES)
def test_magnitudes_of_two_dtypes_compare_as_numbers(first: type, second: type) -> None:
    scores = [in_dtype([1, -3, np.nan, 2], first), in_dtype([2, -2.5, np.inf, 0], second)]
    masks = select_largest_of(scores, 4)
    assert [mask.tolist() for mask in masks] == [[False, True, False, True], [False, True, True, False]]


@given(arrays, st.sampled_from(DTYPES), st.integers(0, 2), st.integers(0, 2**30))
def test_above_its_threshold(scores: NDArray[Any], dtype: type, axis: int, seed: int) -> None:
    axis %= scores.ndim
    numbers = np.random.default_rng(seed).choice([-1, -0.0, 0.25, 1, 2, np.inf], scores.shape[axis])
    thresholds = in_dtype(numbers, dtype)
    mask = select_above(scores, thresholds, axis=axis)
    assert mask.flags.c_contiguous
    np.testing.assert_array_equal(mask, oracle.above(scores, thresholds, axis))
    np.testing.assert_array_equal(mask, select_above(scores, thresholds, axis=axis - scores.ndim))


def test_a_magnitude_on_the_threshold_is_not_above_it() -> None:
    scores = np.array([[1, -1.5, 0.5], [np.nan, 0, -2]], np.float32)
    kept = select_above(scores, np.array([1.0, -1.0]))
    assert kept.tolist() == [[False, True, False], [False, True, True]]


@given(small, st.floats(0, 1), st.integers(0, 2**30))
def test_a_random_mask_keeps_as_many_as_asked(shape: tuple[int, ...], share: float, seed: int) -> None:
    count = round(share * int(np.prod(shape)))
    mask = select_random(shape, count, np.random.default_rng(seed))
    assert mask.shape == shape
    assert np.count_nonzero(mask) == count
    np.testing.assert_array_equal(mask, select_random(shape, count, np.random.default_rng(seed)))


@pytest.mark.parametrize("together", [1, 3, 4])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_random_mask_is_equally_likely(
    count: int, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over 4000 draws each of the C(4, count) masks comes within 5 sigma of its share."""
    monkeypatch.setattr(unstructured, "DRAWN_TOGETHER", together)
    rng = np.random.default_rng(3)
    drawn = [select_random((2, 2), count, rng).tobytes() for _ in range(4000)]
    ways = {1: 4, 2: 6, 3: 4}[count]
    seen = [drawn.count(mask) for mask in set(drawn)]
    assert len(seen) == ways
    sigma = (4000 / ways * (1 - 1 / ways)) ** 0.5
    assert max(abs(times - 4000 / ways) for times in seen) < 5 * sigma


F32 = np.zeros((2, 3), np.float32)
DTYPE_RIGHT = "float32, float64, float16, or uint16 that holds the bits of bfloat16"
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: select_largest(F32, 7), "count is 7; count is a whole number from 0 to 6"),
        (lambda: select_largest(F32, -1), "count is -1; count is a whole number from 0 to 6"),
        (lambda: select_largest(F32, True), "count is True; count is a whole number from 0 to 6"),
        (lambda: select_largest(F32.astype(int), 1), f"scores has dtype int64; {DTYPE_RIGHT}"),
        (lambda: select_largest([1.0], 1), "scores is of type list; scores is a numpy array"),  # type: ignore[arg-type]
        (lambda: select_largest_of([F32, F32], 13), "count is 13; count is a whole number from 0 to 12"),
        (lambda: select_largest_of(F32, 1), "scores is of type ndarray; scores is a list of numpy arrays"),  # type: ignore[arg-type]
        (lambda: select_largest_of([F32, F32 > 0], 1), f"scores[1] has dtype bool; {DTYPE_RIGHT}"),
        (
            lambda: select_above(F32, np.zeros(3)),
            "thresholds has shape (3,); axis 0 of shape (2, 3) has 2 slices, each with one threshold",
        ),
        (
            lambda: select_above(F32, np.zeros((3, 1)), axis=-1),
            "thresholds has shape (3, 1); axis -1 of shape (2, 3) has 3 slices, each with one threshold",
        ),
        (lambda: select_above(F32, np.array([0, np.nan])), "thresholds[1] is NaN; a threshold is a number"),
        (lambda: select_above(F32, np.zeros(2), axis=2), "axis is `2`; an axis of shape (2, 3) is -2 to 1"),
        (lambda: select_random((2, 3), 7, RNG), "count is 7; count is a whole number from 0 to 6"),
        (lambda: select_random((), 0, RNG), "shape is a list; a shape is a tuple of 1 to 32 lengths"),
        (
            lambda: select_random((2, -1), 0, RNG),
            f"shape[1] is -1; shape[1] is a whole number from 0 to {2**28}",
        ),
        (
            lambda: select_random((2**28, 2**28), 0, RNG),
            f"the number of values is {2**56}; the number of values is a whole number from 0 to {2**28}",
        ),
        (
            lambda: select_random((2,), 0, 7),  # type: ignore[arg-type]
            "rng is of type int; rng is a numpy.random.Generator",
        ),
    ],
)
def test_what_is_refused(call: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
