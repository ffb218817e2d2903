"""STEP: dense Adam until its variance settles, then ste with the variance frozen."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from simulator.pattern import Pattern
from workloads.training.recipe import ONE, Recipe, Window
from workloads.training.recipes.ste import STRAIGHT_THROUGH


@dataclass(frozen=True, slots=True, kw_only=True)
class PreconditionedSte(Recipe):
    """Train dense for the share `dense`, then with the target.

    Training itself decides when to switch, between 10 % and 50 % of the run. Shapes cannot, so `dense`
    is 1/10, the earliest.
    """

    dense: Fraction = Fraction(1, 10)

    def windows(self, target: Pattern, steps: int) -> Iterable[Window]:  # noqa: ARG002
        """A dense window, then the target."""
        return [Window(share=self.dense), Window(share=ONE - self.dense, face=self.face, pattern=target)]


STEP = PreconditionedSte(
    name="step",
    summary="dense for a tenth of the run, then ste with Adam's variance frozen",
    paper="Lu et al.: STEP, arXiv:2302.01172",
    face=STRAIGHT_THROUGH,
)
