"""Gradient noise: how gradients of one moment differ from batch to batch, for kept and for pruned weights."""

from collections.abc import Iterator

import numpy as np

from workloads.models.parameters import Array
from workloads.training.emulator.trainer import Trainer
from workloads.training.emulator.weight import Weight

Row = dict[str, float | int | str | None]


class _Sums:
    """Sums of a gradient and of its square over batches, in float64."""

    def __init__(self, like: Array) -> None:
        self.first = np.zeros(like.shape)
        self.second = np.zeros(like.shape)
        self.count = 0

    def add(self, gradient: Array) -> None:
        self.first += gradient
        self.second += np.square(gradient, dtype=np.float64)
        self.count += 1

    def variance(self) -> Array:
        """The unbiased variance of each value."""
        spread = (self.second - np.square(self.first) / self.count) / (self.count - 1)
        return np.maximum(spread, 0)


def probe_noise(trainer: Trainer, batches: int) -> list[Row]:
    """A row for each weight that follows the recipe, from `batches` batches of their own; nothing is trained.

    The step is prepared: its masks are selected.

    `variance` is the mean over weights of the gradient's variance, `raw_variance` that of the gradient before
    the recipe changes it, `second_moment` the mean of Adam's v; each for kept and for pruned weights, and
    None where there are none. Without masks all weights are kept.
    """
    raw = {weight.name: _Sums(weight.gradient) for weight in trainer.weights}
    changed = {weight.name: _Sums(weight.gradient) for weight in trainer.weights}
    for index in range(batches):
        batch = trainer.task.batch(trainer.rng("noise", str(index)), trainer.plan.batch)
        trainer.passes(batch, draw=1 + index)
        trainer.collect()
        for weight in trainer.weights:
            raw[weight.name].add(weight.gradient)
            trainer.plan.recipe.gradient(weight, trainer.at(weight.line))
            changed[weight.name].add(weight.gradient)
    rows: list[Row] = []
    for weight in trainer.weights:
        row: Row = {"step": trainer.step, "weight": weight.name}
        row |= _split(weight, raw[weight.name], changed[weight.name])
        rows.append(row)
    return rows


def _split(weight: Weight, raw: _Sums, changed: _Sums) -> Iterator[tuple[str, float | None]]:
    """Each figure for kept and for pruned weights."""
    kept = np.ones(weight.values.shape, np.bool_) if weight.mask is None else weight.mask
    figures = {"variance": changed.variance(), "raw_variance": raw.variance()}
    if len(weight.moments) > 1:
        figures["second_moment"] = weight.moments[1]
    for name, values in figures.items():
        for word, where in (("kept", kept), ("pruned", ~kept)):
            yield f"{name}_{word}", float(values[where].mean(dtype=np.float64)) if where.any() else None
