"""Every trained number of a model in one vector, and the named views that its blocks read."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import DTypeLike, NDArray

from workloads.networks.layer import Role

Array = NDArray[np.floating]
Views = dict[str, Array]
"""Views into one vector, by the name of the slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One trained array: `decayed` says whether weight decay applies, `role` is that of a product's weight.

    It starts from normal values of the standard deviation `spread` around `centre`.
    """

    name: str
    shape: tuple[int, ...]
    role: Role | None = None
    decayed: bool = False
    spread: float = 0.0
    centre: float = 0.0

    @property
    def size(self) -> int:
        """Numbers in the array."""
        return prod(self.shape)


class Parameters:
    """The slots of a model, in an order in which those that decay come first, and where each one lies."""

    def __init__(self, slots: Iterable[Slot], *, dtype: DTypeLike = np.float32) -> None:
        listed = list(slots)
        self.dtype = np.dtype(dtype)
        self.slots = {slot.name: slot for slot in sorted(listed, key=lambda slot: not slot.decayed)}
        if len(self.slots) != len(listed):
            raise ValueError("two slots have one name")
        self.decayed = sum(slot.size for slot in listed if slot.decayed)
        self.size = sum(slot.size for slot in listed)

    def zeros(self) -> Array:
        """A vector with room for every slot."""
        return np.zeros(self.size, self.dtype)

    def views(self, vector: Array) -> Views:
        """The part of `vector` that belongs to each slot, in its shape; writing to it writes to `vector`."""
        found, start = {}, 0
        for name, slot in self.slots.items():
            found[name] = vector[start : start + slot.size].reshape(slot.shape)
            start += slot.size
        return found

    def initial(self, seed: int) -> Array:
        """The vector that training starts from: each slot has its own stream of `seed`, by its name."""
        vector = self.zeros()
        for name, view in self.views(vector).items():
            slot = self.slots[name]
            view[...] = slot.centre
            if slot.spread:
                rng = np.random.default_rng([seed, *name.encode()])
                view += slot.spread * rng.standard_normal(slot.shape)
        return vector
