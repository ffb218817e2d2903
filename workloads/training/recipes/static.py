"""Fixed masks: static sparsity from initialisation, and one-shot pruning of a trained network."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from simulator.pattern import Pattern
from workloads.training.face import Face
from workloads.training.recipe import ONE, Recipe, Window

FIXED = Face(forward=True, dgrad="inputs", wgrad="kept")
"""Masked weights in FWD and DGRAD; only kept weights have gradients, so the masks stand still."""

STATIC = Recipe(
    name="static",
    summary="a random mask from initialisation, never changed",
    paper="Evci et al.: Rigging the Lottery, arXiv:1911.11134 (baseline Static)",
    face=replace(FIXED, selector="random"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneShot(Recipe):
    """Train dense for the share `dense`, prune once by magnitude, train the rest with that mask.

    `dense` is 1/2: the same schedule runs a second time (ASP).
    """

    dense: Fraction = Fraction(1, 2)

    def windows(self, target: Pattern, steps: int) -> Iterable[Window]:  # noqa: ARG002
        """A dense window, then the target with fixed masks."""
        return [Window(share=self.dense), Window(share=ONE - self.dense, face=self.face, pattern=target)]


ONE_SHOT = OneShot(
    name="one_shot",
    summary="train dense, prune once by magnitude, train again with the mask fixed",
    paper="Mishra et al.: Accelerating Sparse Deep Neural Networks, arXiv:2104.08378",
    face=FIXED,
)
