"""Curves: read between what was measured, and never beyond."""

from math import exp, isclose, log, sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.compare.curve import Curve, Read, Status


def near(status: Status, number: float) -> Read:
    """A Read whose number is about this one."""
    about: Any = pytest.approx(number)
    return Read(status, about)


LOSS = Curve.through([(4.0, 0.2), (1.0, 0.6), (16.0, 0.1)], lower_is_better=True)
COSTS = st.lists(st.floats(1, 1e6), min_size=2, max_size=6, unique=True)


@pytest.mark.parametrize(
    ("cost", "read"),
    [
        (1.0, Read("measured", 0.6)),
        (4.03, Read("measured", 0.2)),
        (2.0, near("between", 0.4)),
        (8.0, near("between", 0.15)),
        (0.9, Read("outside")),
        (17.0, Read("outside")),
    ],
)
def test_a_value_at_a_cost(cost: float, read: Read) -> None:
    assert LOSS.value_at(cost) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (0.6, Read("measured", 1.0)),
        (0.7, Read("at most", 1.0)),
        (0.4, near("between", 2.0)),
        (0.2, Read("measured", 4.0)),
        (0.15, near("between", 8.0)),
        (0.1, Read("measured", 16.0)),
        (0.05, Read("not reached")),
    ],
)
def test_what_a_value_costs(value: float, read: Read) -> None:
    assert LOSS.cost_of(value) == read


def test_where_more_is_better_the_value_is_reached_from_below() -> None:
    curve = Curve.through([(1.0, 0.5), (4.0, 0.9)], lower_is_better=False)
    assert curve.cost_of(0.7) == near("between", 2.0)
    assert curve.cost_of(0.4) == Read("at most", 1.0)
    assert curve.cost_of(0.95) == Read("not reached")


def test_a_curve_that_falls_back_has_reached_it_all_the_same() -> None:
    curve = Curve.through([(1.0, 0.6), (4.0, 0.2), (16.0, 0.5)], lower_is_better=True)
    assert curve.cost_of(0.4) == near("between", 2.0)
    assert curve.cost_of(0.1) == Read("not reached")


def test_nothing_measured_says_nothing() -> None:
    nothing = Curve.through([], lower_is_better=True)
    assert nothing.value_at(1.0) == Read("outside")
    assert nothing.cost_of(1.0) == Read("not reached")


@given(COSTS, st.floats(0, 1))
def test_what_is_read_lies_between_its_neighbours_and_reads_back(costs: list[float], share: float) -> None:
    """On a curve that only falls, the cost of the value at a cost is that cost."""
    rising = sorted(costs)
    curve = Curve.through([(cost, -log(cost)) for cost in rising], lower_is_better=True)
    cost = exp(log(rising[0]) + share * log(rising[-1] / rising[0]))
    read = curve.value_at(cost)
    if read.status == "between":
        assert read.number is not None
        assert isclose(read.number, -log(cost), rel_tol=1e-9, abs_tol=1e-9)
        back = curve.cost_of(read.number).number
        assert back is not None
        assert isclose(back, cost, rel_tol=1e-6)
    else:
        assert read.status in ("measured", "outside")


def test_the_middle_of_two_lengths_is_their_geometric_mean() -> None:
    curve = Curve.through([(1e15, 0.3), (3e15, 0.1)], lower_is_better=True)
    assert curve.value_at(sqrt(3) * 1e15).number == pytest.approx(0.2)
