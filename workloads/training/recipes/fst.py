"""FST and S-STE: the weight gradient is sparse too, by unbiased N:M pruning of the output gradient (MVUE)."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from simulator.pattern import Pattern
from workloads.training.face import Face
from workloads.training.recipe import ONE, Recipe, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class DenseTail(Recipe):
    """Train sparse, then dense for the last share `tail` (1/6): the trained network is dense."""

    tail: Fraction = Fraction(1, 6)

    def windows(self, target: Pattern, steps: int) -> Iterable[Window]:
        """The target, then a dense window."""
        return [Window(share=ONE - self.tail, face=self.face, pattern=target), Window(share=self.tail)]


FST = DenseTail(
    name="fst",
    summary="all passes sparse: transposable masks every 40 steps, MVUE gradients; dense for the last sixth",
    paper="Hu et al.: Accelerating Transformer Pre-training with 2:4 Sparsity, arXiv:2404.01847",
    face=Face(forward=True, dgrad="outputs", wgrad="gradient", select_every=40, selector="transposable"),
)
S_STE = Recipe(
    name="s_ste",
    summary="soft thresholds at every step in FWD, MVUE gradients in WGRAD, no transposable mask",
    paper="Hu et al.: S-STE, arXiv:2409.09099",
    face=Face(forward=True, dgrad="inputs", wgrad="gradient", select_every=1),
)
