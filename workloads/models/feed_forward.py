"""FeedForward: a map to more features, an activation, and a map back."""

from dataclasses import dataclass
from typing import Literal

from workloads.kernels.activation import gelu, gelu_back, relu, relu_back
from workloads.models.block import MakeMap, Map
from workloads.models.linear import Linear
from workloads.models.parameters import Array, Slot
from workloads.models.shard import Shard
from workloads.networks.layer import Layer, Role

Activation = Literal["relu", "gelu"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedForward:
    """Y = second(activation(first(X))); gelu is the tanh form of Hendrycks and Gimpel (arXiv:1606.08415)."""

    name: str
    first: Map
    second: Map
    activation: Activation

    def slots(self) -> list[Slot]:
        """Those of both maps."""
        return [*self.first.slots(), *self.second.slots()]

    def layers(self, rows: int) -> list[Layer]:
        """The products of both maps."""
        return [*self.first.layers(rows), *self.second.layers(rows)]

    def forward(self, x: Array, shard: Shard) -> Array:
        """The features of each row of `x`, mapped out and back."""
        before, bias = self.first.multiply(x, shard), self.first.bias(shard)
        shard.saved[self.name] = before
        if self.activation == "relu":
            relu(before, bias, before)
            return self.second.forward(before, shard)
        active = shard.room(f"{self.name}.active", before.shape, before)
        gelu(before, bias, before, active)
        return self.second.forward(active, shard)

    def backward(self, dy: Array, shard: Shard) -> Array:
        """The gradient through both maps and the activation."""
        back = relu_back if self.activation == "relu" else gelu_back
        d_active = self.second.backward(dy, shard)
        back(d_active, shard.saved[self.name], d_active)
        return self.first.backward(d_active, shard)


def feed_forward(
    name: str,
    *,
    width: int,
    inner: int,
    activation: Activation,
    scale: float = 1.0,
    make_map: MakeMap = Linear,
) -> FeedForward:
    """From `width` features to `inner` and back; `scale` multiplies the initial weights of the way back."""
    return FeedForward(
        name=name,
        first=make_map(name=f"{name}.1", role=Role.FF, inputs=width, outputs=inner),
        second=make_map(name=f"{name}.2", role=Role.FF, inputs=inner, outputs=width, scale=scale),
        activation=activation,
    )
