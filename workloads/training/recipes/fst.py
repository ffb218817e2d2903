"""FST and S-STE: the weight gradient is sparse too, by unbiased N:M pruning of the output gradient (MVUE)."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from simulator.errors import InputError
from workloads.training.face import Face
from workloads.training.moment import Moment
from workloads.training.recipe import ONE, Recipe, Window, ranged
from workloads.training.unstructured import Target

if TYPE_CHECKING:
    from workloads.training.emulator.weight import Weight


@dataclass(frozen=True, slots=True, kw_only=True)
class DenseTail(Recipe):
    """Train sparse, then dense for the last share `tail` (1/6): the trained network is dense.

    `strength` (1 - m) W is added to the gradient after it is clipped: alpha of the paper, which it chooses
    during warm-up by the rate at which masks flip; 6e-5 is that of its GPT-2 124M.
    """

    tail: Fraction = Fraction(1, 6)
    strength: float = ranged(6e-5, -1e6, 1e6)

    def windows(self, target: Target, steps: int) -> Iterable[Window]:
        """The target, then a dense window."""
        target = self.pattern_of(target)
        return [Window(share=ONE - self.tail, face=self.face, pattern=target), Window(share=self.tail)]

    def clipped(self, weight: "Weight", at: Moment) -> None:
        """G + strength (1 - m) W."""
        if at.phase.pattern is not None:
            weight.draw_gradient(self.strength)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftThreshold(Recipe):
    """FWD and DGRAD read beta S(W): each group's weights shrunk by the largest that is not kept.

    beta is that of the first weights, and never changes. The gradient goes straight through to W.
    """

    def __post_init__(self) -> None:
        Recipe.__post_init__(self)
        if self.face.select_every != 1:
            right = "leave select_every at 1"
            raise InputError.of(f"recipe {self.name} takes thresholds at every step", right)

    def windows(self, target: Target, steps: int) -> Iterable[Window]:
        """The target from the first step to the last."""
        return [Window(share=ONE, face=self.face, pattern=self.pattern_of(target))]

    def write(self, weight: "Weight", at: Moment) -> None:
        """The shrunk copy, scaled."""
        weight.use_soft(self.pattern_of(at.target))


FST = DenseTail(
    name="fst",
    summary="all passes sparse: transposable masks every 40 steps, MVUE gradients; dense for the last sixth",
    paper="Hu et al.: Accelerating Transformer Pre-training with 2:4 Sparsity, arXiv:2404.01847",
    face=Face(forward=True, dgrad="outputs", wgrad="gradient", select_every=40, selector="transposable"),
)
S_STE = SoftThreshold(
    name="s_ste",
    summary="soft thresholds at every step in FWD, MVUE gradients in WGRAD, no transposable mask",
    paper="Hu et al.: S-STE, arXiv:2409.09099",
    face=Face(forward=True, dgrad="inputs", wgrad="gradient", select_every=1),
)
