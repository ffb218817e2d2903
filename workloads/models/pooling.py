"""Average: the mean over the places of each sample."""

from dataclasses import dataclass

import numpy as np

from workloads.models.parameters import Array, Slot
from workloads.models.shard import Shard
from workloads.networks.layer import Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Average:
    """Y[sample] = the mean of its `places` rows or pixels of X: to (samples, features)."""

    name: str
    places: int

    def slots(self) -> list[Slot]:
        """It trains nothing."""
        return []

    def layers(self, rows: int) -> list[Layer]:  # noqa: ARG002
        """None: it multiplies no matrices."""
        return []

    def forward(self, x: Array, shard: Shard) -> Array:
        """The means."""
        shard.saved[self.name] = x
        features = x.shape[-1]
        y = shard.room(f"{self.name}.out", (x.size // (self.places * features), features), x)
        return np.mean(x.reshape(-1, self.places, features), axis=1, out=y)

    def backward(self, dy: Array, shard: Shard) -> Array:
        """An equal share of `dy` for each place."""
        x = shard.saved[self.name]
        dx = shard.room(f"{self.name}.dx", x.shape, x)
        shares = dx.reshape(-1, self.places, x.shape[-1])
        np.divide(dy[:, np.newaxis], self.places, out=shares)
        return dx
