"""Each model: its gradients, what its parts of a batch add up to, and the products that it says it makes."""

import tracemalloc
from math import prod
from typing import Any

import numpy as np
import pytest

from tests.workloads.models.running import (
    SHAPES,
    Array,
    assert_gradients,
    counted,
    inputs_of,
    products_of,
    shard_of,
    small,
    started,
)
from workloads import load_network
from workloads.models.model import Model
from workloads.models.registry import build_model
from workloads.models.shard import Shard
from workloads.networks.layer import Role
from workloads.tasks.shape import Shape

MODELS = tuple(SHAPES)


def d_outputs_of(model: Model, samples: int, seed: int = 5) -> Array:
    shape = SHAPES[model.name]
    return np.random.default_rng(seed).standard_normal((samples * shape.rows, shape.outputs))


def gradient(model: Model, vector: Array, inputs: Array, d_outputs: Array) -> Array:
    """The gradient of one shard, as a vector."""
    shard, found = shard_of(model.parameters, vector), model.parameters.zeros()
    shard.gradients = model.parameters.views(found)
    model.forward(inputs, shard)
    model.backward(d_outputs.copy(), shard)
    return found


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("name", MODELS)
def test_the_gradients_of_a_model_are_the_differences_of_its_outputs(name: str, activation: str) -> None:
    model = small(name, activation=activation, width=4, inner=5)
    vector, inputs, weighing = started(model.parameters), inputs_of(SHAPES[name], 2), d_outputs_of(model, 2)
    shard = shard_of(model.parameters, vector)

    def total() -> float:
        return float((model.forward(inputs, shard) * weighing).sum())

    found = model.parameters.views(gradient(model, vector, inputs, weighing))
    assert_gradients(found, total, model.parameters.views(vector))


@pytest.mark.parametrize("name", MODELS)
def test_the_parts_of_a_batch_add_up_to_the_whole(name: str) -> None:
    model = small(name)
    vector, inputs, d_outputs = started(model.parameters), inputs_of(SHAPES[name], 4), d_outputs_of(model, 4)
    whole = gradient(model, vector, inputs, d_outputs)
    half = len(d_outputs) // 2
    first = gradient(model, vector, inputs[:2], d_outputs[:half])
    second = gradient(model, vector, inputs[2:], d_outputs[half:])
    np.testing.assert_allclose(first + second, whole, rtol=1e-11, atol=1e-12)
    assert np.abs(first - second).max() > 1e-3


@pytest.mark.parametrize("name", MODELS)
def test_outputs_are_one_row_for_each_target(name: str) -> None:
    model = small(name, dtype=np.float32)
    vector = model.parameters.initial(0)
    inputs = inputs_of(SHAPES[name], 4)
    if name == "mlp":
        inputs = inputs.astype(np.float32)
    outputs = model.forward(inputs, shard_of(model.parameters, vector))
    assert outputs.shape == (4 * SHAPES[name].rows, SHAPES[name].outputs)
    assert outputs.dtype == np.float32
    assert vector.dtype == np.float32


@pytest.mark.parametrize("name", MODELS)
def test_the_network_lists_the_products_that_are_done(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = small(name, batch=4)
    forward, backward = started(model.parameters, 0), started(model.parameters, 1)
    shards = [shard_of(model.parameters, forward, backward) for _ in range(2)]
    inputs, d_outputs = inputs_of(SHAPES[name], 4), d_outputs_of(model, 4)
    half = len(d_outputs) // 2
    with counted(monkeypatch, shards) as done:
        for at, shard in enumerate(shards):
            model.forward(inputs[2 * at : 2 * at + 2], shard)
            model.backward(d_outputs[half * at : half * (at + 1)], shard)
    assert done == products_of(model)


@pytest.mark.parametrize("name", MODELS)
def test_the_network_counts_all_that_is_trained(name: str) -> None:
    model = small(name)
    slots = model.parameters.slots.values()
    assert model.network.parameters == sum(prod(slot.shape) for slot in slots)
    assert model.network.other_parameters == sum(prod(slot.shape) for slot in slots if not slot.decayed)
    layers = {layer.name: layer for layer in model.network.layers}
    assert len(layers) == len(model.network.layers)
    for slot in slots:
        if slot.role is not None:
            layer = layers.pop(slot.name.removesuffix(".weight"))
            assert (slot.shape, slot.role) == ((layer.gemm.n, layer.gemm.k), layer.role)
            assert slot.decayed
    assert {layer.role for layer in layers.values()} <= {Role.ATTENTION}


@pytest.mark.parametrize(("name", "first"), [("decoder", 0), ("encoder_decoder", 4)])
def test_no_row_depends_on_a_later_token_of_the_target(name: str, first: int) -> None:
    model = small(name)
    shard = shard_of(model.parameters, started(model.parameters))
    inputs = inputs_of(SHAPES[name], 1)
    before = model.forward(inputs, shard).copy()
    inputs[0, first + 3] = (inputs[0, first + 3] + 1) % 7
    after = model.forward(inputs, shard)
    np.testing.assert_array_equal(after[:3], before[:3])
    assert (after[3:] != before[3:]).any(1).all()


def test_every_row_of_a_pair_depends_on_every_token_of_the_source() -> None:
    model = small("encoder_decoder")
    shard = shard_of(model.parameters, started(model.parameters))
    inputs = inputs_of(SHAPES["encoder_decoder"], 1)
    before = model.forward(inputs, shard).copy()
    for place in range(4):
        changed = inputs.copy()
        changed[0, place] = (changed[0, place] + 1) % 7
        assert (model.forward(changed, shard) != before).any(1).all()


@pytest.mark.parametrize("name", MODELS)
def test_maps_start_as_wide_as_they_read_and_branches_narrower_by_the_depth(name: str) -> None:
    model = small(name, depth=3)
    for slot in model.parameters.slots.values():
        if slot.role is not None:
            ends_branch = slot.name.endswith((".ff.2.weight", ".proj.weight"))
            assert slot.spread == pytest.approx(slot.shape[1] ** -0.5 * (6**-0.5 if ends_branch else 1))
            assert slot.centre == 0
        elif slot.name.endswith((".bias", ".gain")):
            assert (slot.spread, slot.centre) == (0, slot.name.endswith(".gain"))
        else:
            assert slot.spread == (0.1 if slot.name.endswith(".positions") else 0.5)


def test_a_decoder_of_the_size_of_gpt2_has_its_products() -> None:
    shape = Shape(kind="tokens", vocabulary=50257, length=256, outputs=50257)
    model = build_model("decoder", shape, width=768, depth=12, inner=3072, heads=12, batch=2)
    assert model.network.layers == load_network("gpt2_small", batch=2, seq=256).layers
    biases = 50257  # of the head, which is not tied to the embedding
    positions = (1024 - 256) * 768
    known = load_network("gpt2_small", batch=2, seq=256)
    table = 50257 * 768
    assert model.network.parameters == known.parameters + biases - positions + table


def test_a_mlp_by_hand() -> None:
    model = small("mlp", width=6, depth=2, inner=8, batch=10)
    found = [
        (layer.name, layer.role, layer.gemm.m, layer.gemm.n, layer.gemm.k) for layer in model.network.layers
    ]
    assert found == [
        ("stem", Role.STEM, 10, 6, 6),
        ("blocks.0.ff.1", Role.FF, 10, 8, 6),
        ("blocks.0.ff.2", Role.FF, 10, 6, 8),
        ("blocks.1.ff.1", Role.FF, 10, 8, 6),
        ("blocks.1.ff.2", Role.FF, 10, 6, 8),
        ("head", Role.HEAD, 10, 3, 6),
    ]
    assert [layer.name for layer in model.network.layers if not layer.input_gradient] == ["stem"]
    biases = 6 + 2 * (8 + 6) + 3
    norms = 3 * 2 * 6
    assert model.network.other_parameters == biases + norms


@pytest.mark.parametrize("name", MODELS)
def test_the_weights_of_the_input_gradient_alone_send_gradients_back(name: str) -> None:
    """With backward weights of 0 behind the head, the head still learns, and nothing in front of it does."""
    model = small(name)
    vector = started(model.parameters)
    back = vector.copy()
    model.parameters.views(back)["head.weight"][...] = 0
    shard = shard_of(model.parameters, vector, back)
    inputs, d_outputs = inputs_of(SHAPES[name], 4), d_outputs_of(model, 4)
    model.forward(inputs, shard)
    model.backward(d_outputs.copy(), shard)
    right = model.parameters.views(gradient(model, vector, inputs, d_outputs))
    for slot, found in shard.gradients.items():
        if slot.startswith("head."):
            np.testing.assert_array_equal(found, right[slot])
        else:
            assert not found.any()
            assert right[slot].any()


@pytest.mark.parametrize("name", MODELS)
def test_a_step_takes_no_new_memory(name: str) -> None:
    model = small(name, width=16, inner=64, batch=64)
    vector, shard = started(model.parameters), None
    inputs, d_outputs = inputs_of(SHAPES[name], 64), d_outputs_of(model, 64)
    shard = shard_of(model.parameters, vector)

    def step() -> None:
        model.forward(inputs, shard)
        model.backward(d_outputs, shard)

    step()
    rooms = {name: room.ctypes.data for name, room in shard._rooms.items()}
    tracemalloc.start()
    try:
        step()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert {name: room.ctypes.data for name, room in shard._rooms.items()} == rooms
    assert peak < 16 * 64 * 8  # the smallest array of a row for each sample


@pytest.mark.parametrize("name", MODELS)
def test_a_shard_that_asks_sees_the_input_of_every_weight(name: str) -> None:
    model = small(name)
    shard = shard_of(model.parameters, started(model.parameters))
    shard.seen = {}
    model.forward(inputs_of(SHAPES[name], 4), shard)
    weights = {slot.name: slot for slot in model.parameters.slots.values() if slot.role is not None}
    assert shard.seen.keys() == weights.keys()
    rows = {layer.name: layer.gemm.m for layer in model.network.layers}
    for weight, x in shard.seen.items():
        assert x.shape == (rows[weight.removesuffix(".weight")], weights[weight].shape[1])


@pytest.mark.parametrize("name", MODELS)
def test_shards_of_one_model_do_not_meet(name: str) -> None:
    """Forward of one part between forward and backward of another changes nothing."""
    model = small(name)
    vector, d_outputs = started(model.parameters), d_outputs_of(model, 2)
    one, other = inputs_of(SHAPES[name], 2, 1), inputs_of(SHAPES[name], 2, 2)
    shards = [shard_of(model.parameters, vector) for _ in range(2)]
    found = [model.parameters.zeros() for _ in shards]
    for shard, into in zip(shards, found, strict=True):
        shard.gradients = model.parameters.views(into)
    model.forward(one, shards[0])
    model.forward(other, shards[1])
    for shard in shards:
        model.backward(d_outputs.copy(), shard)
    for inputs, into in zip((one, other), found, strict=True):
        np.testing.assert_array_equal(into, gradient(model, vector, inputs, d_outputs))


def pruned_shard(model: Model, vector: Array, weight: str) -> Shard:
    shard = shard_of(model.parameters, vector)
    shard.prune = {weight: np.zeros_like}
    return shard


@pytest.mark.parametrize("name", MODELS)
def test_pruned_gradients_change_the_gradient_of_their_weight_alone(name: str) -> None:
    model = small(name)
    vector, inputs, d_outputs = started(model.parameters), inputs_of(SHAPES[name], 4), d_outputs_of(model, 4)
    right = model.parameters.views(gradient(model, vector, inputs, d_outputs))
    weights: list[Any] = [slot.name for slot in model.parameters.slots.values() if slot.role is not None]
    for weight in weights:
        shard = pruned_shard(model, vector, weight)
        model.forward(inputs, shard)
        model.backward(d_outputs.copy(), shard)
        for slot, found in shard.gradients.items():
            if slot == weight:
                assert not found.any()
            else:
                np.testing.assert_array_equal(found, right[slot])
