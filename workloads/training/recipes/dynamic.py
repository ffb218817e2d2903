"""RigL and SET: sparse from the start, with masks that drop and grow weights every few steps.

The first mask is random. Grown weights start from 0, so only kept ones have state. A period of 100 steps is
RigL's; for SET, which was published with one of an epoch, it is our choice.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import cos, pi

from workloads.training.face import Face
from workloads.training.moment import Moment
from workloads.training.recipe import ONE, Recipe, Window, ranged
from workloads.training.recipes.static import FIXED
from workloads.training.unstructured import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class DropAndGrow(Recipe):
    """Move the masks for the share `moving` (3/4) of the run, then keep them.

    A move drops the share `drop` of what is kept, annealed to 0 along a cosine while masks move.
    """

    moving: Fraction = Fraction(3, 4)
    drop: float = ranged(0.3, 0, 1)

    def windows(self, target: Target, steps: int) -> Iterable[Window]:
        """The target with moving masks, then with fixed ones."""
        fixed = replace(self.face, dense_wgrad_every=None, select_every=None)
        return [
            Window(share=self.moving, face=self.face, pattern=target),
            Window(share=ONE - self.moving, face=fixed, pattern=target),
        ]

    def moved(self, at: Moment) -> float:
        """The share drop/2 (1 + cos(pi t / T)) at step t of the T steps in which masks move."""
        return self.drop / 2 * (1 + cos(pi * at.since / at.phase.steps))


RIGL_FACE: Face = replace(FIXED, dense_wgrad_every=100, selector="grow_gradient")
SET_FACE: Face = replace(FIXED, select_every=100, selector="grow_random")

RIGL = DropAndGrow(
    name="rigl",
    summary="after every 100 steps one dense weight gradient says which weights to grow",
    paper="Evci et al.: Rigging the Lottery, arXiv:1911.11134",
    face=RIGL_FACE,
)
SET = DropAndGrow(
    name="set",
    summary="every 100 steps the smallest weights are dropped and others grown at random",
    paper="Mocanu et al.: Scalable Training of Artificial Neural Networks, arXiv:1707.04780",
    face=SET_FACE,
)
