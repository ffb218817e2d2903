"""What one action takes, as people and programs read it."""

from fractions import Fraction

from analysis.charges.tariff_text import charge_columns, within
from simulator.tariff import Action, Charge


def test_a_charge_has_bounds_where_they_differ() -> None:
    exact = Charge(low=5, value=5, high=5, unit="bit", rows=(), factor=Fraction(1))
    assert within(exact) == "5e-09"
    wide = Charge(low=10**8, value=5 * 10**8, high=10**9, unit="bit", rows=(), factor=Fraction(1))
    assert within(wide) == "0.5 (0.1 to 1)"


def test_the_columns_have_the_exact_charge_and_picojoules() -> None:
    charge = Charge(low=10**8, value=5 * 10**8, high=10**9, unit="bit", rows=(), factor=Fraction(1, 2))
    assert charge_columns(Action("l2", "read"), charge) == {
        "part": "l2",
        "action": "read",
        "of": "",
        "unit": "bit",
        "each_low_zj": 10**8,
        "each_zj": 5 * 10**8,
        "each_high_zj": 10**9,
        "each_low_pj": 0.1,
        "each_pj": 0.5,
        "each_high_pj": 1.0,
        "factor": 0.5,
    }
