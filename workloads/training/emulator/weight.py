"""Weight: one weight that follows a recipe, its masks, and the copies that products read."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simulator.mask import (
    drop_and_grow,
    masked,
    masked_decay,
    select,
    select_above,
    select_largest,
    select_random,
    select_second,
    select_second_permuted,
    select_transposable,
    soft_scale,
    soft_threshold,
)
from simulator.pattern import Pattern
from workloads.models.parameters import Array, Slot
from workloads.training.emulator.line import Line
from workloads.training.moment import Moment
from workloads.training.selectors import PERMUTATIONS, RANDOM
from workloads.training.unstructured import Target, Unstructured

Mask = NDArray[np.bool_]


class Weight:
    """What the hooks of a recipe work on: shape (outputs, inputs), groups along the inputs.

    `values` are the trained numbers, `gradient` that of the weight which FWD used, `moments` the optimizer's
    state, each a view into the vector of the whole model. `forward` and `backward` are what FWD and DGRAD
    read. `notes` holds what a recipe keeps for itself from step to step; `beside` what it trains beside, by
    the last part of its name, as (values, gradient). inputs(count) are those of the layer, (rows, inputs), on
    as many training samples or a few more.
    """

    def __init__(
        self,
        slot: Slot,
        *,
        line: Line,
        values: Array,
        gradient: Array,
        moments: tuple[Array, ...],
        inputs: Callable[[int], Array],
    ) -> None:
        self.name, self.line = slot.name, line
        self.values, self.gradient, self.moments = values, gradient, moments
        self.forward = self.backward = values
        self.mask: Mask | None = None
        self.second: Mask | None = None
        self.notes: dict[str, Array] = {}
        self.beside: dict[str, tuple[Array, Array]] = {}
        self.inputs = inputs
        self._copies: list[Array] = []

    @property
    def density(self) -> float:
        """The share of values that masks let FWD multiply by; faded ones are multiplied by."""
        return self.kept / self.values.size if self.line.phase.face.forward else 1.0

    @property
    def kept(self) -> int:
        """Weights that the mask keeps; all of them where there is none."""
        return self.values.size if self.mask is None else int(np.count_nonzero(self.mask))

    @property
    def kept_places(self) -> Mask:
        """The mask, in one row."""
        return self._mask.reshape(-1)

    # What FWD and DGRAD read.

    def use_values(self) -> None:
        """Both products read the trained values themselves."""
        self.forward = self.backward = self.values

    def use_masked(self, fade: float = 0.0) -> None:
        """Both products read W (m + (1 - m) fade)."""
        self.forward = self.backward = masked(self.values, self._mask, fade=fade, out=self._copy(0))

    def use_second(self) -> None:
        """DGRAD reads the weights that the second mask keeps."""
        if self.second is None:
            raise ValueError(f"{self.name} has no second mask")
        self.backward = masked(self.values, self.second, out=self._copy(1))

    def use_soft(self, pattern: Pattern) -> None:
        """Both products read the soft-thresholded values, scaled as the first ones were nearest to theirs."""
        soft = soft_threshold(self.values, pattern)
        if "scale" not in self.notes:
            self.notes["scale"] = np.array(soft_scale(self.values, soft))
        np.multiply(soft, self.values.dtype.type(self.notes["scale"]), out=self._copy(0))
        self.forward = self.backward = self._copy(0)

    # Masks.

    def select(self, selector: str, target: Target, at: Moment, *, solver: str = "exact") -> None:
        """Choose the mask anew: by magnitude, at random, or transposable, as `selector` says."""
        if isinstance(target, Unstructured):
            count = target.kept_of(self.values.size)
            if selector == RANDOM:
                self.mask = select_random(self.values.shape, count, at.rng(self.name, RANDOM))
            else:
                self.mask = select_largest(self.values, count)
        elif selector == "transposable":
            policy = "exactly" if solver in ("exact", "fast") else "at_most"
            self.mask = select_transposable(self.values, target, solver=solver, policy=policy)
        else:
            scores = self.values
            if selector == RANDOM:
                scores = at.rng(self.name, RANDOM).random(self.values.shape)
            self.mask = select(scores, target)

    def select_scored(self, scores: Array, target: Target) -> None:
        """Keep the weights of the largest scores: of each group, or of each output where there are none."""
        if isinstance(target, Pattern):
            self.mask = select(scores, target)
        else:
            kept = target.kept_of(scores.shape[1])
            self.mask = np.stack([select_largest(row, kept) for row in scores])

    def select_above(self, thresholds: Array) -> None:
        """Keep the weights above the threshold of their output."""
        self.mask = select_above(self.values, thresholds)

    def select_second(self, selector: str, target: Pattern, at: Moment) -> None:
        """Choose the second mask, along the outputs, among the values that the first one keeps."""
        if selector == "permuted":
            rng = at.rng(self.name, selector)
            found = select_second_permuted(
                self.values, self._mask, target, axis=0, tries=PERMUTATIONS, rng=rng
            )
            self.second = found.mask
        else:
            self.second = select_second(self.values, self._mask, target, axis=0)

    def move(self, growth: Array, share: float, target: Target) -> None:
        """Drop the share of the kept values that are least, and grow as many where `growth` is largest.

        The least are those of the whole layer. Under an N:M target each group grows as many as it dropped.
        What was dropped may grow again at once.
        """
        held = int(np.count_nonzero(self._mask))
        count = int(share * held)  # rounded down, as in the code published with RigL
        if isinstance(target, Unstructured):
            self.mask = drop_and_grow(self._mask, self.values, growth, count)
            return
        ranked = np.where(self._mask, np.abs(self.values), np.nan)  # NaN comes after every number
        stays = select_largest(ranked, held - count)
        self.mask = select(np.where(stays, np.inf, np.abs(growth)), target)

    def forget_pruned(self) -> None:
        """Set pruned values and their optimizer state to 0: grown weights start from there."""
        for array in (self.values, *self.moments):
            masked(array, self._mask, out=array)

    # The gradient.

    def keep_gradient(self, fade: float = 0.0) -> None:
        """G (m + (1 - m) fade)."""
        masked(self.gradient, self._mask, fade=fade, out=self.gradient)

    def draw_gradient(self, strength: float) -> None:
        """G + strength (1 - m) W: pruned weights are drawn to 0."""
        masked_decay(self.gradient, self.values, self._mask, strength=strength, out=self.gradient)

    @property
    def _mask(self) -> Mask:
        if self.mask is None:
            raise ValueError(f"{self.name} has no mask yet")
        return self.mask

    def _copy(self, index: int) -> Array:
        """Room for a copy of the values, the same at each step."""
        while len(self._copies) <= index:
            self._copies.append(np.empty_like(self.values))
        return self._copies[index]
