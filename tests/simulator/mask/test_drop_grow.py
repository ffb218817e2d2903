"""Masks that move: which positions are dropped, which grow, and that as many stay kept."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.kernels import drop_grow as kernels
from simulator.kernels import threads
from simulator.mask.drop_grow import drop_and_grow, drop_and_grow_groups
from simulator.pattern import Pattern
from tests.arrays import Array, drawn_mask, masks_of, score_arrays
from tests.oracles import drop_grow as oracle
from tests.strategies import TWO_OF_FOUR, patterns_up_to

small = st.lists(st.integers(0, 9), min_size=1, max_size=3).map(tuple)
# Each pair of widths is compiled, so that there are few.
DTYPES: list[tuple[type, type]] = [
    (np.float32, np.float64),
    (np.float16, np.uint16),
    (np.float64, np.float16),
]


@st.composite
def weights_and_growth(draw: st.DrawFn) -> tuple[Array, Array]:
    """Two arrays of one shape and two dtypes."""
    shape = st.just(draw(small))
    first, second = draw(st.sampled_from(DTYPES))
    return draw(score_arrays(shape, [first])), draw(score_arrays(shape, [second]))


@given(weights_and_growth(), st.data(), st.floats(0, 1))
def test_drop_and_grow_is_one_position_after_another(
    arrays: tuple[Array, Array], data: st.DataObject, share: float
) -> None:
    weights, growth = arrays
    mask = data.draw(masks_of(weights.shape))
    count = round(share * mask.ravel().tolist().count(True))
    moved = drop_and_grow(mask, weights, growth, count)
    ranks = oracle.ranks(weights), oracle.ranks(growth)
    expected = oracle.drop_and_grow(mask.ravel().tolist(), *ranks, count)
    assert moved.shape == mask.shape
    assert moved.ravel().tolist() == expected
    assert moved.sum() == sum(expected)


@given(weights_and_growth(), patterns_up_to(12), st.integers(0, 2), st.floats(0, 1), st.integers(0, 99))
def test_a_group_moves_like_a_tensor_of_its_own(
    arrays: tuple[Array, Array], pattern: Pattern, axis: int, share: float, seed: int
) -> None:
    weights, growth = arrays
    axis %= weights.ndim
    count = round(share * pattern.kept)
    mask = drawn_mask(weights.shape, pattern, axis, np.random.default_rng(seed))
    expected = oracle.drop_and_grow_groups(mask, weights, growth, count, pattern, axis)
    moved = drop_and_grow_groups(mask, weights, growth, count, pattern, axis=axis - weights.ndim)
    assert moved.flags.c_contiguous
    np.testing.assert_array_equal(moved, expected)


@given(st.lists(st.integers(1, 2**63 - 1) | st.integers(1, 9), min_size=1, max_size=60), st.data())
def test_both_ways_to_the_cut_find_the_same(keys: list[int], data: st.DataObject) -> None:
    count = data.draw(st.integers(1, len(keys)))
    cut = sorted(keys, reverse=True)[count - 1]
    array = np.array(keys, np.uint64)
    assert (int(kernels.cut_by_steps(array, count)), int(kernels.cut_by_bits(array, count))) == (cut, cut)


def test_a_long_group() -> None:
    """More kept values than are found one by one."""
    rng = np.random.default_rng(5)
    pattern = Pattern(kept=60, group=150)
    weights, growth = rng.integers(-40, 40, (2, 340, 2)).astype(np.float32)
    mask = drawn_mask((340, 2), pattern, 0, rng)
    expected = oracle.drop_and_grow_groups(mask, weights, growth, 30, pattern, 0)
    np.testing.assert_array_equal(drop_and_grow_groups(mask, weights, growth, 30, pattern, axis=0), expected)


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "GRAIN", 16)
    rng = np.random.default_rng(6)
    weights, growth = rng.integers(-4, 4, (2, 31, 41)).astype(np.float32)
    mask = np.tile([True, True, False, False], (31, 11))[:, :41]
    moved = []
    for count in ("1", "3"):
        monkeypatch.setenv("NMSIM_THREADS", count)
        moved.append(drop_and_grow_groups(mask, weights, growth, 1, TWO_OF_FOUR))
    np.testing.assert_array_equal(moved[0], moved[1])
    assert (np.add.reduceat(moved[0], range(0, 41, 4), axis=1)[:, :-1] == 2).all()


def test_by_eye() -> None:
    mask = np.array([1, 1, 1, 0, 0, 0], bool)
    weights = np.array([3, -1, 1, 9, 9, 9], np.float32)
    growth = np.array([9, 9, 0, 2, -5, np.nan], np.float32)
    # 2 goes, not 1, which is as small but lower; of those not kept 4 has the largest gradient.
    assert drop_and_grow(mask, weights, growth, 1).tolist() == [True, True, False, False, True, False]
    # 1 and 2 go; 1 has the largest gradient and comes back.
    assert drop_and_grow(mask, weights, growth, 2).tolist() == [True, True, False, False, True, False]
    assert drop_and_grow(mask, weights, growth, 0).tolist() == mask.tolist()


def test_nan_is_dropped_first_and_grown_last() -> None:
    mask = np.array([1, 1, 0, 0], bool)
    weights = np.array([np.nan, 0, 1, 1], np.float32)
    assert drop_and_grow(mask, weights, np.array([0, 0, np.nan, 0.0]), 1).tolist() == [1, 1, 0, 0]
    growth = np.array([np.nan, 0, np.nan, 1e-30])
    assert drop_and_grow(mask, weights, growth, 1).tolist() == [0, 1, 0, 1]
    assert drop_and_grow(mask, weights, growth, 2).tolist() == [0, 1, 0, 1]


ONES = np.ones((2, 6), np.float32)
GOOD = np.array([[1, 1, 0, 0, 1, 1], [0, 0, 1, 1, 1, 1]], bool)
BROKEN = np.array([[1, 1, 0, 0, 1, 1], [0, 0, 1, 1, 1, 0]], bool)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: drop_and_grow(GOOD, ONES, ONES, 9),
            "count is 9; count is a whole number from 0 to 8",
        ),
        (
            lambda: drop_and_grow(GOOD, ONES, ONES[:1], 1),
            "growth has shape (1, 6); the weights have shape (2, 6)",
        ),
        (
            lambda: drop_and_grow(GOOD[0], ONES, ONES, 1),
            "the mask has shape (6,); the values have shape (2, 6)",
        ),
        (
            lambda: drop_and_grow(ONES, ONES, ONES, 1),  # type: ignore[arg-type]
            "the mask has dtype float32; a mask is a numpy array of bool",
        ),
        (
            lambda: drop_and_grow_groups(GOOD, ONES, ONES, 3, TWO_OF_FOUR),
            "count is 3; count is a whole number from 0 to 2",
        ),
        (
            lambda: drop_and_grow_groups(BROKEN, ONES, ONES, 1, TWO_OF_FOUR),
            "the mask keeps 1 at [1, 4:6]; 2:4 keeps 2 there",
        ),
        (
            lambda: drop_and_grow_groups(BROKEN.T, ONES.T, ONES.T, 1, TWO_OF_FOUR, axis=0),
            "the mask keeps 1 at [4:6, 1]; 2:4 keeps 2 there",
        ),
        (
            lambda: drop_and_grow_groups(~BROKEN, ONES, ONES, 1, TWO_OF_FOUR),
            "the mask keeps 0 at [0, 4:6]; 2:4 keeps 2 there",
        ),
        (
            lambda: drop_and_grow_groups(GOOD, ONES, ONES, 1, "2:4"),  # type: ignore[arg-type]
            'the pattern is `2:4`; a Pattern, as Pattern.parse("2:4") makes it',
        ),
        (
            lambda: drop_and_grow_groups(GOOD, ONES, ONES, 1, TWO_OF_FOUR, axis=2),
            "axis is `2`; an axis of shape (2, 6) is -2 to 1",
        ),
    ],
)
def test_what_is_refused(call: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
