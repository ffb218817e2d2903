"""The maps of Sparse-IFT: several branches, two factors, or a few dense columns beside a sparse weight.

Thangarasa et al. 2023, arXiv:2303.11525. sparse_ift.py says how large they are.
"""

from dataclasses import dataclass, replace
from math import sqrt

from workloads.kernels.activation import add, add_bias, relu, relu_back
from workloads.models.block import Map
from workloads.models.linear import Linear
from workloads.models.norms import LayerNorm
from workloads.models.parameters import Array, Slot
from workloads.models.shard import Shard
from workloads.networks.layer import Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel:
    """Y = the sum over branches of norm(X W^T), all W sparse. The paper's norm is of the batch.

    The gains start at scale / sqrt(branches) and not at 1, so that Y starts as wide as that of a plain map.
    """

    name: str
    branches: tuple[Linear, ...]
    norms: tuple[LayerNorm, ...]
    scale: float

    @property
    def inputs(self) -> int:
        """Features that it reads."""
        return self.branches[0].inputs

    @property
    def outputs(self) -> int:
        """Features that it writes."""
        return self.branches[0].outputs

    def slots(self) -> list[Slot]:
        """The weights of the branches, then the gains and biases of their norms."""
        norms = [slot for norm in self.norms for slot in norm.slots()]
        start = self.scale / sqrt(len(self.branches))
        return [
            *(slot for branch in self.branches for slot in branch.slots()),
            *(replace(slot, centre=start * slot.centre) for slot in norms),
        ]

    def layers(self, rows: int) -> list[Layer]:
        """A product for each branch."""
        return [layer for branch in self.branches for layer in branch.layers(rows)]

    def forward(self, x: Array, shard: Shard) -> Array:
        """The sum of the branches, each with the bias of its norm."""
        return self.multiply(x, shard)

    def multiply(self, x: Array, shard: Shard) -> Array:
        """The sum of the branches."""
        y = shard.room(f"{self.name}.out", (len(x), self.outputs), x)
        y[...] = 0
        for branch, norm in zip(self.branches, self.norms, strict=True):
            add(y, norm.forward(branch.forward(x, shard), shard), y)
        return y

    def bias(self, shard: Shard) -> Array:
        """Zeros: the norms have biases."""
        like = shard.forward[f"{self.norms[0].name}.bias"]
        nothing = shard.room(f"{self.name}.nothing", like.shape, like)
        nothing[...] = 0
        return nothing

    def backward(self, dy: Array, shard: Shard) -> Array:
        """The sum of the gradients of the branches."""
        dx = shard.room(f"{self.name}.dx", (len(dy), self.inputs), dy)
        dx[...] = 0
        for branch, norm in zip(self.branches, self.norms, strict=True):
            add(dx, branch.backward(norm.backward(dy, shard), shard), dx)
        return dx


@dataclass(frozen=True, slots=True, kw_only=True)
class Factorized:
    """Y = relu(X U^T + c) V^T + b, both factors sparse."""

    name: str
    u: Map
    v: Map

    @property
    def inputs(self) -> int:
        """Features that it reads."""
        return self.u.inputs

    @property
    def outputs(self) -> int:
        """Features that it writes."""
        return self.v.outputs

    def slots(self) -> list[Slot]:
        """Those of both factors."""
        return [*self.u.slots(), *self.v.slots()]

    def layers(self, rows: int) -> list[Layer]:
        """The products of both factors."""
        return [*self.u.layers(rows), *_inside(self.v, rows)]

    def forward(self, x: Array, shard: Shard) -> Array:
        """Both factors and the activation between them."""
        y = self.multiply(x, shard)
        add_bias(y, self.bias(shard))
        return y

    def multiply(self, x: Array, shard: Shard) -> Array:
        """relu(X U^T + c) V^T."""
        product = self.u.multiply(x, shard)
        active = shard.room(f"{self.name}.active", product.shape, product)
        relu(product, self.u.bias(shard), active)
        shard.saved[self.name] = active
        return self.v.multiply(active, shard)

    def bias(self, shard: Shard) -> Array:
        """The bias b."""
        return self.v.bias(shard)

    def backward(self, dy: Array, shard: Shard) -> Array:
        """The gradient through both factors."""
        d_active = self.v.backward(dy, shard)
        relu_back(d_active, shard.saved[self.name], d_active)
        return self.u.backward(d_active, shard)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doped:
    """Y = X W^T + (X U^T) V^T + b: W sparse, the factors U and V of few columns dense."""

    name: str
    w: Linear
    u: Linear
    v: Linear

    @property
    def inputs(self) -> int:
        """Features that it reads."""
        return self.w.inputs

    @property
    def outputs(self) -> int:
        """Features that it writes."""
        return self.w.outputs

    def slots(self) -> list[Slot]:
        """The sparse weight and the bias, then the factors."""
        return [*self.w.slots(), *self.u.slots(), *self.v.slots()]

    def layers(self, rows: int) -> list[Layer]:
        """The sparse product, then those of the factors."""
        return [*self.w.layers(rows), *self.u.layers(rows), *_inside(self.v, rows)]

    def forward(self, x: Array, shard: Shard) -> Array:
        """The sparse product, that of the factors and the bias."""
        y = self.multiply(x, shard)
        add_bias(y, self.bias(shard))
        return y

    def multiply(self, x: Array, shard: Shard) -> Array:
        """X W^T + (X U^T) V^T."""
        y = self.w.multiply(x, shard)
        add(y, self.v.forward(self.u.forward(x, shard), shard), y)
        return y

    def bias(self, shard: Shard) -> Array:
        """The bias b."""
        return self.w.bias(shard)

    def backward(self, dy: Array, shard: Shard) -> Array:
        """The sum of the gradients through W and through the factors."""
        dx = self.w.backward(dy, shard)
        add(dx, self.u.backward(self.v.backward(dy, shard), shard), dx)
        return dx


def _inside(map_: Map, rows: int) -> list[Layer]:
    """The products of a map behind another one: no two of the values that it reads are one pixel."""
    return [replace(layer, input_values=rows * layer.gemm.k) for layer in map_.layers(rows)]
