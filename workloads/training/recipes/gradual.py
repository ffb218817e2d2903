"""Gradual magnitude pruning: density falls along a cubic, in N:M steps."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from simulator.pattern import Pattern
from workloads.training.recipe import ONE, Recipe, Window, ranged
from workloads.training.recipes.static import FIXED
from workloads.training.unstructured import Target, Unstructured


@dataclass(frozen=True, slots=True, kw_only=True)
class CubicRamp(Recipe):
    """Prune in `updates` equal windows from the share `start` to the share `stop`, then keep the target.

    Window i of U keeps ceil(M * (d + (1 - d) * (1 - i/U)^3)) of M, where d is the target's density; the first
    is dense. The cubic is published; a ramp over the first three quarters in 10 updates is our choice, and so
    is that a pruned weight does not come back, so that its state is dropped.
    """

    start: Fraction = Fraction(0)
    stop: Fraction = Fraction(3, 4)
    updates: int = ranged(10, 1, 1000)

    def kept(self, target: Pattern, update: int) -> int:
        """Values kept of a group after `update` updates, exactly."""
        return ceil(target.group * self.density(target, update))

    def density(self, target: Target, update: int) -> Fraction:
        """The share of weights on the cubic after `update` updates."""
        left = ONE - Fraction(update, self.updates)
        return target.density + (1 - target.density) * left**3

    def windows(self, target: Target, steps: int) -> Iterable[Window]:
        """A dense window, the ramp, and the target."""
        yield Window(share=self.start)
        for update in range(self.updates):
            pattern: Target = Unstructured(density=self.density(target, update))
            if isinstance(target, Pattern):
                pattern = Pattern(kept=self.kept(target, update), group=target.group)
            share = (self.stop - self.start) / self.updates
            if pattern.dense and not target.dense:
                yield Window(share=share)
            else:
                yield Window(share=share, face=self.face, pattern=pattern)
        yield Window(share=ONE - self.stop, face=self.face, pattern=target)


GRADUAL = CubicRamp(
    name="gradual",
    summary="kept values fall from M to N of M along a cubic, then the mask is fixed",
    paper="Zhu, Gupta: To prune, or not to prune, arXiv:1710.01878",
    face=FIXED,
)
