from typing import Any

import pytest

from analysis.sweep.metrics import ALIASES, METRICS
from analysis.sweep.wanted import Objective, parse_constraint, parse_objectives, parse_reference
from simulator.errors import InputError


@pytest.mark.parametrize(
    ("written", "objectives"),
    [
        (["seconds", "area_mm2"], [("seconds", "min"), ("area_mm2", "min")]),
        (
            ["time", "energy", "power", "edp"],
            [("seconds", "min"), ("energy_j", "min"), ("watts", "min"), ("edp_js", "min")],
        ),
        (["utilization"], [("utilization", "max")]),
        ([{"area": "max"}, "seconds"], [("area_mm2", "max"), ("seconds", "min")]),
        ({"utilization": "min", "seconds": "min"}, [("utilization", "min"), ("seconds", "min")]),
    ],
)
def test_objectives_are_names_with_goals(written: Any, objectives: list[tuple[str, Any]]) -> None:
    assert parse_objectives(written) == tuple(Objective(name=name, goal=goal) for name, goal in objectives)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ([], "there are none; write [seconds, area_mm2], or {utilization: max}"),
        ("seconds", "`seconds` is no list of metrics; write [seconds, area_mm2], or {utilization: max}"),
        (["second"], "0: no metric is called `second`; did you mean `seconds`? known: "),
        (["area", "area_mm2"], "1: `area_mm2` is written twice; write each metric once"),
        ({"utilization": "most"}, "utilization: `most` is no goal; write min or max"),
        ([{"a": "min", "b": "min"}], "0: this is no name with a goal; write {utilization: max}"),
        ([3], "0: `3` is no name of a metric; "),
        (["seconds"] * 7, "there are 7; a sweep has at most 6"),
    ],
)
def test_other_objectives_are_refused(written: Any, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_objectives(written)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("text", "name", "at_most", "limit"),
    [
        ("area_mm2 <= 4", "area_mm2", True, 4.0),
        ("area <= 4 mm^2", "area_mm2", True, 4.0),
        ("area<=4000000um^2", "area_mm2", True, 4.0),
        ("energy <= 2 J", "energy_j", True, 2.0),
        ("energy <= 1500 mJ", "energy_j", True, 1.5),
        ("energy_j <= 3e12 pJ", "energy_j", True, 3.0),
        ("seconds <= 5 ms", "seconds", True, 0.005),
        ("watts <= 300 W", "watts", True, 300.0),
        ("power <= .5 kW", "watts", True, 500.0),
        ("utilization >= 0.5", "utilization", False, 0.5),
        ("dram_bytes <= 2 GiB", "dram_bytes", True, 2.0**31),
        ("cycles <= 1000000", "cycles", True, 1e6),
    ],
)
def test_a_constraint_is_a_metric_and_a_limit(text: str, name: str, at_most: bool, limit: float) -> None:
    found = parse_constraint(text)
    assert (found.name, found.at_most, found.limit, found.text) == (name, at_most, limit, text)
    assert found.excess({name: limit}) == 0
    assert found.excess({name: limit * 1.5}) == pytest.approx(0.5 if at_most else -0.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("area <= 4 ms", "`ms` is no unit of area; known: mm^2, um^2"),
        ("area <= 4", "`4` has no unit; write one, such as 4 mm^2, or area_mm2"),
        ("area < 4 mm^2", "`<` is no sign of a constraint; write <= or >="),
        ("area = 4 mm^2", "`=` is no sign of a constraint; write <= or >="),
        ("utilization >= 50 %", "`utilization` has no unit, and `50 %` has one; write the number alone"),
        ("seconds <= nan", "`nan` is no number; write one, such as 4 s"),
        ("seconds <= 1e999 s", "`1e999 s` is no number; write one, such as 4 s"),
        ("aera <= 4 mm^2", "no metric is called `aera`; did you mean `area`? known: "),
        ("area", "`area` is no constraint; write `area <= 4 mm^2`"),
        (5, "`5` is no constraint; write `area <= 4 mm^2`"),
    ],
)
def test_other_constraints_are_refused(text: Any, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_constraint(text)
    assert str(caught.value).startswith(said)


def test_a_reference_is_a_point_with_units() -> None:
    assert parse_reference({"seconds": "5 ms", "area": "10 mm^2", "energy_j": 2}) == {
        "seconds": 0.005,
        "area_mm2": 10.0,
        "energy_j": 2.0,
    }
    with pytest.raises(InputError) as caught:
        parse_reference({"time": 5, "area": "1 mm^2", "area_mm2": 1, "speed": 2})
    assert [str(one)[:40] for one in caught.value.problems] == [
        "time: `5` has no unit; write one, such a",
        "area_mm2: `area_mm2` is written twice; w",
        "speed: no metric is called `speed`; know",
    ]


def test_aliases_name_metrics() -> None:
    assert set(ALIASES.values()) <= set(METRICS)
    assert not set(ALIASES) & set(METRICS)
