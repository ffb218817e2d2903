"""Models by name, and the one way to build them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from simulator.errors import InputError, lookup, shown
from workloads.models.block import MakeMap
from workloads.models.decoder import decoder
from workloads.models.encoder_decoder import encoder_decoder
from workloads.models.feed_forward import Activation
from workloads.models.linear import Linear
from workloads.models.mlp import mlp
from workloads.models.model import Model
from workloads.models.resnet import resnet
from workloads.models.vit import vit
from workloads.tasks.shape import Kind, Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelKind:
    """A way to build a model, the kinds of inputs that it reads, and whether it has attention."""

    summary: str
    reads: tuple[Kind, ...]
    attends: bool
    build: Callable[..., Model]


MODELS: dict[str, ModelKind] = {
    "mlp": ModelKind(
        summary="residual feed-forward blocks between a stem and a head",
        reads=("vectors", "images"),
        attends=False,
        build=mlp,
    ),
    "decoder": ModelKind(
        summary="causal language model of pre-norm blocks",
        reads=("tokens",),
        attends=True,
        build=decoder,
    ),
    "encoder_decoder": ModelKind(
        summary="sequence to sequence, with attention to the encoded source",
        reads=("pairs",),
        attends=True,
        build=encoder_decoder,
    ),
    "resnet": ModelKind(
        summary="stages of residual convolutions, at half the side and twice the channels each",
        reads=("images",),
        attends=False,
        build=resnet,
    ),
    "vit": ModelKind(
        summary="transformer over the patches of images",
        reads=("images",),
        attends=True,
        build=vit,
    ),
}
"""Models by name; `build` takes a Shape and what `build_model` takes."""

ACTIVATIONS = ("relu", "gelu")
SIZES_MAX = {"width": 1 << 16, "depth": 1 << 8, "inner": 1 << 20, "heads": 1 << 10, "batch": 1 << 20}
"""A model of larger sizes takes long to write down, let alone to train."""


def build_model(
    name: str,
    shape: Shape,
    *,
    width: int,
    depth: int,
    inner: int,
    heads: int,
    batch: int,
    activation: Activation = "gelu",
    dtype: DTypeLike = np.float32,
    make_map: MakeMap = Linear,
) -> Model:
    """The model `name` for inputs and outputs of `shape`, in batches of `batch` samples.

    `width` features in `depth` blocks, each with `inner` features inside and attention of `heads` heads.
    `make_map` makes the maps of role FF and CONV.
    """
    kind = lookup(MODELS, name, kind="model", where="model")
    if shape.kind not in kind.reads:
        right = [other for other, each in MODELS.items() if shape.kind in each.reads]
        what = f"`{name}` reads {' or '.join(kind.reads)}, and the task gives {shape.kind}"
        raise InputError.of(what, f"models for {shape.kind}: {', '.join(right)}", where="model")
    sizes = {"width": width, "depth": depth, "inner": inner, "heads": heads, "batch": batch}
    for word, size in sizes.items():
        if type(size) is not int or not 1 <= size <= SIZES_MAX[word]:
            raise InputError.of(shown(size), f"a whole number from 1 to {SIZES_MAX[word]}", where=word)
    if kind.attends and width % heads:
        what = f"{heads} heads do not share a width of {width} equally"
        raise InputError.of(what, "a divisor of the width", where="heads")
    if activation not in ACTIVATIONS:
        raise InputError.of(shown(activation), f"one of {', '.join(ACTIVATIONS)}", where="activation")
    return kind.build(
        shape,
        width=width,
        depth=depth,
        inner=inner,
        heads=heads,
        batch=batch,
        activation=activation,
        dtype=dtype,
        make_map=make_map,
    )
