"""Shard: what one part of a batch reads and writes while a training step runs, on a thread of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workloads.models.parameters import Array, Views


@dataclass(slots=True, kw_only=True)
class Shard:
    """The weights that all parts share, the gradients and the workspace of one part.

    `forward` holds what FWD multiplies by, `backward` what DGRAD does: for a weight that follows a recipe
    these are masked copies, for everything else the trained values themselves. `prune` gives, by the name of
    a weight, what makes the output gradient N:M before WGRAD (MVUE). `seen`, where it is a dict, collects the
    inputs of the products by the name of their weight. `saved` holds what forward leaves for backward, by the
    name of the block: arrays themselves, not copies.
    """

    forward: Mapping[str, Array]
    backward: Mapping[str, Array]
    gradients: Views
    prune: dict[str, Callable[[Array], Array]] = field(default_factory=dict)
    seen: dict[str, Array] | None = None
    saved: dict[str, NDArray[Any]] = field(default_factory=dict)
    _rooms: dict[str, Array] = field(default_factory=dict)

    def room(self, name: str, shape: tuple[int, ...], like: Array) -> Array:
        """Memory of the dtype of `like`, as it was left; the same at each step, for what a block returns."""
        found = self._rooms.get(name)
        if found is None or found.shape != shape or found.dtype != like.dtype:
            found = self._rooms[name] = np.empty(shape, like.dtype)
        return found
