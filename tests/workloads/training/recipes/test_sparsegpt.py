"""SparseGPT's columns against one inversion for each column, and what it is for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mask import breaks, prune
from simulator.pattern import Pattern
from tests.oracles.recipes_one_shot import sparse_gpt
from tests.strategies import examples
from workloads.training.recipes.sparsegpt import pruned
from workloads.training.unstructured import Unstructured, parse_target

PATTERNS = [Pattern(kept=kept, group=group) for kept, group in ((2, 4), (1, 4), (3, 5), (4, 4))]


@given(
    st.integers(0, 10**6),
    st.sampled_from(PATTERNS),
    st.integers(1, 6),
    st.integers(1, 13),
    st.sampled_from([0.01, 0.3]),
    st.booleans(),
)
@examples(40)
def test_columns_are_settled_as_one_inversion_for_each_says(
    seed: int, pattern: Pattern, rows: int, columns: int, damping: float, dead: bool
) -> None:
    rng = np.random.default_rng(seed)
    weight, inputs = rng.standard_normal((rows, columns)), rng.standard_normal((20, columns))
    inputs[:, 1:] += 0.7 * inputs[:, :-1]  # so that columns can make up for one another
    if dead:
        inputs[:, rng.integers(columns)] = 0.0
    left, mask = pruned(weight, inputs, pattern, damping=damping, block=128)
    own, its = sparse_gpt(weight, inputs, pattern, damp=damping)
    np.testing.assert_array_equal(mask, its)
    np.testing.assert_allclose(left, own, rtol=1e-8, atol=1e-10)
    assert not breaks(mask, pattern, exactly=True)
    assert not left[~mask].any()


def test_outputs_change_less_than_by_magnitude() -> None:
    rng = np.random.default_rng(1)
    inputs = rng.standard_normal((400, 16)) @ rng.standard_normal((16, 64))
    inputs += 0.1 * rng.standard_normal(inputs.shape)
    weight, pattern = rng.standard_normal((24, 64)), Pattern(kept=2, group=4)
    left, _ = pruned(weight, inputs, pattern, damping=0.01, block=128)
    errors = [np.square(inputs @ (weight - each).T).sum() for each in (left, prune(weight, pattern))]
    assert errors[0] < 0.5 * errors[1]


def test_what_is_pruned_already_stays_as_it_is() -> None:
    """So that a run which is killed after it was pruned, and goes on, has the same network."""
    rng = np.random.default_rng(2)
    weight, inputs = rng.standard_normal((5, 12)), rng.standard_normal((30, 12))
    once, mask = pruned(weight, inputs, PATTERNS[0], damping=0.01, block=128)
    twice, again = pruned(once, inputs, PATTERNS[0], damping=0.01, block=128)
    np.testing.assert_array_equal(mask, again)
    np.testing.assert_array_equal(once, twice)


@pytest.mark.parametrize("block", [4, 6, 128])
def test_an_unstructured_target_is_kept_in_each_block_of_columns(block: int) -> None:
    rng, target = np.random.default_rng(3), parse_target("30 %")
    assert isinstance(target, Unstructured)
    weight, inputs = rng.standard_normal((6, 12)), rng.standard_normal((30, 12))
    left, mask = pruned(weight, inputs, target, damping=0.01, block=block)
    for start in range(0, 12, block):
        part = mask[:, start : start + block]
        assert part.sum() == target.kept_of(part.size)
    assert not left[~mask].any()
    assert (left[mask] != 0).all()


def test_independent_inputs_have_nothing_to_make_up_for() -> None:
    weight, inputs = np.random.default_rng(4).standard_normal((3, 8)), np.eye(8)
    left, mask = pruned(weight, inputs, PATTERNS[0], damping=0.01, block=128)
    np.testing.assert_allclose(left, prune(weight, PATTERNS[0]), rtol=1e-12)
    np.testing.assert_array_equal(mask, prune(weight, PATTERNS[0]) != 0)
