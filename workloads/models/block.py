"""Block and Map: what a part of a trained model does, forward and backward, and the products it is made of.

A block holds sizes and names and nothing that training changes, so that the threads of all shards share it.
Activations are (rows, features), a sample's rows one after another; images are (samples, side, side,
channels). What a block returns is its own memory in the shard, valid until its next forward or backward; a
caller may overwrite what `multiply` and `backward` return. No block overwrites what it is given.
"""

from collections.abc import Callable
from typing import Protocol

from workloads.models.parameters import Array, Slot
from workloads.models.shard import Shard
from workloads.networks.layer import Layer


class Block(Protocol):
    """A part of a model with one input and one output."""

    def slots(self) -> list[Slot]:
        """What it trains."""
        ...

    def layers(self, rows: int) -> list[Layer]:
        """Its products in forward order, for an input of `rows` rows: those of the whole batch."""
        ...

    def forward(self, x: Array, shard: Shard) -> Array:
        """The output of `x`, with what backward needs saved in the shard."""
        ...

    def backward(self, dy: Array, shard: Shard) -> Array:
        """The gradient to the input of the last forward, with those to the slots written to the shard."""
        ...


class Map(Block, Protocol):
    """A block from `inputs` to `outputs` features of each row that multiplies by weights.

    forward is `multiply`, then `bias` added to each row: an activation behind it adds the bias on its way.
    """

    @property
    def inputs(self) -> int:
        """Features that it reads."""
        ...

    @property
    def outputs(self) -> int:
        """Features that it writes."""
        ...

    def multiply(self, x: Array, shard: Shard) -> Array:
        """The output of `x` before the bias, which the caller adds; backward follows as after forward."""
        ...

    def bias(self, shard: Shard) -> Array:
        """What is added to each row of the product, (outputs,)."""
        ...


MakeMap = Callable[..., Map]
"""Makes a map of (name=, role=, inputs=, outputs=, scale=); `scale` multiplies its initial weights."""


def no_gradient(dy: Array) -> Array:
    """What backward returns where the input is data: as many rows of no values."""
    return dy[:, :0]
