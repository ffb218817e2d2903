"""A second mask: within the first, N:M along the other axis, and under a permutation no worse."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.mask.magnitude import select
from simulator.mask.second import select_second, select_second_permuted
from simulator.pattern import Pattern
from tests.arrays import Array, masks_of, score_arrays
from tests.oracles import transposable as oracle
from tests.oracles.magnitude import as_float
from tests.strategies import TWO_OF_FOUR

Case = tuple[Array, NDArray[np.bool_], Pattern]

# Each pattern is compiled for each dtype, so that there are few.
small_patterns = st.sampled_from([Pattern.parse(text) for text in ("1:1", "1:3", "2:4", "3:5")])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Scores, a first mask of any kind, and a pattern; a long axis comes in eights of groups."""
    pattern = draw(small_patterns)
    shape = draw(st.lists(st.integers(0, 6), min_size=1, max_size=3))
    if draw(st.booleans()):
        shape[draw(st.integers(0, len(shape) - 1))] = 33
    dtypes: list[type] = [np.float32, np.uint16] if pattern == TWO_OF_FOUR else [np.float64]
    scores = draw(score_arrays(st.just(tuple(shape)), dtypes))
    return scores, draw(masks_of(scores.shape)), pattern


@given(cases(), st.data())
def test_a_second_mask_is_the_largest_that_the_first_keeps(case: Case, data: st.DataObject) -> None:
    scores, first, pattern = case
    axis = data.draw(st.integers(-scores.ndim, scores.ndim - 1))
    mask = select_second(scores, first, pattern, axis=axis)
    lines, among = np.moveaxis(scores, axis, -1), np.moveaxis(first, axis, -1)
    found = np.moveaxis(mask, axis, -1)
    assert mask.dtype == np.bool_
    assert mask.shape == scores.shape
    for at in np.ndindex(lines.shape[:-1]):
        values = [as_float(value) for value in lines[at]]
        assert found[at].tolist() == oracle.second(values, among[at].tolist(), pattern)


@given(small_patterns, st.integers(0, 2**32 - 1))
def test_a_first_mask_that_keeps_all_changes_nothing(pattern: Pattern, seed: int) -> None:
    scores = np.random.default_rng(seed).standard_normal((7, 11))
    second = select_second(scores, np.ones(scores.shape, np.bool_), pattern, axis=0)
    assert (second == select(scores, pattern, axis=0)).all()


def extra_zeros(pattern: Pattern) -> float:
    """The share of values that double pruning gives up beyond the first mask, which keeps each as likely.

    Sum over j > kept of C(group, j) s^j (1 - s)^(group - j) (j - kept) / group, s = kept / group.
    """
    kept, group, share = pattern.kept, pattern.group, pattern.kept / pattern.group
    return sum(
        comb(group, j) * share**j * (1 - share) ** (group - j) * (j - kept) / group
        for j in range(kept + 1, group + 1)
    )


@pytest.mark.parametrize("text", ["1:3", "2:4", "3:5"])
def test_what_double_pruning_gives_up(text: str) -> None:
    """Within four standard errors, over groups of 510 x 510 Gaussian values."""
    pattern = Pattern.parse(text)
    expected = extra_zeros(pattern)
    side = 510 // pattern.group * pattern.group
    scores = np.random.default_rng(8).standard_normal((side, side))
    first = select(scores, pattern, axis=1)
    second = select_second(scores, first, pattern, axis=0)
    lost = (first & ~second).reshape(-1, pattern.group, side).sum(axis=1) / pattern.group
    assert abs(lost.mean() - expected) <= 4 * lost.std() / lost.size**0.5


@given(
    small_patterns,
    st.lists(st.integers(0, 9), min_size=1, max_size=3),
    st.integers(0, 2**32 - 1),
    st.integers(0, 4),
    st.data(),
)
def test_a_permuted_mask_obeys_the_pattern_in_its_order(
    pattern: Pattern, shape: list[int], seed: int, tries: int, data: st.DataObject
) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    rng = np.random.default_rng(seed)
    scores, first = rng.standard_normal(shape), data.draw(masks_of(tuple(shape)))
    found = select_second_permuted(scores, first, pattern, axis=axis, tries=tries, rng=rng)
    order = found.permutation
    assert sorted(order) == list(range(shape[axis]))
    inner = select_second(scores.take(order, axis), first.take(order, axis), pattern, axis=axis)
    assert (found.mask.take(order, axis) == inner).all()
    assert found.mask.flags.c_contiguous
    assert found.mask.sum() >= select_second(scores, first, pattern, axis=axis).sum()


def test_the_best_of_the_permutations_is_taken() -> None:
    scores = np.random.default_rng(9).standard_normal((64, 64))
    first = select(scores, TWO_OF_FOUR, axis=1)
    found = select_second_permuted(
        scores, first, TWO_OF_FOUR, axis=0, tries=30, rng=np.random.default_rng(10)
    )
    rng = np.random.default_rng(10)
    orders = [np.arange(64), *(rng.permutation(64) for _ in range(30))]
    kept = [int(select_second(scores[order], first[order], TWO_OF_FOUR, axis=0).sum()) for order in orders]
    assert found.mask.sum() == max(kept)
    assert (found.permutation == orders[kept.index(max(kept))]).all()


def test_the_search_starts_from_what_the_law_says_and_wins() -> None:
    """Unpermuted, a 2:4 mask keeps 1 - extra_zeros / density = 1 - .09375 / .5 of the first, the same law."""
    shares = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        scores = rng.standard_normal((64, 64))
        first = select(scores, TWO_OF_FOUR, axis=1)
        unpermuted, found = (
            select_second_permuted(scores, first, TWO_OF_FOUR, axis=0, tries=tries, rng=rng).mask
            for tries in (0, 100)
        )
        assert found.sum() > unpermuted.sum()
        shares.append(int(unpermuted.sum()) / int(first.sum()))
    assert extra_zeros(TWO_OF_FOUR) == 0.09375
    # What a group of four gives up, 0, 1 or 2, has a variance below 1/2: 4096 groups, each of two kept.
    assert abs(np.mean(shares) - (1 - 0.09375 / 0.5)) <= 4 * (0.5 / 4096) ** 0.5 / 2


SCORES = np.zeros((4, 4))
ALL = np.ones((4, 4), np.bool_)


@pytest.mark.parametrize(
    ("first", "axis", "message"),
    [
        (ALL[:3], 0, "the mask has shape (3, 4); the values have shape (4, 4)"),
        (SCORES, 0, "the mask has dtype float64; a mask is a numpy array of bool"),
        (ALL, 2, "axis is `2`; an axis of shape (4, 4) is -2 to 1"),
    ],
)
def test_what_is_refused(first: NDArray[np.bool_], axis: int, message: str) -> None:
    with pytest.raises(InputError) as caught:
        select_second(SCORES, first, TWO_OF_FOUR, axis=axis)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("tries", "rng", "message"),
    [
        (-1, np.random.default_rng(0), "tries is -1; tries is a whole number from 0 to 1000000"),
        (1.5, np.random.default_rng(0), "tries is 1.5; tries is a whole number from 0 to 1000000"),
        (1, 7, "rng is of type int; rng is a numpy.random.Generator"),
    ],
)
def test_what_a_search_refuses(tries: int, rng: np.random.Generator, message: str) -> None:
    with pytest.raises(InputError) as caught:
        select_second_permuted(SCORES, ALL, TWO_OF_FOUR, axis=0, tries=tries, rng=rng)
    assert str(caught.value) == message
