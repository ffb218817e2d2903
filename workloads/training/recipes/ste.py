"""STE and SR-STE: masks move at every step, and pruned weights keep their gradients."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workloads.training.face import Face
from workloads.training.moment import Moment
from workloads.training.recipe import Recipe, ranged

if TYPE_CHECKING:
    from workloads.training.emulator.weight import Weight

STRAIGHT_THROUGH = Face(forward=True, dgrad="inputs", wgrad="dense", select_every=1)
"""Masked weights in FWD and DGRAD; WGRAD is dense, because pruned weights need gradients to come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnToZero(Recipe):
    """While masks are in force, `strength` (1 - m) W is added to the gradient, before it is clipped.

    So it passes through the optimizer's moments. `strength` is lambda_W of the paper.
    """

    strength: float = ranged(2e-4, -1e6, 1e6)

    def gradient(self, weight: "Weight", at: Moment) -> None:
        """G + strength (1 - m) W."""
        if at.phase.pattern is not None:
            weight.draw_gradient(self.strength)


STE = Recipe(
    name="ste",
    summary="magnitude masks at every step, straight-through gradients to pruned weights",
    paper="Bengio, Leonard, Courville: Estimating or Propagating Gradients, arXiv:1308.3432",
    face=STRAIGHT_THROUGH,
)
SR_STE = DrawnToZero(
    name="sr_ste",
    summary="ste with a decay on pruned weights, which calms the masks",
    paper="Zhou et al.: Learning N:M Fine-grained Structured Sparse Networks, arXiv:2102.04010",
    face=STRAIGHT_THROUGH,
)
