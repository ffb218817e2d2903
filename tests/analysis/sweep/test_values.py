from fractions import Fraction
from math import exp, log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sweep.values import decimal_text, is_ordered, parse_values
from simulator.errors import InputError
from simulator.units import Dimension, parse_quantity

SMALLER = "write the smaller end first, or a list of one value"
NO_NUMBER = "is no number with or without a unit; write one, such as 8 or 400 GB/s"
FEW = "; write a whole number from 2 to 10000"


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ([4, 8, 16], (4, 8, 16)),
        (
            ["2:4", "group <= 16", [1, 2], {"rows": 8}, True, 0.5],
            ("2:4", "group <= 16", [1, 2], {"rows": 8}, True, 0.5),
        ),
        ({"from": 4, "to": 64, "times": 2}, (4, 8, 16, 32, 64)),
        ({"from": 54, "to": 216, "step": 54}, (54, 108, 162, 216)),
        ({"from": 0, "to": 0.3, "step": 0.1}, (0.0, 0.1, 0.2, 0.3)),
        ({"from": -2, "to": 2, "step": 2}, (-2, 0, 2)),
        ({"from": 1, "to": 4, "points": 4}, (1, 2, 3, 4)),
        ({"from": 1, "to": 2, "points": 5}, None),
        (
            {"from": "400 GB/s", "to": "3200 GB/s", "points": 4, "scale": "log"},
            ("400 GB/s", "800 GB/s", "1600 GB/s", "3200 GB/s"),
        ),
        ({"from": "1 GB/s", "to": "2 GB/s", "points": 3, "scale": "log"}, ("1 GB/s", "1.414 GB/s", "2 GB/s")),
        ({"from": "512 KiB", "to": "2 MiB", "times": 2}, ("512 KiB", "1024 KiB", "2048 KiB")),
        ({"from": "1 MiB", "to": "2 MiB", "points": 3, "scale": "log"}, ("1 MiB", "1448 KiB", "2 MiB")),
        ({"from": "1 cores", "to": "4 cores", "times": 2}, ("1 cores", "2 cores", "4 cores")),
        ({"from": "10 %", "to": "20 %", "step": "5 %"}, ("10 %", "15 %", "20 %")),
        ({"from": "8B/cycle", "to": "16B/cycle", "times": 2}, ("8B/cycle", "16B/cycle")),
    ],
)
def test_values_are_as_a_person_would_write_them(written: Any, values: tuple[Any, ...] | None) -> None:
    if values is None:
        with pytest.raises(InputError, match="several of the points are the same value"):
            parse_values(written)
        return
    found = parse_values(written)
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (8, "`8` is no list of values; write [4, 8, 16], or {from: 4, to: 64, times: 2}"),
        ([], "there are none; write [4, 8, 16], or {from: 4, to: 64, times: 2}"),
        ([4, 8, 4], "2: `4` is written twice, at 0 too; write each value once"),
        ([1] * 10_001, "there are 10001 values; an axis has at most 10000"),
        (["x" * 300], "0: this is too long; write a shorter value"),
        ({"from": 8, "to": 4, "step": 1}, "to: `4` is not more than `from`, `8`; " + SMALLER),
        ({"from": 4, "to": 4, "points": 2}, "to: `4` is not more than `from`, `4`; " + SMALLER),
        ({"from": 2, "to": 4, "step": 0}, "step: `0` goes nowhere; write a step of more than 0"),
        ({"from": 2, "to": 4, "step": -1}, "step: `-1` goes nowhere; write a step of more than 0"),
        ({"from": 2, "to": 7, "step": 2}, "step: steps of `2` pass `7` by; write to: 6 or 8"),
        (
            {"from": "1 GB/s", "to": "3 GB/s", "times": 2},
            "times: factors of `2` pass `3 GB/s` by; write to: 2 GB/s or 4 GB/s",
        ),
        ({"from": 1, "to": 4, "times": 1}, "times: `1` is no factor; write a number above 1"),
        ({"from": 0, "to": 4, "times": 2}, "from: factors start above 0; write more than 0, or a step"),
        (
            {"from": 0, "to": 4, "points": 3, "scale": "log"},
            "from: a log scale starts above 0; write more than 0, or linear",
        ),
        ({"from": 1, "to": 10**9, "step": 1}, "step: this makes more than 10000 values; write a larger one"),
        (
            {"from": 1, "to": 1e9, "times": 1.000001},
            "times: this makes more than 10000 values; write a larger one",
        ),
        (
            {"from": 1, "to": 1e4, "times": 1.001000000000001},
            "times: factors of `1.001000000000001` pass `10000.0` by; write points in its place",
        ),
        ({"from": 1, "to": 2, "points": 10**9}, "points: `1000000000` is no number of points" + FEW),
        ({"from": 1, "to": 2, "points": 1}, "points: `1` is no number of points" + FEW),
        (
            {"from": 1, "to": 2, "points": 2, "scale": "cubic"},
            "scale: `cubic` is no scale; write linear or log",
        ),
        ({"from": 1, "to": 2}, "says not which values lie between; write one of points, step and times"),
        (
            {"from": 1, "to": 2, "step": 1, "points": 2},
            "has points and step; write one of points, step and times",
        ),
        (
            {"from": 1, "to": 2, "step": 1, "scale": "log"},
            "scale: goes with `points` alone; leave it out, or write points",
        ),
        ({"from": 1, "step": 1}, "to: missing; write [4, 8, 16], or {from: 4, to: 64, times: 2}"),
        (
            {"from": 1, "to": 2, "steps": 1},
            "steps: unknown key; did you mean `step`? known: from, points, scale, step, times, to",
        ),
        ({"from": "x", "to": 2, "step": 1}, "from: `x` " + NO_NUMBER),
        ({"from": True, "to": 2, "step": 1}, "from: `true` " + NO_NUMBER),
        ({"from": "1e999 B", "to": "2 B", "step": "1 B"}, "from: `1e999 B` " + NO_NUMBER),
        (
            {"from": "1 KiB", "to": "2 GB/s", "times": 2},
            "to: `2 GB/s` is not in `KiB`, as `from` is; write both alike",
        ),
        ({"from": 1, "to": "2 GB/s", "times": 2}, "to: this has a unit; write both alike"),
    ],
)
def test_what_is_no_axis_is_refused(written: Any, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_values(written)
    assert said in str(caught.value).splitlines()


@given(low=st.integers(1, 10**6), more=st.integers(1, 10**6), points=st.integers(2, 40), log_=st.booleans())
def test_a_range_has_its_ends_rises_and_is_near_the_exact_values(
    low: int, more: int, points: int, log_: bool
) -> None:
    high = low + more
    written = {
        "from": f"{low} GB/s",
        "to": f"{high} GB/s",
        "points": points,
        "scale": "log" if log_ else "linear",
    }
    try:
        values = parse_values(written)
    except InputError:
        assert more / points < 1e-3 * high  # they fall together
        return
    sizes = [parse_quantity(value, Dimension.RATE) / 10**9 for value in values]
    assert len(sizes) == points
    assert (sizes[0], sizes[-1]) == (Fraction(low), Fraction(high))
    assert is_ordered(values)
    for index, size in enumerate(sizes):
        share = index / (points - 1)
        exact = exp(log(low) + share * (log(high) - log(low))) if log_ else low + share * more
        assert abs(float(size) / exact - 1) < 6e-4


@given(st.integers(-(10**9), 10**9), st.integers(0, 6))
def test_decimal_text_is_exact(digits: int, places: int) -> None:
    value = Fraction(digits, 10**places)
    assert Fraction(decimal_text(value)) == value


@pytest.mark.parametrize(
    ("values", "ordered"),
    [
        ((4, 8, 16), True),
        ((8, 4), False),
        (("512 KiB", "1 MiB"), True),
        (("1 MiB", "512 KiB"), False),
        (("1 GB/s", "2 B/cycle"), False),
        (("2:4", "1:4"), False),
        ((False, True), False),
        (([4], [8]), False),
    ],
)
def test_values_are_ordered_where_they_are_sizes_that_rise(values: tuple[Any, ...], ordered: bool) -> None:
    assert is_ordered(values) is ordered
