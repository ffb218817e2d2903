"""Dynamic sparse training: each output has a threshold that is trained, and weights below it are masked."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from simulator.errors import InputError
from workloads.training.face import Face, Phase
from workloads.training.moment import Moment
from workloads.training.recipe import Recipe, ranged
from workloads.training.unstructured import Target, Unstructured

if TYPE_CHECKING:
    from workloads.models.parameters import Slot
    from workloads.training.emulator.weight import Weight

THRESHOLD = "threshold"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedThresholds(Recipe):
    """mask = step(|W| - t), with a threshold t for each output, 0 at first; density is what training finds.

    The gradient of the step is a surrogate: 2 - 4|x| for |x| <= 0.4, 0.4 up to 1, 0 beyond. The loss has
    `strength` times the sum of exp(-t) beside it, which raises thresholds. A layer that keeps no more than
    the share `least` has its thresholds set to 0.
    """

    strength: float = ranged(5e-6, -1e6, 1e6)
    least: float = ranged(0.01, 0, 1)

    def phases(self, target: Target | None, steps: int) -> tuple[Phase, ...]:
        """None that shapes could tell."""
        self._refuse(target)
        what = f"recipe {self.name} finds its density while it trains"
        raise InputError.of(what, "train it: `nmsim train`", where="recipe")

    def longest(self, target: Target | None, steps: int) -> tuple[Phase, ...]:
        """One phase, in which the masks of each step keep as many as they do."""
        self._refuse(target)
        return (Phase(face=self.face, pattern=Unstructured(density=Fraction(1)), steps=steps),)

    def last_phase(self, target: Target | None) -> Phase:
        """The same."""
        return self.longest(target, 1)[0]

    def beside(self, slot: "Slot") -> "list[Slot]":
        """The thresholds."""
        return [
            replace(
                slot,
                name=f"{slot.name}.{THRESHOLD}",
                shape=slot.shape[:1],
                role=None,
                decayed=False,
                spread=0.0,
            )
        ]

    def select(self, weight: "Weight", at: Moment) -> None:
        """The weights above their thresholds."""
        thresholds, _ = weight.beside[THRESHOLD]
        weight.select_above(thresholds)
        if weight.kept <= self.least * weight.values.size:
            thresholds[...] = 0
            weight.select_above(thresholds)

    def gradient(self, weight: "Weight", at: Moment) -> None:
        """That of W step(|W| - t), and of the thresholds."""
        thresholds, wanted = weight.beside[THRESHOLD]
        away = np.abs(weight.values) - thresholds[:, None]
        slope = np.where(np.abs(away) <= 0.4, 2 - 4 * np.abs(away), np.where(np.abs(away) <= 1, 0.4, 0.0))
        through = weight.gradient * weight.values * slope.astype(weight.values.dtype)
        wanted[...] = -through.sum(axis=1) - self.strength * np.exp(-thresholds)
        weight.keep_gradient()
        weight.gradient += through * np.sign(weight.values)

    def _refuse(self, target: Target | None) -> None:
        if target is not None:
            what = f"recipe {self.name} finds its own density"
            right = "leave the pattern out; a larger strength is sparser"
            raise InputError.of(what, right, where="pattern")


DST = TrainedThresholds(
    name="dst",
    summary="trained thresholds mask what is below them; the density is what training finds",
    paper="Liu et al.: Dynamic Sparse Training, arXiv:2005.06870",
    face=Face(forward=True, dgrad="inputs", wgrad="dense", select_every=1, selector=THRESHOLD),
)
