import pytest

from analysis.validation.cases import Checked, check
from analysis.validation.energy import (
    ENERGY,
    SWITCHED,
    WORST,
    energy_cases,
    logic_overhead,
    relations,
)


@pytest.fixture(scope="module")
def checked() -> list[Checked]:
    return check(energy_cases())


@pytest.mark.parametrize("arch", WORST)
def test_sparseloops_energies_are_met(checked: list[Checked], arch: str) -> None:
    errors = [abs(one.error) for one in checked if (one.case.arch, one.case.source) == (arch, ENERGY)]
    assert len(errors) == {"stc": 8, "stc_flexible": 16, "stc_dense": 8}[arch]
    assert max(errors) <= WORST[arch]


def test_its_omission_is_a_switch_that_is_off(checked: list[Checked]) -> None:
    charged = {one.case.name: one for one in checked if one.case.source == ENERGY}
    switched = {one.case.name: one for one in checked if one.case.source == SWITCHED}
    sparse = [name for name in charged if not name.endswith(" 1.0")]
    for name, one in switched.items():
        if name in sparse:
            assert one.simulated < charged[name].simulated
            assert abs(one.error) < 0.004
        else:
            assert one.simulated == charged[name].simulated


def test_relations_of_published_work_hold() -> None:
    found = list(relations())
    assert len(found) == 8
    assert [one for one in found if not (one.low < one.high and one.holds)] == []


def test_choosing_from_more_takes_more_logic() -> None:
    assert 0.01 < logic_overhead("a100") < logic_overhead("highlight") < logic_overhead("trainium2")
