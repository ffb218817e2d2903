"""The blocks of images: convolution, group norm, average and the residual block."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.images import convolution
from tests.workloads.models.running import Array, assert_gradients, parameters_of, shard_of, started
from workloads.models.block import Block
from workloads.models.conv import Conv, conv, stem
from workloads.models.group_norm import ActiveNorm, GroupNorm, active_norm
from workloads.models.pooling import Average
from workloads.models.resnet import basic
from workloads.networks import blocks as networks
from workloads.networks.layer import Role

SIDE, INPUTS, OUTPUTS = 5, 3, 4

CONVS: dict[str, Conv] = {
    "3x3": conv("conv", side=SIDE, inputs=INPUTS, outputs=OUTPUTS),
    "3x3_stride": conv("conv", side=SIDE, inputs=INPUTS, outputs=OUTPUTS, stride=2),
    "1x1": conv("conv", side=SIDE, inputs=INPUTS, outputs=OUTPUTS, kernel=1),
    "1x1_stride": conv("conv", side=SIDE, inputs=INPUTS, outputs=OUTPUTS, kernel=1, stride=2),
    "5x5": conv("conv", side=SIDE, inputs=INPUTS, outputs=OUTPUTS, kernel=5, stride=3),
}
BLOCKS: dict[str, Callable[[], Block]] = {
    **{name: lambda made=made: made for name, made in CONVS.items()},  # type: ignore[misc]
    "group_norm": lambda: GroupNorm(name="norm", channels=INPUTS),
    "active_norm": lambda: active_norm("norm", channels=INPUTS, activation="gelu"),
    "average": lambda: Average(name="pool", places=SIDE**2),
    "basic": lambda: basic(
        "block", side=SIDE, inputs=INPUTS, outputs=INPUTS, stride=1, activation="gelu", scale=1.0
    ),
    "basic_shortcut": lambda: basic(
        "block", side=SIDE, inputs=INPUTS, outputs=OUTPUTS, stride=2, activation="gelu", scale=1.0
    ),
}


def images(seed: int = 0, samples: int = 2, channels: int = INPUTS) -> Array:
    return np.random.default_rng(seed).standard_normal((samples, SIDE, SIDE, channels))


def check_gradients(block: Block, x: Array) -> None:
    """The gradients of a block are the differences of its output, and it writes to neither input."""
    parameters = parameters_of(block.slots())
    vector = started(parameters)
    shard, given_x = shard_of(parameters, vector), x.copy()
    y = block.forward(x, shard)
    weighing = np.random.default_rng(2).standard_normal(y.shape)

    def total() -> float:
        return float((block.forward(x, shard_of(parameters, vector)) * weighing).sum())

    dy = weighing.copy()
    dx = block.backward(dy, shard)
    np.testing.assert_array_equal(x, given_x)
    np.testing.assert_array_equal(dy, weighing)
    assert_gradients({"x": dx, **shard.gradients}, total, {"x": x, **parameters.views(vector)})


@pytest.mark.parametrize("name", BLOCKS)
def test_the_gradients_of_a_block_are_the_differences_of_its_output(name: str) -> None:
    check_gradients(BLOCKS[name](), images())


def test_relu_behind_a_norm_has_the_gradient_of_the_norm_where_it_is_positive() -> None:
    """Away from its kink: no value of the norm is nearer to 0 than the differences reach."""
    norm = active_norm("norm", channels=4, activation="relu")
    parameters = parameters_of(norm.slots())
    x = images(samples=1, channels=4)[:, :2, :2].copy()
    values = norm.norm.forward(x, shard_of(parameters, started(parameters)))
    assert np.abs(values).min() > 0.01
    assert values.min() < 0 < values.max()
    check_gradients(norm, x)


@pytest.mark.parametrize("name", CONVS)
def test_a_convolution_is_its_definition(name: str) -> None:
    block, x = CONVS[name], images()
    parameters = parameters_of(block.slots())
    vector = started(parameters)
    found = block.forward(x, shard_of(parameters, vector))
    views = parameters.views(vector)
    weight = views["conv.weight"].reshape(OUTPUTS, block.kernel, block.kernel, INPUTS)
    right = convolution(x, weight, views["conv.bias"], block.stride, block.padding)
    assert found.shape == right.shape == (2, block.out, block.out, OUTPUTS)
    np.testing.assert_allclose(found, right, rtol=0, atol=1e-13)


def test_the_weight_is_ordered_so_that_groups_run_along_the_channels() -> None:
    """A weight of which only the first of every `inputs` is not 0 reads the first channel alone."""
    block, x = CONVS["3x3"], images()
    parameters = parameters_of(block.slots())
    vector = started(parameters)
    weight = parameters.views(vector)["conv.weight"]
    weight[:, np.arange(weight.shape[1]) % INPUTS != 0] = 0
    shard = shard_of(parameters, vector)
    first = block.forward(x, shard).copy()
    x[..., 1:] += 1
    np.testing.assert_array_equal(block.forward(x, shard), first)
    x[..., 0] += 1
    assert np.all(block.forward(x, shard) != first)


@given(
    side=st.integers(1, 9),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    samples=st.integers(1, 3),
    plain=st.booleans(),
)
def test_the_layer_is_that_of_the_networks(
    side: int, kernel: int, stride: int, samples: int, plain: bool
) -> None:
    padding = kernel // 2
    if plain:
        made = conv("conv", side=side, inputs=2, outputs=3, kernel=kernel, stride=stride)
    else:
        made = stem("conv", side=side, inputs=2, outputs=3, kernel=kernel, stride=stride, padding=padding)
    right = networks.convolution(
        "conv",
        Role.CONV,
        samples=samples,
        side=side,
        inputs=2,
        outputs=3,
        kernel=kernel,
        stride=stride,
        padding=padding,
    )
    if not plain:
        right = replace(right, role=Role.STEM, input_gradient=False)
    assert made.layers(samples) == [right]
    assert made.out == networks.positions(side, kernel=kernel, stride=stride, padding=padding)


def test_a_stem_sends_no_gradient_back() -> None:
    block = stem("stem", side=SIDE, inputs=INPUTS, outputs=OUTPUTS, kernel=3, stride=1, padding=1)
    same = conv("stem", side=SIDE, inputs=INPUTS, outputs=OUTPUTS)
    parameters = parameters_of(block.slots())
    vector, dy = started(parameters), images(1, channels=OUTPUTS)
    shards = [shard_of(parameters, vector) for _ in range(2)]
    outputs = [part.forward(images(), shard) for part, shard in zip((block, same), shards, strict=True)]
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert block.backward(dy, shards[0]).size == 0
    same.backward(dy, shards[1])
    for name, gradient in shards[0].gradients.items():
        np.testing.assert_array_equal(gradient, shards[1].gradients[name])


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_an_active_norm_is_the_activation_of_the_norm(activation: str) -> None:
    block: ActiveNorm = active_norm("norm", channels=8, activation=activation)  # type: ignore[arg-type]
    parameters = parameters_of(block.slots())
    vector, x = started(parameters), images(channels=8)
    before = block.norm.forward(x, shard_of(parameters, vector))
    tanh = np.tanh(np.sqrt(2 / np.pi) * (before + 0.044715 * before**3))
    right = np.maximum(before, 0) if activation == "relu" else before * (1 + tanh) / 2
    found = block.forward(x, shard_of(parameters, vector))
    np.testing.assert_allclose(found, right, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("channels", "groups"), [(1, 1), (2, 2), (3, 1), (4, 4), (6, 2), (16, 4), (90, 2)])
def test_group_norm_is_of_equal_groups_of_each_image(channels: int, groups: int) -> None:
    norm = GroupNorm(name="norm", channels=channels)
    assert norm.groups == groups
    parameters = parameters_of(norm.slots())
    y = norm.forward(images(channels=channels), shard_of(parameters, parameters.initial(0)))
    parts = y.reshape(2, SIDE**2, groups, -1)
    np.testing.assert_allclose(parts.mean((1, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(parts.var((1, 3)), 1, atol=1e-4)


def test_the_average_of_rows_is_that_of_images() -> None:
    x = images()
    pool = Average(name="pool", places=SIDE**2)
    parameters = parameters_of([])
    found = pool.forward(x, shard_of(parameters, parameters.initial(0))).copy()
    np.testing.assert_allclose(found, x.mean((1, 2)), rtol=1e-13)
    shard = shard_of(parameters, parameters.initial(0))
    np.testing.assert_array_equal(pool.forward(x.reshape(-1, INPUTS), shard), found)
    assert pool.backward(found, shard).shape == (2 * SIDE**2, INPUTS)
