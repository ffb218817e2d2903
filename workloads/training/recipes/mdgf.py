"""MdGf: pruned weights fade out by a factor D; while D is above 0 the work is dense.

The two published codes differ in what a pruned weight's gradient is multiplied by, and both are here by name:
1 (`ste`; the code of the paper), or D, as the chain rule has it (`scaled`; google/aqt).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import exp
from typing import TYPE_CHECKING

from workloads.training.face import Face
from workloads.training.moment import Moment
from workloads.training.recipe import ONE, Recipe, Window, ranged, worded
from workloads.training.recipes.ste import STRAIGHT_THROUGH
from workloads.training.unstructured import Target

if TYPE_CHECKING:
    from workloads.training.emulator.weight import Weight

FADING = Face(select_every=1)
"""Masks are selected at every step, and nothing can be skipped: pruned weights are small, not zero."""

GRADIENTS = {
    "ste": "the gradient of a pruned weight is that of the faded one, unscaled",
    "scaled": "it is scaled by D, and 0 once D is",
}
"""What a pruned weight's gradient is."""
CURVES = {"linear": "D = max(1 - beta j, 0)", "exponential": "D = exp(-beta j)"}
"""How D falls with j, the steps since the dense window."""

PAPER = "Bambhaniya et al.: Progressive Gradient Flow for Robust N:M Sparsity Training, arXiv:2402.04744"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskDecay(Recipe):
    """Train dense for the share `dense`, fade for the share `decay`, then with D = 0.

    `decay` None fades until the last share `final` of the run, as an exponential decay does: it never reaches
    0 by itself. `beta` is per step; left out, it is 1 over the steps of the fading window for a linear
    `curve`, which so ends at 0, and `fall` over them for an exponential one. `mode` is one of GRADIENTS. A
    `decay` that ends before the last share `final` leaves that without effect.

    The published configuration has no dense window and no final one, so that its exponential decay never
    ends; a final window of 1/10, a linear decay over 1/2 and a fall of 5, to D = 0.7 %, are our choice.
    """

    dense: Fraction = Fraction(0)
    decay: Fraction | None = None
    final: Fraction = Fraction(1, 10)
    curve: str = worded("linear", CURVES)
    beta: float | None = ranged(None, 0, 1e6)
    fall: float = ranged(5.0, 0, 1e6)
    mode: str = worded("ste", GRADIENTS)

    def windows(self, target: Target, steps: int) -> Iterable[Window]:
        """A dense window, a fading one, and the target with binary masks."""
        longest = ONE - self.dense - self.final
        decay = longest if self.decay is None else min(self.decay, longest)
        face = self.face if self.mode == "ste" else replace(self.face, wgrad="kept")
        fading = replace(FADING, select_every=self.face.select_every)
        return [
            Window(share=self.dense),
            Window(share=decay, face=fading, pattern=target),
            Window(share=ONE - self.dense - decay, face=face, pattern=target),
        ]

    def fade(self, at: Moment) -> float:
        """D at this step of the fading window."""
        if self.curve == "linear":
            beta = 1 / at.phase.steps if self.beta is None else self.beta
            return max(1 - beta * at.since, 0.0)
        beta = self.fall / at.phase.steps if self.beta is None else self.beta
        return exp(-beta * at.since)

    def gradient(self, weight: "Weight", at: Moment) -> None:
        """G, or G (m + (1 - m) D) in mode scaled."""
        if self.mode == "scaled" and at.phase.pattern is not None:
            weight.keep_gradient(self.factor(at))


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
    curve="exponential",
)
