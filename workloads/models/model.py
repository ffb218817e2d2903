"""Model: what the emulator trains; Stack, a model that is one block after another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from workloads.models.block import Block
from workloads.models.parameters import Array, Parameters, Slot
from workloads.models.shard import Shard
from workloads.networks.layer import Layer, Network


class Trained(Protocol):
    """Anything with slots: a block, or a part that reads two inputs."""

    def slots(self) -> list[Slot]:
        """What it trains."""
        ...


class Model(Protocol):
    """Trained numbers, the products that training them takes, and the two passes over one part of a batch."""

    @property
    def name(self) -> str:
        """Its name in the registry."""
        ...

    @property
    def parameters(self) -> Parameters:
        """Its slots."""
        ...

    @property
    def network(self) -> Network:
        """The products of one training step on the whole batch; layers have the names of the maps."""
        ...

    def forward(self, inputs: NDArray[Any], shard: Shard) -> Array:
        """The outputs, (rows, values), of a part of a batch; inputs and rows are as `Shape` says."""
        ...

    def backward(self, d_outputs: Array, shard: Shard) -> None:
        """Write the gradient of every slot to the shard, given that of the outputs of the last forward."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A model of blocks, each of which reads the output of the one before."""

    name: str
    blocks: tuple[Block, ...]
    parameters: Parameters
    network: Network

    def forward(self, inputs: NDArray[Any], shard: Shard) -> Array:
        """The output of the last block."""
        x = inputs
        for block in self.blocks:
            x = block.forward(x, shard)
        return x

    def backward(self, d_outputs: Array, shard: Shard) -> None:
        """Backward through the blocks, the last one first."""
        dy = d_outputs
        for block in reversed(self.blocks):
            dy = block.backward(dy, shard)


def stack(name: str, blocks: Sequence[Block], *, rows: int, dtype: DTypeLike, sizes: dict[str, int]) -> Stack:
    """The model `name` of these blocks, the products of which read `rows` rows in a whole batch.

    `sizes` are what the network says it was built with.
    """
    parameters = parameters_of(blocks, dtype)
    layers = [layer for block in blocks for layer in block.layers(rows)]
    network = network_of(name, layers, parameters, sizes)
    return Stack(name=name, blocks=tuple(blocks), parameters=parameters, network=network)


def parameters_of(blocks: Iterable[Trained], dtype: DTypeLike) -> Parameters:
    """The slots of the blocks, in their order."""
    return Parameters((slot for block in blocks for slot in block.slots()), dtype=np.dtype(dtype))


def network_of(name: str, layers: Sequence[Layer], parameters: Parameters, sizes: dict[str, int]) -> Network:
    """The network of a model: `layers` in forward order, and all else that it trains."""
    weights = sum(layer.parameters for layer in layers)
    return Network(
        name=name,
        layers=tuple(layers),
        other_parameters=parameters.size - weights,
        source="the model of that name in workloads/models, as it is trained",
        sizes=tuple(sizes.items()),
    )
