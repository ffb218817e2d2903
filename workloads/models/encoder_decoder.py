"""encoder_decoder: from one sequence to another, by attention to the encoded first one."""

from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from workloads.kernels.activation import add
from workloads.models.attention import CrossAttention, cross_attention
from workloads.models.block import Block, MakeMap
from workloads.models.embedding import Embedding
from workloads.models.feed_forward import Activation
from workloads.models.linear import Linear
from workloads.models.model import network_of, parameters_of
from workloads.models.norms import LayerNorm
from workloads.models.parameters import Array, Parameters, Slot
from workloads.models.residual import Residual
from workloads.models.shard import Shard
from workloads.models.transformer import transformer_block
from workloads.networks.layer import Layer, Network, Role
from workloads.tasks.shape import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossBlock:
    """A decoder's block: attention to the target so far, to the encoded source, and a feed-forward part."""

    own: Residual
    norm: LayerNorm
    cross: CrossAttention
    ff: Residual

    def slots(self) -> list[Slot]:
        """Those of the three parts."""
        return [*self.own.slots(), *self.norm.slots(), *self.cross.slots(), *self.ff.slots()]

    def layers(self, rows: int) -> list[Layer]:
        """The products of the three parts, for `rows` rows of the target."""
        return [*self.own.layers(rows), *self.cross.layers(rows), *self.ff.layers(rows)]

    def forward(self, x: Array, memory: Array, shard: Shard) -> Array:
        """The target's rows, which have read `memory`."""
        x = self.own.forward(x, shard)
        branch = self.cross.forward(self.norm.forward(x, shard), memory, shard)
        y = shard.room(f"{self.cross.name}.sum", x.shape, x)
        add(x, branch, y)
        return self.ff.forward(y, shard)

    def backward(self, dy: Array, shard: Shard) -> tuple[Array, Array]:
        """The gradients to the target's rows and to `memory`."""
        dy = self.ff.backward(dy, shard)
        branch, d_memory = self.cross.backward(dy, shard)
        dx = shard.room(f"{self.cross.name}.d_sum", dy.shape, dy)
        add(dy, self.norm.backward(branch, shard), dx)
        return self.own.backward(dx, shard), d_memory


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderDecoder:
    """A model that reads a source and, shifted by one place, the target that it is to write.

    Its inputs are the source's `source_length` tokens and then the target's, in one row of each sample.
    """

    name: str
    source_length: int
    source: Embedding
    encoder: tuple[Block, ...]
    target: Embedding
    decoder: tuple[CrossBlock, ...]
    norm: LayerNorm
    head: Linear
    parameters: Parameters
    network: Network

    def forward(self, inputs: NDArray[Any], shard: Shard) -> Array:
        """The logits of the target's places."""
        memory = self.source.forward(np.ascontiguousarray(inputs[:, : self.source_length]), shard)
        for block in self.encoder:
            memory = block.forward(memory, shard)
        x = self.target.forward(np.ascontiguousarray(inputs[:, self.source_length :]), shard)
        for reader in self.decoder:
            x = reader.forward(x, memory, shard)
        return self.head.forward(self.norm.forward(x, shard), shard)

    def backward(self, d_outputs: Array, shard: Shard) -> None:
        """Backward through the decoder, and through the encoder with what all decoder blocks sent it."""
        dy, sent = self.norm.backward(self.head.backward(d_outputs, shard), shard), []
        for reader in reversed(self.decoder):
            dy, to_memory = reader.backward(dy, shard)
            sent.append(to_memory)
        self.target.backward(dy, shard)
        d_memory, *others = sent
        for other in others:
            add(d_memory, other, d_memory)
        for block in reversed(self.encoder):
            d_memory = block.backward(d_memory, shard)
        self.source.backward(d_memory, shard)


def _reader(parts: list[Residual], name: str, *, shape: Shape, heads: int, depth: int) -> CrossBlock:
    """The block with these two parts and, between them, attention to the source behind a norm of its own."""
    own, ff = parts
    cross = cross_attention(
        f"{name}.cross_attention",
        width=own.norm.width,
        length=shape.length,
        memory_length=shape.source_length,
        heads=heads,
        scale=1 / sqrt(2 * depth),
    )
    norm = LayerNorm(name=f"{cross.name}.norm", width=own.norm.width)
    return CrossBlock(own=own, norm=norm, cross=cross, ff=ff)


def encoder_decoder(
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
) -> EncoderDecoder:
    """`depth` blocks on each side, a norm after each side, and a head of its own (Vaswani et al. 2017)."""
    block = partial(
        transformer_block,
        width=width,
        heads=heads,
        inner=inner,
        activation=activation,
        depth=depth,
        make_map=make_map,
    )
    table = partial(Embedding, vocabulary=shape.vocabulary, width=width)
    source = table(name="source", length=shape.source_length)
    target = table(name="target", length=shape.length)
    encoder: list[Block] = [
        part
        for at in range(depth)
        for part in block(f"encoder.{at}", length=shape.source_length, causal=False)
    ]
    encoder.append(LayerNorm(name="encoder.norm", width=width))
    causal = partial(block, length=shape.length, causal=True)
    names = [f"decoder.{at}" for at in range(depth)]
    readers = [_reader(causal(name), name, shape=shape, heads=heads, depth=depth) for name in names]
    norm = LayerNorm(name="norm", width=width)
    head = Linear(name="head", role=Role.HEAD, inputs=width, outputs=shape.outputs)
    parameters = parameters_of([source, *encoder, target, *readers, norm, head], dtype)
    layers = [layer for part in encoder for layer in part.layers(batch * shape.source_length)]
    layers += [layer for reader in readers for layer in reader.layers(batch * shape.length)]
    layers += head.layers(batch * shape.length)
    sizes = {"batch": batch, "source": shape.source_length, "seq": shape.length, "width": width}
    sizes |= {"depth": depth, "inner": inner, "heads": heads}
    return EncoderDecoder(
        name="encoder_decoder",
        source_length=shape.source_length,
        source=source,
        encoder=tuple(encoder),
        target=target,
        decoder=tuple(readers),
        norm=norm,
        head=head,
        parameters=parameters,
        network=network_of("encoder_decoder", layers, parameters, sizes),
    )
