"""Numbers as people read them."""

from fractions import Fraction

import pytest

from analysis.quantities import bounded, duration, quantity, scaled, share
from simulator.energy import Joules


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 J"),
        (1.5e-21, "1.5 zJ"),
        (9.994e-4, "999 uJ"),
        (9.996e-4, "1 mJ"),
        (1, "1 J"),
        (6.158e5, "616 kJ"),
        (3e30, "3000000 YJ"),
    ],
)
def test_a_quantity_has_three_digits_and_a_prefix(value: float, text: str) -> None:
    assert quantity(value, "J") == text


def test_bounds_share_the_unit_of_the_value() -> None:
    assert bounded(Joules(8 * 10**17, 123 * 10**17, 20345 * 10**15)) == "12.3 mJ (0.8 to 20.3 mJ)"
    assert bounded(Joules(0, 999 * 10**18, 5 * 10**21)) == "999 mJ (0 to 5000 mJ)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.9996, "1"),
        (1, "1"),
        (0.0123, "0.0123"),
        (999.4, "999"),
        (999.6, "1 k"),
        (-1234567, "-1.23 M"),
        (1234567, "1.23 M"),
        (2.69e18, "2.69 E"),
        (1e30, "1000000 Y"),
    ],
)
def test_scaled(value: float, text: str) -> None:
    assert scaled(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ns"),
        (2e-9, "2 ns"),
        (1.5e-3, "1.5 ms"),
        (1, "1 s"),
        (90, "1.5 min"),
        (7200, "2 h"),
        (172800, "2 d"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_share_is_in_per_cent_and_of_nothing_it_is_empty() -> None:
    assert share(1, 3) == "33.3%"
    assert share(Fraction(2, 3), Fraction(4), places=2) == "16.67%"
    assert share(5, 0) == share(0, Fraction(0)) == ""
