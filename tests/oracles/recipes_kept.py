"""Recipes in which only kept weights have values and state, and DST, whose thresholds are trained."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import cos, floor, pi
from typing import Literal

import numpy as np

from simulator.pattern import Pattern
from tests.oracles.recipes_base import NOTHING, Dense, Draws, Raw, Used, masked
from tests.oracles.recipes_masks import (
    Array,
    Mask,
    drop_and_grow_in_groups,
    drop_anywhere_and_grow_in_groups,
    within,
)
from tests.oracles.recipes_optimizers import AdamW, Sgd
from workloads.training.face import Phase


class Fixed(Dense):
    """W m, the gradient times m; where a mask prunes, the weight and its state are 0 from then on.

    A dense phase after it (AC/DC) lets them start again from there. `reset_all` also clears the state of kept
    weights whenever a mask comes or goes.
    """

    def __init__(
        self, weight: Array, optimizer: AdamW | Sgd, phases: Sequence[Phase], *, reset_all: bool = False
    ) -> None:
        super().__init__(weight, optimizer, phases)
        self.reset_all = reset_all

    def begin(self, draws: Draws = NOTHING) -> Used:
        if self.reset_all and self.done and self.at.nth == 0 and self.at.fresh:
            self.optimizer.clear(np.ones(self.weight.shape, np.bool_))
        return super().begin(draws)

    def on_selection(self) -> None:
        assert self.mask is not None
        self.clear(~self.mask)

    def clear(self, where: Mask) -> None:
        """These weights and their state are 0."""
        self.weight = np.where(where, 0.0, self.weight)
        self.optimizer.clear(where)

    def copies(self) -> tuple[Array, Array]:
        return masked(self.weight, self.mask), masked(self.weight, self.mask)

    def hooked(self, gradient: Array, draws: Draws) -> Raw:
        return {"weight": masked(gradient, self.mask)}


class Slope(Fixed):
    """A fixed mask in FWD, a second one within it in DGRAD, adapters left right / rank at the end of the run.

    The adapters take part from step `adapted` on, by default in the last 1 % of the run; FWD and DGRAD
    multiply by the masked weight plus left right / rank. They have optimizer states of their own. Where the
    first of those steps draws none, there are none.
    """

    def __init__(
        self, weight: Array, optimizer: AdamW | Sgd, phases: Sequence[Phase], *, adapted: int | None = None
    ) -> None:
        super().__init__(weight, optimizer, phases)
        self.adapted = floor(Fraction(99, 100) * len(self.run)) if adapted is None else adapted
        self.left: Array | None = None
        self.right: Array | None = None
        self.states = (optimizer, optimizer)

    def begin(self, draws: Draws = NOTHING) -> Used:
        if self.done == self.adapted and draws.left is not None and draws.right is not None:
            self.left, self.right = np.array(draws.left, np.float64), np.array(draws.right, np.float64)
            self.states = (self.optimizer.start(self.left), self.optimizer.start(self.right))
        return super().begin(draws)

    def second_selected(self, draws: Draws) -> Mask:
        assert self.mask is not None
        if draws.second is not None:
            assert not (draws.second & ~self.mask).any(), "the second mask is within the first"
            return draws.second.copy()
        return within(self.weight, self.mask, self.at.pattern)

    def copies(self) -> tuple[Array, Array]:
        forward, backward = masked(self.weight, self.mask), masked(self.weight, self.second)
        if self.left is None or self.right is None:
            return forward, backward
        adapter = self.left @ self.right / self.left.shape[1]
        return forward + adapter, backward + adapter

    def hooked(self, gradient: Array, draws: Draws) -> Raw:
        raw = {"weight": masked(gradient, self.mask)}
        if self.left is not None and self.right is not None:
            rank = self.left.shape[1]
            raw |= {"left": gradient @ self.right.T / rank, "right": self.left.T @ gradient / rank}
        return raw

    def apply(self, clipped: Raw, rate: float) -> None:
        super().apply(clipped, rate)
        if self.left is not None and self.right is not None:
            self.left = self.states[0].updated(self.left, clipped["left"], rate)
            self.right = self.states[1].updated(self.right, clipped["right"], rate)


class DropAndGrow(Fixed):
    """RigL and SET: a random mask; at an update the least weights go and others come, from 0, state included.

    A share fraction/2 (1 + cos(pi t / T)) of the kept goes at step t, T the first step of the last phase,
    `count` says how many that is (rounded down). `structure` "tensor" drops the least of the whole weight and
    grows in the groups that lost; "group" counts in every group by itself. A weight that goes and comes back
    at once has not changed, and keeps its value.

    RigL updates on the dense gradient at the step after each run of `dense_wgrad_every`; that step trains
    nothing. SET updates before the FWD of a step that trains as every other, and grows by `draws.scores`.
    """

    def __init__(
        self,
        weight: Array,
        optimizer: AdamW | Sgd,
        phases: Sequence[Phase],
        *,
        fraction: float = 0.3,
        structure: Literal["tensor", "group"] = "tensor",
        count: Callable[[float, int], int] = lambda share, kept: floor(share * kept),
    ) -> None:
        super().__init__(weight, optimizer, phases)
        self.fraction, self.structure, self.count = fraction, structure, count
        self.moving = sum(
            phase.steps for phase in phases if phase.face.dense_wgrad_every or phase.face.select_every
        )
        self.grows = False

    @property
    def share(self) -> float:
        """The share of kept weights that an update of this step drops."""
        return self.fraction / 2 * (1 + cos(pi * self.at.step / self.moving))

    def moved(self, growth: Array) -> Mask:
        """The mask after an update."""
        assert self.mask is not None
        share, target = self.share, self.at.target
        if self.structure == "group":
            return drop_and_grow_in_groups(
                self.mask, self.weight, growth, target, lambda kept: self.count(share, kept)
            )
        drops = self.count(share, int(self.mask.sum()))
        return drop_anywhere_and_grow_in_groups(self.mask, self.weight, growth, target, drops)

    def replace(self, mask: Mask) -> None:
        """The old mask becomes this one: what went and what came is 0."""
        assert self.mask is not None
        self.clear(self.mask != mask)
        self.mask = mask

    def selected(self, draws: Draws) -> Mask:
        if self.mask is None or self.at.face.selector != "grow_random":
            return super().selected(draws)
        mask = draws.mask
        if mask is None:
            assert draws.scores is not None, "growth at random needs draws"
            mask = self.moved(draws.scores)
        self.replace(mask)
        return mask

    def hooked(self, gradient: Array, draws: Draws) -> Raw:
        run = self.at.face.dense_wgrad_every
        self.grows = run is not None and self.at.nth % (run + 1) == run
        if not self.grows:
            return super().hooked(gradient, draws)
        self.replace(self.moved(gradient) if draws.mask is None else draws.mask)
        return {"weight": np.zeros(self.weight.shape)}

    def apply(self, clipped: Raw, rate: float) -> None:
        if not self.grows:
            super().apply(clipped, rate)


class Dst(Dense):
    """m = |W| > t with a threshold t for each output, from 0, trained by the same optimizer.

    FWD and DGRAD use W m. With h the surrogate slope of the step at |W| - t: dW = g (m + |W| h),
    dt_i = -sum_j g W h - penalty exp(-t_i), both before clipping. Where a step begins with no more than 1 %
    of the weights kept, t starts again from 0. Weight decay of thresholds is `threshold_decay`.
    """

    def __init__(
        self,
        weight: Array,
        optimizer: AdamW | Sgd,
        phases: Sequence[Phase],
        *,
        penalty: float = 5e-4,
        threshold_decay: float = 0.0,
    ) -> None:
        super().__init__(weight, optimizer, phases)
        self.penalty = penalty
        self.threshold: Array = np.zeros(self.weight.shape[0])
        self.state = optimizer.start(self.threshold)
        self.state.decay = threshold_decay

    def begin(self, draws: Draws = NOTHING) -> Used:
        self.mask = np.abs(self.weight) > self.threshold[:, None]
        if self.mask.sum() * 100 <= self.mask.size:
            self.threshold = np.zeros(self.weight.shape[0])
            self.mask = np.abs(self.weight) > 0
        forward, backward = self.copies()
        return Used(forward, backward, self.mask, None, None)

    def copies(self) -> tuple[Array, Array]:
        return masked(self.weight, self.mask), masked(self.weight, self.mask)

    def hooked(self, gradient: Array, draws: Draws) -> Raw:
        assert self.mask is not None
        weight, threshold = np.zeros(gradient.shape), np.zeros(self.threshold.shape)
        for i, j in np.ndindex(*gradient.shape):
            slope = surrogate(float(abs(self.weight[i, j]) - self.threshold[i]))
            weight[i, j] = gradient[i, j] * (float(self.mask[i, j]) + abs(self.weight[i, j]) * slope)
            threshold[i] -= gradient[i, j] * self.weight[i, j] * slope
        return {"weight": weight, "threshold": threshold - self.penalty * np.exp(-self.threshold)}

    def apply(self, clipped: Raw, rate: float) -> None:
        super().apply(clipped, rate)
        self.threshold = self.state.updated(self.threshold, clipped["threshold"], rate)


def surrogate(x: float) -> float:
    """The slope that stands for that of a step: 2 - 4 |x| up to .4, .4 up to 1, 0 beyond."""
    if abs(x) <= 0.4:
        return 2 - 4 * abs(x)
    return 0.4 if abs(x) <= 1 else 0.0


def extra_zeros(pattern: Pattern) -> float:
    """The share of all weights that double pruning drops beside a random first mask, expected.

    sum over j > N of C(M, j) s^j (1 - s)^(M - j) (j - N) / M with s = N / M.
    """
    share = pattern.kept / pattern.group
    law = np.ones(1)
    for _ in range(pattern.group):  # the law of how many of a group's M the first mask keeps
        law = np.convolve(law, [1 - share, share])
    return float(sum(law[j] * (j - pattern.kept) for j in range(pattern.kept, pattern.group + 1))) / (
        pattern.group
    )
