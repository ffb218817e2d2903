import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.kernels import threads
from simulator.mask import conform
from simulator.mask.conform import (
    BrokenGroup,
    Obeyed,
    breaks,
    breaks_transposable,
    count_kept,
    obeyed,
    occupied,
)
from simulator.pattern import Pattern
from tests.arrays import layouts, score_arrays, with_byte
from tests.oracles import conform_mask as oracle
from tests.strategies import TWO_OF_FOUR, patterns, patterns_up_to

shapes = st.lists(st.integers(0, 9), min_size=1, max_size=3).map(tuple)


@st.composite
def masks(draw: st.DrawFn, shapes: st.SearchStrategy[tuple[int, ...]] = shapes) -> NDArray[np.bool_]:
    """A mask of any density, which may keep a structure of its own."""
    shape = draw(shapes)
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    mask = rng.random(shape) < draw(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]))
    pattern = draw(st.none() | patterns_up_to(6))
    if pattern is not None:  # what is too much is taken away
        for start in range(0, shape[-1], pattern.group):
            group = mask[..., start : start + pattern.group]
            group &= np.cumsum(group, axis=-1) <= pattern.kept
    laid: NDArray[np.bool_] = draw(layouts)(draw(st.sampled_from([mask, with_byte(mask, 2)])))
    return laid


arrays: st.SearchStrategy[NDArray[Any]] = masks() | score_arrays(shapes)


@given(arrays)
def test_what_is_not_zero_is_kept(values: NDArray[Any]) -> None:
    assert np.array_equal(occupied(values), oracle.kept(values))


@given(arrays, patterns, st.integers(0, 2), st.booleans())
def test_what_breaks_a_pattern_is_named(
    values: NDArray[Any], pattern: Pattern, axis: int, exactly: bool
) -> None:
    axis %= values.ndim
    found = breaks(values, pattern, axis=axis, exactly=exactly)
    expected = oracle.broken(values, pattern, axis, exactly=exactly)
    assert found.count == len(expected)
    assert bool(found) == bool(expected)
    assert found.groups == len(oracle.groups(values, pattern.group, axis))
    assert [(place.vector, place.group, place.kept) for place in found.places] == expected[:3]


@given(masks(), patterns, st.integers(0, 2))
def test_the_place_that_is_written_is_the_group(mask: NDArray[np.bool_], pattern: Pattern, axis: int) -> None:
    for place in breaks(mask, pattern, axis=axis % mask.ndim).places:
        index = tuple(
            slice(*map(int, part.split(":"))) if ":" in part else int(part)
            for part in place.where.strip("[]").split(", ")
        )
        assert mask[index].ravel().tolist().count(True) == place.kept > pattern.kept


@given(arrays, st.integers(2, 9), st.sampled_from([2, 3, 4096]))
def test_the_patterns_that_are_obeyed(values: NDArray[Any], group_max: int, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conform, "BLOCK", block)
        found = obeyed(values, group_max=group_max)
        for axis in range(values.ndim):
            here = [each.pattern for each in found if each.axis == axis]
            assert here == oracle.obeyed(values, axis, group_max)
            assert obeyed(values, axis=axis - values.ndim, group_max=group_max) == [
                Obeyed(axis=axis, pattern=pattern) for pattern in here
            ]
    assert [each.axis for each in found] == sorted(each.axis for each in found)


@given(masks(), patterns, st.integers(0, 2))
def test_a_mask_breaks_no_pattern_that_it_obeys(mask: NDArray[np.bool_], pattern: Pattern, axis: int) -> None:
    axis %= mask.ndim
    told = [found.pattern for found in obeyed(mask, axis=axis, group_max=9)]
    for each in told:
        assert not breaks(mask, each, axis=axis)
        if each.kept > 1:
            assert breaks(mask, Pattern(kept=each.kept - 1, group=each.group), axis=axis)
    if any(each.conforms_to(pattern) for each in told):
        assert not breaks(mask, pattern, axis=axis)


@given(masks(st.just((9, 40))), patterns, st.integers(0, 1))
def test_any_number_of_threads_and_blocks_says_the_same(
    mask: NDArray[np.bool_], pattern: Pattern, axis: int
) -> None:
    def everything() -> tuple[Any, ...]:
        counts = count_kept(mask, pattern.group, axis=axis).tolist()
        return counts, obeyed(mask, axis=axis), occupied(mask.astype(np.float32)).tobytes()

    alone = everything()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "GRAIN", 1)
        patch.setattr(conform, "BLOCK", 7)
        patch.setattr(conform, "BLOCK_GROUPS", 2)
        patch.setenv("NMSIM_THREADS", "3")
        assert everything() == alone


@given(masks(st.just((4, 6)) | st.just((2, 4, 8))), patterns, st.booleans())
def test_a_transpose_is_asked_as_well(mask: NDArray[np.bool_], pattern: Pattern, exactly: bool) -> None:
    rows, columns = breaks_transposable(mask, pattern, exactly=exactly)
    assert rows == breaks(mask, pattern, exactly=exactly)
    turned = breaks(np.swapaxes(mask, -1, -2), pattern, exactly=exactly)
    assert (columns.count, columns.groups, columns.axis) == (turned.count, turned.groups, mask.ndim - 2)
    assert [place.kept for place in columns.places] == [place.kept for place in turned.places]


def test_two_of_four_is_found_whatever_the_other_axis_holds() -> None:
    rng = np.random.default_rng(1)
    ranks = rng.random((64, 32, 4)).argsort(axis=-1).argsort(axis=-1)
    weights = np.where(ranks < 2, rng.standard_normal(ranks.shape), 0).astype(np.float32).reshape(64, 128)
    assert Obeyed(axis=1, pattern=TWO_OF_FOUR) in obeyed(weights)
    assert [str(found) for found in obeyed(weights, axis=1)] == ["2:4 along axis 1"]
    assert [str(found) for found in obeyed(weights.T, axis=0)] == ["2:4 along axis 0"]


def test_several_patterns_are_told_by_density_and_then_by_group() -> None:
    mask = np.array([1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0], np.bool_)
    found = [str(found.pattern) for found in obeyed(mask, group_max=6)]  # and 2:3, which 2:6 implies
    assert found == ["2:6", "2:5", "2:4"]


@pytest.mark.parametrize("shape", [(0,), (0, 4), (4, 0), (2, 8), (3, 0, 5), (1, 1)])
def test_where_nothing_is_kept_nothing_is_told(shape: tuple[int, ...]) -> None:
    assert obeyed(np.zeros(shape, np.float32)) == []
    assert breaks(np.zeros(shape, np.bool_), TWO_OF_FOUR).count == 0


def test_an_array_without_zeros_obeys_nothing() -> None:
    assert obeyed(np.ones((8, 8))) == []


def test_a_group_is_no_longer_than_its_axis() -> None:
    found = obeyed(np.array([True, False, False]))  # on a longer axis 1:3 would not imply 1:2
    assert [str(each) for each in found] == ["1:3 along axis 0", "1:2 along axis 0"]


def test_a_report_is_one_line() -> None:
    mask = np.zeros((2, 10), np.bool_)
    assert str(breaks(mask, TWO_OF_FOUR)) == "0 of 6 groups along axis 1 break 2:4"
    mask[1, 4:] = True
    found = breaks(mask, TWO_OF_FOUR)
    assert str(found) == "1 of 6 groups along axis 1 break 2:4: [1, 4:8] keeps 4"
    assert found.places == (BrokenGroup(vector=(1,), group=1, kept=4, where="[1, 4:8]"),)
    assert str(breaks(mask, TWO_OF_FOUR, exactly=True)) == (
        "5 of 6 groups along axis 1 break exactly 2:4: "
        "[0, 0:4] keeps 0, [0, 4:8] keeps 0, [0, 8:10] keeps 0, and 2 more"
    )
    columns = breaks(mask, Pattern(kept=1, group=2), axis=0, exactly=True)
    assert str(columns) == (
        "4 of 10 groups along axis 0 break exactly 1:2: "
        "[0:2, 0] keeps 0, [0:2, 1] keeps 0, [0:2, 2] keeps 0, and 1 more"
    )


def test_more_than_a_byte_is_counted() -> None:
    whole = Pattern(kept=4095, group=4096)
    found = breaks(np.ones((2, 4096), np.bool_), whole)
    assert (found.count, found.places[0].kept) == (2, 4096)
    across = breaks(np.ones((4096, 2), np.bool_), whole, axis=0)
    assert (across.count, across.places[0].kept) == (2, 4096)


MASK = np.ones((2, 4), np.bool_)


def test_any_byte_but_0_is_true() -> None:
    mask = np.tile([True, True, False, True], (2, 2))
    for byte in (1, 2, 128, 255):
        found = breaks(with_byte(mask, byte), TWO_OF_FOUR)
        assert [place.kept for place in found.places] == [3, 3, 3]
        assert count_kept(with_byte(mask, byte), 4).ravel().tolist() == [3, 3, 3, 3]
        assert [str(each) for each in obeyed(with_byte(mask, byte), axis=1, group_max=4)] == [
            "3:4 along axis 1"
        ]


LIST: Any = [[True]]
TEXT: Any = "2:4"
ERRORS: dict[str, tuple[Any, str]] = {
    "list": (lambda: breaks(LIST, TWO_OF_FOUR), "values is of type list; values is a numpy array"),
    "dtype": (
        lambda: breaks(MASK.astype(np.int8), TWO_OF_FOUR),
        "values has dtype int8; bool, float32, float64, float16, or uint16 that holds the bits of bfloat16",
    ),
    "point": (lambda: obeyed(np.array(1.0)), "values has no axis; values has at least one axis"),
    "mask point": (lambda: obeyed(np.array(True)), "the mask has no axis; a mask has at least one axis"),
    "pattern": (
        lambda: breaks(MASK, TEXT),
        'the pattern is `2:4`; a Pattern, as Pattern.parse("2:4") makes it',
    ),
    "axis": (
        lambda: breaks(MASK, TWO_OF_FOUR, axis=2),
        "axis is `2`; an axis of shape (2, 4) is -2 to 1",
    ),
    "obeyed axis": (lambda: obeyed(MASK, axis=-3), "axis is `-3`; an axis of shape (2, 4) is -2 to 1"),
    "line": (
        lambda: breaks_transposable(MASK[0], TWO_OF_FOUR),
        "the weights have shape (4,); a transpose takes at least two axes",
    ),
    "group_max": (
        lambda: obeyed(MASK, group_max=257),
        "group_max is 257; group_max is a whole number from 2 to 256",
    ),
    "group": (lambda: count_kept(MASK, 0), "the group is 0; the group is a whole number from 1 to 4096"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_bad_input_is_told_what_would_be_right(name: str) -> None:
    call, words = ERRORS[name]
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        call()
