from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sweep.front import front_of, reference_of, volume_of
from analysis.sweep.metrics import Goal
from analysis.sweep.wanted import Objective

GOALS: tuple[Goal, ...] = ("min", "max")


def objectives(*goals: Goal) -> tuple[Objective, ...]:
    return tuple(Objective(name=f"o{index}", goal=goal) for index, goal in enumerate(goals))


def rows(points: list[tuple[int, ...]]) -> list[dict[str, Any]]:
    return [{f"o{index}": value for index, value in enumerate(point)} for point in points]


def losses(point: tuple[int, ...], goals: tuple[Goal, ...]) -> tuple[int, ...]:
    return tuple(value if goal == "min" else -value for value, goal in zip(point, goals, strict=True))


def beats(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """The definition: nowhere worse, somewhere better."""
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


@given(st.data(), st.integers(1, 3))
def test_the_front_is_what_no_other_point_beats(data: st.DataObject, width: int) -> None:
    goals = tuple(data.draw(st.sampled_from(GOALS)) for _ in range(width))
    points = data.draw(st.lists(st.tuples(*[st.integers(1, 6)] * width), max_size=20))
    least = [losses(point, goals) for point in points]
    expected = [not any(beats(other, one) for other in least) for one in least]
    assert front_of(rows(points), objectives(*goals)) == expected


@given(st.data(), st.integers(1, 3))
def test_the_hypervolume_counts_the_unit_cells_that_are_beaten(data: st.DataObject, width: int) -> None:
    goals = tuple(data.draw(st.sampled_from(GOALS)) for _ in range(width))
    points = data.draw(st.lists(st.tuples(*[st.integers(1, 6)] * width), min_size=1, max_size=8))
    wanted = objectives(*goals)
    corner = {one.name: 7.0 if one.goal == "min" else 0.0 for one in wanted}
    cells = 0
    for cell in product(range(7), repeat=width):
        # From cell to cell + 1 in each objective, from the ideal on: 0 for min, 7 for max.
        ends = [low + 0.5 if goal == "min" else 6.5 - low for low, goal in zip(cell, goals, strict=True)]
        cells += any(
            all(
                (value <= end) if goal == "min" else (value >= end)
                for value, end, goal in zip(point, ends, goals, strict=True)
            )
            for point in points
        )
    assert volume_of(rows(points), wanted, corner) == pytest.approx(cells)


def test_equal_points_stay_both() -> None:
    assert front_of(rows([(1, 2), (1, 2), (2, 2)]), objectives("min", "min")) == [True, True, False]


def test_the_reference_lies_a_tenth_beyond_the_worst_or_where_it_was_put() -> None:
    wanted = objectives("min", "max")
    found = rows([(1, 2), (4, 11)])
    assert reference_of(found, wanted, None) == {"o0": pytest.approx(4.4), "o1": pytest.approx(2 / 1.1)}
    assert reference_of(found, wanted, {"o1": 1.0, "o0": 9.0}) == {"o0": 9.0, "o1": 1.0}
    assert reference_of([], wanted, None) == {}
    assert volume_of([], wanted, {}) is None
    assert front_of([], wanted) == []
