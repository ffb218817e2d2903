"""Recipes in which every weight keeps its value and its state: masks may bring any of them back."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from simulator.pattern import Pattern
from tests.oracles.recipes_base import Dense, Draws, Raw, masked
from tests.oracles.recipes_masks import Array, Mask, soft, soft_scale, within_permuted
from tests.oracles.recipes_optimizers import AdamW, Sgd, variance_change
from workloads.training.face import Phase


class Ste(Dense):
    """W m in FWD and DGRAD; the gradient of W m is that of W, for kept and pruned weights alike."""

    def copies(self) -> tuple[Array, Array]:
        return masked(self.weight, self.mask), masked(self.weight, self.mask)


class SrSte(Ste):
    """STE, and strength (1 - m) W in the gradient before clipping."""

    def __init__(
        self, weight: Array, optimizer: AdamW | Sgd, phases: Sequence[Phase], *, strength: float = 2e-4
    ) -> None:
        super().__init__(weight, optimizer, phases)
        self.strength = strength

    def hooked(self, gradient: Array, draws: Draws) -> Raw:
        if self.mask is None:
            return {"weight": gradient}
        return {"weight": gradient + self.strength * np.where(self.mask, 0.0, self.weight)}


class BiMask(SrSte):
    """SR-STE; DGRAD multiplies by W m_b, whose m_b stands as it was selected until the next selection.

    `within_each` also leaves out, at every step, what the forward mask of that step prunes.
    """

    def __init__(
        self,
        weight: Array,
        optimizer: AdamW | Sgd,
        phases: Sequence[Phase],
        *,
        strength: float = 2e-4,
        within_each: bool = False,
    ) -> None:
        super().__init__(weight, optimizer, phases, strength=strength)
        self.within_each = within_each

    def second_selected(self, draws: Draws) -> Mask:
        assert self.mask is not None
        if draws.second is not None:
            assert not (draws.second & ~self.mask).any(), "the second mask is within the first"
            return draws.second.copy()
        return within_permuted(self.weight, self.mask, self.at.pattern, draws.permutations)

    def copies(self) -> tuple[Array, Array]:
        both = self.second
        if both is not None and self.mask is not None and self.within_each:
            both = both & self.mask
        return masked(self.weight, self.mask), masked(self.weight, both)


class Mdgf(Dense):
    """W (m + (1 - m) D) in FWD and DGRAD, m anew at every step, j steps after the dense phase.

    D = max(1 - beta j, 0), or exp(-beta j), and 0 in the final phase, whose FWD is sparse. The gradient
    passes as it is ("ste"), or times m + (1 - m) D ("scaled").
    """

    def __init__(
        self,
        weight: Array,
        optimizer: AdamW | Sgd,
        phases: Sequence[Phase],
        *,
        decay: Literal["linear", "exponential"],
        beta: float,
        gradient: Literal["ste", "scaled"] = "ste",
    ) -> None:
        super().__init__(weight, optimizer, phases)
        self.decay, self.beta, self.mode = decay, beta, gradient

    @property
    def fade(self) -> float:
        """D of this step."""
        if self.at.face.forward:
            return 0.0
        j = self.at.since_dense
        return max(1 - self.beta * j, 0.0) if self.decay == "linear" else float(np.exp(-self.beta * j))

    def copies(self) -> tuple[Array, Array]:
        return masked(self.weight, self.mask, self.fade), masked(self.weight, self.mask, self.fade)

    def hooked(self, gradient: Array, draws: Draws) -> Raw:
        return {"weight": gradient if self.mode == "ste" else masked(gradient, self.mask, self.fade)}


class KaoMask(Dense):
    """Updates every `select_every` steps: mask anew, k = min(8, updates), D = max(1 - k weight, 0).

    The gradient follows the chain rule. Between updates neither mask nor D moves. k is 0 at the first update;
    in the phase whose FWD is sparse D is 0.
    """

    def __init__(
        self, weight: Array, optimizer: AdamW | Sgd, phases: Sequence[Phase], *, fade: float = 1 / 8
    ) -> None:
        super().__init__(weight, optimizer, phases)
        self.each = fade

    @property
    def fade(self) -> float:
        """D of this step; 1 while no mask is applied."""
        if self.at.phase.pattern is None:
            return 1.0
        assert self.at.face.select_every is not None
        updates = min(8, self.at.nth // self.at.face.select_every)
        return 0.0 if self.at.face.forward else max(1 - updates * self.each, 0.0)

    def copies(self) -> tuple[Array, Array]:
        return masked(self.weight, self.mask, self.fade), masked(self.weight, self.mask, self.fade)

    def hooked(self, gradient: Array, draws: Draws) -> Raw:
        return {"weight": masked(gradient, self.mask, self.fade)}


class KaoStructure(Ste):
    """where(m, W, 0) by autodiff: a pruned weight has the gradient 0, and keeps its value and its state."""

    def hooked(self, gradient: Array, draws: Draws) -> Raw:
        return {"weight": masked(gradient, self.mask)}


class Fst(Ste):
    """A transposable mask; dY by MVUE; strength (1 - m) W in the gradient after clipping."""

    def __init__(
        self, weight: Array, optimizer: AdamW | Sgd, phases: Sequence[Phase], *, strength: float = 6e-5
    ) -> None:
        super().__init__(weight, optimizer, phases)
        self.strength = strength

    def apply(self, clipped: Raw, rate: float) -> None:
        gradient = clipped["weight"]
        if self.mask is not None:
            gradient = gradient + self.strength * np.where(self.mask, 0.0, self.weight)
        super().apply({"weight": gradient}, rate)


class SSte(Dense):
    """beta S(W) in FWD and DGRAD, beta that of the first weights; its gradient is that of W; MVUE of dY."""

    def __init__(self, weight: Array, optimizer: AdamW | Sgd, phases: Sequence[Phase]) -> None:
        super().__init__(weight, optimizer, phases)
        sparse = next(phase.pattern for phase in phases if isinstance(phase.pattern, Pattern))
        self.beta = soft_scale(self.weight, soft(self.weight, sparse))

    def copies(self) -> tuple[Array, Array]:
        if self.at.phase.pattern is None:
            return super().copies()
        scaled = self.beta * soft(self.weight, self.at.pattern)
        return scaled, scaled.copy()


class Step(Ste):
    """Dense AdamW, then STE with v frozen at what the last dense step left, not corrected, and eps^(3/4).

    `changes` has Z of every dense step, by `option` 1 or 2; `step_switch` says from them when to change.
    """

    def __init__(self, weight: Array, optimizer: AdamW, phases: Sequence[Phase], *, option: int = 1) -> None:
        super().__init__(weight, optimizer, phases)
        self.option = option
        self.changes: list[float] = []

    def apply(self, clipped: Raw, rate: float) -> None:
        assert isinstance(self.optimizer, AdamW), "STEP freezes AdamW's variance"
        if self.mask is not None:
            self.weight = self.optimizer.updated_frozen(self.weight, clipped["weight"], rate)
            return
        before = self.optimizer.v
        super().apply(clipped, rate)
        self.changes.append(variance_change(before, self.optimizer.v, option=self.option))
