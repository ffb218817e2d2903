"""AdaPrune: where it starts, where it goes, and what it leaves alone."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.mask import select
from simulator.pattern import Pattern
from tests.arrays import drawn_mask
from tests.oracles.recipes_one_shot import absorbed as absorbed_by_definition
from tests.oracles.recipes_one_shot import ada_prune
from tests.strategies import examples, patterns
from workloads.training.recipes.adaprune import ADAPRUNE, absorbed
from workloads.training.recipes.static import FIXED
from workloads.training.unstructured import Unstructured, parse_target

TWO_OF_FOUR = Pattern(kept=2, group=4)


@given(st.integers(0, 10**6), patterns, st.integers(1, 5), st.integers(1, 20))
@examples(60)
def test_kept_weights_take_the_mean_of_what_their_group_loses(
    seed: int, pattern: Pattern, rows: int, columns: int
) -> None:
    rng = np.random.default_rng(seed)
    values, mask = rng.standard_normal((rows, columns)), drawn_mask((rows, columns), pattern, 1, rng)
    found = absorbed(values, mask, pattern)
    np.testing.assert_allclose(found, absorbed_by_definition(values, mask, pattern), rtol=1e-12, atol=1e-15)


def test_it_comes_near_the_least_squares_and_keeps_to_the_mask() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((200, 8)) @ rng.standard_normal((8, 16))
    inputs += 0.3 * rng.standard_normal(inputs.shape)
    values = rng.standard_normal((6, 16))
    mask = select(values, TWO_OF_FOUR)
    start, best = absorbed(values, mask, TWO_OF_FOUR), ada_prune(values, inputs, mask)
    chosen = replace(ADAPRUNE, rate=1e-2, iterations=1500)
    found = chosen.fitted(values, start, mask, inputs, np.random.default_rng(1))
    assert not found[~mask].any()
    errors = [np.square(inputs @ (values - each).T).sum() for each in (best, found, start)]
    assert errors[0] <= errors[1] <= 1.1 * errors[0] < errors[2]


def test_what_fits_already_stays_to_the_bit() -> None:
    """So that a run which is killed after it was converted, and goes on, has the same network."""
    rng = np.random.default_rng(1)
    values, inputs = rng.standard_normal((4, 8)), rng.standard_normal((60, 8))
    mask = select(values, TWO_OF_FOUR)
    values[~mask] = 0
    found = ADAPRUNE.fitted(values, absorbed(values, mask, TWO_OF_FOUR), mask, inputs, rng)
    np.testing.assert_array_equal(found, values)


def test_the_run_is_dense_then_unstructured_and_serves_the_target() -> None:
    first, second = ADAPRUNE.phases(Pattern(kept=1, group=8), 100)
    assert (first.pattern, first.steps) == (None, 50)
    assert (second.pattern, second.face) == (Unstructured(density=Fraction(1, 8)), FIXED)
    assert ADAPRUNE.last_phase(TWO_OF_FOUR).pattern == TWO_OF_FOUR
    with pytest.raises(InputError) as refused:
        ADAPRUNE.phases(parse_target("50 %"), 100)
    assert str(refused.value) == (
        "pattern: recipe adaprune needs groups, and 50% has none; write it as kept:group, as in 2:4"
    )
