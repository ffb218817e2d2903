"""resnet and vit: gradients, what the parts of a batch add up to, the products done, and the shapes."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import pytest

from tests.workloads.models.running import (
    Array,
    assert_gradients,
    counted,
    inputs_of,
    products_of,
    shard_of,
    started,
)
from workloads.models.model import Stack
from workloads.models.resnet import resnet, stages
from workloads.models.vit import vit
from workloads.networks.layer import Role
from workloads.tasks.shape import Shape

SHAPE = Shape(kind="images", side=5, channels=2, outputs=3)
BUILDERS: dict[str, Callable[..., Stack]] = {"resnet": resnet, "vit": vit}


def small(name: str, shape: Shape = SHAPE, **sizes: Any) -> Stack:
    given = {"width": 4, "depth": 1, "inner": 6, "heads": 2, "batch": 4}
    return BUILDERS[name](shape, **{**given, "activation": "gelu", "dtype": np.float64, **sizes})


def gradient(model: Stack, vector: Array, inputs: Array, d_outputs: Array) -> Array:
    shard, found = shard_of(model.parameters, vector), model.parameters.zeros()
    shard.gradients = model.parameters.views(found)
    model.forward(inputs, shard)
    model.backward(d_outputs.copy(), shard)
    return found


def d_outputs_of(samples: int) -> Array:
    return np.random.default_rng(5).standard_normal((samples, SHAPE.outputs))


@pytest.mark.parametrize("name", BUILDERS)
def test_the_gradients_of_a_model_are_the_differences_of_its_outputs(name: str) -> None:
    model = small(name, width=2, batch=2)
    vector, inputs, weighing = started(model.parameters), inputs_of(SHAPE, 2), d_outputs_of(2)
    shard = shard_of(model.parameters, vector)

    def total() -> float:
        return float((model.forward(inputs, shard) * weighing).sum())

    found = model.parameters.views(gradient(model, vector, inputs, weighing))
    assert_gradients(found, total, model.parameters.views(vector))


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("name", BUILDERS)
def test_the_parts_of_a_batch_add_up_to_the_whole(name: str, activation: str) -> None:
    model = small(name, activation=activation, depth=2)
    vector, inputs, d_outputs = started(model.parameters), inputs_of(SHAPE, 4), d_outputs_of(4)
    whole = gradient(model, vector, inputs, d_outputs)
    first = gradient(model, vector, inputs[:2], d_outputs[:2])
    second = gradient(model, vector, inputs[2:], d_outputs[2:])
    np.testing.assert_allclose(first + second, whole, rtol=1e-9, atol=1e-11)
    assert np.abs(first - second).max() > 1e-3


@pytest.mark.parametrize("name", BUILDERS)
def test_the_network_lists_the_products_that_are_done(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = small(name)
    vectors = [started(model.parameters, seed) for seed in range(2)]
    shards = [shard_of(model.parameters, *vectors) for _ in range(2)]
    inputs, d_outputs = inputs_of(SHAPE, 4), d_outputs_of(4)
    with counted(monkeypatch, shards) as done:
        for shard, part in zip(shards, (slice(2), slice(2, 4)), strict=True):
            model.forward(inputs[part], shard)
            model.backward(d_outputs[part].copy(), shard)
    assert done == products_of(model)


@pytest.mark.parametrize("name", BUILDERS)
def test_the_network_counts_all_that_is_trained(name: str) -> None:
    model = small(name, depth=2)
    slots = model.parameters.slots.values()
    assert model.network.parameters == sum(prod(slot.shape) for slot in slots)
    assert model.network.other_parameters == sum(prod(slot.shape) for slot in slots if not slot.decayed)
    layers = {layer.name: layer for layer in model.network.layers}
    weights = {slot.name.removesuffix(".weight"): slot for slot in slots if slot.role is not None}
    assert {name for name, layer in layers.items() if layer.role is not Role.ATTENTION} == weights.keys()
    for layer, slot in ((layers[name], slot) for name, slot in weights.items()):
        assert (slot.shape, slot.role) == ((layer.gemm.n, layer.gemm.k), layer.role)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", BUILDERS)
def test_outputs_are_a_row_for_each_image_and_steps_take_no_new_memory(name: str, dtype: type) -> None:
    model = small(name, dtype=dtype)
    shard = shard_of(model.parameters, model.parameters.initial(0))
    inputs: Array = inputs_of(SHAPE, 4).astype(dtype)
    d_outputs: Array = d_outputs_of(4).astype(dtype)
    rooms: list[dict[str, int]] = []
    for _ in range(2):
        outputs = model.forward(inputs, shard)
        model.backward(d_outputs.copy(), shard)
        rooms.append({name: room.ctypes.data for name, room in shard._rooms.items()})
    assert rooms[0] == rooms[1]
    assert outputs.shape == (4, SHAPE.outputs)
    assert outputs.dtype == dtype
    assert {room.dtype for room in shard._rooms.values()} == {np.dtype(dtype)}


def test_a_resnet_by_hand() -> None:
    shape = Shape(kind="images", side=8, channels=1, outputs=10)
    model = small("resnet", shape, width=16, depth=1, batch=2)
    gemms = [(layer, layer.gemm) for layer in model.network.layers]
    found = [(layer.name, layer.role, gemm.m, gemm.n, gemm.k) for layer, gemm in gemms]
    assert found == [
        ("stem", Role.STEM, 2 * 64, 16, 9),
        ("stages.0.0.conv1", Role.CONV, 2 * 64, 16, 144),
        ("stages.0.0.conv2", Role.CONV, 2 * 64, 16, 144),
        ("stages.1.0.conv1", Role.CONV, 2 * 16, 32, 144),
        ("stages.1.0.conv2", Role.CONV, 2 * 16, 32, 288),
        ("stages.1.0.shortcut", Role.CONV, 2 * 16, 32, 16),
        ("stages.2.0.conv1", Role.CONV, 2 * 4, 64, 288),
        ("stages.2.0.conv2", Role.CONV, 2 * 4, 64, 576),
        ("stages.2.0.shortcut", Role.CONV, 2 * 4, 64, 32),
        ("head", Role.HEAD, 2, 10, 64),
    ]
    biases = 16 + 2 * 16 + 3 * 32 + 3 * 64 + 10
    norms = 2 * (16 + 16 + 16 + 32 + 32 + 64 + 64)
    assert model.network.other_parameters == biases + norms
    inputs = {layer.name: layer.input_values for layer in model.network.layers}
    assert inputs["stages.1.0.conv1"] == 2 * 16 * 64
    assert inputs["stages.1.0.shortcut"] is None


@pytest.mark.parametrize(("side", "count"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (8, 3), (64, 3)])
def test_a_side_is_halved_while_two_pixels_are_left(side: int, count: int) -> None:
    assert stages(side) == count
    shape = Shape(kind="images", side=side, channels=1, outputs=2)
    layers = [layer.name for layer in small("resnet", shape, width=1).network.layers]
    assert f"stages.{count - 1}.0.conv1" in layers
    assert f"stages.{count}.0.conv1" not in layers


@pytest.mark.parametrize("side", range(1, 34))
def test_a_vit_sees_every_pixel_in_16_patches(side: int) -> None:
    shape = Shape(kind="images", side=side, channels=1, outputs=2)
    model = small("vit", shape, width=2, batch=1)
    patches = model.network.layers[0]
    assert patches.gemm.m == min(side, 4) ** 2
    shard = shard_of(model.parameters, started(model.parameters))
    shard.seen = {}
    pixels = np.arange(1.0, side**2 + 1).reshape(1, side, side, 1)
    model.forward(pixels, shard)
    seen = shard.seen["patches.weight"]
    np.testing.assert_array_equal(np.sort(seen[seen != 0]), pixels.ravel())


def test_a_vit_by_hand() -> None:
    shape = Shape(kind="images", side=8, channels=3, outputs=10)
    model = small("vit", shape, width=16, depth=1, inner=64, heads=2, batch=5)
    gemms = [(layer, layer.gemm) for layer in model.network.layers]
    found = [(layer.name, layer.role, layer.batch, gemm.m, gemm.n, gemm.k) for layer, gemm in gemms]
    assert found == [
        ("patches", Role.STEM, 1, 5 * 16, 16, 12),
        ("blocks.0.attention.qkv", Role.QKV, 1, 5 * 16, 48, 16),
        ("blocks.0.attention.scores", Role.ATTENTION, 10, 16, 16, 8),
        ("blocks.0.attention.values", Role.ATTENTION, 10, 16, 8, 16),
        ("blocks.0.attention.proj", Role.PROJ, 1, 5 * 16, 16, 16),
        ("blocks.0.ff.1", Role.FF, 1, 5 * 16, 64, 16),
        ("blocks.0.ff.2", Role.FF, 1, 5 * 16, 16, 64),
        ("head", Role.HEAD, 1, 5, 10, 16),
    ]
    biases, norms, places = 16 + 48 + 16 + 64 + 16 + 10, 3 * 2 * 16, 16 * 16
    assert model.network.other_parameters == biases + norms + places
