"""At every step of training each mask obeys its pattern, and FWD, DGRAD and WGRAD read what it says."""

import numpy as np
import pytest

from simulator.mask import breaks, breaks_transposable
from simulator.pattern import Pattern
from tests.workloads.training.emulator.cases import CASES, Case
from tests.workloads.training.emulator.recorded import TRIES, Taken, recorded
from workloads.training.emulator.weight import Mask
from workloads.training.face import Phase
from workloads.training.unstructured import Target, Unstructured

SPARSE_GRADIENTS = {"fst", "s_ste"}
FREE = {"dst"}
"""Recipes whose masks obey no target."""


def obeys(mask: Mask, target: Target) -> bool:
    if isinstance(target, Unstructured):
        return int(mask.sum()) == target.kept_of(mask.size)
    return not breaks(mask, target, exactly=True)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_masks_obey_their_patterns_at_every_step(case: Case) -> None:
    record = recorded(case.run)
    for taken in record.taken:
        for name in record.followers:
            phase, mask = taken.at[name].phase, taken.masks[name]
            if phase.pattern is None:
                assert mask is None
                continue
            assert mask is not None
            if getattr(case.run.recipe, "solver", "exact") == "greedy":
                assert isinstance(phase.pattern, Pattern)
                assert not breaks_transposable(mask, phase.pattern)
            elif phase.face.selector == "transposable":
                assert isinstance(phase.pattern, Pattern)
                assert not breaks_transposable(mask, phase.pattern, exactly=True)
            elif case.oracle not in FREE:
                assert obeys(mask, phase.pattern), f"{name}: {phase.pattern}"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_copies_are_zero_where_masks_say(case: Case) -> None:
    record = recorded(case.run)
    for taken in record.taken:
        for name in taken.started:
            values, forward, backward = taken.started[name], taken.forward[name], taken.backward[name]
            if name not in record.followers or taken.at[name].phase.pattern is None:
                np.testing.assert_array_equal(forward, values)
                np.testing.assert_array_equal(backward, values)
                continue
            face, mask, second = taken.at[name].phase.face, taken.masks[name], taken.seconds[name]
            assert mask is not None
            if face.forward:
                assert not forward[~mask].any()
            if case.oracle != "s_ste":  # which shrinks what it keeps
                np.testing.assert_array_equal(forward[mask], values[mask])
            if face.dgrad == "dense":
                np.testing.assert_array_equal(backward, values if face.forward else forward)
            elif face.second_selector is None:
                np.testing.assert_array_equal(backward, forward)
            else:
                assert second is not None
                np.testing.assert_array_equal(backward, np.where(second, values, 0.0))


@pytest.mark.parametrize("case", [case for case in CASES if case.oracle in ("bi_mask", "slope")], ids=str)
def test_second_masks_are_within_the_first_and_along_the_outputs(case: Case) -> None:
    record = recorded(case.run)
    for taken in record.taken:
        for name in record.followers:
            at, first, second = taken.at[name], taken.masks[name], taken.seconds[name]
            assert first is not None
            assert second is not None
            assert isinstance(at.target, Pattern)
            if taken.due[name].second:
                assert not (second & ~first).any()
                orders = [np.arange(len(second))]
                if case.oracle == "bi_mask":
                    rng = at.rng(name, "permuted")
                    orders += [rng.permutation(len(second)) for _ in range(TRIES)]
                assert not all(breaks(second[order], at.target, axis=0) for order in orders)
            if case.oracle == "slope":
                assert not breaks(second, at.target, axis=0)
                assert not (second & ~first).any()
    count = sum(taken.due[record.followers[0]].second for taken in record.taken)
    assert count == -(-case.run.steps // 5)


def pruned(taken: Taken, name: str, phase: Phase, rows: int) -> None:
    """Hold the output gradients of one weight to their pattern along the tokens of each part."""
    assert isinstance(phase.pattern, Pattern)
    assert len(taken.pruned[name]) == 2
    for before, after in taken.pruned[name]:
        assert before.shape == after.shape == (rows, len(taken.started[name]))
        assert not breaks(after != 0, phase.pattern, axis=0)
        assert breaks(before != 0, phase.pattern, axis=0)
        assert not (after[before == 0]).any()


@pytest.mark.parametrize("case", [case for case in CASES if case.oracle in SPARSE_GRADIENTS], ids=str)
def test_output_gradients_are_n_of_m_along_the_tokens_of_each_part(case: Case) -> None:
    record = recorded(case.run)
    for taken in record.taken:
        for name in record.followers:
            phase = taken.at[name].phase
            if phase.pattern is None:  # the tail of fst
                assert name not in taken.pruned
            else:
                pruned(taken, name, phase, case.run.batch // 2)
    assert any(taken.pruned for taken in record.taken)


@pytest.mark.parametrize("case", [case for case in CASES if case.oracle not in SPARSE_GRADIENTS], ids=str)
def test_no_other_recipe_prunes_output_gradients(case: Case) -> None:
    assert not any(taken.pruned for taken in recorded(case.run).taken)


@pytest.mark.parametrize("case", [case for case in CASES if case.oracle not in FREE], ids=str)
def test_what_is_served_obeys_the_last_phase(case: Case) -> None:
    record = recorded(case.run)
    last = case.run.recipe.last_phase(case.run.target)
    for name in record.followers:
        mask, served = record.served_masks[name], record.served[name]
        assert mask is None or served.shape == mask.shape
        if last.pattern is None:
            np.testing.assert_array_equal(served, record.taken[-1].values[name])
            continue
        assert mask is not None
        assert not served[~mask].any()
        if isinstance(last.pattern, Pattern):
            exactly = getattr(case.run.recipe, "solver", "exact") == "exact"
            assert not breaks(mask, last.pattern, exactly=exactly)
        else:
            assert obeys(mask, last.pattern)
