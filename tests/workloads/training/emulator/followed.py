"""The oracles beside a recorded run: they start from its weights, read its batches, and go their own way."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from simulator.pattern import Pattern
from tests.oracles.recipes import ORACLES, AdamW, Dense, Draws, Raw, Sgd, Used, norm
from tests.oracles.recipes_kept import Dst
from tests.oracles.recipes_masks import Array, Mask, unbiased
from tests.oracles.transposable import blocks, keep_greedily
from tests.workloads.training.emulator.mlp_by_hand import Prunes, gradients
from tests.workloads.training.emulator.recorded import TRIES, Recorded, Taken, parted
from workloads.training.emulator.optimizers import Settings
from workloads.training.face import DENSE, Phase
from workloads.training.unstructured import Unstructured


def optimizer_of(chosen: Settings, *, decayed: bool) -> AdamW | Sgd:
    decay = chosen.decay if decayed else 0.0
    if chosen.name == "sgd":
        return Sgd(momentum=chosen.momentum, decay=decay)
    return AdamW(beta1=chosen.beta1, beta2=chosen.beta2, eps=chosen.epsilon, decay=decay)


def phases_of(record: Recorded) -> list[Phase]:
    """Those that the recipe plans; of the recipes that find them while they train, those that were."""
    run = record.run
    if run.recipe.name in ("step", "dst") or run.recipe.rebuilds:
        return record.phases
    return list(run.recipe.phases(run.target, run.steps))


class FrozenBeside(Dense):
    """What trains dense beside weights that follow STEP: its variance stands still when theirs does."""

    frozen_from = 0

    def apply(self, clipped: Raw, rate: float) -> None:
        if self.done < self.frozen_from:
            super().apply(clipped, rate)
            return
        assert isinstance(self.optimizer, AdamW)
        self.weight = self.optimizer.updated_frozen(self.weight, clipped["weight"], rate)


class Followed:
    """Every trained array of a run as its oracle has it."""

    def __init__(self, record: Recorded, oracle: str, options: Mapping[str, Any]) -> None:
        self.record, self.recipe = record, record.run.recipe
        phases = phases_of(record)
        dense = [Phase(face=DENSE, pattern=None, steps=record.run.steps)]
        slots = record.trainer.parameters.slots
        thresholds = {f"{name}.threshold" for name in record.followers}
        self.oracles: dict[str, Dense] = {}
        for name, start in record.start.items():
            value = np.asarray(start, np.float64)
            adam = optimizer_of(record.run.optimizer, decayed=slots[name].decayed)
            if name in record.followers:
                self.oracles[name] = ORACLES[oracle](value, adam, phases, **options)
            elif name not in thresholds and oracle == "step":
                self.oracles[name] = beside = FrozenBeside(value, adam, dense)
                beside.frozen_from = phases[0].steps
            elif name not in thresholds:
                self.oracles[name] = Dense(value, adam, dense)

    def step(self, taken: Taken, *, rtol: float = 1e-9) -> dict[str, Used]:
        """One step of all of them; what FWD and DGRAD read, by name. The norm is the run's within `rtol`.

        Gradients are computed by hand where that is known; else the emulator's own are given to the oracles.
        """
        draws = {
            name: self.draws(name, taken) if name in self.record.followers else Draws()
            for name in self.oracles
        }
        used = {name: oracle.begin(draws[name]) for name, oracle in self.oracles.items()}
        found: Mapping[str, Array] = {n: np.asarray(g, np.float64) for n, g in taken.gradients.items()}
        if self.record.run.by_hand:
            found = gradients(
                {name: each.forward for name, each in used.items()},
                {name: each.backward for name, each in used.items()},
                parted(taken.batch),
                self.prunes(taken),
            )
        raw = {name: oracle.end(found[name], draws[name]) for name, oracle in self.oracles.items()}
        total, clip = norm(*raw.values()), self.record.run.clip
        moving = any(each.dense_wgrad for each in taken.due.values())
        for name, oracle in self.oracles.items():
            if moving and name not in self.record.followers:
                oracle.leave()  # nothing at all is updated where masks move
            else:
                oracle.update(taken.rate, clip / max(clip, total))
        if not moving:
            np.testing.assert_allclose(taken.norm, total, rtol=rtol)
        return used

    def draws(self, name: str, taken: Taken) -> Draws:
        """What the emulator drew for a weight, drawn again from the numbers of that purpose and step."""
        at, oracle = taken.at[name], self.oracles[name]
        shape, face = oracle.weight.shape, at.phase.face
        mask, scores = None, None
        first = oracle.mask is None
        if face.selector == "random" or (first and face.selector in ("grow_random", "grow_gradient")):
            scores = at.rng(name, "random").random(shape)
            if isinstance(at.phase.pattern, Unstructured):
                mask = taken.masks[name]
        elif face.selector == "grow_random":
            scores = at.rng(name, "grow_random").random(shape)
        elif getattr(self.recipe, "solver", "exact") == "greedy":
            mask = greedy(oracle.weight, at.target)
        rng = at.rng(name, "permuted")
        orders = [list(range(shape[0]))]
        if face.second_selector == "permuted":
            orders += [rng.permutation(shape[0]).tolist() for _ in range(TRIES)]
        return Draws(mask=mask, scores=scores, permutations=orders)

    def prunes(self, taken: Taken) -> list[Prunes]:
        """MVUE of each weight's output gradient in each part."""
        found: list[dict[str, Any]] = [{}, {}]
        for name, at in taken.at.items():
            if at.phase.face.wgrad != "gradient" or not isinstance(at.phase.pattern, Pattern):
                continue
            for part, prunes in enumerate(found):
                prunes[name] = _mvue(at.phase.pattern, replace(at, part=part).rng(name, "prune"))
        return list(found)


def _mvue(pattern: Pattern, rng: np.random.Generator) -> Callable[[Array], Array]:
    def prune(dy: Array) -> Array:
        return unbiased(dy, pattern, rng.random((-(-len(dy) // pattern.group), dy.shape[1])))

    return prune


def greedy(weight: Array, pattern: object) -> Mask:
    """The published greedy transposable mask."""
    assert isinstance(pattern, Pattern)
    mask = np.zeros(weight.shape, np.bool_)
    for block, rows, columns in blocks(weight, pattern.group):
        mask[rows, columns] = keep_greedily(block, pattern)
    return mask


def compare(record: Recorded, oracle: str, options: Mapping[str, Any]) -> Followed:
    """Hold every number of every step of the run against its oracle's."""
    followed = Followed(record, oracle, options)
    for step, taken in enumerate(record.taken):
        used = followed.step(taken)
        where = f"{record.run.recipe.name} {record.run.pattern} step {step}"
        for name in record.followers:
            _same_mask(taken.masks[name], used[name].mask, f"{where}: mask of {name}")
            _same_mask(taken.seconds[name], used[name].second, f"{where}: second mask of {name}")
        for name, each in used.items():
            same(taken.forward[name], each.forward, f"{where}: FWD reads {name}")
            same(taken.backward[name], each.backward, f"{where}: DGRAD reads {name}")
        for name, own in followed.oracles.items():
            same(taken.values[name], own.weight, f"{where}: {name}")
            _same_state(taken, name, own.optimizer, where)
            if isinstance(own, Dst):
                same(taken.values[f"{name}.threshold"], own.threshold, f"{where}: threshold of {name}")
                _same_state(taken, f"{name}.threshold", own.state, where)
    return followed


def _same_state(taken: Taken, name: str, state: AdamW | Sgd, where: str) -> None:
    wanted = [state.m, state.v] if isinstance(state, AdamW) else [state.b]
    for moment, own in zip(taken.moments, wanted, strict=True):
        same(moment[name], own, f"{where}: state of {name}")


def _same_mask(found: Mask | None, wanted: Mask | None, where: str) -> None:
    assert (found is None) == (wanted is None), where
    if found is not None:
        np.testing.assert_array_equal(found, wanted, err_msg=where)


def same(found: Any, wanted: Array, where: str) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12, err_msg=where)
