"""Linear: the plain map, Y = X W^T + b."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from simulator.gemm import Gemm
from workloads.kernels.activation import add_bias, sum_rows
from workloads.models.block import no_gradient
from workloads.models.parameters import Array, Slot
from workloads.models.shard import Shard
from workloads.networks.layer import Layer, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """Y = X W^T + b with W (outputs, inputs); dX = dY W, dW = dY^T X, db = the sum of the rows of dY.

    W starts normal with the standard deviation scale / sqrt(inputs), b at 0. Without `input_gradient` the
    input is data, and dX is not computed; where it is not `biased` there is no b.
    """

    name: str
    role: Role
    inputs: int
    outputs: int
    scale: float = 1.0
    input_gradient: bool = True
    biased: bool = True

    def slots(self) -> list[Slot]:
        """The weight, which decays, and the bias, if it has one."""
        weight = Slot(
            name=f"{self.name}.weight",
            shape=(self.outputs, self.inputs),
            role=self.role,
            decayed=True,
            spread=self.scale / sqrt(self.inputs),
        )
        biases = [Slot(name=f"{self.name}.bias", shape=(self.outputs,))] if self.biased else []
        return [weight, *biases]

    def layers(self, rows: int) -> list[Layer]:
        """One product."""
        gemm = Gemm(m=rows, n=self.outputs, k=self.inputs)
        return [Layer(name=self.name, role=self.role, gemm=gemm, input_gradient=self.input_gradient)]

    def forward(self, x: Array, shard: Shard) -> Array:
        """X W^T + b."""
        y = self.multiply(x, shard)
        if self.biased:
            add_bias(y, self.bias(shard))
        return y

    def multiply(self, x: Array, shard: Shard) -> Array:
        """X W^T, with the W of `shard.forward`."""
        weight = f"{self.name}.weight"
        shard.saved[self.name] = x
        if shard.seen is not None:
            shard.seen[weight] = x
        y = shard.room(f"{self.name}.out", (len(x), self.outputs), x)
        return np.matmul(x, shard.forward[weight].T, out=y)

    def bias(self, shard: Shard) -> Array:
        """The bias."""
        return shard.forward[f"{self.name}.bias"]

    def backward(self, dy: Array, shard: Shard) -> Array:
        """DY W, with the W of `shard.backward`; WGRAD reads dY as `shard.prune` leaves it."""
        weight = f"{self.name}.weight"
        x = shard.saved[self.name]
        if self.biased:
            sum_rows(dy, shard.gradients[f"{self.name}.bias"])
        prune = shard.prune.get(weight)
        np.matmul((prune(dy) if prune else dy).T, x, out=shard.gradients[weight])
        if not self.input_gradient:
            return no_gradient(dy)
        dx = shard.room(f"{self.name}.dx", x.shape, x)
        return np.matmul(dy, shard.backward[weight], out=dx)
