"""Bundle: weights that lie side by side, so that what is done to all of them alike is done in one pass."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from simulator.mask import masked, select
from simulator.pattern import Pattern
from workloads.models.parameters import Array, Parameters
from workloads.training.emulator.weight import Mask, Weight
from workloads.training.moment import Moment
from workloads.training.recipe import Recipe


class Bundle:
    """All weights of a line, of which none lies between two of another's in the vector of trained numbers.

    Where each weight's inputs are whole groups, the groups of all of them are those of one long row.
    """

    def __init__(self, weights: Sequence[Weight], values: Array) -> None:
        self.weights, self.values = weights, values
        self._copy = np.empty_like(values)
        self._mask: Mask = np.empty(0, np.bool_)
        self._masks: list[Mask] = [self._mask] * len(weights)
        ends = np.cumsum([weight.values.size for weight in weights]).tolist()
        self._places = [
            (last - weight.values.size, last, weight.values.shape)
            for weight, last in zip(weights, ends, strict=True)
        ]

    @classmethod
    def of(cls, weights: Sequence[Weight], parameters: Parameters, values: Array) -> Self | None:
        """The bundle of these weights, if there are several and they lie side by side."""
        names = [weight.name for weight in weights]
        order = list(parameters.slots)
        first = order.index(names[0]) if names else 0
        if len(names) < 2 or order[first : first + len(names)] != names:
            return None
        start = sum(parameters.slots[name].size for name in order[:first])
        return cls(weights, values[start : start + sum(weight.values.size for weight in weights)])

    def takes(self, recipe: Recipe, at: Moment) -> bool:
        """Whether `recipe` does to every weight just what this class does to all of them."""
        face, pattern = at.phase.face, at.phase.pattern
        return (
            isinstance(pattern, Pattern)
            and (face.selector, face.second_selector, face.kept_state) == ("magnitude", None, False)
            and face.wgrad != "gradient"
            and not (face.forward and face.dgrad == "dense")
            and type(recipe).select is Recipe.select
            and type(recipe).write is Recipe.write
            and all(weight.values.shape[1] % pattern.group == 0 for weight in self.weights)
        )

    def select(self, pattern: Pattern) -> None:
        """Choose the mask of every weight: the largest magnitudes of each group."""
        self._share(select(self.values, pattern))

    def write(self, fade: float) -> None:
        """Let the products read m W, pruned values faded instead of zero where `fade` is not."""
        if any(weight.mask is not part for weight, part in zip(self.weights, self._masks, strict=True)):
            self._share(np.concatenate([weight.kept_places for weight in self.weights]))
        copy = masked(self.values, self._mask, fade=fade, out=self._copy)
        for weight, part in zip(self.weights, self._parts(copy), strict=True):
            weight.forward = weight.backward = part

    def _share(self, mask: Mask) -> None:
        """Give each weight its part of the mask of all."""
        self._mask, self._masks = mask, self._parts(mask)
        for weight, part in zip(self.weights, self._masks, strict=True):
            weight.mask = part

    def _parts(self, row: NDArray[Any]) -> list[NDArray[Any]]:
        """The part of the row that is each weight's, in its shape."""
        return [row[first:last].reshape(shape) for first, last, shape in self._places]
