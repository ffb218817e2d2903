"""Each block: its gradients are those of its output, and each product uses its own weights."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workloads.models.running import (
    Array,
    assert_gradients,
    parameters_of,
    shard_of,
    started,
)
from workloads.models.attention import cross_attention, self_attention
from workloads.models.block import Block
from workloads.models.embedding import Embedding
from workloads.models.feed_forward import feed_forward
from workloads.models.linear import Linear
from workloads.models.norms import LayerNorm
from workloads.models.residual import residual
from workloads.networks.layer import Role

WIDTH = 6
LINEAR = Linear(name="map", role=Role.FF, inputs=WIDTH, outputs=4)
SQUARE = Linear(name="map", role=Role.FF, inputs=WIDTH, outputs=WIDTH)
BLOCKS: dict[str, Callable[[], Block]] = {
    "linear": lambda: LINEAR,
    "layer_norm": lambda: LayerNorm(name="norm", width=WIDTH),
    "feed_forward_relu": lambda: feed_forward("ff", width=WIDTH, inner=8, activation="relu"),
    "feed_forward_gelu": lambda: feed_forward("ff", width=WIDTH, inner=8, activation="gelu"),
    "residual": lambda: residual(SQUARE, name="map", width=WIDTH),
    "self_attention": lambda: self_attention("attention", width=WIDTH, length=5, heads=2, causal=False),
    "causal": lambda: self_attention("attention", width=WIDTH, length=5, heads=3, causal=True),
}


def rows(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("name", BLOCKS)
def test_the_gradients_of_a_block_are_the_differences_of_its_output(name: str) -> None:
    block = BLOCKS[name]()
    parameters = parameters_of(block.slots())
    vector, x = started(parameters), rows(1, 10, WIDTH)
    shard = shard_of(parameters, vector)
    y = block.forward(x, shard)
    weighing = rows(2, *y.shape)

    def total() -> float:
        return float((block.forward(x, shard_of(parameters, vector)) * weighing).sum())

    dx = block.backward(weighing.copy(), shard)
    assert_gradients({"x": dx, **shard.gradients}, total, {"x": x, **parameters.views(vector)})


def test_the_gradients_of_cross_attention_are_the_differences_of_its_output() -> None:
    block = cross_attention("cross", width=WIDTH, length=3, memory_length=5, heads=2)
    parameters = parameters_of(block.slots())
    vector, x, memory = started(parameters), rows(1, 6, WIDTH), rows(2, 10, WIDTH)
    shard = shard_of(parameters, vector)
    weighing = rows(3, *block.forward(x, memory, shard).shape)

    def total() -> float:
        return float((block.forward(x, memory, shard_of(parameters, vector)) * weighing).sum())

    dx, d_memory = block.backward(weighing.copy(), shard)
    found = {"x": dx, "memory": d_memory, **shard.gradients}
    assert_gradients(found, total, {"x": x, "memory": memory, **parameters.views(vector)})


def test_the_gradients_of_an_embedding_are_the_differences_of_its_rows() -> None:
    block = Embedding(name="embedding", vocabulary=5, length=4, width=3)
    parameters = parameters_of(block.slots())
    vector, tokens = started(parameters), np.random.default_rng(0).integers(0, 4, (6, 4))
    shard = shard_of(parameters, vector)
    weighing = rows(1, *block.forward(tokens, shard).shape)

    def total() -> float:
        return float((block.forward(tokens, shard_of(parameters, vector)) * weighing).sum())

    assert block.backward(weighing.copy(), shard).size == 0
    assert_gradients(dict(shard.gradients), total, parameters.views(vector))
    assert not shard.gradients["embedding.tokens"][4].any()  # no place has that token


def softmax(scores: Array) -> Array:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    shares: Array = powers / powers.sum(-1, keepdims=True)
    return shares


@given(
    samples=st.integers(1, 3),
    length=st.integers(1, 5),
    heads=st.integers(1, 3),
    head=st.integers(1, 4),
    causal=st.booleans(),
    seed=st.integers(0, 99),
)
def test_self_attention_is_the_softmax_of_scaled_scores(
    samples: int, length: int, heads: int, head: int, causal: bool, seed: int
) -> None:
    width = heads * head
    block = self_attention("attention", width=width, length=length, heads=heads, causal=causal)
    parameters = parameters_of(block.slots())
    shard = shard_of(parameters, started(parameters, seed))
    x = rows(seed, samples * length, width)
    weights = shard.forward
    qkv = x @ weights["attention.qkv.weight"].T + weights["attention.qkv.bias"]
    q, k, v = np.moveaxis(qkv.reshape(samples, length, 3, heads, head), 2, 0)
    scores = np.einsum("sqhd,skhd->shqk", q, k) / np.sqrt(head)
    if causal:
        scores[..., np.triu(np.ones((length, length), bool), 1)] = -np.inf
    attended = np.einsum("shqk,skhd->sqhd", softmax(scores), v).reshape(-1, width)
    right = attended @ weights["attention.proj.weight"].T + weights["attention.proj.bias"]
    np.testing.assert_allclose(block.forward(x, shard), right, rtol=1e-10, atol=1e-12)


def test_no_place_of_causal_attention_sees_a_later_one() -> None:
    block = self_attention("attention", width=WIDTH, length=5, heads=2, causal=True)
    parameters = parameters_of(block.slots())
    shard = shard_of(parameters, started(parameters))
    x = rows(1, 5, WIDTH)
    before = block.forward(x, shard).copy()
    x[3:] += 1.0
    after = block.forward(x, shard)
    np.testing.assert_array_equal(after[:3], before[:3])
    assert (after[3:] != before[3:]).any(1).all()


def test_layer_norm_gives_rows_of_mean_0_and_variance_1() -> None:
    block = LayerNorm(name="norm", width=WIDTH)
    parameters = parameters_of(block.slots())
    x = 3 * rows(1, 4, WIDTH) + 2
    y = block.forward(x, shard_of(parameters, parameters.initial(0)))
    np.testing.assert_allclose(y.mean(1), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(1), x.var(1) / (x.var(1) + 1e-5), rtol=1e-12)


def linear_run(**changes: Any) -> tuple[Array, Array, Array, Any]:
    """A backward of LINEAR whose forward and backward weights differ: x, dY, dX and the shard."""
    parameters = parameters_of(LINEAR.slots())
    shard = shard_of(parameters, started(parameters, 1), started(parameters, 2))
    for name, value in changes.items():
        setattr(shard, name, value)
    x, dy = rows(1, 5, WIDTH), rows(2, 5, 4)
    y = LINEAR.forward(x, shard)
    right = x @ shard.forward["map.weight"].T + shard.forward["map.bias"]
    np.testing.assert_allclose(y, right, rtol=1e-13, atol=1e-13)
    return x, dy, LINEAR.backward(dy, shard), shard


def test_forward_and_input_gradient_each_use_their_own_weights() -> None:
    _, dy, dx, shard = linear_run()
    np.testing.assert_allclose(dx, dy @ shard.backward["map.weight"], rtol=1e-13, atol=1e-13)
    assert not np.allclose(dx, dy @ shard.forward["map.weight"])


def test_what_prunes_the_output_gradient_changes_the_weight_gradient_alone() -> None:
    mask = np.arange(20).reshape(5, 4) % 3 == 0
    x, dy, dx, shard = linear_run(prune={"map.weight": lambda given: given * mask})
    np.testing.assert_allclose(shard.gradients["map.weight"], (dy * mask).T @ x, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(shard.gradients["map.bias"], dy.sum(0), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(dx, dy @ shard.backward["map.weight"], rtol=1e-13, atol=1e-13)
    np.testing.assert_array_equal(dy, rows(2, 5, 4))


def test_a_shard_that_asks_sees_the_input_of_the_product() -> None:
    seen: dict[str, Array] = {}
    x, *_ = linear_run(seen=seen)
    assert list(seen) == ["map.weight"]
    assert seen["map.weight"] is x


def test_a_map_of_data_computes_no_input_gradient() -> None:
    stem = Linear(name="map", role=Role.STEM, inputs=WIDTH, outputs=4, input_gradient=False)
    parameters = parameters_of(stem.slots())
    shard = shard_of(parameters, started(parameters))
    x, dy = rows(1, 5, WIDTH), rows(2, 5, 4)
    stem.forward(x, shard)
    assert stem.backward(dy, shard).shape == (5, 0)
    np.testing.assert_allclose(shard.gradients["map.weight"], dy.T @ x, rtol=1e-13, atol=1e-13)
    (layer,) = stem.layers(5)
    assert not layer.input_gradient


def test_weights_start_with_the_spread_that_keeps_the_size_of_features() -> None:
    wide = Linear(name="map", role=Role.FF, inputs=400, outputs=300, scale=0.5)
    parameters = parameters_of(wide.slots())
    start = parameters.views(parameters.initial(3))
    assert not start["map.bias"].any()
    # The standard deviation of the deviation of n normal values is 1/sqrt(2n) of it: five of these.
    assert start["map.weight"].std() == pytest.approx(0.5 / 20, rel=5 / np.sqrt(2 * 120_000))
    assert parameters.decayed == 120_000
