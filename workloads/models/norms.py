"""LayerNorm: each row to mean 0 and variance 1, then a gain and a bias of each feature."""

from dataclasses import dataclass

from workloads.kernels.norm import layer_norm, layer_norm_back
from workloads.models.parameters import Array, Slot
from workloads.models.shard import Shard
from workloads.networks.layer import Layer

EPSILON = 1e-5
"""Added to the variance, as torch does by default."""


def gain_and_bias(name: str, features: int) -> list[Slot]:
    """What a norm trains: the gain of each feature, which starts at 1, and the bias; neither decays."""
    gain = Slot(name=f"{name}.gain", shape=(features,), centre=1.0)
    return [gain, Slot(name=f"{name}.bias", shape=(features,))]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerNorm:
    """Y = gain (X - mean) / sqrt(variance + EPSILON) + bias, with the statistics of each row.

    Ba, Kiros and Hinton 2016, arXiv:1607.06450.
    """

    name: str
    width: int

    def slots(self) -> list[Slot]:
        """The gain and the bias."""
        return gain_and_bias(self.name, self.width)

    def layers(self, rows: int) -> list[Layer]:  # noqa: ARG002
        """None: it multiplies no matrices."""
        return []

    def forward(self, x: Array, shard: Shard) -> Array:
        """The rows of `x`, normalised."""
        shard.saved[self.name] = x
        y = shard.room(f"{self.name}.out", x.shape, x)
        mean, scale = self._statistics(x, shard)
        gain, bias = shard.forward[f"{self.name}.gain"], shard.forward[f"{self.name}.bias"]
        layer_norm(x, gain, bias, EPSILON, y, mean, scale)
        return y

    def backward(self, dy: Array, shard: Shard) -> Array:
        """The gradient to the rows, through their statistics too."""
        x = shard.saved[self.name]
        dx = shard.room(f"{self.name}.dx", x.shape, x)
        mean, scale = self._statistics(x, shard)
        dgain, dbias = shard.gradients[f"{self.name}.gain"], shard.gradients[f"{self.name}.bias"]
        layer_norm_back(dy, x, shard.forward[f"{self.name}.gain"], mean, scale, dx, dgain, dbias)
        return dx

    def _statistics(self, x: Array, shard: Shard) -> tuple[Array, Array]:
        """Room for the mean of each row and for 1 / sqrt(variance + EPSILON)."""
        rows = (len(x),)
        return shard.room(f"{self.name}.mean", rows, x), shard.room(f"{self.name}.scale", rows, x)
