"""The oracles of recipes that hold kept weights alone, and of DST: steps worked out by hand."""

from math import cos, pi

import numpy as np
import pytest

from simulator.pattern import Pattern
from tests.oracles.recipes import NOTHING, ORACLES, AdamW, Draws, Sgd
from tests.oracles.recipes_kept import DropAndGrow, Dst, Slope, surrogate
from tests.oracles.recipes_masks import Array
from tests.oracles.recipes_network import constant, drawn, draws, phases_of, row
from tests.strategies import TWO_OF_FOUR
from workloads.training.recipes import RECIPES

ONE_OF_TWO = Pattern(kept=1, group=2)
PLAIN = Sgd(momentum=0.0)


def test_one_shot_forgets_what_it_prunes() -> None:
    oracle = ORACLES["one_shot"](row(3.0, 1.0), Sgd(momentum=0.5), phases_of("one_shot", ONE_OF_TWO, 4))
    weights = []
    for _ in range(4):
        oracle.step(constant(row(0.1, 0.1)), 1.0)
        weights.append(oracle.weight[0].tolist())
    assert isinstance(oracle.optimizer, Sgd)
    assert np.array(weights) == pytest.approx(np.array([[2.9, 0.9], [2.75, 0.75], [2.575, 0], [2.3875, 0]]))
    assert oracle.optimizer.b[0].tolist() == pytest.approx([0.1875, 0])


def test_ac_dc_restores_from_zero_without_momentum() -> None:
    """Of 20 steps: dense 0-1, compressed 2, dense 3, and so on; compressed 17-19."""
    oracle = ORACLES["ac_dc"](row(3.0, 1.0), Sgd(momentum=0.5), phases_of("ac_dc", ONE_OF_TWO, 20))
    seen = []
    for _ in range(20):
        used = oracle.step(constant(row(0.0, 0.1)), 1.0)
        seen.append((used.mask is not None, float(oracle.weight[0, 1])))
    assert [step for step, (compressed, _) in enumerate(seen) if compressed] == [
        2, 4, 6, 8, 10, 12, 14, 17, 18, 19,
    ]  # fmt: skip
    assert [value for _, value in seen[:5]] == pytest.approx([0.9, 0.75, 0, -0.1, 0])
    assert [value for _, value in seen[15:]] == pytest.approx([-0.1, -0.25, 0, 0, 0])


def test_slope_trains_adapters_beside_a_fixed_mask() -> None:
    phases = phases_of("slope", TWO_OF_FOUR, 100)
    oracle = ORACLES["slope"](drawn(8, 8), AdamW(), phases)
    assert isinstance(oracle, Slope)
    inputs, targets = drawn(16, 8, seed=5), drawn(16, 8, seed=6)

    def gradient(forward: Array, backward: Array, prune: object) -> Array:
        return np.asarray((inputs @ forward.T - targets).T @ inputs)

    first = oracle.begin(draws((8, 8), 0))
    assert first.mask is not None
    for step in range(100):
        used = oracle.step(gradient, 1e-2, draws((8, 8), step))
        assert used.mask is not None
        assert (used.mask == first.mask).all()
        assert ((used.forward != 0) == used.mask).all() or step == 99 or oracle.left is not None
        assert ((oracle.weight != 0) == used.mask).all()
    assert ((used.backward != 0) <= used.mask).all()  # right was 0 at the last step's FWD
    assert oracle.left is not None
    assert oracle.right is not None
    assert np.abs(oracle.right) == pytest.approx(np.full((2, 8), 1e-2), rel=1e-4)  # Adam's first step
    assert (oracle.left == draws((8, 8), 99).left).all()


def test_adapters_have_the_gradients_of_their_product() -> None:
    oracle = Slope(drawn(4, 4), PLAIN, phases_of("slope", TWO_OF_FOUR, 2), adapted=0)
    left, right, slope = drawn(4, 2, seed=1), drawn(2, 4, seed=2), drawn(4, 4, seed=3)
    draw = Draws(scores=drawn(4, 4, seed=4), left=left, right=right)
    forward = oracle.begin(draw).forward
    raw = oracle.end(slope)
    for name, own in (("left", left), ("right", right)):
        changed = Slope(drawn(4, 4), PLAIN, phases_of("slope", TWO_OF_FOUR, 2), adapted=0)
        moved = {"left": left.copy(), "right": right.copy()}
        moved[name][1, 1] += 1e-3
        after = changed.begin(Draws(scores=draw.scores, left=moved["left"], right=moved["right"])).forward
        assert ((after - forward) * slope).sum() / 1e-3 == pytest.approx(raw[name][1, 1]), own


def test_gradual_masks_shrink_and_their_weights_stay_zero() -> None:
    oracle = ORACLES["gradual"](drawn(4, 16), AdamW(), phases_of("gradual", Pattern(kept=2, group=16), 40))
    kept, before = [], np.ones((4, 16), np.bool_)
    for step in range(40):
        used = oracle.step(constant(drawn(4, 16, seed=step)), 0.01)
        mask = np.ones((4, 16), np.bool_) if used.mask is None else used.mask
        assert not (mask & ~before).any()
        assert not oracle.weight[~mask].any()
        kept.append(int(mask[0].sum()))
        before = mask
    cubic = [int(np.ceil(round(2 + 14 * (1 - i / 10) ** 3, 9))) for i in range(10)]
    assert list(dict.fromkeys(kept)) == list(dict.fromkeys([*cubic, 2]))


def test_rigl_grows_on_the_gradient_every_101st_step() -> None:
    phases = phases_of("rigl", Pattern(kept=4, group=8), 400)
    oracle = ORACLES["rigl"](drawn(2, 8), AdamW(), phases, structure="group", count=lambda share, kept: 1)
    moved = []
    for step in range(400):
        before, state = oracle.weight, oracle.optimizer.count
        slope = drawn(2, 8, seed=step)
        used = oracle.step(constant(slope), 0.01, draws((2, 8), 0) if step == 0 else NOTHING)
        assert used.mask is not None
        assert oracle.mask is not None
        assert not oracle.weight[~oracle.mask].any()
        if step % 101 == 100 and step < 300:
            moved.append(step)
            assert oracle.optimizer.count == state
            grown = oracle.mask & ~used.mask
            assert not oracle.weight[grown].any()
            for line in range(2):
                kept = np.flatnonzero(used.mask[line])
                least = kept[np.argmin(np.abs(before[line, kept]))]
                others = np.append(np.flatnonzero(~used.mask[line]), least)
                best = others[np.argmax(np.abs(slope[line, others]))]
                wanted = (set(kept) - {least}) | {best}
                assert set(np.flatnonzero(oracle.mask[line])) == wanted
            stayed = oracle.mask & used.mask
            assert (oracle.weight[stayed] == before[stayed]).all()
        else:
            assert (oracle.mask == used.mask).all()
            assert oracle.optimizer.count == state + 1
    assert moved == [100, 201]


def test_the_share_that_moves_follows_a_cosine_to_zero() -> None:
    oracle = ORACLES["rigl"](drawn(2, 8), PLAIN, phases_of("rigl", TWO_OF_FOUR, 400))
    assert isinstance(oracle, DropAndGrow)
    shares = []
    for step in (0, 150, 201, 299):
        oracle.done = step
        shares.append(oracle.share)
    assert shares == pytest.approx([0.3, 0.15, 0.15 * (1 + cos(0.67 * pi)), 0.15 * (1 + cos(299 / 300 * pi))])
    assert shares[-1] < 1e-5


def test_set_grows_what_is_drawn_and_trains_on() -> None:
    phases = phases_of("set", Pattern(kept=4, group=8), 400)
    oracle = ORACLES["set"](drawn(8, 8), Sgd(), phases, structure="group", count=lambda share, kept: 1)
    changes, before = [], None
    for step in range(400):
        old = oracle.weight
        used = oracle.step(constant(drawn(8, 8, seed=step)), 0.01, draws((8, 8), step))
        assert used.mask is not None
        if before is not None and (used.mask != before).any():
            changes.append(step)
            grown = used.mask & ~before
            assert not used.forward[grown].any()
            assert oracle.weight[grown].all()  # it trains in that step
            assert (used.forward[used.mask & before] == old[used.mask & before]).all()
        before = used.mask
    assert changes == [100, 200]


def test_dst_by_hand() -> None:
    oracle = ORACLES["dst"](row(0.5, -0.3, 2.0), PLAIN, RECIPES["dst"].longest(None, 9), penalty=0.1)
    assert isinstance(oracle, Dst)
    oracle.threshold = np.array([0.4])
    used = oracle.begin()
    assert used.forward.tolist() == [[0.5, 0, 2.0]]
    raw = oracle.end(row(1.0, 2.0, 3.0))
    assert raw["weight"] == pytest.approx(row(1 + 0.5 * 1.6, 2 * 0.3 * 1.6, 3.0))  # slopes at .1, -.1, 1.6
    assert raw["threshold"] == pytest.approx(np.array([-0.5 * 1.6 + 2 * 0.3 * 1.6 - 0.1 * np.exp(-0.4)]))
    oracle.update(0.5, 0.5)
    assert oracle.threshold == pytest.approx(0.4 - 0.25 * raw["threshold"])
    oracle.threshold = np.array([9.0])
    assert oracle.begin().forward.all()
    assert oracle.threshold.tolist() == [0]
    assert [surrogate(x) for x in (0.0, -0.4, 0.7, 1.0, 1.1)] == pytest.approx([2, 0.4, 0.4, 0.4, 0])
