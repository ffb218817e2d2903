"""MdGf: pruned weights fade out by a factor D; while D is above 0 the work is dense."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from simulator.pattern import Pattern
from workloads.training.face import Face
from workloads.training.recipe import ONE, Recipe, Window
from workloads.training.recipes.ste import STRAIGHT_THROUGH

FADING = Face(select_every=1)
"""Masks are selected at every step, and nothing can be skipped: pruned weights are small, not zero."""

PAPER = "Bambhaniya et al.: Progressive Gradient Flow for Robust N:M Sparsity Training, arXiv:2402.04744"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskDecay(Recipe):
    """Train dense for the share `dense`, fade for the share `decay`, then with D = 0.

    `decay` None fades until the last share `final` of the run, as an exponential decay does: it never reaches
    0 by itself. A linear decay of 1/2 is D = max(1 - beta * j, 0) with beta = 2 / steps. The published
    configuration has no dense window and no final one, so that its exponential decay never ends; a final
    window of 1/10 and a linear decay over 1/2 are our choice.
    """

    dense: Fraction = Fraction(0)
    decay: Fraction | None = None
    final: Fraction = Fraction(1, 10)

    def windows(self, target: Pattern, steps: int) -> Iterable[Window]:
        """A dense window, a fading one, and the target with binary masks."""
        longest = ONE - self.dense - self.final
        decay = longest if self.decay is None else min(self.decay, longest)
        return [
            Window(share=self.dense),
            Window(share=decay, face=FADING, pattern=target),
            Window(share=ONE - self.dense - decay, face=self.face, pattern=target),
        ]


MDGF_LINEAR = MaskDecay(
    name="mdgf_linear",
    summary="pruned weights fade linearly to 0 over half the run, then ste",
    paper=PAPER,
    face=STRAIGHT_THROUGH,
    decay=Fraction(1, 2),
)
MDGF_EXP = MaskDecay(
    name="mdgf_exp",
    summary="pruned weights fade exponentially, and are 0 in the last tenth of the run alone",
    paper=PAPER,
    face=STRAIGHT_THROUGH,
)
