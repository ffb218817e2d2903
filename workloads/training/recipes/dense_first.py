"""Dense first, then sparse to the end: one-shot pruning, and STEP."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

import numpy as np

from simulator.errors import InputError
from workloads.training.face import Phase
from workloads.training.moment import Moment
from workloads.training.recipe import ONE, Recipe, Window
from workloads.training.recipes.static import FIXED
from workloads.training.recipes.ste import STRAIGHT_THROUGH
from workloads.training.unstructured import Target

if TYPE_CHECKING:
    from workloads.training.emulator.weight import Weight


@dataclass(frozen=True, slots=True, kw_only=True)
class DenseFirst(Recipe):
    """Train dense for the share `dense` of the run, then with the target."""

    dense: Fraction

    def windows(self, target: Target, steps: int) -> Iterable[Window]:
        """A dense window, then the target."""
        return [Window(share=self.dense), Window(share=ONE - self.dense, face=self.face, pattern=target)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenVariance(DenseFirst):
    """Train dense until Adam's variance v has settled, then freeze it and train with masks.

    The dense window ends when the mean of |v_t - v_(t-1)| over the weights that follow the recipe, itself a
    mean over the last 1 / (1 - beta2) steps, is below Adam's epsilon; not before the share `dense` of the run
    and not after `latest`. Shapes alone cannot tell when, and take `dense`. The frozen v is not corrected for
    its bias, and epsilon^(3/4) stands in epsilon's place. Lu et al., arXiv:2302.01172, Algorithm 1, option 1.
    """

    latest: Fraction = Fraction(1, 2)

    @property
    def needs_variance(self) -> bool:
        """It watches it, and then freezes it."""
        return True

    def __post_init__(self) -> None:
        Recipe.__post_init__(self)
        if self.dense > self.latest:
            what = f"the dense window is {self.dense} of the run at least and {self.latest} at most"
            raise InputError.of(what, "write latest above dense")

    def dearest(self) -> Recipe:
        """The dense window is as long as it may become."""
        return replace(self, dense=self.latest)

    def last_phase(self, target: Target | None) -> Phase:
        """The target, whatever the windows come to in a run of one step."""
        return self.phases(target, 1000)[-1]

    def freezes(self, at: Moment) -> bool:
        """Whether v stands still: while masks are in force, if there was a step without to learn it from."""
        return at.phase.pattern is not None and at.start > 0

    def clipped(self, weight: "Weight", at: Moment) -> None:
        """Note by how much this step will change v, before the optimizer does."""
        if at.phase.pattern is None:
            change = np.abs(np.square(weight.gradient, dtype=np.float64) - weight.moments[1])
            weight.notes["change"] = np.array((1 - at.beta2) * change.sum())

    def ends_phase(self, weights: "Sequence[Weight]", at: Moment) -> bool:
        """Whether v has settled."""
        if at.phase.pattern is not None:
            return False
        window, notes = floor(1 / (1 - at.beta2) + 0.5), weights[0].notes
        if window > at.steps:  # it is never full
            return False
        if "changes" not in notes:
            notes["changes"] = np.full(window, np.nan)
        changes, total = notes["changes"], sum(float(weight.notes["change"]) for weight in weights)
        changes[at.step % window] = total / sum(weight.values.size for weight in weights)
        settled = float(changes.mean()) < at.epsilon  # NaN, which is not below, until the window is full
        return settled and at.step + 1 >= floor(self.dense * at.steps)


ONE_SHOT = DenseFirst(
    name="one_shot",
    summary="train dense, prune once by magnitude, train again with the mask fixed",
    paper="Mishra et al.: Accelerating Sparse Deep Neural Networks, arXiv:2104.08378",
    face=FIXED,
    dense=Fraction(1, 2),
)
"""ASP runs the dense schedule a second time; here the learning rate falls once, over both halves."""

STEP = FrozenVariance(
    name="step",
    summary="dense for a tenth of the run, then ste with Adam's variance frozen",
    paper="Lu et al.: STEP, arXiv:2302.01172",
    face=STRAIGHT_THROUGH,
    dense=Fraction(1, 10),
)
