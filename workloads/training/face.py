"""Face: what a recipe makes sparse in each pass, which is all that the hardware needs to know of it."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from simulator.errors import InputError, lookup
from simulator.gemm import check_count
from workloads.training.selectors import SELECTORS
from workloads.training.unstructured import Target, Unstructured

Dgrad = Literal["dense", "inputs", "outputs"]
Wgrad = Literal["dense", "gradient", "kept"]

DGRADS = {
    "dense": "every weight takes part",
    "inputs": "the weights' zeros are grouped along the inputs, the free axis: only who skips any zero gains",
    "outputs": "the weights are N:M along the outputs, the reduction: a transposable or a second mask",
}
"""What the weights look like to DGRAD."""
WGRADS = {
    "dense": "every weight's gradient is computed from the whole output gradient",
    "gradient": "the output gradient is N:M along the tokens, the reduction",
    "kept": "only the gradients of kept weights are computed",
}
"""What WGRAD computes, and from what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """Which operands are sparse while a phase lasts, and how often its masks move.

    `forward`: FWD multiplies by masked weights, grouped along their inputs, the reduction. `dgrad` and
    `wgrad` are keys of DGRADS and WGRADS. `dense_wgrad_every` is the number of sparse weight gradients after
    which one is dense and masks are selected with it; at that step nothing is updated. `select_every` is the
    number of steps from one selection of masks to the next, the first on the phase's first step; None selects
    once, when the phase brings in a pattern. `second_every` and `second_selector` are the same for a second
    mask, which DGRAD alone uses. `kept_state` keeps master weights and optimizer state of kept weights alone,
    which suffices where a pruned weight neither is trained nor remembers its value: a mask that stands still,
    or whose grown weights start from 0.
    """

    forward: bool = False
    dgrad: Dgrad = "dense"
    wgrad: Wgrad = "dense"
    dense_wgrad_every: int | None = None
    select_every: int | None = None
    selector: str = "magnitude"
    second_every: int | None = None
    second_selector: str | None = None
    kept_state: bool = False

    def __post_init__(self) -> None:
        lookup(DGRADS, self.dgrad, kind="dgrad")
        lookup(WGRADS, self.wgrad, kind="wgrad")
        for selector in filter(None, (self.selector, self.second_selector)):
            lookup(SELECTORS, selector, kind="selector")
        for name in ("dense_wgrad_every", "select_every", "second_every"):
            if getattr(self, name) is not None:
                check_count(name, getattr(self, name))
        self._check_masks()

    def _check_masks(self) -> None:
        """Refuse a pass that uses a mask which the phase does not have."""
        if not self.forward and self.dgrad != "dense":
            raise InputError.of(
                f"dgrad is {self.dgrad} while FWD is dense", "sparse weights need forward: true"
            )
        if not self.forward and self.wgrad == "kept":
            raise InputError.of("wgrad is kept while FWD is dense", "kept weights need forward: true")
        if not self.forward and self.kept_state:
            raise InputError.of("kept_state is set while FWD is dense", "kept weights need forward: true")
        if self.dense_wgrad_every is not None and self.wgrad == "dense":
            raise InputError.of(
                "dense_wgrad_every is set while wgrad is dense", "write wgrad: gradient or kept"
            )
        if self.dense_wgrad_every is not None and self.select_every is not None:
            raise InputError.of(
                "dense_wgrad_every and select_every are both set",
                "leave select_every out: masks are selected on the dense gradient",
            )
        if self.second_selector is not None and self.dgrad != "outputs":
            raise InputError.of(
                f"a second mask is selected while dgrad is {self.dgrad}", "a second mask needs dgrad: outputs"
            )
        if self.second_selector is None and self.second_every is not None:
            raise InputError.of("second_every is set without second_selector", "name the second_selector")


DENSE = Face()
"""Nothing sparse, no masks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Consecutive training steps with one Face and one Target; without a pattern they are dense."""

    face: Face
    pattern: Target | None
    steps: int

    def __post_init__(self) -> None:
        check_count("steps", self.steps)
        if self.pattern is None and self.face != DENSE:
            raise InputError.of("a phase with a sparse face has no pattern", "give it one, as 2:4")
        if isinstance(self.pattern, Unstructured):
            self._check_groupless(self.pattern)

    def _check_groupless(self, target: Unstructured) -> None:
        """Refuse what only N:M has where weights are kept anywhere."""
        grouped = {
            "dgrad: outputs": self.face.dgrad == "outputs",
            "wgrad: gradient": self.face.wgrad == "gradient",
            f"selector: {self.face.selector}": self.face.selector in ("transposable", "permuted"),
        }
        if found := [key for key, needs_groups in grouped.items() if needs_groups]:
            right = "write it as kept:group, as in 2:4"
            raise InputError.of(f"{found[0]} needs groups, and {target} has none", right, where="pattern")

    @property
    def mask(self) -> Target | None:
        """The pattern that the weights obey: none while they are dense or only decaying."""
        return self.pattern if self.face.forward else None

    @property
    def density(self) -> Fraction:
        """The share of values that the pattern keeps; 1 without one."""
        return self.pattern.density if self.pattern else Fraction(1)
