"""How the tests of models run one: shards in float64, and gradients by differences."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from workloads.models.model import Model
from workloads.models.parameters import Parameters, Slot
from workloads.models.registry import build_model
from workloads.models.shard import Shard
from workloads.networks.layer import Role
from workloads.tasks.shape import Shape

Array = NDArray[Any]

SHAPES = {
    "mlp": Shape(kind="vectors", features=6, outputs=3),
    "decoder": Shape(kind="tokens", vocabulary=7, length=5, outputs=7),
    "encoder_decoder": Shape(kind="pairs", vocabulary=7, source_length=4, length=5, outputs=7),
}
STEP = 1e-5  # small, since a relu has no gradient where a step crosses its corner
NEAR = 1e-6  # of the largest gradient


def small(name: str, **sizes: Any) -> Model:
    """The model `name`, as small as every part of it allows to be seen."""
    given: dict[str, Any] = {"width": 6, "depth": 2, "inner": 8, "heads": 2, "batch": 4, "dtype": np.float64}
    return build_model(name, SHAPES[name], **given | sizes)


def inputs_of(shape: Shape, samples: int, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    size = shape.inputs(samples)
    return rng.integers(0, shape.vocabulary, size) if shape.vocabulary else rng.standard_normal(size)


def started(parameters: Parameters, seed: int = 0) -> Array:
    """A vector in which no slot is constant: biases and gains away from 0 and 1 show what they do."""
    return parameters.initial(seed) + 0.1 * np.random.default_rng(seed).standard_normal(parameters.size)


def shard_of(parameters: Parameters, vector: Array, backward: Array | None = None) -> Shard:
    forward = parameters.views(vector)
    return Shard(
        forward=forward,
        backward=forward if backward is None else parameters.views(backward),
        gradients=parameters.views(np.full_like(vector, np.nan)),
    )


def parameters_of(slots: list[Slot]) -> Parameters:
    return Parameters(slots, dtype=np.float64)


def differences(f: Callable[[], float], at: Array) -> Array:
    """The gradient of `f` to the values of `at`, each moved in place by a STEP both ways."""
    found = np.empty_like(at)
    for place in np.ndindex(at.shape):
        value = at[place]
        at[place] = value + STEP
        above = f()
        at[place] = value - STEP
        found[place] = (above - f()) / (2 * STEP)
        at[place] = value
    return found


def assert_gradients(found: Mapping[str, Array], f: Callable[[], float], at: Mapping[str, Array]) -> None:
    """Each of `found` is the gradient of `f` to the array of that name in `at`."""
    assert found.keys() == at.keys()
    for name, array in at.items():
        right = differences(f, array)
        # A bias of keys moves all scores of a query alike, so its gradient is 0 but for rounding.
        np.testing.assert_allclose(
            found[name], right, rtol=0, atol=NEAR * max(np.abs(right).max(), 1e-3), err_msg=name
        )


Products = dict[tuple[str, str], int]
"""Multiply-adds by the name of a layer and the pass."""

FORWARD = {"scores": "scores", "attended": "values"}
"""Rooms that the products of attention write in forward, and which product that is."""


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch, shards: list[Shard]) -> Iterator[Products]:
    """What np.matmul multiplies inside, told apart by the memory that it reads and writes.

    The shards have backward weights of their own, or the two uses of a weight could not be told apart.
    """
    real, found = np.matmul, Products()

    def owner(array: Array, views: Mapping[str, Array]) -> str | None:
        named = (name for name, view in views.items() if np.shares_memory(array, view))
        return next(named, None)

    def place(a: Array, b: Array, out: Array) -> tuple[str, str]:
        for shard in shards:
            if weight := owner(out, shard.gradients):
                return weight.removesuffix(".weight"), "wgrad"
            if weight := owner(b, shard.forward):
                return weight.removesuffix(".weight"), "fwd"
            if weight := owner(b, shard.backward):
                return weight.removesuffix(".weight"), "dgrad"
            rooms = shard._rooms
            if room := owner(out, rooms):
                name, what = room.rsplit(".", 1)
                if what in FORWARD:
                    return f"{name}.{FORWARD[what]}", "fwd"
                of_scores = any(np.shares_memory(rooms[f"{name}.d_scores"], operand) for operand in (a, b))
                return f"{name}.{'scores' if of_scores else 'values'}", "backward"
        raise AssertionError("a product of unknown arrays")

    def matmul(a: Array, b: Array, *, out: Array) -> Array:
        where = place(a, b, out)
        found[where] = found.get(where, 0) + out.size * a.shape[-1]
        return real(a, b, out=out)

    with monkeypatch.context() as patch:
        patch.setattr(np, "matmul", matmul)
        yield found


def products_of(model: Model) -> Products:
    """The same from the network: FWD, DGRAD where there is one, WGRAD; attention's two gradients together."""
    found = Products()
    for layer in model.network.layers:
        found[layer.name, "fwd"] = layer.macs
        if layer.role is Role.ATTENTION:
            found[layer.name, "backward"] = 2 * layer.macs
            continue
        found[layer.name, "wgrad"] = layer.macs
        if layer.input_gradient:
            found[layer.name, "dgrad"] = layer.macs
    return found
