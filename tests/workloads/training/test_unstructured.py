"""Unstructured: how many weights a share keeps, how it is written, and what a recipe may aim at."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.pattern import Pattern
from tests.strategies import patterns
from workloads.training.face import Face, Phase
from workloads.training.unstructured import Unstructured, parse_target

percents = st.integers(1, 10**11).map(lambda part: Decimal(part) / 10**9)


@given(percents, st.integers(1, 10**9))
def test_a_share_of_the_weights_is_kept_rounded_half_up(percent: Decimal, weights: int) -> None:
    target = Unstructured(density=Fraction(percent) / 100)
    exact = (percent * weights / 100).quantize(Decimal(1), ROUND_HALF_UP)
    assert target.kept_of(weights) == max(1, int(exact))
    assert 1 <= target.kept_of(weights) <= weights


@given(percents)
def test_what_is_written_is_what_is_read(percent: Decimal) -> None:
    target = Unstructured(density=Fraction(percent) / 100)
    assert parse_target(str(target)) == target
    assert Decimal(str(target).removesuffix("%")) == percent
    third = Unstructured(density=Fraction(1, 3))
    assert parse_target(str(third)) == third


@given(patterns)
def test_a_pattern_is_read_as_one(pattern: Pattern) -> None:
    assert parse_target(str(pattern)) == pattern


@pytest.mark.parametrize(
    ("text", "shown", "density"),
    [
        ("10 %", "10%", Fraction(1, 10)),
        ("10.0%", "10%", Fraction(1, 10)),
        ("12.5 %", "12.5%", Fraction(1, 8)),
        ("100%", "100%", Fraction(1)),
        ("0.05%", "0.05%", Fraction(1, 2000)),
        ("1/3", "1/3", Fraction(1, 3)),
    ],
)
def test_how_a_share_is_written(text: str, shown: str, density: Fraction) -> None:
    target = parse_target(text)
    assert target == Unstructured(density=density)
    assert str(target) == shown
    assert target.dense == (density == 1)


SHARE = "write a share above 0 % and up to 100 %, or kept:group, as in 2:4"
FORMS = "write kept:group, as in 2:4, or a share of each layer, as in 10 %"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 %", f"`0 %` is no share of the weights; {SHARE}"),
        ("100.1 %", f"`100.1 %` is no share of the weights; {SHARE}"),
        ("1000%", f"`1000%` is no share of the weights; {SHARE}"),
        ("4/3", f"`4/3` is no share of the weights; {SHARE}"),
        ("1.2.3%", f"`1.2.3%` is no share of the weights; {SHARE}"),
        ("-10 %", f"`-10 %` is not a pattern; {FORMS}"),
        ("0.1", f"`0.1` is not a pattern; {FORMS}"),
        ("", f"`` is not a pattern; {FORMS}"),
        (124, f"`124` is not a pattern; {FORMS}"),
        ("2:4:8", "`2:4:8` is not a pattern; write kept:group, as in 2:4"),
        ("5:4", "`5:4` keeps 5 of 4; kept is 1 to 4 for a group of 4"),
    ],
)
def test_what_is_no_target(text: Any, message: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_target(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("density", "shown"), [(Fraction(0), "Fraction(0, 1)"), (Fraction(3, 2), "Fraction(3, 2)"), (0.5, "0.5")]
)
def test_a_density_is_a_share(density: Any, shown: str) -> None:
    with pytest.raises(InputError) as refused:
        Unstructured(density=density)
    assert str(refused.value) == f"the density is `{shown}`; a density is a Fraction above 0 and up to 1"


@pytest.mark.parametrize(
    ("face", "key"),
    [
        (Face(forward=True, dgrad="outputs"), "dgrad: outputs"),
        (Face(forward=True, wgrad="gradient"), "wgrad: gradient"),
        (Face(forward=True, selector="transposable", select_every=40), "selector: transposable"),
    ],
)
def test_what_only_groups_have_is_refused(face: Face, key: str) -> None:
    with pytest.raises(InputError) as refused:
        Phase(face=face, pattern=Unstructured(density=Fraction(1, 10)), steps=1)
    assert str(refused.value) == (
        f"pattern: {key} needs groups, and 10% has none; write it as kept:group, as in 2:4"
    )
