"""The gradients of resnet and vit are those of torch with the same weights, in float64."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from tests.workloads.models.running import inputs_of, shard_of, started
from workloads.models.model import Stack
from workloads.models.norms import EPSILON
from workloads.models.resnet import resnet
from workloads.models.vit import vit
from workloads.tasks.shape import Shape

torch: Any = import_module("torch") if find_spec("torch") else None  # an extra, unknown to the type checker
tf: Any = torch and torch.nn.functional

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(torch is None, reason="torch, the extra `bench`, is not installed"),
]

SHAPE = Shape(kind="images", side=9, channels=3, outputs=5)
BATCH, WIDTH, DEPTH, INNER, HEADS = 4, 8, 2, 12, 2
Weights = dict[str, Any]
ACTIVE: dict[str, Callable[[Any], Any]] = {
    "relu": lambda x: tf.relu(x),
    "gelu": lambda x: tf.gelu(x, approximate="tanh"),
}


def convolve(w: Weights, name: str, x: Any, kernel: int, stride: int, padding: int) -> Any:
    weight, bias = w[f"{name}.weight"], w[f"{name}.bias"]
    windows = weight.reshape(len(weight), kernel, kernel, -1).permute(0, 3, 1, 2)
    return tf.conv2d(x, windows, bias, stride=stride, padding=padding)


def norm(w: Weights, name: str, x: Any) -> Any:
    groups = int(np.gcd(x.shape[1], 4))
    return tf.group_norm(x, groups, w[f"{name}.gain"], w[f"{name}.bias"], eps=EPSILON)


def torch_resnet(w: Weights, images: Any, activation: str) -> Any:
    active = ACTIVE[activation]
    x = convolve(w, "stem", images.permute(0, 3, 1, 2), 3, 1, 1)
    for stage in range(3):
        for at in range(DEPTH):
            name, stride = f"stages.{stage}.{at}", 2 if stage and not at else 1
            inner = active(norm(w, f"{name}.norm1", x))
            branch = convolve(w, f"{name}.conv1", inner, 3, stride, 1)
            branch = convolve(w, f"{name}.conv2", active(norm(w, f"{name}.norm2", branch)), 3, 1, 1)
            x = branch + (convolve(w, f"{name}.shortcut", inner, 1, stride, 0) if stride > 1 else x)
    x = active(norm(w, "norm", x)).mean((2, 3))
    return tf.linear(x, w["head.weight"], w["head.bias"])


def linear(w: Weights, name: str, x: Any) -> Any:
    return tf.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])


def layer_norm(w: Weights, name: str, x: Any) -> Any:
    return tf.layer_norm(x, (WIDTH,), w[f"{name}.gain"], w[f"{name}.bias"], eps=EPSILON)


def torch_vit(w: Weights, images: Any, activation: str) -> Any:
    patches = convolve(w, "patches", images.permute(0, 3, 1, 2), 3, 3, 2)  # a side of 9 as 4 patches of 3
    x = patches.flatten(2).transpose(1, 2) + w["embedding.positions"]
    for at in range(DEPTH):
        name = f"blocks.{at}"
        qkv = linear(w, f"{name}.attention.qkv", layer_norm(w, f"{name}.attention.norm", x))
        q, k, v = (
            part.reshape(BATCH, -1, HEADS, WIDTH // HEADS).transpose(1, 2) for part in qkv.chunk(3, -1)
        )
        attended = tf.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
        x = x + linear(w, f"{name}.attention.proj", attended)
        inner = linear(w, f"{name}.ff.1", layer_norm(w, f"{name}.ff.norm", x))
        x = x + linear(w, f"{name}.ff.2", ACTIVE[activation](inner))
    return linear(w, "head", layer_norm(w, "norm", x.mean(1)))


CASES: dict[str, tuple[Callable[..., Stack], Callable[..., Any]]] = {
    "resnet": (resnet, torch_resnet),
    "vit": (vit, torch_vit),
}


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("name", CASES)
def test_outputs_and_gradients_are_those_of_torch(name: str, activation: str) -> None:
    build, peer = CASES[name]
    sizes = {"width": WIDTH, "depth": DEPTH, "inner": INNER, "heads": HEADS, "batch": BATCH}
    model = build(SHAPE, **sizes, activation=activation, dtype=np.float64)
    vector, images = started(model.parameters), inputs_of(SHAPE, BATCH)
    shard = shard_of(model.parameters, vector)
    outputs = model.forward(images, shard)
    d_outputs = np.random.default_rng(1).standard_normal(outputs.shape)
    w = {view: torch.tensor(array, requires_grad=True) for view, array in shard.forward.items()}
    right = peer(w, torch.tensor(images), activation)
    np.testing.assert_allclose(outputs, right.detach().numpy(), rtol=1e-9, atol=1e-12)
    right.backward(torch.tensor(d_outputs))
    model.backward(d_outputs.copy(), shard)
    for slot, found in shard.gradients.items():
        expected = w[slot].grad.numpy()
        np.testing.assert_allclose(
            found, expected, rtol=1e-9, atol=1e-11 * np.abs(expected).max() + 1e-13, err_msg=slot
        )
