"""The published course of each recipe that changes on the way."""

from dataclasses import replace
from fractions import Fraction

import pytest

from simulator.errors import InputError
from simulator.pattern import Pattern
from tests.workloads.training.shaped import SHAPED
from workloads.training.face import DENSE
from workloads.training.recipes import RECIPES
from workloads.training.recipes.gradual import GRADUAL
from workloads.training.recipes.kao import KAO_MASK, KAO_STRUCTURE, KaoStructure
from workloads.training.recipes.mdgf import MDGF_LINEAR
from workloads.training.recipes.sdgf import SDGF_GEOMETRIC, SDGF_STEPWISE, StructureDecay


def course(name: str, target: str, steps: int) -> list[tuple[str, int]]:
    """(pattern or what stands for it, steps) of each phase."""
    return [
        (
            "dense" if phase.face == DENSE else str(phase.pattern) if phase.face.forward else "fading",
            phase.steps,
        )
        for phase in RECIPES[name].phases(Pattern.parse(target), steps)
    ]


def kept(recipe: StructureDecay | KaoStructure, target: str) -> list[int]:
    return [p.kept for p in recipe.schedule(Pattern.parse(target))]


def test_one_shot_trains_twice() -> None:
    assert course("one_shot", "2:4", 100) == [("dense", 50), ("2:4", 50)]


def test_mdgf_linear_reaches_zero_after_half_the_run() -> None:
    assert course("mdgf_linear", "2:4", 1000) == [("fading", 500), ("2:4", 500)]


def test_mdgf_linear_never_fades_into_the_final_share() -> None:
    slow = replace(MDGF_LINEAR, decay=Fraction(1))
    assert [phase.steps for phase in slow.phases(Pattern.parse("2:4"), 1000)] == [900, 100]


def test_mdgf_exponential_is_dense_work_until_the_final_share() -> None:
    assert course("mdgf_exp", "1:16", 1000) == [("fading", 900), ("1:16", 100)]


def test_mdgf_selects_masks_while_they_fade() -> None:
    fading = RECIPES["mdgf_exp"].phases(Pattern.parse("2:4"), 10)[0]
    assert (fading.face.forward, fading.face.select_every, fading.pattern) == (False, 1, Pattern.parse("2:4"))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("2:4", [3, 2]),
        ("1:4", [3, 2, 1]),
        ("1:8", [7, 4, 2, 1]),
        ("1:16", [15, 8, 4, 2, 1]),
        ("1:128", [127, 64, 32, 16, 8, 4, 2, 1]),
        ("3:8", [7, 4, 3]),  # the published code stops at 4:8
        ("2:6", [5, 3, 2]),
        ("1:2", [1]),
        ("3:4", [3]),
        ("4:4", [4]),
        ("1:1", [1]),
    ],
)
def test_sdgf_stepwise_halves_down_to_the_target(target: str, expected: list[int]) -> None:
    assert kept(SDGF_STEPWISE, target) == expected


@pytest.mark.parametrize(
    ("target", "mean"),
    [
        ("2:4", Fraction(5, 8)),
        ("1:4", Fraction(1, 2)),
        ("1:8", Fraction(7, 16)),
        ("1:16", Fraction(3, 8)),
        ("1:32", Fraction(62, 192)),
        ("1:128", Fraction(254, 1024)),
    ],
)
def test_mean_density_over_the_windows_of_sdgf_stepwise(target: str, mean: Fraction) -> None:
    densities = [p.density for p in SDGF_STEPWISE.schedule(Pattern.parse(target))]
    assert sum(densities) / len(densities) == mean


def test_sdgf_stepwise_windows_are_equal_and_the_last_tenth_keeps_the_target() -> None:
    assert course("sdgf_stepwise", "1:8", 400) == [("7:8", 90), ("4:8", 90), ("2:8", 90), ("1:8", 130)]


def test_sdgf_geometric_keeps_the_density() -> None:
    patterns = SDGF_GEOMETRIC.schedule(Pattern.parse("1:8"))
    assert list(map(str, patterns)) == ["8:64", "4:32", "2:16", "1:8"]
    assert {p.density for p in patterns} == {Fraction(1, 8)}


def test_sdgf_geometric_refuses_a_group_that_it_cannot_start_from() -> None:
    with pytest.raises(InputError) as error:
        RECIPES["sdgf_geometric"].phases(Pattern.parse("1:513"), 100)
    assert str(error.value) == (
        "pattern: recipe sdgf_geometric starts 1:513 from a group of 4104; its target's group is at most 512"
    )
    assert RECIPES["sdgf_geometric"].phases(Pattern.parse("1:512"), 100)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("1:16", [15, 4, 2]),
        ("1:128", [127, 32, 16, 8, 4, 2]),
        ("1:512", [511, 128, 64, 32, 16, 8, 4, 2]),  # the published code stops at 2:512
        ("1:4", [3]),
        ("2:4", [3]),
        ("1:1", []),
    ],
)
def test_kao_structure_skips_half_the_group(target: str, expected: list[int]) -> None:
    assert kept(KAO_STRUCTURE, target) == expected


def test_kao_structure_starts_at_10000_of_200000_and_updates_every_1000() -> None:
    assert course("kao_structure", "1:16", 200_000) == [
        ("dense", 11_000),
        ("15:16", 1_000),
        ("4:16", 1_000),
        ("2:16", 1_000),
        ("1:16", 186_000),
    ]
    last = RECIPES["kao_structure"].phases(Pattern.parse("1:16"), 200_000)[-1]
    assert last.face.select_every == 1_000


def test_kao_mask_fades_in_eight_updates() -> None:
    assert course("kao_mask", "1:16", 200_000) == [("dense", 10_000), ("fading", 8_000), ("1:16", 182_000)]


def test_kao_mask_refuses_a_decay_that_never_ends() -> None:
    with pytest.raises(InputError) as error:
        replace(KAO_MASK, weight=Fraction(1, 9)).phases(Pattern.parse("1:16"), 100)
    assert str(error.value) == (
        "recipe kao_mask has a weight of 1/9; "
        "at least 1/8: updates are counted to 8, and the mask must reach 0"
    )


def test_fst_ends_dense_after_250_000_of_300_000_steps() -> None:
    assert course("fst", "2:4", 300_000) == [("2:4", 250_000), ("dense", 50_000)]


def test_step_switches_after_a_tenth() -> None:
    assert course("step", "2:4", 1000) == [("dense", 100), ("2:4", 900)]


def test_ac_dc_follows_the_published_epochs() -> None:
    epochs = course("ac_dc", "2:4", 100)
    turns = [("2:4", 5), ("dense", 5)] * 7
    turns[-1] = ("dense", 10)
    assert epochs == [("dense", 10), *turns, ("2:4", 15)]
    assert sum(steps for what, steps in epochs if what == "2:4") == 50


def test_gradual_follows_the_cubic() -> None:
    ramp = [GRADUAL.kept(Pattern.parse("1:16"), update) for update in range(11)]
    # 1 + 15 * (1 - i/10)^3 = 16, 11.94, 8.68, 6.15, 4.24, 2.88, 1.96, 1.41, 1.12, 1.02, 1
    assert ramp == [16, 12, 9, 7, 5, 3, 2, 2, 2, 2, 1]


def test_gradual_joins_updates_that_keep_the_same() -> None:
    assert course("gradual", "1:16", 400) == [
        ("dense", 30),
        ("12:16", 30),
        ("9:16", 30),
        ("7:16", 30),
        ("5:16", 30),
        ("3:16", 30),
        ("2:16", 120),
        ("1:16", 100),
    ]


@pytest.mark.parametrize("name", ["rigl", "set"])
def test_drop_and_grow_stop_at_three_quarters(name: str) -> None:
    moving, fixed = RECIPES[name].phases(Pattern.parse("2:4"), 1000)
    assert (moving.steps, fixed.steps) == (750, 250)
    assert fixed.face.dense_wgrad_every is fixed.face.select_every is None
    assert moving.face.dense_wgrad_every == (100 if name == "rigl" else None)
    assert moving.face.select_every == (None if name == "rigl" else 100)


@pytest.mark.parametrize(
    ("name", "every"),
    [("ste", 1), ("sr_ste", 1), ("s_ste", 1), ("transposable", 40), ("fst", 40), ("bi_mask", 1)],
)
def test_how_often_masks_move(name: str, every: int) -> None:
    assert RECIPES[name].face.select_every == every


@pytest.mark.parametrize("name", ["slope", "bi_mask"])
def test_second_masks_move_every_100_steps(name: str) -> None:
    assert RECIPES[name].face.second_every == 100


@pytest.mark.parametrize("name", ["static", "slope", "one_shot", "ac_dc"])
def test_masks_that_stand_still_within_a_phase(name: str) -> None:
    assert RECIPES[name].face.select_every is None


def forgetful(name: str) -> set[bool]:
    """Whether each phase that has masks holds the state of kept weights alone."""
    phases = RECIPES[name].phases(Pattern.parse("2:4"), 1000)
    return {phase.face.kept_state for phase in phases if phase.pattern is not None}


@pytest.mark.parametrize("name", SHAPED)
def test_who_forgets_pruned_weights(name: str) -> None:
    saving = {"static", "slope", "one_shot", "gradual", "ac_dc", "rigl", "set", "adaprune"}
    saves = name in saving or name.startswith("sparse_ift")
    dense = name in ("dense", "wanda", "sparsegpt")
    assert forgetful(name) == (set() if dense else {saves})
