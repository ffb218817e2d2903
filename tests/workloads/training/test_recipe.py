"""Laws that the phases of every recipe obey."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.pattern import Pattern
from tests.strategies import TWO_OF_FOUR, patterns_up_to
from tests.workloads.training.shaped import SHAPED
from workloads.training.face import DENSE, Face
from workloads.training.recipe import Recipe, Window
from workloads.training.recipes import RECIPES
from workloads.training.recipes.mdgf import MDGF_EXP
from workloads.training.unstructured import Target

TARGETS = patterns_up_to(64)
CONVERTED = ("adaprune", "sparsegpt", "wanda")
"""Recipes that prune once training has ended."""
NAMES = st.sampled_from(SHAPED)


class Thirds(Recipe):
    """Three windows of a third: kept 3, 2, 1 of 4."""

    __slots__ = ()

    def windows(self, target: Target, steps: int) -> list[Window]:
        return [
            Window(share=Fraction(1, 3), face=self.face, pattern=Pattern(kept=kept, group=4))
            for kept in (3, 2, 1)
        ]


THIRDS = Thirds(name="thirds", summary="", paper="", face=Face(forward=True))


def test_every_recipe_goes_by_its_name() -> None:
    assert [recipe.name for recipe in RECIPES.values()] == list(RECIPES)


@given(NAMES, TARGETS, st.integers(1, 10**6))
def test_phases_fill_the_run(name: str, target: Pattern, steps: int) -> None:
    phases = RECIPES[name].phases(target, steps)
    assert sum(phase.steps for phase in phases) == steps
    assert all(phase.steps >= 1 for phase in phases)


@given(NAMES, TARGETS, st.integers(1, 10**6))
def test_neighbouring_phases_differ(name: str, target: Pattern, steps: int) -> None:
    phases = RECIPES[name].phases(target, steps)
    assert all((a.face, a.pattern) != (b.face, b.pattern) for a, b in pairwise(phases))


@given(NAMES, TARGETS, st.integers(1, 10**6))
def test_the_target_is_in_force_on_the_last_step(name: str, target: Pattern, steps: int) -> None:
    last = RECIPES[name].phases(target, steps)[-1]
    served = RECIPES[name].last_phase(target)
    assert served.mask == (None if name in ("dense", "fst") else target)
    if name not in CONVERTED:
        assert served.mask == last.mask


@given(NAMES, TARGETS, st.integers(1, 10**6))
def test_patterns_on_the_way_are_never_sparser_than_the_target(
    name: str, target: Pattern, steps: int
) -> None:
    assert all(phase.density >= target.density for phase in RECIPES[name].phases(target, steps))


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (1, [(1, 1)]),
        (2, [(2, 1), (1, 1)]),
        (3, [(3, 1), (2, 1), (1, 1)]),
        (10, [(3, 3), (2, 3), (1, 4)]),
        (11, [(3, 3), (2, 4), (1, 4)]),
    ],
)
def test_a_window_ends_before_the_step_at_its_share_rounded_down(
    steps: int, expected: list[tuple[int, int]]
) -> None:
    phases = THIRDS.phases(Pattern(kept=1, group=4), steps)
    assert [(str(phase.pattern), phase.steps) for phase in phases] == [
        (f"{kept}:4", steps) for kept, steps in expected
    ]


def test_a_sparse_recipe_without_a_pattern_is_refused() -> None:
    with pytest.raises(InputError) as error:
        RECIPES["sr_ste"].phases(None, 10)
    assert str(error.value) == "pattern: recipe sr_ste needs one; write the target, as in 2:4"


def test_dense_training_needs_no_pattern() -> None:
    (phase,) = RECIPES["dense"].phases(None, 10)
    assert (phase.face, phase.pattern, phase.steps) == (DENSE, None, 10)


def test_a_run_has_at_least_one_step() -> None:
    with pytest.raises(InputError) as error:
        RECIPES["dense"].phases(None, 0)
    assert str(error.value) == "steps is 0; steps is a whole number from 1 to 1099511627776"


def test_windows_that_do_not_fill_the_run_are_refused() -> None:
    greedy = replace(MDGF_EXP, dense=Fraction(1, 2), final=Fraction(2, 3))
    with pytest.raises(InputError) as error:
        greedy.phases(TWO_OF_FOUR, 100)
    assert str(error.value) == (
        "the windows of recipe mdgf_exp take 1/2, -1/6, 2/3 of the run; shares are not negative and sum to 1"
    )
