"""Masks that serve DGRAD too: transposable ones, or a second mask along the outputs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workloads.training.face import Face
from workloads.training.moment import Moment
from workloads.training.recipe import Recipe, worded
from workloads.training.recipes.ste import DrawnToZero

if TYPE_CHECKING:
    from workloads.training.emulator.weight import Weight

SOLVERS = ("exact", "fast", "greedy", "two_approximation")
"""Those of simulator.mask.select_transposable, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transposable(Recipe):
    """Masks by `solver`, one of those of simulator.mask.select_transposable.

    The two greedy ones leave rows and columns short of `kept`; the trace counts the pattern all the same.
    """

    solver: str = worded("exact", SOLVERS)

    def select(self, weight: "Weight", at: Moment) -> None:
        """The transposable mask of the largest magnitudes, as the solver finds it."""
        weight.select(at.phase.face.selector, self.pattern_of(at.target), at, solver=self.solver)


TRANSPOSABLE = Transposable(
    name="transposable",
    summary="one mask that is N:M along inputs and outputs, refreshed every 40 steps",
    paper="Hubara et al.: Accelerated Sparse Neural Training, arXiv:2102.08124",
    face=Face(forward=True, dgrad="outputs", wgrad="dense", select_every=40, selector="transposable"),
)
BI_MASK = DrawnToZero(
    name="bi_mask",
    summary="sr_ste in FWD; DGRAD has its own mask, refreshed every 100 steps over 100 permutations",
    paper="Zhang et al.: Bi-directional Masks for Efficient N:M Sparse Training, arXiv:2302.06058",
    face=Face(
        forward=True,
        dgrad="outputs",
        wgrad="dense",
        select_every=1,
        second_every=100,
        second_selector="permuted",
    ),
)
