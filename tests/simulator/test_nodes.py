from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.nodes import AREA, ENERGY, NODES, REFERENCE_VOLTAGE, area_factor, covered, energy_factor
from simulator.quantities import VOLTAGE_RANGE

nodes = st.sampled_from(NODES).map(Fraction) | st.fractions(7, 130, max_denominator=10)
voltages = st.fractions(*VOLTAGE_RANGE, max_denominator=100)


@pytest.mark.parametrize(
    ("node", "to", "energy", "area"),
    [
        (45, 7, "0.0943", "0.059"),
        (45, 16, "0.1735", "0.19"),
        (16, 7, "0.543", "0.31"),
        (65, 7, "0.0760", "0.039"),
        (28, 7, "0.184", "0.18"),
        (45, 32, "0.659", "0.46"),
    ],
)
def test_factors_are_those_of_hwcomponents_1_0_114(node: int, to: int, energy: str, area: str) -> None:
    found = energy_factor(Fraction(node), Fraction(to), REFERENCE_VOLTAGE, REFERENCE_VOLTAGE)
    digits = len(energy) - 2
    assert round(float(found), digits) == float(energy)
    assert round(float(area_factor(Fraction(node), Fraction(to))), len(area) - 2) == float(area)


@given(nodes, nodes, nodes, voltages, voltages, voltages)
def test_two_steps_of_energy_are_one(
    a: Fraction, b: Fraction, c: Fraction, u: Fraction, v: Fraction, w: Fraction
) -> None:
    assert energy_factor(a, b, u, v) * energy_factor(b, c, v, w) == energy_factor(a, c, u, w)


@given(nodes, voltages)
def test_nothing_changes_where_nothing_does(node: Fraction, voltage: Fraction) -> None:
    assert energy_factor(node, node, voltage, voltage) == area_factor(node, node) == 1


@given(nodes, voltages, voltages)
def test_a_higher_voltage_takes_more(node: Fraction, u: Fraction, v: Fraction) -> None:
    low, high = sorted((u, v))
    assert energy_factor(node, node, low, high) >= 1


@given(st.sampled_from(range(len(NODES) - 1)), st.fractions(0, 1), nodes)
def test_a_node_between_two_is_between_them(place: int, share: Fraction, start: Fraction) -> None:
    coarse, fine = map(Fraction, NODES[place : place + 2])
    between = fine + share * (coarse - fine)
    for factor in (area_factor, lambda a, b: energy_factor(a, b, REFERENCE_VOLTAGE, REFERENCE_VOLTAGE)):
        if between != start:
            low, high = sorted((factor(start, coarse), factor(start, fine)))
            assert low <= factor(start, between) <= high or start in (coarse, fine)


def test_the_tables_are_square_and_finer_nodes_are_smaller() -> None:
    assert len(AREA) == len(ENERGY) == len(NODES)
    for row in AREA:
        values = [Fraction(text) for text in row]
        assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("node", [5, 131, 180])
def test_beyond_the_published_nodes_is_refused(node: int) -> None:
    assert not covered(Fraction(node))
    with pytest.raises(InputError) as caught:
        area_factor(Fraction(45), Fraction(node))
    assert str(caught.value) == (
        f"the published factors do not reach {node} nm; they go from 130 to 7 nm; "
        "beyond, give `scaling` with your own factors"
    )
