"""Learning rates: a straight warm-up, the curves, the floor, and what is refused."""

from itertools import pairwise
from math import cos, isclose, pi, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from tests.strategies import examples
from workloads.training.emulator.rates import CURVES, RSQRT, Rate

SCHEDULES = [*CURVES, RSQRT]
shares = st.floats(0, 1, allow_subnormal=False)


def rates(rate: Rate, steps: int) -> list[float]:
    return [rate.at(step, steps) for step in range(steps)]


@examples(50)
@given(st.sampled_from(SCHEDULES), st.integers(1, 300), shares, shares)
def test_a_rate_rises_straight_and_then_falls(schedule: str, steps: int, warmup: float, floor: float) -> None:
    rate = Rate(peak=2.0, schedule=schedule, warmup=warmup, floor=floor)
    found, rising = rates(rate, steps), sum(step < warmup * steps for step in range(steps))
    assert all(0 < each <= 2 for each in found if schedule != "cosine" or floor > 0)
    for step, each in enumerate(found[:rising]):
        assert isclose(each, found[0] * (step + 1), rel_tol=1e-12)
    assert all(each <= 2 for each in found[:rising])
    after = found[rising:]
    assert all(first >= second for first, second in pairwise(after))
    if after and schedule in ("cosine", "step"):
        assert min(after) >= 2 * floor * (1 - 1e-12)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_warm_up_is_sixths_of_the_peak_where_it_takes_five_steps(schedule: str) -> None:
    rate = Rate(peak=0.3, schedule=schedule, warmup=0.05)
    assert rates(rate, 100)[:6] == pytest.approx([0.05, 0.1, 0.15, 0.2, 0.25, 0.3], rel=1e-12)


def test_without_a_warm_up_the_first_step_has_the_peak() -> None:
    assert [Rate(peak=0.5, schedule=each, warmup=0).at(0, 7) for each in SCHEDULES] == [0.5] * 4


@pytest.mark.parametrize(("steps", "warmup"), [(100, 0.1), (1000, 0.05), (40, 0.0)])
def test_cosine_is_its_formula(steps: int, warmup: float) -> None:
    """Loshchilov and Hutter, arXiv:1608.03983, equation 5."""
    rate, first = Rate(peak=1.0, schedule="cosine", warmup=warmup, floor=0.02), round(warmup * steps)
    for step in range(first, steps):
        curve = 0.02 + 0.5 * (1 - 0.02) * (1 + cos((step - first) / (steps - first) * pi))
        assert rate.at(step, steps) == pytest.approx(curve, rel=1e-12)
    assert rate.at(first + (steps - first) // 2, steps) == pytest.approx(0.51)
    assert rate.at(steps - 1, steps) == pytest.approx(0.02, abs=0.01)


def test_constant_stays() -> None:
    assert set(rates(Rate(peak=0.1, schedule="constant", warmup=0.2), 50)[10:]) == {0.1}


def test_step_falls_to_a_tenth_at_half_and_a_hundredth_at_three_quarters() -> None:
    found = rates(Rate(peak=1.0, schedule="step", warmup=0, floor=0), 100)
    assert found == pytest.approx([1.0] * 50 + [0.1] * 25 + [0.01] * 25, rel=1e-12)
    assert rates(Rate(peak=1.0, schedule="step", warmup=0, floor=0.05), 100)[99] == 0.05


def test_rsqrt_halves_from_one_step_to_four_times_it() -> None:
    rate = Rate(peak=1.0, schedule=RSQRT, warmup=0.01)
    for step in (10, 50, 200):
        assert rate.at(step, 1000) == pytest.approx(sqrt(10 / step), rel=1e-12)
        assert rate.at(4 * step, 1000) == pytest.approx(rate.at(step, 1000) / 2, rel=1e-12)


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        ({"peak": 0}, "rate: `0` is no rate; a number above 0, up to 1e6"),
        ({"peak": -1.0}, "rate: `-1.0` is no rate; a number above 0, up to 1e6"),
        ({"peak": float("nan")}, "rate: `nan` is no rate; a number above 0, up to 1e6"),
        ({"peak": float("inf")}, "rate: `inf` is no rate; a number above 0, up to 1e6"),
        ({"peak": "0.1"}, "rate: `0.1` is no rate; a number above 0, up to 1e6"),
        ({"warmup": 1.01}, "warmup: `1.01` is no warmup; a share from 0 to 1"),
        ({"warmup": -0.1}, "warmup: `-0.1` is no warmup; a share from 0 to 1"),
        ({"floor": 2}, "floor: `2` is no floor; a share from 0 to 1"),
        ({"floor": None}, "floor: `None` is no floor; a share from 0 to 1"),
        (
            {"schedule": "cosin"},
            "schedule: no schedule is called `cosin`; did you mean `cosine`? "
            "known: constant, cosine, rsqrt, step",
        ),
    ],
)
def test_what_is_no_rate(chosen: dict[str, float], text: str) -> None:
    with pytest.raises(InputError) as refused:
        Rate(**({"peak": 0.1} | chosen))  # type: ignore[arg-type]
    assert str(refused.value) == text
