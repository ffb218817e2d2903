"""What transformers are made of: pre-norm blocks of attention to oneself and a feed-forward part."""

from math import sqrt

from workloads.models.attention import self_attention
from workloads.models.block import MakeMap
from workloads.models.feed_forward import Activation, feed_forward
from workloads.models.linear import Linear
from workloads.models.residual import Residual, residual


def transformer_block(
    name: str,
    *,
    width: int,
    length: int,
    heads: int,
    causal: bool,
    inner: int,
    activation: Activation,
    depth: int,
    make_map: MakeMap = Linear,
) -> list[Residual]:
    """Attention over `length` places, then a feed-forward part, each residual behind a norm of its own.

    The maps that write to the residual sum start smaller by sqrt(2 depth), so that a sum over `depth` blocks
    starts no wider than one (Radford et al. 2019).
    """
    scale = 1 / sqrt(2 * depth)
    attention = self_attention(
        f"{name}.attention", width=width, length=length, heads=heads, causal=causal, scale=scale
    )
    ff = feed_forward(
        f"{name}.ff", width=width, inner=inner, activation=activation, scale=scale, make_map=make_map
    )
    return [residual(part, name=part.name, width=width) for part in (attention, ff)]
