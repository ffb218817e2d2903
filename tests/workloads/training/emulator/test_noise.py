"""Gradient noise against a direct computation on a linear model; and a probe changes nothing of the run."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from simulator.pattern import Pattern
from tests.workloads.training.emulator.cases import recipe
from tests.workloads.training.emulator.tiny import shrink, tiny
from workloads.models.linear import Linear
from workloads.models.model import stack
from workloads.models.parameters import Array
from workloads.networks.layer import Role
from workloads.tasks.teacher import Teacher
from workloads.training.emulator.noise import Row, probe_noise
from workloads.training.emulator.optimizers import Settings
from workloads.training.emulator.parts import parts
from workloads.training.emulator.plan import Plan
from workloads.training.emulator.rates import Rate
from workloads.training.emulator.train import train
from workloads.training.emulator.trainer import Trainer
from workloads.training.emulator.weight import Mask
from workloads.training.recipe import Recipe
from workloads.training.recipes import RECIPES

BATCH, BATCHES, STEPS = 8, 6, 10
TASK = Teacher(features=8, width=8, outputs=4, variant=0)
TARGET = Pattern(kept=1, group=4)


@dataclass(kw_only=True)
class Probed:
    rows: list[Row]
    trainer: Trainer
    gradients: Array
    mask: Mask


def probed(chosen: Recipe, *, step: int, optimizer: Settings | None = None) -> Probed:
    """A linear model after some steps, its probe, and its gradients on the same batches by their formula."""
    model = stack(
        "linear",
        [Linear(name="one", role=Role.FF, inputs=8, outputs=4, input_gradient=False)],
        rows=BATCH,
        dtype=np.float64,
        sizes={},
    )
    plan = Plan(
        recipe=chosen,
        targets={Role.FF: None if chosen.name == "dense" else TARGET},
        steps=STEPS,
        batch=BATCH,
        rate=Rate(peak=0.05),
        optimizer=optimizer or Settings(),
    )
    with parts() as running:
        trainer = Trainer(model, TASK, plan, running)
        for _ in range(step):
            trainer.advance()
        trainer.prepare()
        rows = probe_noise(trainer, BATCHES)
    weight = trainer.weights[0]
    mask = np.ones((4, 8), np.bool_) if weight.mask is None else weight.mask
    bias = trainer.parameters.views(trainer.values)["one.bias"]
    found = []
    for index in range(BATCHES):
        x, t = (np.asarray(each, np.float64) for each in TASK.batch(trainer.rng("noise", str(index)), BATCH))
        error = x @ weight.forward.T + bias - t
        found.append(2 / error.size * error.T @ x)
    return Probed(rows=rows, trainer=trainer, gradients=np.array(found), mask=mask)


def split(values: Array, mask: Mask) -> list[float | None]:
    return [float(values[where].mean()) if where.any() else None for where in (mask, ~mask)]


def check(each: Probed, *, raw: Array, changed: Array) -> None:
    (row,) = each.rows
    weight = each.trainer.weights[0]
    assert row["step"] == each.trainer.step
    assert row["weight"] == "one.weight"
    wanted = {
        "variance": changed.var(axis=0, ddof=1),
        "raw_variance": raw.var(axis=0, ddof=1),
        "second_moment": weight.moments[1],
    }
    for name, values in wanted.items():
        right = split(values, each.mask)
        found = [row[f"{name}_{word}"] for word in ("kept", "pruned")]
        for one, other in zip(found, right, strict=True):
            assert one == (other if other is None else pytest.approx(other, rel=1e-9, abs=1e-18)), name


def test_noise_of_sr_ste_is_that_of_the_raw_gradient() -> None:
    """Its term does not depend on the batch, so that its variance is 0."""
    each = probed(recipe("sr_ste", strength=0.3), step=4)
    assert not each.mask.all()
    check(each, raw=each.gradients, changed=each.gradients)


def test_noise_of_a_scaled_decay_is_scaled() -> None:
    settings: dict[str, Any] = {"mode": "scaled", "dense": Fraction(0), "beta": 0.1}
    each = probed(recipe("mdgf_linear", **settings), step=4)
    factor = np.where(each.mask, 1.0, 1 - 0.1 * 4)
    check(each, raw=each.gradients, changed=each.gradients * factor)
    row = each.rows[0]
    assert row["variance_kept"] == row["raw_variance_kept"]
    assert row["variance_pruned"] == pytest.approx(0.36 * float(row["raw_variance_pruned"] or 0), rel=1e-9)


def test_without_masks_all_weights_are_kept() -> None:
    each = probed(RECIPES["dense"], step=3)
    check(each, raw=each.gradients, changed=each.gradients)
    assert [each.rows[0][f"{name}_pruned"] for name in ("variance", "raw_variance", "second_moment")] == [
        None
    ] * 3


def test_sgd_has_no_second_moment() -> None:
    each = probed(RECIPES["ste"], step=2, optimizer=Settings(name="sgd"))
    assert not any(name.startswith("second_moment") for name in each.rows[0])


@pytest.fixture
def _shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)


LATE = {"pfp": ("dense=3/10",), "one_shot": ("dense=3/10",)}
"""So that the first probe is at the step at which their masks are chosen."""


@pytest.mark.usefixtures("_shrunk")
@pytest.mark.parametrize("name", RECIPES)
def test_probing_changes_nothing_of_the_run(name: str) -> None:
    """Probes are at steps 6, 12 and 19, among them those at which periods of 3, 4 and 6 come round."""
    choices = tiny(name, steps=20, settings=LATE.get(name, ()))
    one, two = (train(replace(choices, probes=probes)) for probes in (0, 2))
    weights = {row["weight"] for row in two.history.weights}
    assert [row["step"] for row in two.history.noise] == [at for at in (6, 12, 19) for _ in weights]
    assert not one.history.noise
    assert (two.result, two.history.rows, two.history.weights) == (
        one.result,
        one.history.rows,
        one.history.weights,
    )
    assert two.trace.steps == one.trace.steps
    _check(two.history.noise)


def _check(rows: list[Any]) -> None:
    for row in rows:
        assert all(value is None or value >= 0 for key, value in row.items() if "_" in key)
