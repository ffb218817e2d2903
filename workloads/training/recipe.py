"""Recipe: a way of training with N:M, as the difference from dense training."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, Any

from simulator.errors import InputError, lookup, shown
from simulator.gemm import check_count
from simulator.pattern import Pattern
from workloads.training.face import DENSE, Face, Phase
from workloads.training.moment import Moment
from workloads.training.selectors import RANDOM, SELECTORS
from workloads.training.unstructured import Target, Unstructured

if TYPE_CHECKING:  # a weight is of compiled kernels, which a list of recipes does not wait for
    from workloads.models.block import MakeMap
    from workloads.models.parameters import Slot
    from workloads.training.emulator.weight import Weight

ONE = Fraction(1)
FIXED_PARAMETER = "fixed"
"""Metadata of a field that says which recipe it is, and that nobody sets."""


def ranged(default: Any, least: float, most: float) -> Any:
    """A parameter that is a number from `least` to `most`."""
    return field(default=default, metadata={"least": least, "most": most})


def worded(default: str, words: Iterable[str]) -> Any:
    """A parameter that is one of `words`."""
    return field(default=default, metadata={"words": dict.fromkeys(words)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A share of the training run with one Face and one Pattern."""

    share: Fraction
    face: Face = DENSE
    pattern: Target | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A named way of training: `face` says what is sparse once the target pattern is in force.

    This class trains with `face` from the first step to the last, and its hooks do what the Face says. A
    recipe that changes on the way overrides `windows`, one that does more to weights or gradients the hooks,
    and its parameters are fields. `digest` is that of the file it was read from, if it was.

    A training step calls the hooks of each weight that follows the recipe in this order: `select` when the
    Face asks for masks, `write`, the products, `gradient`, clipping, `clipped`, the optimizer, `updated`.
    """

    name: str
    summary: str
    paper: str
    face: Face = DENSE
    digest: str = ""

    def __post_init__(self) -> None:
        for parameter in fields(self):
            name, rule, value = parameter.name, parameter.metadata, getattr(self, parameter.name)
            if "words" in rule:
                lookup(rule["words"], value, kind=name)
            if "least" in rule and value is not None and not rule["least"] <= value <= rule["most"]:
                right = f"it is from {rule['least']:.15g} to {rule['most']:.15g}"
                raise InputError.of(f"{name} is {shown(value)}", right)

    def windows(self, target: Target, steps: int) -> Iterable[Window]:
        """The run of `steps` steps towards `target`, as shares that sum to 1."""
        return [Window(share=ONE, face=self.face, pattern=target)]

    def select(self, weight: "Weight", at: Moment) -> None:
        """Choose the masks of `weight`, as the Face's selector does."""
        target, selector = at.target, at.phase.face.selector
        if weight.mask is None and SELECTORS[selector].moves_a_mask:
            selector = RANDOM
        if selector == "grow_random":
            growth = at.rng(weight.name, selector).random(weight.values.shape)
            weight.move(growth, self.moved(at), target)
        elif selector == "grow_gradient":
            weight.move(weight.gradient, self.moved(at), target)
        else:
            weight.select(selector, target, at)
        if at.phase.face.kept_state:
            weight.forget_pruned()

    def moved(self, at: Moment) -> float:
        """The share of kept weights that one move of the masks drops and grows."""
        raise InputError.of(f"recipe {self.name} moves masks and does not say by how much", "let it say so")

    def select_second(self, weight: "Weight", at: Moment) -> None:
        """Choose the second mask, which DGRAD alone uses."""
        selector, pattern = at.phase.face.second_selector, at.phase.pattern
        if selector is not None and isinstance(pattern, Pattern):
            weight.select_second(selector, pattern, at)

    def write(self, weight: "Weight", at: Moment) -> None:
        """Say what the products read: all weights, faded ones, or those that the masks keep."""
        face = at.phase.face
        if at.phase.pattern is None:
            weight.use_values()
        else:
            weight.use_masked(self.factor(at))
            if face.forward and face.dgrad == "dense":
                weight.backward = weight.values
            elif face.second_selector is not None:
                weight.use_second()

    def fade(self, at: Moment) -> float:
        """What a pruned weight is multiplied by where FWD is dense and there is a pattern: D, 1 at first."""
        return 1.0

    def factor(self, at: Moment) -> float:
        """What products multiply a pruned weight by while a pattern is in force: 0 once FWD is sparse."""
        return 0.0 if at.phase.face.forward else self.fade(at)

    def gradient(self, weight: "Weight", at: Moment) -> None:
        """Change the gradient before it is clipped: none for pruned weights where only kept ones train."""
        face = at.phase.face
        if face.wgrad == "kept" or face.kept_state:
            weight.keep_gradient()

    def clipped(self, weight: "Weight", at: Moment) -> None:
        """Change the gradient after it is clipped."""

    def updated(self, weight: "Weight", at: Moment) -> None:
        """Change the weight after the optimizer did."""

    def ends_phase(self, weights: "Sequence[Weight]", at: Moment) -> bool:
        """Whether the phase ends with this step, before its time: the next one takes what is left."""
        return False

    def phases(self, target: Target | None, steps: int) -> tuple[Phase, ...]:
        """The Phases of a run of `steps` steps towards `target`; their steps sum to `steps`.

        A window that ends at the share s of the run ends before step floor(s * steps). Windows of no
        steps vanish, so a short run loses its early windows and never its last. Equal neighbours are one.
        """
        check_count("steps", steps)
        if self.face == DENSE:
            return (Phase(face=DENSE, pattern=None, steps=steps),)
        if target is None:
            right = "write the target, as in 2:4"
            raise InputError.of(f"recipe {self.name} needs one", right, where="pattern")
        windows = list(self.windows(target, steps))
        self._check_shares(window.share for window in windows)
        phases: list[Phase] = []
        share, start = Fraction(0), 0
        for window in windows:
            share += window.share
            stop = floor(share * steps)
            if stop > start:
                _append(phases, Phase(face=window.face, pattern=window.pattern, steps=stop - start))
            start = stop
        return tuple(phases)

    @property
    def needs_variance(self) -> bool:
        """Whether it reads Adam's variance, and so needs that optimizer."""
        return False

    @property
    def rebuilds(self) -> bool:
        """Whether the model is another one than dense training has."""
        return False

    def sizes(self, model: str, sizes: dict[str, int], target: Target) -> dict[str, int]:
        """The sizes of the model that is trained, where dense training has `sizes`."""
        return sizes

    def maps(self, target: Target) -> "MakeMap | None":
        """What makes the maps of the layers that follow; None for plain ones."""
        return None

    def beside(self, slot: "Slot") -> "list[Slot]":
        """What is trained beside the weight of `slot`; its gradient is the hooks' to write."""
        return []

    def in_force(self, weight: "Weight", phase: Phase) -> Phase:
        """The Phase as it was for this weight, the masks of which may keep what only training knows."""
        if not isinstance(phase.pattern, Unstructured) or weight.mask is None:
            return phase
        kept, size = weight.kept, weight.values.size
        if kept == phase.pattern.kept_of(size):
            return phase
        return replace(phase, pattern=Unstructured(density=Fraction(max(kept, 1), size)))

    def longest(self, target: Target | None, steps: int) -> tuple[Phase, ...]:
        """The Phases that training plans with, of which `ends_phase` may cut one short."""
        return self.dearest().phases(target, steps)

    def dearest(self) -> "Recipe":
        """The same recipe where no phase is cut short, which is what a budget must pay for."""
        return self

    @property
    def whole_groups(self) -> bool:
        """Whether each layer's inputs must be whole groups of every pattern on the way."""
        return False

    def freezes(self, at: Moment) -> bool:
        """Whether Adam's variance stands still."""
        return False

    def last_phase(self, target: Target | None) -> Phase:
        """What is in force on the last step, which is what the trained network is served with."""
        return self.phases(target, 1)[-1]

    def pattern_of(self, target: Target) -> Pattern:
        """The target, which must be N:M for what this recipe makes of it."""
        if isinstance(target, Pattern):
            return target
        right = "write it as kept:group, as in 2:4"
        raise InputError.of(f"recipe {self.name} needs groups, and {target} has none", right, where="pattern")

    def _check_shares(self, shares: Iterable[Fraction]) -> None:
        """Refuse windows that do not fill the run."""
        shares = list(shares)
        if any(share < 0 for share in shares) or sum(shares) != 1:
            raise InputError.of(
                f"the windows of recipe {self.name} take {', '.join(map(str, shares))} of the run",
                "shares are not negative and sum to 1",
            )


def _append(phases: list[Phase], phase: Phase) -> None:
    """Add `phase`, or lengthen the last phase where the two are alike."""
    if phases and (phases[-1].face, phases[-1].pattern) == (phase.face, phase.pattern):
        phase = Phase(face=phase.face, pattern=phase.pattern, steps=phases.pop().steps + phase.steps)
    phases.append(phase)
