"""The oracles of training recipes: steps worked out by hand, and laws that hold between recipes."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from simulator.pattern import Pattern
from tests.oracles.recipes import ORACLES, AdamW, Dense, Sgd, norm
from tests.oracles.recipes_kept import Slope
from tests.oracles.recipes_masks import obeys, soft, soft_scale
from tests.oracles.recipes_network import TwoWeights, constant, drawn, draws, phases_of, row
from tests.oracles.recipes_optimizers import step_switch
from tests.oracles.recipes_straight import KaoMask, Step
from tests.strategies import TWO_OF_FOUR
from workloads.training.face import DENSE, Phase
from workloads.training.recipes import RECIPES
from workloads.training.unstructured import Target, Unstructured

ONE_OF_TWO = Pattern(kept=1, group=2)
SHAPES = ((8, 16), (4, 8))
PLAIN = Sgd(momentum=0.0)
NEEDS: dict[str, dict[str, Any]] = {"mdgf_linear": {"beta": 2 / 60}, "mdgf_exp": {"beta": 5 / 54}}


def follow(name: str, pattern: Target, steps: int, optimizer: AdamW | Sgd, clip: float = 1.0) -> list[Dense]:
    """The worked example of `recipes`: two weights train together."""
    network = TwoWeights(drawn(8, 16, seed=1), drawn(8, 4, seed=2))
    given = phases_of(name, pattern, steps), NEEDS.get(name, {})
    oracles = [ORACLES[name](drawn(*s, seed=3) / 4, optimizer, given[0], **given[1]) for s in SHAPES]
    for step in range(steps):
        chance = [draws(shape, 10 * step + i) for i, shape in enumerate(SHAPES)]
        used = [oracle.begin(draw) for oracle, draw in zip(oracles, chance, strict=True)]
        gradients = network.gradients(
            [u.forward for u in used], [u.backward for u in used], [u.prune for u in used]
        )
        raw = [oracle.end(g, d) for oracle, g, d in zip(oracles, gradients, chance, strict=True)]
        for oracle in oracles:
            oracle.update(1e-2, clip / max(clip, norm(*raw)))
    return oracles


def test_every_recipe_has_an_oracle() -> None:
    after_training = {"adaprune", "pfp", "sparsegpt", "wanda"}  # recipes_one_shot.py has these
    rebuilding = {name for name, recipe in RECIPES.items() if recipe.rebuilds}  # as rigl, set or static
    assert set(RECIPES) - after_training - rebuilding <= set(ORACLES)


def test_the_network_has_the_gradients_of_its_loss() -> None:
    network = TwoWeights(drawn(8, 16, seed=1), drawn(8, 4, seed=2))
    weights = [drawn(*shape, seed=4) for shape in SHAPES]
    found = network.gradients(weights, weights)
    for which, at in ((0, (3, 5)), (1, (2, 7))):
        moved = [[w.copy() for w in weights] for _ in range(2)]
        moved[0][which][at] += 1e-6
        moved[1][which][at] -= 1e-6
        slope = (network.loss(moved[0]) - network.loss(moved[1])) / 2e-6
        assert found[which][at] == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("name", sorted(set(ORACLES) - {"dst"}))
def test_a_run_ends_with_what_its_last_phase_obeys(name: str) -> None:
    oracles = follow(name, TWO_OF_FOUR, 60, AdamW(decay=0.01))
    last = phases_of(name, TWO_OF_FOUR, 60)[-1]
    for oracle in oracles:
        assert np.isfinite(oracle.weight).all()
        oracle.done -= 1
        forward, _ = oracle.copies()
        if isinstance(oracle, Slope):  # left and right are beside the sparse weight
            assert oracle.mask is not None
            forward = np.where(oracle.mask, oracle.weight, 0.0)
        if last.mask is None:
            assert np.count_nonzero(forward) == forward.size
        else:
            assert obeys(forward != 0, TWO_OF_FOUR)


@pytest.mark.parametrize(
    "name", ["one_shot", "ste", "sr_ste", "mdgf_linear", "ac_dc", "gradual", "rigl", "set"]
)
def test_without_groups_a_share_of_each_weight_is_kept(name: str) -> None:
    share = Unstructured(density=Fraction(3, 10))
    for oracle in follow(name, share, 240, AdamW(decay=0.01)):
        assert oracle.mask is not None
        assert oracle.mask.sum() == round(0.3 * oracle.weight.size)


UNLIKE_DENSE_AT_ALL_KEPT = {
    "step",  # freezes the variance all the same
    "sdgf_stepwise",  # starts from M-1 of M
    "kao_structure",
    "rigl",  # leaves steps out
    "slope",  # has adapters
    "dst",
}


@pytest.mark.parametrize("name", sorted(set(ORACLES) - UNLIKE_DENSE_AT_ALL_KEPT))
@pytest.mark.parametrize("optimizer", [AdamW(decay=0.01), Sgd(decay=0.01)])
def test_keeping_four_of_four_is_dense_training(name: str, optimizer: AdamW | Sgd) -> None:
    found = follow(name, Pattern(kept=4, group=4), 60, optimizer)
    for sparse, dense in zip(found, follow("dense", TWO_OF_FOUR, 60, optimizer), strict=True):
        assert sparse.weight == pytest.approx(dense.weight, rel=1e-12, abs=1e-15)


def test_adamw_by_hand() -> None:
    adam, weight = AdamW(beta1=0.5, beta2=0.75, eps=0.5, decay=0.1).start(row(1.0)), row(1.0)
    weight = adam.updated(weight, row(2.0), 0.1)
    assert weight == pytest.approx(row(1 - 0.01 - 0.1 * 2 / (2 + 0.5)))  # m/c1 = 2, v/c2 = 4
    after = adam.updated(weight, row(4.0), 0.1)
    m, v = (0.5 * 1 + 0.5 * 4) / 0.75, (0.75 * 1 + 0.25 * 16) / (1 - 0.75**2)
    assert after == pytest.approx(0.99 * weight - 0.1 * m / (v**0.5 + 0.5))


def test_sgd_by_hand() -> None:
    sgd = Sgd(momentum=0.5, decay=0.1).start(row(1.0))
    weight = sgd.updated(row(1.0), row(2.0), 0.1)
    assert weight == pytest.approx(row(1 - 0.1 * 2.1))
    assert sgd.updated(weight, row(1.0), 0.1) == pytest.approx(weight - 0.1 * (1.05 + 1 + 0.1 * weight))


def test_sr_ste_decays_before_clipping_and_fst_after() -> None:
    half = constant(row(0.5, 0.5, 0.5, 0.5))
    start = np.tile(row(3.0, 1.0, 4.0, 2.0), (4, 1))
    sr_ste = ORACLES["sr_ste"](start[:1], PLAIN, phases_of("sr_ste", TWO_OF_FOUR, 1), strength=0.2)
    used = sr_ste.step(half, 0.1, factor=0.5)
    assert used.forward.tolist() == used.backward.tolist() == [[3, 0, 4, 0]]
    assert sr_ste.weight == pytest.approx(row(2.975, 1 - 0.1 * 0.5 * 0.7, 3.975, 2 - 0.1 * 0.5 * 0.9))
    fst = ORACLES["fst"](start, PLAIN, phases_of("fst", TWO_OF_FOUR, 6), strength=0.2)
    used = fst.step(constant(np.full((4, 4), 0.5)), 0.1, factor=0.5)
    mask = used.forward != 0
    assert (mask.sum(axis=0) == 2).all()
    assert fst.weight == pytest.approx(start - 0.1 * (0.25 + 0.2 * start * ~mask))


def test_transposable_masks_stand_for_forty_steps() -> None:
    oracle = ORACLES["transposable"](
        drawn(4, 4), Sgd(momentum=0.9), phases_of("transposable", TWO_OF_FOUR, 90)
    )
    masks = []
    for step in range(90):
        used = oracle.step(constant(drawn(4, 4, seed=step)), 0.3)
        assert used.mask is not None
        masks.append(used.mask.tobytes())
    assert len(set(masks[:40])) == len(set(masks[40:80])) == len(set(masks[80:])) == 1
    assert len(set(masks)) == 3


@pytest.mark.parametrize("mode", ["ste", "scaled"])
def test_mdgf_fades_from_one(mode: str) -> None:
    phases = [
        Phase(face=DENSE, pattern=None, steps=2),
        *phases_of("mdgf_linear", ONE_OF_TWO, 10),
    ]
    linear = ORACLES["mdgf_linear"](row(3.0, 1.0), PLAIN, phases, beta=0.25, gradient=mode)
    faded, gradients = [], []
    for _ in range(12):
        before = linear.weight
        used = linear.step(constant(row(0.0, 1e-9)), 1.0)
        faded.append(used.forward[0, 1])
        gradients.append(float((before - linear.weight)[0, 1] * 1e9))
    share = np.array([1, 1, 1, 0.75, 0.5, 0.25, 0, 0, 0, 0, 0, 0])
    assert np.array(faded) == pytest.approx(share)
    assert np.array(gradients) == pytest.approx(np.ones(12) if mode == "ste" else share, rel=1e-6)


def test_mdgf_is_binary_in_the_last_tenth_alone() -> None:
    oracle = ORACLES["mdgf_exp"](row(3.0, 1.0), PLAIN, phases_of("mdgf_exp", ONE_OF_TWO, 20), beta=0.5)
    faded = [oracle.step(constant(row(0.0, 0.0)), 1.0).forward[0, 1] for _ in range(20)]
    assert faded == pytest.approx([*np.exp(-0.5 * np.arange(18)), 0, 0])


def test_kao_fades_in_eight_updates() -> None:
    phases = phases_of("kao_mask", ONE_OF_TWO, 400)  # dense for 20 steps, an update every 2
    oracle = ORACLES["kao_mask"](row(3.0, 1.0), PLAIN, phases)
    fades = []
    for _ in range(400):
        assert isinstance(oracle, KaoMask)
        fades.append(oracle.fade)
        before = oracle.weight
        used = oracle.step(constant(row(0.0, 1e-9)), 1.0)
        assert used.forward[0, 1] == pytest.approx(before[0, 1] * fades[-1])
        assert float((before - oracle.weight)[0, 1]) == pytest.approx(1e-9 * fades[-1], rel=1e-6)
    ramp = [1 - k / 8 for k in range(8) for _ in range(2)]
    assert fades == [*[1.0] * 20, *ramp, *[0.0] * 364]


def test_kao_tightens_from_128_to_1_and_skips_half() -> None:
    kept = [phase.pattern for phase in phases_of("kao_structure", Pattern(kept=1, group=128), 2000)]
    assert list(map(str, kept)) == ["None", *(f"{n}:128" for n in (127, 32, 16, 8, 4, 2, 1))]


def test_kao_leaves_pruned_weights_where_they_are() -> None:
    phases = phases_of("kao_structure", ONE_OF_TWO, 200)
    oracle = ORACLES["kao_structure"](row(3.0, 1.0), PLAIN, phases)
    for _ in range(200):
        used = oracle.step(constant(row(0.001, 0.001)), 1.0)
    assert used.forward[0].tolist() == [pytest.approx(3 - 0.199), 0]
    assert oracle.weight[0].tolist() == pytest.approx([2.8, 1 - 0.001 * (11)])


def test_bi_mask_keeps_its_second_mask_while_the_first_moves() -> None:
    phases = phases_of("bi_mask", TWO_OF_FOUR, 150)
    held, each = (ORACLES["bi_mask"](drawn(8, 8), PLAIN, phases, within_each=each) for each in (False, True))
    seconds, outside = set(), []
    for step in range(150):
        used = [
            oracle.step(constant(drawn(8, 8, seed=step)), 0.1, draws((8, 8), step)) for oracle in (held, each)
        ]
        mask, second = used[0].mask, used[0].second
        assert mask is not None
        assert second is not None
        seconds.add(second.tobytes())
        outside.append(bool((second & ~mask).any()))
        assert ((used[0].backward != 0) == second).all()
        assert ((used[1].backward != 0) == (second & mask)).all()
    assert len(seconds) == 2
    assert not outside[0] | outside[100]
    assert outside[99] & outside[149]


def test_s_ste_freezes_its_scale_and_does_not_scale_the_gradient() -> None:
    start = drawn(4, 8)
    oracle = ORACLES["s_ste"](start, PLAIN, phases_of("s_ste", TWO_OF_FOUR, 3))
    beta = soft_scale(start, soft(start, TWO_OF_FOUR))
    for step in range(3):
        before = oracle.weight
        used = oracle.step(constant(np.ones((4, 8))), 0.25)
        assert used.forward == pytest.approx(beta * soft(before, TWO_OF_FOUR)), step
        assert oracle.weight == pytest.approx(before - 0.25)


def test_step_freezes_the_variance_and_goes_on_with_the_momentum() -> None:
    adam = AdamW(beta1=0.5, beta2=0.75, eps=1e-4, decay=0.1)
    oracle = ORACLES["step"](row(3.0, 1.0), adam, phases_of("step", ONE_OF_TWO, 10))
    assert isinstance(oracle, Step)
    oracle.step(constant(row(2.0, 4.0)), 0.1)
    assert oracle.changes == [(1 + 4) / 2]
    before = oracle.weight
    used = oracle.step(constant(row(1.0, 1.0)), 0.1)
    assert used.forward.tolist() == [[before[0, 0], 0]]
    m = (0.5 * row(1.0, 2.0) + 0.5) / (1 - 0.25)
    assert oracle.weight == pytest.approx(0.99 * before - 0.1 * m / (row(1.0, 2.0) + 1e-3))
    assert isinstance(oracle.optimizer, AdamW)
    assert oracle.optimizer.v.tolist() == [[1, 4]]


def test_step_switches_when_the_variance_is_calm() -> None:
    loud, calm = [1.0], [1e-9]
    assert step_switch(loud * 400, 400, beta2=0.9) == 201
    assert step_switch(calm * 400, 400, beta2=0.9) == 41
    assert step_switch(loud * 100 + calm * 300, 400, beta2=0.9) == 110
    assert step_switch(calm * 400, 400) == 201  # a window of 1000 is never full


def test_a_step_may_be_left_without_an_update() -> None:
    oracle = ORACLES["sr_ste"](row(3.0, 1.0), AdamW(decay=0.1), phases_of("sr_ste", ONE_OF_TWO, 2))
    oracle.begin()
    oracle.end(row(1.0, 1.0))
    oracle.leave()
    assert oracle.at.step == 1
    assert oracle.weight.tolist() == [[3, 1]]
    assert oracle.optimizer.count == 0
