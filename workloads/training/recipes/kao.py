"""Decaying pruning masks (Kao et al.): masks and patterns move once in a while, not at every step.

Gradients follow the chain rule through the mask, so a pruned weight has none once its factor is 0. It keeps
its value and its optimizer state all the same: the next update selects among all weights, and may bring it
back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

from simulator.errors import InputError
from simulator.pattern import Pattern
from workloads.training.face import Face
from workloads.training.moment import Moment
from workloads.training.recipe import ONE, Recipe, Window
from workloads.training.recipes.static import FIXED
from workloads.training.unstructured import Target

if TYPE_CHECKING:
    from workloads.training.emulator.weight import Weight

PAPER = "Kao et al.: Training Recipe for N:M Structured Sparsity with Decaying Pruning Mask, arXiv:2209.07617"
UPDATES_MAX = 8
"""The published code counts updates no further, so a slower mask decay never ends."""
MASKED = replace(FIXED, kept_state=False)
"""Only kept weights have gradients, and all weights have state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskUpdates(Recipe):
    """Train dense for the share `start`, then update the masks once every share `every` of the run.

    The defaults are the published 10 000 and 1 000 of 200 000 steps. `every` is at least one step.
    """

    start: Fraction = Fraction(1, 20)
    every: Fraction = Fraction(1, 200)

    def selecting(self, face: Face, steps: int) -> Face:
        """`face` with masks selected at every update."""
        return replace(face, select_every=max(1, floor(self.every * steps)))

    def period(self, steps: int, updates: int) -> Fraction:
        """The share from one update to the next: whole steps, unless the run is too short for so many."""
        whole = Fraction(max(1, floor(self.every * steps)), steps)
        return whole if self.start + updates * whole < ONE else self.every


@dataclass(frozen=True, slots=True, kw_only=True)
class KaoMask(MaskUpdates):
    """Pruned weights are multiplied by D = max(1 - k * weight, 0) after k updates.

    `weight` is 1/8: D reaches 0 at the eighth update.
    """

    weight: Fraction = Fraction(1, 8)

    def windows(self, target: Target, steps: int) -> Iterable[Window]:
        """A dense window, a fading one, and the target with binary masks."""
        if self.weight * UPDATES_MAX < 1:
            raise InputError.of(
                f"recipe {self.name} has a weight of {self.weight}",
                f"at least 1/{UPDATES_MAX}: updates are counted to {UPDATES_MAX}, and the mask must reach 0",
            )
        updates = ceil(1 / self.weight)
        decay = updates * self.period(steps, updates)
        return [
            Window(share=self.start),
            Window(share=decay, face=self.selecting(Face(), steps), pattern=target),
            Window(share=ONE - self.start - decay, face=self.selecting(self.face, steps), pattern=target),
        ]

    def fade(self, at: Moment) -> float:
        """D after the updates of this window so far; the one on its first step does not count."""
        updates = at.since // (at.phase.face.select_every or 1)
        return max(1 - min(updates, UPDATES_MAX) * float(self.weight), 0.0)

    def gradient(self, weight: "Weight", at: Moment) -> None:
        """G (m + (1 - m) D): the chain rule."""
        if at.phase.pattern is not None:
            weight.keep_gradient(self.factor(at))


@dataclass(frozen=True, slots=True, kw_only=True)
class KaoStructure(MaskUpdates):
    """After k updates the pattern keeps M-1 (k = 1) or ceil(M / 2^k) of M, and never fewer than the target.

    From 16 of 16: 15, 4, 2, 1. M/2 is skipped, as in the published code. That code also counts k to 8 alone:
    enough for groups of up to 256, where ceil(M / 2^8) is 1. We count on, so that targets in larger groups
    are reached too.
    """

    def schedule(self, target: Pattern) -> list[Pattern]:
        """The patterns before the target, one for each update from the first."""
        group = target.group
        kept = [group - 1, *(-(-group // 2**k) for k in range(2, group.bit_length() + 1))]
        return [Pattern(kept=n, group=group) for n in kept if n > target.kept]

    def windows(self, target: Target, steps: int) -> Iterable[Window]:
        """Dense until the first update, a window for each pattern on the way, and the target."""
        patterns = self.schedule(self.pattern_of(target))
        every = self.period(steps, 1 + len(patterns))
        dense, face = self.start + every, self.selecting(self.face, steps)
        return [
            Window(share=dense),
            *(Window(share=every, face=face, pattern=pattern) for pattern in patterns),
            Window(share=ONE - dense - len(patterns) * every, face=face, pattern=target),
        ]


KAO_MASK = KaoMask(
    name="kao_mask",
    summary="pruned weights fade in eight updates, then have no gradients",
    paper=PAPER,
    face=MASKED,
)
KAO_STRUCTURE = KaoStructure(
    name="kao_structure",
    summary="the pattern tightens at each update: M-1, M/4, M/8, ... kept of M",
    paper=PAPER,
    face=MASKED,
)
