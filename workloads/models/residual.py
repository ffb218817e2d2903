"""Residual: a block whose output is added to what it read."""

from dataclasses import dataclass

from workloads.kernels.activation import add
from workloads.models.block import Block
from workloads.models.norms import LayerNorm
from workloads.models.parameters import Array, Slot
from workloads.models.shard import Shard
from workloads.networks.layer import Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """Y = X + inner(norm(X)): pre-norm, which trains without a warm-up of thousands of steps."""

    norm: LayerNorm
    inner: Block
    name: str

    def slots(self) -> list[Slot]:
        """Those of the norm and of the inner block."""
        return [*self.norm.slots(), *self.inner.slots()]

    def layers(self, rows: int) -> list[Layer]:
        """The products of the inner block."""
        return self.inner.layers(rows)

    def forward(self, x: Array, shard: Shard) -> Array:
        """`x` plus its branch."""
        branch = self.inner.forward(self.norm.forward(x, shard), shard)
        y = shard.room(f"{self.name}.out", x.shape, x)
        add(x, branch, y)
        return y

    def backward(self, dy: Array, shard: Shard) -> Array:
        """`dy` plus the gradient through the branch."""
        branch = self.norm.backward(self.inner.backward(dy, shard), shard)
        dx = shard.room(f"{self.name}.dx", dy.shape, dy)
        add(dy, branch, dx)
        return dx


def residual(inner: Block, *, name: str, width: int) -> Residual:
    """The residual block around `inner`, which is called `name`; its norm is `name`.norm."""
    return Residual(name=f"{name}.residual", norm=LayerNorm(name=f"{name}.norm", width=width), inner=inner)
