"""The models against torch's automatic gradients, in float64 and with the same weights."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from tests.workloads.models.running import SHAPES, Array, inputs_of, shard_of, small, started
from workloads.models.model import Model

pytestmark = pytest.mark.full

torch: Any = import_module("torch") if find_spec("torch") else None  # an extra, unknown to the type checker

needs_torch = pytest.mark.skipif(torch is None, reason="torch is not installed; it is in the extra `bench`")

Tensors = dict[str, Any]


def linear(x: Any, weights: Tensors, name: str) -> Any:
    return torch.nn.functional.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])


def norm(x: Any, weights: Tensors, name: str) -> Any:
    gain = weights[f"{name}.gain"]
    return torch.nn.functional.layer_norm(x, gain.shape, gain, weights[f"{name}.bias"])


def feed_forward(x: Any, weights: Tensors, name: str, activation: str) -> Any:
    inner = linear(norm(x, weights, f"{name}.norm"), weights, f"{name}.1")
    active = (
        torch.relu(inner) if activation == "relu" else torch.nn.functional.gelu(inner, approximate="tanh")
    )
    return x + linear(active, weights, f"{name}.2")


def attend(q: Any, k: Any, v: Any, heads: int, causal: bool) -> Any:
    q, k, v = (part.unflatten(2, (heads, -1)).transpose(1, 2) for part in (q, k, v))
    out = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
    return out.transpose(1, 2).flatten(2)


def self_attention(x: Any, weights: Tensors, name: str, *, heads: int, causal: bool) -> Any:
    q, k, v = linear(norm(x, weights, f"{name}.norm"), weights, f"{name}.qkv").chunk(3, 2)
    return x + linear(attend(q, k, v, heads, causal), weights, f"{name}.proj")


def cross_attention(x: Any, memory: Any, weights: Tensors, name: str, *, heads: int) -> Any:
    q = linear(norm(x, weights, f"{name}.norm"), weights, f"{name}.q")
    k, v = linear(memory, weights, f"{name}.k"), linear(memory, weights, f"{name}.v")
    return x + linear(attend(q, k, v, heads, False), weights, f"{name}.proj")


def embedding(tokens: Any, weights: Tensors, name: str) -> Any:
    return torch.nn.functional.embedding(tokens, weights[f"{name}.tokens"]) + weights[f"{name}.positions"]


def mlp(x: Any, weights: Tensors, depth: int, heads: int, activation: str) -> Any:
    x = linear(x, weights, "stem")
    for at in range(depth):
        x = feed_forward(x, weights, f"blocks.{at}.ff", activation)
    return linear(norm(x, weights, "norm"), weights, "head")


def decoder(tokens: Any, weights: Tensors, depth: int, heads: int, activation: str) -> Any:
    x = embedding(tokens, weights, "embedding")
    for at in range(depth):
        x = self_attention(x, weights, f"blocks.{at}.attention", heads=heads, causal=True)
        x = feed_forward(x, weights, f"blocks.{at}.ff", activation)
    return linear(norm(x, weights, "norm"), weights, "head").flatten(0, 1)


def encoder_decoder(tokens: Any, weights: Tensors, depth: int, heads: int, activation: str) -> Any:
    source = SHAPES["encoder_decoder"].source_length
    memory = embedding(tokens[:, :source], weights, "source")
    for at in range(depth):
        memory = self_attention(memory, weights, f"encoder.{at}.attention", heads=heads, causal=False)
        memory = feed_forward(memory, weights, f"encoder.{at}.ff", activation)
    memory = norm(memory, weights, "encoder.norm")
    x = embedding(tokens[:, source:], weights, "target")
    for at in range(depth):
        x = self_attention(x, weights, f"decoder.{at}.attention", heads=heads, causal=True)
        x = cross_attention(x, memory, weights, f"decoder.{at}.cross_attention", heads=heads)
        x = feed_forward(x, weights, f"decoder.{at}.ff", activation)
    return linear(norm(x, weights, "norm"), weights, "head").flatten(0, 1)


PEERS: dict[str, Any] = {"mlp": mlp, "decoder": decoder, "encoder_decoder": encoder_decoder}


def by_torch(
    model: Model, vector: Array, inputs: Array, d_outputs: Array, activation: str
) -> tuple[Array, dict[str, Array]]:
    """The outputs, and the gradients by the name of the slot."""
    views = model.parameters.views(vector)
    weights: Tensors = {name: torch.tensor(view, requires_grad=True) for name, view in views.items()}
    outputs = PEERS[model.name](torch.tensor(inputs), weights, 2, 2, activation)
    outputs.backward(torch.tensor(d_outputs))
    found: Array = outputs.detach().numpy()
    return found, {name: weight.grad.numpy() for name, weight in weights.items()}


@needs_torch
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("name", PEERS)
def test_outputs_and_gradients_are_those_of_torch(name: str, activation: str) -> None:
    model = small(name, activation=activation)
    vector, inputs = started(model.parameters), inputs_of(SHAPES[name], 4)
    shard = shard_of(model.parameters, vector)
    outputs = model.forward(inputs, shard)
    d_outputs = np.random.default_rng(1).standard_normal(outputs.shape)
    found, gradients = by_torch(model, vector, inputs, d_outputs, activation)
    np.testing.assert_allclose(outputs, found, rtol=1e-9)
    model.backward(d_outputs, shard)
    for slot, right in gradients.items():
        # Of a sum of terms that cancel only what the terms are exact to is comparable.
        np.testing.assert_allclose(
            shard.gradients[slot], right, rtol=1e-9, atol=1e-12 * np.abs(d_outputs).sum(), err_msg=slot
        )
