"""GroupNorm: each group of channels of each image to mean 0 and variance 1; ActiveNorm with an activation."""

from dataclasses import dataclass
from math import gcd

from workloads.kernels.activation import gelu, gelu_back, relu, relu_back
from workloads.kernels.norm import group_norm, group_norm_back
from workloads.models.feed_forward import Activation
from workloads.models.norms import EPSILON, gain_and_bias
from workloads.models.parameters import Array, Slot
from workloads.models.shard import Shard
from workloads.networks.layer import Layer

GROUPS = 4
"""Groups of channels, or as many as divide both this and the channels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNorm:
    """Y = gain (X - mean) / sqrt(variance + EPSILON) + bias (Wu and He 2018, arXiv:1803.08494).

    The statistics are those of a group of channels over all pixels of one image: no batch has a part in
    them, so training and evaluation agree, and so do the shards of a batch.
    """

    name: str
    channels: int

    @property
    def groups(self) -> int:
        """Groups of equally many channels."""
        return gcd(self.channels, GROUPS)

    def slots(self) -> list[Slot]:
        """The gain and the bias."""
        return gain_and_bias(self.name, self.channels)

    def layers(self, rows: int) -> list[Layer]:  # noqa: ARG002
        """None: it multiplies no matrices."""
        return []

    def forward(self, x: Array, shard: Shard) -> Array:
        """The images, normalised."""
        shard.saved[self.name] = x
        y = shard.room(f"{self.name}.out", x.shape, x)
        mean, scale = self._statistics(x, shard)
        gain, bias = shard.forward[f"{self.name}.gain"], shard.forward[f"{self.name}.bias"]
        group_norm(self._flat(x), gain, bias, self.groups, EPSILON, self._flat(y), mean, scale)
        return y

    def backward(self, dy: Array, shard: Shard) -> Array:
        """The gradient to the images, through their statistics too."""
        x = shard.saved[self.name]
        dx = shard.room(f"{self.name}.dx", x.shape, x)
        mean, scale = self._statistics(x, shard)
        gain = shard.forward[f"{self.name}.gain"]
        dgain, dbias = shard.gradients[f"{self.name}.gain"], shard.gradients[f"{self.name}.bias"]
        images = self._flat(dy), self._flat(x)
        group_norm_back(*images, gain, self.groups, mean, scale, self._flat(dx), dgain, dbias)
        return dx

    def _flat(self, images: Array) -> Array:
        """The images as (samples, pixels, channels)."""
        return images.reshape(len(images), -1, self.channels)

    def _statistics(self, x: Array, shard: Shard) -> tuple[Array, Array]:
        """Room for the mean of each group of each image and for 1 / sqrt(variance + EPSILON)."""
        shape = (len(x), self.groups)
        return shard.room(f"{self.name}.mean", shape, x), shard.room(f"{self.name}.scale", shape, x)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveNorm:
    """Y = activation(norm(X)) of images."""

    norm: GroupNorm
    activation: Activation

    def slots(self) -> list[Slot]:
        """Those of the norm."""
        return self.norm.slots()

    def layers(self, rows: int) -> list[Layer]:  # noqa: ARG002
        """None: it multiplies no matrices."""
        return []

    def forward(self, x: Array, shard: Shard) -> Array:
        """The images, normalised and active."""
        y = self.norm.forward(x, shard)
        before = y.reshape(-1, self.norm.channels)
        nothing = shard.room(f"{self.norm.name}.nothing", (self.norm.channels,), x)
        nothing[...] = 0  # the kernels add a bias on their way, and the norm has one of its own
        if self.activation == "relu":
            relu(before, nothing, before)
            return y
        active = shard.room(f"{self.norm.name}.active", y.shape, y)
        gelu(before, nothing, before, active.reshape(before.shape))
        return active

    def backward(self, dy: Array, shard: Shard) -> Array:
        """The gradient through the activation and the norm."""
        rows = dy.reshape(-1, self.norm.channels)
        kept = shard.room(f"{self.norm.name}.out", dy.shape, dy)
        inner = shard.room(f"{self.norm.name}.d_inner", dy.shape, dy)
        back = gelu_back if self.activation == "gelu" else relu_back
        back(rows, kept.reshape(rows.shape), inner.reshape(rows.shape))
        return self.norm.backward(inner, shard)


def active_norm(name: str, *, channels: int, activation: Activation) -> ActiveNorm:
    """A norm called `name` and the activation behind it."""
    return ActiveNorm(norm=GroupNorm(name=name, channels=channels), activation=activation)
