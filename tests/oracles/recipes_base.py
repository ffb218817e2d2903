"""One weight that trains dense, step after step; every other recipe is written as what differs from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simulator.pattern import Pattern
from tests.oracles.recipes_masks import Array, Mask, magnitude, obeys, transposable, unbiased
from tests.oracles.recipes_optimizers import AdamW, Sgd
from workloads.training.face import Face, Phase
from workloads.training.unstructured import Target

Raw = Mapping[str, Array]
"""Gradients by name: "weight", and where a recipe trains more, "threshold", "left", "right"."""
Prune = Callable[[Array], Array]
Gradient = Callable[[Array, Array, Prune | None], Array]
"""From what FWD and DGRAD multiply by, and what makes dY N:M before WGRAD, to the gradient of the former."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """What one step draws at random, given by the caller, who fills what the recipe needs at that step.

    `mask` and `second` stand for the outcome of a selection; `scores` are drawn numbers of which the largest
    of a group are kept, or grow; `permutations` are those of the outputs that Bi-Mask tries, in order, and it
    tries no other; `uniforms` are MVUE's, groups of tokens x outputs; `left` (outputs x rank) and `right`
    (rank x inputs) are what SLoPe's adapters start from.
    """

    mask: Mask | None = None
    second: Mask | None = None
    scores: Array | None = None
    permutations: Sequence[Sequence[int]] = ()
    uniforms: Array | None = None
    left: Array | None = None
    right: Array | None = None


NOTHING = Draws()


class Place(NamedTuple):
    """A step of the run: in its phase it is step `nth`; `since_dense` counts from the first sparse step."""

    step: int
    nth: int
    phase: Phase
    fresh: bool
    since_dense: int

    @property
    def face(self) -> Face:
        return self.phase.face

    @property
    def target(self) -> Target:
        """What the masks of a phase obey that has masks."""
        assert self.phase.pattern is not None
        return self.phase.pattern

    @property
    def pattern(self) -> Pattern:
        """The same where only N:M will do."""
        assert isinstance(self.phase.pattern, Pattern)
        return self.phase.pattern

    @property
    def selects(self) -> bool:
        """Whether masks are selected before this step's FWD."""
        if self.phase.pattern is None:
            return False
        every = self.face.select_every
        return self.nth == 0 and self.fresh if every is None else self.nth % every == 0

    @property
    def selects_second(self) -> bool:
        """The same for a second mask."""
        if self.phase.pattern is None or self.face.second_selector is None:
            return False
        every = self.face.second_every
        return self.nth == 0 if every is None else self.nth % every == 0


def places(phases: Sequence[Phase]) -> list[Place]:
    """Every step of a run; `fresh` says that the pattern is not that of the phase before."""
    result: list[Place] = []
    before, first_sparse = None, None
    for phase in phases:
        if phase.pattern is not None and first_sparse is None:
            first_sparse = len(result)
        for index in range(phase.steps):
            since = len(result) - (len(result) if first_sparse is None else first_sparse)
            result.append(Place(len(result), index, phase, phase.pattern != before, since))
        before = phase.pattern
    return result


class Used(NamedTuple):
    """What FWD and DGRAD multiply by, the mask and the second one where there are, and MVUE of dY."""

    forward: Array
    backward: Array
    mask: Mask | None
    second: Mask | None
    prune: Prune | None


class Dense:
    """A weight W (outputs x inputs) in training; `begin`, `end` and `update` are one step, `step` all three.

    Attributes to compare after a step: `weight`, `optimizer` (its m and v, or b), `mask`, `second`.
    """

    def __init__(self, weight: Array, optimizer: AdamW | Sgd, phases: Sequence[Phase]) -> None:
        self.weight = np.array(weight, np.float64)
        self.optimizer = optimizer.start(self.weight)
        self.run = places(phases)
        self.done = 0
        self.mask: Mask | None = None
        self.second: Mask | None = None
        self.raw: Raw = {}

    @property
    def at(self) -> Place:
        """The step that is next or under way."""
        return self.run[self.done]

    def begin(self, draws: Draws = NOTHING) -> Used:
        """Select masks where this step does, and make the copies."""
        if self.at.phase.pattern is None:
            self.mask = self.second = None
        if self.at.selects:
            self.mask = self.selected(draws)
            self.on_selection()
        if self.at.selects_second:
            self.second = self.second_selected(draws)
        forward, backward = self.copies()
        return Used(forward, backward, self.mask, self.second, self.pruning(draws))

    def end(self, gradient: Array, draws: Draws = NOTHING) -> Raw:
        """From WGRAD to what the global norm is taken of."""
        self.raw = self.hooked(np.array(gradient, np.float64), draws)
        return self.raw

    def update(self, rate: float, factor: float = 1.0) -> None:
        """Clip by `factor`, and let the optimizer work."""
        self.apply({name: factor * value for name, value in self.raw.items()}, rate)
        self.done += 1

    def leave(self) -> None:
        """Go on to the next step without an update."""
        self.done += 1

    def step(
        self,
        gradient: Gradient,
        rate: float,
        draws: Draws = NOTHING,
        factor: float | Callable[[Raw], float] = 1.0,
    ) -> Used:
        """One whole step of a model of this one weight; `factor` may look at the raw gradients."""
        used = self.begin(draws)
        raw = self.end(gradient(used.forward, used.backward, used.prune), draws)
        self.update(rate, factor(raw) if callable(factor) else factor)
        return used

    # What recipes change.

    def selected(self, draws: Draws) -> Mask:
        """The mask of a selection, by the selector that the face names."""
        target, selector = self.at.target, self.at.face.selector
        if draws.mask is not None:
            assert obeys(draws.mask, target, exactly=selector != "transposable"), f"not {target}"
            return draws.mask.copy()
        if selector == "transposable":
            return transposable(self.weight, self.at.pattern)
        if selector in ("random", "grow_gradient", "grow_random"):  # the first of those that move is random
            assert draws.scores is not None, "a random mask needs draws"
            return magnitude(draws.scores, target)
        return magnitude(self.weight, target)

    def second_selected(self, draws: Draws) -> Mask:
        """The second mask of a selection."""
        raise AssertionError("this recipe has no second mask")

    def on_selection(self) -> None:
        """What a new mask does to the weight and its state."""

    def copies(self) -> tuple[Array, Array]:
        """What FWD and DGRAD multiply by."""
        return self.weight.copy(), self.weight.copy()

    def pruning(self, draws: Draws) -> Prune | None:
        """What makes dY (tokens x outputs) N:M before WGRAD, where the face says so."""
        if self.at.face.wgrad != "gradient" or draws.uniforms is None:
            return None
        pattern, uniforms = self.at.pattern, draws.uniforms
        return lambda dy: unbiased(dy, pattern, uniforms)

    def hooked(self, gradient: Array, draws: Draws) -> Raw:
        """The gradients before clipping, from that of the forward weight."""
        return {"weight": gradient}

    def apply(self, clipped: Raw, rate: float) -> None:
        """The optimizer's work on clipped gradients."""
        self.weight = self.optimizer.updated(self.weight, clipped["weight"], rate)


def norm(*raw: Raw) -> float:
    """The global norm of gradients of several weights."""
    return float(np.sqrt(sum(float((value**2).sum()) for each in raw for value in each.values())))


def masked(weight: Array, mask: Mask | None, fade: float = 0.0) -> Array:
    """W (m + (1 - m) fade); W itself where there is no mask."""
    return weight.copy() if mask is None else np.where(mask, weight, weight * fade)
