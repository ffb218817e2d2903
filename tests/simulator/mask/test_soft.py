"""Soft thresholding: what is taken from each value, its continuity, and the scale that makes up for it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.kernels import soft as kernels
from simulator.kernels import threads
from simulator.mask.dtypes import narrowed, widened
from simulator.mask.soft import soft_scale, soft_threshold
from simulator.pattern import Pattern
from tests.arrays import DTYPES, in_dtype, same_numbers, score_arrays
from tests.oracles import soft as oracle
from tests.oracles.magnitude import as_float
from tests.strategies import TWO_OF_FOUR

# Each pattern is compiled for each dtype, so that there are few pairs.
PAIRS: list[tuple[str, type]] = [
    *(("2:4", dtype) for dtype in DTYPES),
    ("3:7", np.float16),
    ("5:5", np.uint16),
    ("3:70", np.float64),
]
sizes = st.sampled_from([0, 1, 3, 4, 5, 8, 16, 31, 70, 75])
shapes = st.lists(sizes, min_size=1, max_size=3).map(
    lambda lengths: (*lengths[:1], *(n % 9 for n in lengths[1:]))
)


def rounded(numbers: list[float], dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype == np.uint16:
        return np.array([oracle.to_bfloat16(number) for number in numbers], np.uint16)
    return np.array(numbers, dtype)


weights_of_pairs = st.sampled_from(PAIRS).flatmap(
    lambda pair: st.tuples(score_arrays(shapes, [pair[1]]), st.just(Pattern.parse(pair[0])))
)


@given(weights_of_pairs, st.integers(0, 2))
def test_what_is_taken_from_each_value(case: tuple[NDArray[Any], Pattern], axis: int) -> None:
    weights, pattern = case
    axis %= weights.ndim
    soft = soft_threshold(weights, pattern, axis=axis)
    assert (soft.shape, soft.dtype) == (weights.shape, weights.dtype)
    assert soft.flags.c_contiguous
    lines, made = np.moveaxis(weights, axis, -1), np.moveaxis(soft, axis, -1)
    for line in np.ndindex(lines.shape[:-1]):
        expected = rounded(
            oracle.soft_threshold([as_float(value) for value in lines[line]], pattern), weights.dtype
        )
        assert same_numbers(widened(made[line]), widened(expected))


@given(st.integers(1, 9), st.integers(1, 60), st.integers(1, 7), st.integers(0, 99))
def test_stretches_of_rows_change_nothing(rows: int, length: int, stretch: int, seed: int) -> None:
    """The kernel for rows, told to work on any part of them at a time, against the one for columns."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(-9, 9, (rows, length)).astype(np.float32)
    mask = rng.random(weights.shape) < 0.5
    whole, parts = np.empty_like(weights), np.empty_like(weights)
    count = int(kernels.stretches_along(length, 2100 // stretch))
    kernels.shrink_rows(weights, mask, 2100 // stretch, 0, rows * count, parts)
    columns = [np.ascontiguousarray(each.T)[None] for each in (weights, mask, whole)]
    kernels.shrink_columns(*columns[:2], 2100 // stretch, 0, -(-length // (2100 // stretch)), columns[2])
    np.testing.assert_array_equal(parts, columns[2][0].T)


@given(st.lists(st.floats(-4, 4), min_size=4, max_size=4), st.integers(0, 3), st.floats(-1e-3, 1e-3))
def test_a_small_change_of_a_weight_is_a_small_change_of_all(
    values: list[float], at: int, change: float
) -> None:
    """|S(w + d) - S(w)| is at most |d| for what moved, and the threshold moves at most as much."""
    weights = np.array(values)
    moved = weights.copy()
    moved[at] += change
    difference = np.abs(soft_threshold(moved, TWO_OF_FOUR) - soft_threshold(weights, TWO_OF_FOUR))
    assert difference.max() <= 2 * abs(moved[at] - weights[at]) + 1e-15


def test_by_eye() -> None:
    nan, inf = np.nan, np.inf
    groups = [
        ([1, -4, 3, 2], [0, -2, 1, 0]),
        ([2, -2, 2, 1], [0, 0, 0, 0]),  # ties at the threshold leave fewer than two
        ([5, -0.0, 0, 0], [5, 0, 0, 0]),
        ([nan, 3, -1, 2], [0, 2, 0, 1]),  # NaN is the smallest, so that 1 is the second smallest
        ([nan, 3, nan, -2], [0, 3, 0, -2]),  # the second smallest is NaN: nothing is taken
        ([nan, nan, 3, nan], [nan, 0, 3, 0]),
        ([inf, 1, -inf, 2], [inf, 0, -inf, 0]),
        ([inf, 1, -inf, inf], [0, 0, 0, 0]),
    ]
    for values, expected in groups:
        made = soft_threshold(np.array(values, np.float32), TWO_OF_FOUR)
        np.testing.assert_array_equal(made, np.array(expected, np.float32))
        assert not np.signbit(made[made == 0]).any()
    tail = soft_threshold(np.array([1, 2, 3, 4, 3, -2.0]), TWO_OF_FOUR)
    assert tail.tolist() == [0, 0, 1, 2, 3, -2]
    assert soft_threshold(np.array([1, 2, 3, 4, 3, -2, 1.0]), TWO_OF_FOUR).tolist() == [0, 0, 1, 2, 2, -1, 0]


@pytest.mark.parametrize("text", ["1:2", "2:4", "1:4", "3:8"])
def test_scale_of_gaussian_weights(text: str) -> None:
    """Within 5 sigma of the sampling of 30000 groups."""
    pattern = Pattern.parse(text)
    weights = np.random.default_rng(21).standard_normal((30_000, pattern.group))
    soft = soft_threshold(weights, pattern)
    scale = soft_scale(weights, soft)
    squares = (soft**2).sum(axis=1)
    spread = ((weights * soft).sum(axis=1) - scale * squares).std() / squares.mean() / len(weights) ** 0.5
    assert abs(scale - oracle.gaussian_scale(pattern)) < 5 * spread


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20), st.integers(-300, 300))
def test_no_other_scale_is_nearer(values: list[float], exponent: int) -> None:
    weights = np.array(values)
    soft = soft_threshold(weights, TWO_OF_FOUR)
    soft[np.abs(soft) < 1e-9] = 0
    scale = soft_scale(weights * 10.0**exponent, soft * 10.0**exponent)
    if soft.any():
        errors = [((factor * soft - weights) ** 2).sum() for factor in (scale, scale * 1.01, scale * 0.99)]
        assert errors[0] <= min(errors[1:]) * (1 + 1e-12)
    else:
        assert scale == 1.0


def test_scales_at_the_ends() -> None:
    zeros, large = np.zeros(4), np.full(4, 1e300)
    assert soft_scale(zeros, zeros) == 1.0  # any would be as near
    assert soft_scale(large, zeros) == 1.0
    assert soft_scale(zeros, large) == 0.0
    assert soft_scale(large, large) == 1.0
    assert soft_scale(large, 1 / large) == np.inf
    assert soft_scale(np.zeros((0, 4)), np.zeros((0, 4))) == 1.0


def test_scale_of_bfloat16_is_that_of_its_numbers() -> None:
    bits = in_dtype(np.random.default_rng(22).standard_normal(64), np.uint16)
    soft = soft_threshold(bits, TWO_OF_FOUR)
    assert soft_scale(bits, soft) == soft_scale(widened(bits), widened(soft))


@given(st.integers(0, 2**32 - 1))
@example(0x7F80_0001)  # a NaN whose upper half is infinity
@example(0x3F80_8000)  # halfway, to the even one below
@example(0x3F81_8000)  # halfway, to the even one above
@example(0x7F7F_8000)  # halfway to infinity
@example(0x0000_8001)  # denormal
def test_float32_to_bfloat16_rounds_to_nearest_even(bits: int) -> None:
    value = np.array([bits], np.uint32).view(np.float32)
    narrow = narrowed(value, np.dtype(np.uint16))
    if np.isnan(value[0]):
        assert np.isnan(widened(narrow)[0])
    else:
        assert int(narrow[0]) == oracle.to_bfloat16(float(value[0]))


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "GRAIN", 16)
    weights = np.random.default_rng(23).standard_normal((31, 43)).astype(np.float32)
    made = []
    for count in ("1", "3"):
        monkeypatch.setenv("NMSIM_THREADS", count)
        made.append([soft_threshold(weights, TWO_OF_FOUR, axis=axis) for axis in (0, 1)])
    np.testing.assert_array_equal(made[0][0], made[1][0])
    np.testing.assert_array_equal(made[0][1], made[1][1])
    assert (np.count_nonzero(made[0][1][:, :40].reshape(-1, 4), axis=1) == 2).all()


F32 = np.ones((2, 8), np.float32)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: soft_threshold(F32, "2:4"),  # type: ignore[arg-type]
            'the pattern is `2:4`; a Pattern, as Pattern.parse("2:4") makes it',
        ),
        (lambda: soft_threshold(F32, TWO_OF_FOUR, axis=2), "axis is `2`; an axis of shape (2, 8) is -2 to 1"),
        (
            lambda: soft_threshold(F32.astype(int), TWO_OF_FOUR),
            "weights has dtype int64; float32, float64, float16, or uint16 that holds the bits of bfloat16",
        ),
        (lambda: soft_scale(F32, F32[0]), "soft has shape (8,); the weights have shape (2, 8)"),
        (lambda: soft_scale(F32 * np.inf, F32), "weights holds NaN or infinity; a scale is of finite values"),
        (lambda: soft_scale(F32, F32 * np.nan), "soft holds NaN or infinity; a scale is of finite values"),
    ],
)
def test_what_is_refused(call: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
