"""decoder: a causal language model with learned positions and a head of its own."""

from numpy.typing import DTypeLike

from workloads.models.block import MakeMap
from workloads.models.embedding import Embedding
from workloads.models.feed_forward import Activation
from workloads.models.linear import Linear
from workloads.models.model import Stack, stack
from workloads.models.norms import LayerNorm
from workloads.models.transformer import transformer_block
from workloads.networks.layer import Role
from workloads.tasks.shape import Shape


def decoder(
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
    """Embedding, `depth` pre-norm blocks in which no place sees a later one, a norm and an untied head."""
    blocks = [
        part
        for at in range(depth)
        for part in transformer_block(
            f"blocks.{at}",
            width=width,
            length=shape.length,
            heads=heads,
            causal=True,
            inner=inner,
            activation=activation,
            depth=depth,
            make_map=make_map,
        )
    ]
    embedding = Embedding(name="embedding", vocabulary=shape.vocabulary, length=shape.length, width=width)
    head = Linear(name="head", role=Role.HEAD, inputs=width, outputs=shape.outputs)
    return stack(
        "decoder",
        [embedding, *blocks, LayerNorm(name="norm", width=width), head],
        rows=batch * shape.length,
        dtype=dtype,
        sizes={
            "batch": batch,
            "seq": shape.length,
            "width": width,
            "depth": depth,
            "inner": inner,
            "heads": heads,
        },
    )
