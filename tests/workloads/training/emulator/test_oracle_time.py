"""When each recipe does what: D of fading masks, patterns, refreshes and switches, step by step."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import ceil, exp, floor

import numpy as np
import pytest

from tests.oracles.recipes_straight import Step
from tests.workloads.training.emulator.cases import CASES, FAST, SHORT, case
from tests.workloads.training.emulator.followed import compare
from tests.workloads.training.emulator.recorded import Recorded, Taken, recorded
from workloads.training.emulator.weight import Mask


def fades(record: Recorded) -> list[float]:
    """D of every step, as FWD read it: what pruned weights were multiplied by, 1 without a mask."""
    found = []
    for taken in record.taken:
        each = {1.0}
        for name in record.followers:
            mask = taken.masks[name]
            if mask is not None:
                ratios = taken.forward[name][~mask] / taken.started[name][~mask]
                each = {round(float(ratio), 12) for ratio in ratios}
        assert len(each) == 1, "all pruned weights fade alike"
        found.append(each.pop())
    return found


def patterns(record: Recorded) -> list[str]:
    """The most that any group along the inputs keeps in FWD, as a text; `dense` without masks."""
    name = record.followers[0]
    return [str(taken.at[name].phase.pattern or "dense") for taken in record.taken]


def changes(record: Recorded, of: Callable[[Taken], dict[str, Mask | None]]) -> list[int]:
    """The steps at which a mask is not that of the step before."""
    pairs = pairwise(record.taken)
    return [
        step
        for step, (before, after) in enumerate(pairs, start=1)
        if not all(_equal(of(before)[name], of(after)[name]) for name in record.followers)
    ]


def _equal(before: Mask | None, after: Mask | None) -> bool:
    if before is None or after is None:
        return before is after
    return bool((before == after).all())


def test_mdgf_linear_fades_from_one_to_nothing_over_half_the_run() -> None:
    found = fades(recorded(case("mdgf_linear", "1:4", steps=24).run))
    assert found == pytest.approx([1 - j / 12 for j in range(12)] + [0.0] * 12)


def test_mdgf_exponential_fades_until_the_final_tenth() -> None:
    found = fades(recorded(case("mdgf_exp", "1:4", steps=24).run))
    assert found == pytest.approx([exp(-5 * j / 21) for j in range(21)] + [0.0] * 3)


def test_mdgf_fades_after_its_dense_window() -> None:
    run = case("mdgf_linear", "1:4", steps=24, settings={"dense": Fraction(1, 4), "beta": 0.25}).run
    assert fades(recorded(run)) == pytest.approx([1.0] * 6 + [1, 0.75, 0.5, 0.25] + [0.0] * 14)


def test_kao_mask_fades_at_its_updates_alone() -> None:
    settings = {"start": Fraction(1, 8), "every": Fraction(1, 8), "weight": Fraction(1, 4)}
    record = recorded(case("kao_mask", "2:4", settings=settings, options={"fade": 0.25}, steps=24).run)
    expected = [max(0.0, 1 - max(0, step // 3 - 1) / 4) for step in range(24)]
    assert fades(record) == pytest.approx(expected)
    assert 3 in changes(record, lambda taken: taken.masks)  # before it there is no mask
    assert set(changes(record, lambda taken: taken.masks)) <= set(range(3, 24, 3))


def test_kao_structure_tightens_at_each_update() -> None:
    settings = {"start": Fraction(1, 8), "every": Fraction(1, 8)}
    record = recorded(case("kao_structure", "1:8", settings=settings, steps=24).run)
    assert patterns(record) == ["dense"] * 6 + ["7:8"] * 3 + ["2:8"] * 3 + ["1:8"] * 12


def test_sdgf_stepwise_has_equal_windows_and_a_final_one() -> None:
    record = recorded(case("sdgf_stepwise", "1:8", steps=24).run)
    bounds = [floor(Fraction(9, 40) * i * 24) for i in range(1, 4)]
    assert bounds == [5, 10, 16]
    assert patterns(record) == ["7:8"] * 5 + ["4:8"] * 5 + ["2:8"] * 6 + ["1:8"] * 8


def test_sdgf_geometric_halves_its_groups() -> None:
    record = recorded(case("sdgf_geometric", "1:4", steps=24).run)
    assert patterns(record) == ["8:32"] * 5 + ["4:16"] * 5 + ["2:8"] * 6 + ["1:4"] * 8


def test_gradual_falls_along_a_cubic_over_three_quarters() -> None:
    record = recorded(case("gradual", "1:8", steps=40).run)
    kept = [ceil(8 * (1 / 8 + 7 / 8 * (1 - i / 10) ** 3)) for i in range(10)]
    expected = [f"{n}:8" if n < 8 else "dense" for n in kept for _ in range(3)] + ["1:8"] * 10
    assert patterns(record) == expected


def test_ac_dc_alternates_and_ends_compressed() -> None:
    record = recorded(case("ac_dc", "2:4", steps=40).run)
    compressed = [
        any(p <= step / 40 * 100 < p + 5 for p in range(10, 80, 10)) or step >= 34 for step in range(40)
    ]
    assert sum(compressed) == 20
    assert patterns(record) == ["2:4" if each else "dense" for each in compressed]


@pytest.mark.parametrize(("name", "moves"), [("rigl", [4, 8, 12, 16]), ("set", [4, 8, 12, 16])])
def test_masks_move_in_the_first_three_quarters_at_their_period(name: str, moves: list[int]) -> None:
    face = {"rigl": {"dense_wgrad_every": 3}, "set": {"select_every": 4}}[name]
    record = recorded(case(name, "2:4", face=face, steps=24, width=16, inner=32).run)
    assert changes(record, lambda taken: taken.masks) == moves


def test_rigl_updates_nothing_where_masks_move() -> None:
    record = recorded(case("rigl", "2:4", face={"dense_wgrad_every": 3}, steps=24).run)
    moving = [step for step, t in enumerate(record.taken) if t.due[record.followers[0]].dense_wgrad]
    assert moving == [3, 7, 11, 15]
    for step in moving:
        before, after = record.taken[step - 1], record.taken[step]
        for name in before.values:
            if name not in record.followers:
                np.testing.assert_array_equal(before.values[name], after.values[name])
                np.testing.assert_array_equal(before.moments[0][name], after.moments[0][name])
    assert record.trainer.optimizer.updates == 24 - len(moving)


@pytest.mark.parametrize("name", ["transposable", "fst"])
def test_transposable_masks_stand_between_their_refreshes(name: str) -> None:
    strength = {"settings": {"strength": 0.1}, "options": {"strength": 0.1}} if name == "fst" else {}
    record = recorded(case(name, "2:4", face={"select_every": 5}, width=16, inner=32, **strength).run)
    assert changes(record, lambda taken: taken.masks) == [5, 10]


def test_fst_ends_with_a_dense_sixth() -> None:
    record = recorded(case("fst", "4:8", face={"select_every": 5}).run)
    assert patterns(record) == ["4:8"] * 10 + ["dense"] * 2


def test_second_masks_stand_between_their_refreshes() -> None:
    settings = {"strength": 0.1}
    bi_mask = case("bi_mask", "2:4", face={"second_every": 5}, settings=settings, options=settings)
    assert changes(recorded(bi_mask.run), lambda taken: taken.seconds) == [5, 10]
    slope = recorded(case("slope", "2:4", face={"second_every": 5}).run)
    assert set(changes(slope, lambda taken: taken.seconds)) <= {5, 10}
    assert changes(slope, lambda taken: taken.masks) == []


def switch(mean: list[float], steps: int, *, window: int, eps: float, early: Fraction, late: Fraction) -> int:
    """Dense steps of STEP: the first count from `early` on whose last `window` changes are small."""
    for done in range(max(window, floor(early * steps)), floor(late * steps)):
        if sum(mean[done - window : done]) / window < eps:
            return done
    return floor(late * steps)


EPSILONS = [1e-8, 1.04e-4, 1.1e-4, 1e-3]
"""Adam's: around the changes of its variance in this run, and far from them."""
EARLY = [Fraction(1, 12), Fraction(1, 3)]


def stepping(epsilon: float, early: Fraction) -> Recorded:
    optimizer, settings = replace(SHORT, epsilon=epsilon), {"dense": early, "latest": Fraction(2, 3)}
    return recorded(case("step", "2:4", steps=24, optimizer=optimizer, settings=settings).run)


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("early", EARLY)
def test_step_switches_when_the_variance_has_settled(epsilon: float, early: Fraction) -> None:
    record = stepping(epsilon, early)
    followed = compare(record, "step", {})
    oracles = [followed.oracles[name] for name in record.followers]
    total = np.zeros(record.phases[0].steps)
    for oracle in oracles:
        assert isinstance(oracle, Step)
        total += np.array(oracle.changes) * oracle.weight.size
    mean = (total / sum(oracle.weight.size for oracle in oracles)).tolist()
    mean += [0.0] * (24 - len(mean))  # had it settled later, the run would have been dense until then
    expected = switch(mean, 24, window=5, eps=epsilon, early=early, late=Fraction(2, 3))
    assert record.phases[0].steps == expected
    assert sum(phase.steps for phase in record.phases) == 24


def test_step_switches_at_its_bounds_and_between_them() -> None:
    found = {stepping(epsilon, early).phases[0].steps for epsilon in EPSILONS for early in EARLY}
    assert {5, 8, 16} <= found  # a full window, the earliest, the latest
    assert len(found) > 3


def test_dst_masks_move_and_thresholds_start_again() -> None:
    densities = {
        float(mask.mean())
        for each in CASES
        if each.oracle == "dst"
        for taken in recorded(each.run).taken
        for mask in taken.masks.values()
        if mask is not None
    }
    assert len(densities) > 5
    assert min(densities) < 0.5
    (fast,) = [each for each in CASES if each.oracle == "dst" and each.run.rate is FAST]
    falls = [
        (before.values[name] > 0).all() and not taken.forward[name].any()
        for before, taken in pairwise(recorded(fast.run).taken)
        for name in taken.forward
        if name.endswith(".threshold")
    ]
    assert any(falls), "no layer lost nearly all of its weights"
