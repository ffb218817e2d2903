from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.nodes import NODES, REFERENCE_VOLTAGE, area_factor, covered, energy_factor
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


@pytest.mark.parametrize(
    ("node", "published"),
    [
        (130, "1 0.44 0.23 0.16 0.072 0.033 0.03 0.027 0.016 0.0092"),
        (65, "4.3 1.9 1 0.66 0.31 0.14 0.13 0.12 0.068 0.039"),
        (32, "14 6.1 3.3 2.2 1 0.46 0.41 0.38 0.22 0.13"),
        (16, "34 15 7.9 5.3 2.4 1.1 1 0.91 0.54 0.31"),
        (7, "110 48 25 17 7.8 3.6 3.2 2.9 1.7 1"),
    ],
)
def test_one_scale_of_areas_gives_every_published_factor(node: int, published: str) -> None:
    for to, factor in zip(NODES, published.split(), strict=True):
        assert float(area_factor(Fraction(node), Fraction(to))) == pytest.approx(float(factor), rel=0.06)


@given(nodes, nodes, nodes)
def test_two_steps_of_area_are_one_and_finer_is_smaller(a: Fraction, b: Fraction, c: Fraction) -> None:
    assert area_factor(a, b) * area_factor(b, c) == area_factor(a, c)
    assert (area_factor(a, b) <= 1) == (b <= a)


@pytest.mark.parametrize("node", [5, 131, 180])
def test_beyond_the_published_nodes_is_refused(node: int) -> None:
    assert not covered(Fraction(node))
    with pytest.raises(InputError) as caught:
        area_factor(Fraction(45), Fraction(node))
    assert str(caught.value) == (
        f"the published factors do not reach {node} nm; they go from 130 to 7 nm; "
        "beyond, give `scaling` with your own factors"
    )
