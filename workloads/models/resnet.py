"""resnet: a small residual network of images, with norms before its convolutions."""

from dataclasses import dataclass
from math import sqrt

from numpy.typing import DTypeLike

from workloads.kernels.activation import add
from workloads.models.block import Block, MakeMap
from workloads.models.conv import Conv, conv, stem
from workloads.models.feed_forward import Activation
from workloads.models.group_norm import ActiveNorm, active_norm
from workloads.models.linear import Linear
from workloads.models.model import Stack, stack
from workloads.models.parameters import Array, Slot
from workloads.models.pooling import Average
from workloads.models.shard import Shard
from workloads.networks.layer import Layer, Role
from workloads.tasks.shape import Shape

STAGES = 3
LEAST_SIDE = 2
"""Pixels along a side below which images are not halved again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """Two 3x3 convolutions behind norms, added to the input (He et al. 2016, arXiv:1603.05027).

    Y = X + conv2(active2(conv1(active1(X)))). Where the shape changes, X gives way to shortcut(active1(X)), a
    convolution of single pixels.
    """

    name: str
    norm1: ActiveNorm
    conv1: Conv
    norm2: ActiveNorm
    conv2: Conv
    shortcut: Conv | None

    def slots(self) -> list[Slot]:
        """Those of its norms and convolutions."""
        parts: list[Block] = [self.norm1, self.conv1, self.norm2, self.conv2, *self._shortcuts]
        return [slot for part in parts for slot in part.slots()]

    def layers(self, rows: int) -> list[Layer]:
        """The products of its convolutions."""
        return [layer for part in (self.conv1, self.conv2, *self._shortcuts) for layer in part.layers(rows)]

    def forward(self, x: Array, shard: Shard) -> Array:
        """The images and their branch."""
        active = self.norm1.forward(x, shard)
        branch = self.conv2.forward(self.norm2.forward(self.conv1.forward(active, shard), shard), shard)
        y = shard.room(f"{self.name}.out", branch.shape, x)
        kept = self.shortcut.forward(active, shard) if self.shortcut else x
        add(_rows(kept), _rows(branch), _rows(y))
        return y

    def backward(self, dy: Array, shard: Shard) -> Array:
        """The gradient through the branch and beside it."""
        d_inner = self.norm2.backward(self.conv2.backward(dy, shard), shard)
        d_active = self.conv1.backward(d_inner, shard)
        if self.shortcut:
            add(_rows(d_active), _rows(self.shortcut.backward(dy, shard)), _rows(d_active))
            return self.norm1.backward(d_active, shard)
        dx = self.norm1.backward(d_active, shard)
        add(_rows(dx), _rows(dy), _rows(dx))
        return dx

    @property
    def _shortcuts(self) -> list[Conv]:
        """The shortcut, if there is one."""
        return [self.shortcut] if self.shortcut else []


def _rows(images: Array) -> Array:
    """Images as (pixels, channels)."""
    return images.reshape(-1, images.shape[-1])


def basic(
    name: str,
    *,
    side: int,
    inputs: int,
    outputs: int,
    stride: int,
    activation: Activation,
    scale: float,
    make_map: MakeMap = Linear,
) -> Basic:
    """A residual block; `scale` multiplies the initial weights of its second convolution."""
    conv1 = conv(f"{name}.conv1", side=side, inputs=inputs, outputs=outputs, stride=stride, make_map=make_map)
    shortcut = None
    if stride > 1 or inputs != outputs:
        shortcut = conv(
            f"{name}.shortcut",
            side=side,
            inputs=inputs,
            outputs=outputs,
            kernel=1,
            stride=stride,
            make_map=make_map,
        )
    return Basic(
        name=name,
        norm1=active_norm(f"{name}.norm1", channels=inputs, activation=activation),
        conv1=conv1,
        norm2=active_norm(f"{name}.norm2", channels=outputs, activation=activation),
        conv2=conv(
            f"{name}.conv2", side=conv1.out, inputs=outputs, outputs=outputs, scale=scale, make_map=make_map
        ),
        shortcut=shortcut,
    )


def stages(side: int) -> int:
    """Stages of the network: each after the first halves the side, which stays at least LEAST_SIDE."""
    count = 1
    while count < STAGES and (side := (side + 1) // 2) >= LEAST_SIDE:
        count += 1
    return count


def resnet(
    shape: Shape,
    *,
    width: int,
    depth: int,
    inner: int,  # noqa: ARG001
    heads: int,  # noqa: ARG001
    batch: int,
    activation: Activation,
    dtype: DTypeLike,
    make_map: MakeMap = Linear,
) -> Stack:
    """A 3x3 stem, up to three stages of `depth` blocks with width, 2 width, 4 width channels, and a head.

    The first block of a later stage has stride 2. `inner` and `heads` are those of other models, and ignored.
    """
    start = stem("stem", side=shape.side, inputs=shape.channels, outputs=width, kernel=3, stride=1, padding=1)
    blocks: list[Block] = [start]
    count, side, channels = stages(shape.side), shape.side, width
    for stage in range(count):
        for at in range(depth):
            made = basic(
                f"stages.{stage}.{at}",
                side=side,
                inputs=channels,
                outputs=width * 2**stage,
                stride=2 if stage and not at else 1,
                activation=activation,
                scale=1 / sqrt(2 * count * depth),
                make_map=make_map,
            )
            blocks.append(made)
            side, channels = made.conv2.out, made.conv2.outputs
    blocks += [
        active_norm("norm", channels=channels, activation=activation),
        Average(name="pool", places=side**2),
        Linear(name="head", role=Role.HEAD, inputs=channels, outputs=shape.outputs),
    ]
    sizes = {"batch": batch, "width": width, "depth": depth}
    return stack("resnet", blocks, rows=batch, dtype=dtype, sizes=sizes)
