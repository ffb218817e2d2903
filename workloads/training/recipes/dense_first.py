"""Dense first, then sparse to the end: one-shot pruning, and STEP."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from simulator.pattern import Pattern
from workloads.training.recipe import ONE, Recipe, Window
from workloads.training.recipes.static import FIXED
from workloads.training.recipes.ste import STRAIGHT_THROUGH


@dataclass(frozen=True, slots=True, kw_only=True)
class DenseFirst(Recipe):
    """Train dense for the share `dense` of the run, then with the target."""

    dense: Fraction

    def windows(self, target: Pattern, steps: int) -> Iterable[Window]:
        """A dense window, then the target."""
        return [Window(share=self.dense), Window(share=ONE - self.dense, face=self.face, pattern=target)]


ONE_SHOT = DenseFirst(
    name="one_shot",
    summary="train dense, prune once by magnitude, train again with the mask fixed",
    paper="Mishra et al.: Accelerating Sparse Deep Neural Networks, arXiv:2104.08378",
    face=FIXED,
    dense=Fraction(1, 2),
)
"""The same schedule runs a second time (ASP)."""

STEP = DenseFirst(
    name="step",
    summary="dense for a tenth of the run, then ste with Adam's variance frozen",
    paper="Lu et al.: STEP, arXiv:2302.01172",
    face=STRAIGHT_THROUGH,
    dense=Fraction(1, 10),
)
"""Training itself decides when to switch, between 10 % and 50 % of the run. Shapes cannot; 10 % is taken."""
