"""vit: a transformer over the patches of images."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from workloads.kernels.activation import sum_rows
from workloads.models.block import Block, MakeMap
from workloads.models.conv import stem
from workloads.models.embedding import POSITION_SPREAD
from workloads.models.feed_forward import Activation
from workloads.models.linear import Linear
from workloads.models.model import Stack, stack
from workloads.models.norms import LayerNorm
from workloads.models.parameters import Array, Slot
from workloads.models.pooling import Average
from workloads.models.shard import Shard
from workloads.models.transformer import transformer_block
from workloads.networks.layer import Layer, Role
from workloads.tasks.shape import Shape

GRID = 4
"""Patches along a side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequences:
    """Images as sequences of their pixels: X + positions, then blocks over the rows of all of them."""

    name: str
    length: int
    width: int
    blocks: tuple[Block, ...]

    def slots(self) -> list[Slot]:
        """The table of places, which does not decay, and those of the blocks."""
        places = Slot(name=f"{self.name}.positions", shape=(self.length, self.width), spread=POSITION_SPREAD)
        return [places, *(slot for block in self.blocks for slot in block.slots())]

    def layers(self, rows: int) -> list[Layer]:
        """The products of the blocks for `rows` images."""
        return [layer for block in self.blocks for layer in block.layers(rows * self.length)]

    def forward(self, x: Array, shard: Shard) -> Array:
        """A row for each pixel of the images, (samples * length, width)."""
        y = shard.room(f"{self.name}.out", (len(x), self.length, self.width), x)
        np.add(x.reshape(y.shape), shard.forward[f"{self.name}.positions"], out=y)
        rows = y.reshape(-1, self.width)
        for block in self.blocks:
            rows = block.forward(rows, shard)
        return rows

    def backward(self, dy: Array, shard: Shard) -> Array:
        """The gradient through the blocks to the images; that to a place is the sum over the samples."""
        for block in reversed(self.blocks):
            dy = block.backward(dy, shard)
        places = shard.gradients[f"{self.name}.positions"].reshape(-1)
        sum_rows(dy.reshape(-1, places.size), places)
        return dy


def vit(
    shape: Shape,
    *,
    width: int,
    depth: int,
    inner: int,
    heads: int,
    batch: int,
    activation: Activation,
    dtype: DTypeLike,
    make_map: MakeMap = Linear,
) -> Stack:
    """A stem over GRID x GRID patches, `depth` pre-norm blocks, the mean over the patches, a norm and a head.

    The mean takes the place of a class token, which small images need not (Beyer et al. 2022,
    arXiv:2205.01580). A side that GRID does not divide is padded; below GRID pixels each one is a patch.
    """
    patch = -(-shape.side // GRID)
    padding = (GRID * patch - shape.side + 1) // 2 if patch > 1 else 0
    patches = stem(
        "patches",
        side=shape.side,
        inputs=shape.channels,
        outputs=width,
        kernel=patch,
        stride=patch,
        padding=padding,
    )
    length = patches.out**2
    blocks = [
        block
        for at in range(depth)
        for block in transformer_block(
            f"blocks.{at}",
            width=width,
            length=length,
            heads=heads,
            causal=False,
            inner=inner,
            activation=activation,
            depth=depth,
            make_map=make_map,
        )
    ]
    parts: list[Block] = [
        patches,
        Sequences(name="embedding", length=length, width=width, blocks=tuple(blocks)),
        Average(name="pool", places=length),
        LayerNorm(name="norm", width=width),
        Linear(name="head", role=Role.HEAD, inputs=width, outputs=shape.outputs),
    ]
    sizes = {"batch": batch, "width": width, "depth": depth, "inner": inner, "heads": heads}
    return stack("vit", parts, rows=batch, dtype=dtype, sizes=sizes)
