"""AdaPrune: an unstructured sparse network becomes N:M from a few samples, layer by layer."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.pattern import Pattern
from workloads.training.moment import Moment
from workloads.training.recipe import ONE, Window, ranged
from workloads.training.recipes.after import AfterTraining
from workloads.training.recipes.static import FIXED
from workloads.training.unstructured import Target, Unstructured

if TYPE_CHECKING:
    from workloads.training.emulator.weight import Weight

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion(AfterTraining):
    """Train dense for the share `dense`, then unstructured at the density of the target; convert at the end.

    The conversion keeps the largest of each group (transposable masks where `transposable`), spreads the mean
    of what a group loses over what it keeps, and makes ||W X - W' X||^2 small by `iterations` steps of Adam
    on batches of `rows` rows. Biases stay as they are.
    """

    dense: Fraction = Fraction(1, 2)
    samples: int = ranged(500, 1, 1 << 20)
    iterations: int = ranged(1000, 0, 1_000_000)
    rows: int = ranged(50, 1, 1 << 20)
    rate: float = ranged(1e-3, 0, 1e6)
    transposable: bool = False

    def windows(self, target: Target, steps: int) -> Iterable[Window]:
        """A dense window, and an unstructured one."""
        loose = Unstructured(density=self.pattern_of(target).density)
        return [Window(share=self.dense), Window(share=ONE - self.dense, face=FIXED, pattern=loose)]

    def select(self, weight: "Weight", at: Moment) -> None:
        """By magnitude while it is unstructured; at the end the mask of N:M, and weights that fit it."""
        if isinstance(at.target, Unstructured):
            weight.select("magnitude", at.target, at)
            weight.forget_pruned()
            return
        inputs = weight.inputs(self.samples).astype(np.float64)
        before = weight.values.astype(np.float64)
        weight.select("transposable" if self.transposable else "magnitude", at.target, at)
        assert weight.mask is not None
        start = absorbed(before, weight.mask, at.target)
        rng = at.rng(weight.name, "adaprune")
        weight.values[...] = self.fitted(before, start, weight.mask, inputs, rng)

    def fitted(
        self, before: Matrix, start: Matrix, mask: NDArray[np.bool_], inputs: Matrix, rng: np.random.Generator
    ) -> Matrix:
        """Kept weights that bring W' X near to W X, by Adam from `start`."""
        values = np.where(mask, start, 0.0)
        first, second = np.zeros_like(values), np.zeros_like(values)
        for step in range(1, self.iterations + 1):
            rows = inputs[rng.integers(0, len(inputs), min(self.rows, len(inputs)))]
            gradient = np.where(mask, 2 / len(rows) * ((rows @ (values - before).T).T @ rows), 0.0)
            first = 0.9 * first + 0.1 * gradient
            second = 0.999 * second + 0.001 * np.square(gradient)
            stride = self.rate / (1 - 0.9**step)
            values -= stride * first / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        return values


def absorbed(values: Matrix, mask: NDArray[np.bool_], pattern: Target) -> Matrix:
    """Kept weights, to each of which the mean of its group's pruned ones is added."""
    assert isinstance(pattern, Pattern)
    result = np.where(mask, values, 0.0)
    for start in range(0, values.shape[1], pattern.group):
        group = slice(start, start + pattern.group)
        pruned = ~mask[:, group]
        lost = np.where(pruned, values[:, group], 0.0).sum(axis=1) / np.maximum(pruned.sum(axis=1), 1)
        result[:, group] += np.where(mask[:, group], lost[:, None], 0.0)
    return result


ADAPRUNE = Conversion(
    name="adaprune",
    summary="dense, then unstructured; converted to N:M at the end from a few samples",
    paper="Hubara et al.: Accelerated Sparse Neural Training, arXiv:2102.08124",
    face=FIXED,
)
