import re
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.kernels import threads
from simulator.mask.measures import flip_rate, kept_per_group, sad
from tests.arrays import masks_of, score_arrays, with_byte
from tests.oracles import conform_mask
from tests.oracles import measures as oracle

shapes = st.lists(st.integers(0, 13), min_size=1, max_size=3).map(tuple)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Two masks of a shape, of any densities, in any memory order."""
    shape = draw(shapes)
    return draw(masks_of(shape)), draw(masks_of(shape))


@given(pairs())
def test_the_divergence_is_the_number_of_positions_that_differ(
    masks: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> None:
    before, after = masks
    expected = oracle.sad(before, after)
    assert sad(before, after) == sad(after, before) == expected
    assert type(sad(before, after)) is int
    assert flip_rate(before, after) == (float(Fraction(expected, before.size)) if before.size else 0)


@pytest.mark.parametrize("size", [254 * 8, 255 * 8, 255 * 8 + 7, 256 * 8, 511 * 8 + 1])
def test_every_position_may_differ(size: int) -> None:
    nothing, everything = np.zeros(size, np.bool_), np.ones(size, np.bool_)
    assert sad(nothing, everything) == size
    assert sad(everything, everything) == 0
    assert flip_rate(nothing, everything) == 1


@given(pairs(), pairs())
def test_the_divergence_is_a_distance(
    one: tuple[NDArray[np.bool_], NDArray[np.bool_]], other: tuple[NDArray[np.bool_], NDArray[np.bool_]]
) -> None:
    size = min(one[0].size, other[0].size)
    first, second, third = (mask.reshape(-1)[:size] for mask in (*one, other[0]))
    assert sad(first, third) <= sad(first, second) + sad(second, third)
    assert (sad(first, second) == 0) == np.array_equal(first, second)


@given(score_arrays(shapes) | pairs().map(lambda pair: pair[0]), st.integers(1, 9), st.integers(0, 2))
def test_how_full_the_groups_are(values: NDArray[Any], group: int, axis: int) -> None:
    axis %= values.ndim
    found = kept_per_group(values, group, axis=axis)
    assert [histogram.tolist() for histogram in found] == list(oracle.kept_per_group(values, group, axis))
    assert [histogram.dtype for histogram in found] == [np.int64] * 2
    both = found.whole + found.tails
    assert both.sum() == len(conform_mask.groups(values, group, axis))
    assert both @ np.arange(group + 1) == conform_mask.kept(values).sum()


@given(pairs(), st.integers(1, 9))
def test_any_number_of_threads_says_the_same(
    masks: tuple[NDArray[np.bool_], NDArray[np.bool_]], group: int
) -> None:
    def everything() -> tuple[Any, ...]:
        histograms = [histogram.tolist() for histogram in kept_per_group(masks[0], group)]
        return sad(*masks), histograms

    alone = everything()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "GRAIN", 1)
        patch.setenv("NMSIM_THREADS", "3")
        assert everything() == alone


def test_any_byte_but_0_is_true() -> None:
    mask = np.tile([True, True, False, True], (3, 5))
    for byte in (2, 128, 255):
        assert sad(mask, with_byte(mask, byte)) == 0
        assert sad(~mask, with_byte(mask, byte)) == mask.size
        assert kept_per_group(with_byte(mask, byte), 4).whole.tolist() == [0, 0, 0, 15, 0]


MASK = np.ones((2, 4), np.bool_)
NUMBERS: Any = np.ones((2, 4))
ERRORS: dict[str, tuple[Any, str]] = {
    "shapes": (
        lambda: sad(MASK, MASK.T),
        "the masks have shapes (2, 4) and (4, 2); both masks have the same shape",
    ),
    "before": (lambda: sad(NUMBERS, MASK), "the mask has dtype float64; a mask is a numpy array of bool"),
    "after": (
        lambda: flip_rate(MASK, NUMBERS),
        "the mask has dtype float64; a mask is a numpy array of bool",
    ),
    "group": (
        lambda: kept_per_group(MASK, 4097),
        "the group is 4097; the group is a whole number from 1 to 4096",
    ),
    "axis": (
        lambda: kept_per_group(MASK, 4, axis=-3),
        "axis is `-3`; an axis of shape (2, 4) is -2 to 1",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_bad_input_is_told_what_would_be_right(name: str) -> None:
    call, words = ERRORS[name]
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        call()
