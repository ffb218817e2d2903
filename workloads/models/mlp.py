"""mlp: residual pre-norm feed-forward blocks between a stem and a head."""

from dataclasses import dataclass
from math import prod, sqrt

from numpy.typing import DTypeLike

from workloads.models.block import MakeMap
from workloads.models.feed_forward import Activation, feed_forward
from workloads.models.linear import Linear
from workloads.models.model import Stack, stack
from workloads.models.norms import LayerNorm
from workloads.models.parameters import Array
from workloads.models.residual import residual
from workloads.models.shard import Shard
from workloads.networks.layer import Role
from workloads.tasks.shape import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat(Linear):
    """A linear map of each sample's values, whatever axes they have."""

    def multiply(self, x: Array, shard: Shard) -> Array:
        """X W^T of the values in a row."""
        return Linear.multiply(self, x.reshape(len(x), -1), shard)


def mlp(
    shape: Shape,
    *,
    width: int,
    depth: int,
    inner: int,
    heads: int,  # noqa: ARG001 - attention's, and there is none
    batch: int,
    activation: Activation,
    dtype: DTypeLike,
    make_map: MakeMap = Linear,
) -> Stack:
    """A stem to `width` features, `depth` residual blocks with `inner` features inside, a norm and a head."""
    features = prod(shape.inputs(1))
    stem = Flat(name="stem", role=Role.STEM, inputs=features, outputs=width, input_gradient=False)
    blocks = [
        residual(
            feed_forward(
                f"blocks.{at}.ff",
                width=width,
                inner=inner,
                activation=activation,
                scale=1 / sqrt(2 * depth),
                make_map=make_map,
            ),
            name=f"blocks.{at}.ff",
            width=width,
        )
        for at in range(depth)
    ]
    head = Linear(name="head", role=Role.HEAD, inputs=width, outputs=shape.outputs)
    return stack(
        "mlp",
        [stem, *blocks, LayerNorm(name="norm", width=width), head],
        rows=batch,
        dtype=dtype,
        sizes={"batch": batch, "width": width, "depth": depth, "inner": inner},
    )
