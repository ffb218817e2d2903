"""Sparse-IFT: sizes, gradients, which weights are sparse, and that it costs what the dense map does."""

from collections.abc import Callable
from fractions import Fraction
from math import prod, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mask.magnitude import select
from simulator.mask.spectra import spectrum
from simulator.pattern import Pattern
from tests.workloads.models.running import (
    Array,
    assert_gradients,
    counted,
    inputs_of,
    parameters_of,
    products_of,
    shard_of,
    started,
)
from workloads.models.block import MakeMap, Map
from workloads.models.conv import conv
from workloads.models.linear import Linear
from workloads.models.mlp import mlp
from workloads.models.model import Stack
from workloads.models.resnet import resnet
from workloads.models.sparse_ift import (
    MAKERS,
    STAYS_DENSE,
    branches_of,
    inner_of,
    rank_of,
    wide_channels,
    wide_inner,
)
from workloads.models.sparse_maps import Doped, Factorized, Parallel
from workloads.networks.layer import Layer, Role
from workloads.tasks.shape import Shape

HALF, QUARTER, TENTH = Fraction(1, 2), Fraction(1, 4), Fraction(1, 10)
ROWS, INPUTS, OUTPUTS = 10, 6, 4
VECTORS = Shape(kind="vectors", features=5, outputs=3)
IMAGES = Shape(kind="images", side=4, channels=2, outputs=3)
densities = st.builds(lambda kept, more: Fraction(kept, kept + more), st.integers(1, 16), st.integers(0, 48))
widths = st.integers(1, 3000)


def made(member: str, density: Fraction = HALF, **sizes: Any) -> Map:
    given_sizes = {"inputs": INPUTS, "outputs": OUTPUTS, **sizes}
    return MAKERS[member](density)(name="map", role=Role.FF, **given_sizes)


def sparse_macs(layers: list[Layer], density: Fraction) -> Fraction:
    """Multiply-adds where the sparse weights have that density."""
    shares = (density if layer.role.may_be_sparse else Fraction(1) for layer in layers)
    return sum((layer.macs * share for layer, share in zip(layers, shares, strict=True)), Fraction(0))


@pytest.mark.parametrize(
    ("density", "inner", "rank"), [(HALF, 768, 192), (QUARTER, 1536, 288), (TENTH, 3840, 345)]
)
def test_sizes_of_the_paper_for_768_by_768(density: Fraction, inner: int, rank: int) -> None:
    assert (inner_of(768, 768, density), rank_of(768, 768, density)) == (inner, rank)


@pytest.mark.parametrize(
    ("density", "channels", "branches"),
    [(HALF, 90, 2), (QUARTER, 128, 4), (TENTH, 202, 10), (Fraction(2, 5), 101, 3)],
)
def test_sizes_of_the_authors_code(density: Fraction, channels: int, branches: int) -> None:
    """Channels int(64 sqrt k); the code rounds k = 1 / density itself, here only where it counts branches."""
    assert (wide_channels(64, density), branches_of(density)) == (channels, branches)


def test_sizes_of_patterns() -> None:
    patterns = [Pattern.parse(text) for text in ("2:4", "1:4", "1:8", "1:16")]
    assert [branches_of(pattern.density) for pattern in patterns] == [2, 4, 8, 16]
    assert [wide_inner(256, pattern.density) for pattern in patterns] == [512, 1024, 2048, 4096]
    assert wide_channels(100, patterns[2].density) == int(100 * 2 * sqrt(2))


@given(inputs=widths, outputs=widths, density=densities)
def test_factors_cost_at_least_the_dense_map_and_one_feature_less_would_cost_less(
    inputs: int, outputs: int, density: Fraction
) -> None:
    inner, dense = inner_of(inputs, outputs, density), inputs * outputs
    assert density * (inner - 1) * (inputs + outputs) < dense <= density * inner * (inputs + outputs)


@given(inputs=widths, outputs=widths, density=densities)
def test_a_doped_map_costs_at_most_the_dense_one_and_one_column_more_would_cost_more(
    inputs: int, outputs: int, density: Fraction
) -> None:
    rank, dense = rank_of(inputs, outputs, density), inputs * outputs
    sparse = density * dense
    assert sparse + rank * (inputs + outputs) <= dense < sparse + (rank + 1) * (inputs + outputs)


@given(width=widths, density=densities)
def test_a_wide_network_costs_at_most_the_dense_one_and_one_channel_more_would_cost_more(
    width: int, density: Fraction
) -> None:
    channels, inner = wide_channels(width, density), wide_inner(width, density)
    assert channels**2 * density <= width**2 < (channels + 1) ** 2 * density
    assert inner * density <= width < (inner + 1) * density


@pytest.mark.parametrize("pattern", ["2:4", "1:4", "1:8"])
@pytest.mark.parametrize("member", MAKERS)
def test_a_map_costs_what_the_dense_one_does(member: str, pattern: str) -> None:
    """768 x 3072 values: exactly for branches, within a feature or a column in 1000 for the factors."""
    density = Pattern.parse(pattern).density
    found = sparse_macs(made(member, density, inputs=768, outputs=3072).layers(ROWS), density)
    ratio = found / (ROWS * 768 * 3072)
    assert ratio == 1 if member == "parallel" else abs(ratio - 1) < Fraction(1, 500)


@pytest.mark.parametrize("density", [HALF, QUARTER])
def test_a_wide_model_costs_what_the_dense_one_does(density: Fraction) -> None:
    """Exactly in feed-forward parts; where channels grow by sqrt(2), 90 for 64 of them: .989."""
    sizes: dict[str, Any] = {"depth": 2, "heads": 1, "batch": 4, "activation": "relu", "dtype": np.float32}

    def cost(model: Stack, share: Fraction) -> Fraction:
        roles = (Role.FF, Role.CONV)
        return sparse_macs([layer for layer in model.network.layers if layer.role in roles], share)

    dense = cost(mlp(VECTORS, width=64, inner=256, **sizes), Fraction(1))
    wide = cost(mlp(VECTORS, width=64, inner=wide_inner(256, density), **sizes), density)
    assert wide == dense
    dense = cost(resnet(IMAGES, width=64, inner=1, **sizes), Fraction(1))
    wide = cost(resnet(IMAGES, width=wide_channels(64, density), inner=1, **sizes), density)
    assert wide / dense == (Fraction(90**2, 2 * 64**2) if density == HALF else 1)


def rows(samples: int, seed: int = 1) -> Array:
    return np.random.default_rng(seed).standard_normal((samples, INPUTS))


def check_gradients(block: Map, x: Array) -> None:
    parameters = parameters_of(block.slots())
    vector = started(parameters)
    shard = shard_of(parameters, vector)
    y = block.forward(x, shard)
    weighing = np.random.default_rng(2).standard_normal(y.shape)

    def total() -> float:
        return float((block.forward(x, shard_of(parameters, vector)) * weighing).sum())

    dy = weighing.copy()
    dx = block.backward(dy, shard)
    np.testing.assert_array_equal(dy, weighing)
    assert_gradients({"x": dx, **shard.gradients}, total, {"x": x, **parameters.views(vector)})


@pytest.mark.parametrize("member", ["parallel", "doped"])
def test_the_gradients_of_a_map_are_the_differences_of_its_output(member: str) -> None:
    check_gradients(made(member), rows(ROWS))


def test_the_gradients_of_factors_are_the_differences_of_their_output() -> None:
    """Away from the kink of relu: no feature is nearer to 0 than the differences reach."""
    block = made("factorized")
    assert isinstance(block, Factorized)
    parameters = parameters_of(block.slots())
    x = rows(4, seed=3)
    between = block.u.forward(x, shard_of(parameters, started(parameters)))
    assert np.abs(between).min() > 0.01
    assert between.min() < 0 < between.max()
    check_gradients(block, x)


def plain(member: str, x: Array, w: dict[str, Array]) -> Array:
    """The output of a map, from its equation."""
    y: Array
    if member == "doped":
        y = x @ w["map.sparse.weight"].T + x @ w["map.u.weight"].T @ w["map.v.weight"].T
        return y + w["map.sparse.bias"]
    if member == "factorized":
        y = np.maximum(x @ w["map.u.weight"].T + w["map.u.bias"], 0) @ w["map.v.weight"].T
        return y + w["map.v.bias"]
    total = np.zeros((len(x), OUTPUTS))
    for name in ("map.branches.0", "map.branches.1"):
        y = x @ w[f"{name}.weight"].T
        y = (y - y.mean(1, keepdims=True)) / np.sqrt(y.var(1, keepdims=True) + 1e-5)
        total += y * w[f"{name}.norm.gain"] + w[f"{name}.norm.bias"]
    return total


@pytest.mark.parametrize("member", MAKERS)
def test_a_map_is_its_equation_and_leaves_the_bias_to_who_asks(member: str) -> None:
    block = made(member)
    assert (block.inputs, block.outputs) == (INPUTS, OUTPUTS)
    parameters = parameters_of(block.slots())
    shard = shard_of(parameters, started(parameters))
    x = rows(ROWS)
    right = plain(member, x, dict(shard.forward))
    np.testing.assert_allclose(block.forward(x, shard), right, rtol=0, atol=1e-12)
    np.testing.assert_allclose(block.multiply(x, shard) + block.bias(shard), right, rtol=0, atol=1e-12)


@pytest.mark.parametrize("density", [HALF, TENTH])
@pytest.mark.parametrize("member", MAKERS)
def test_a_map_starts_as_wide_as_a_plain_one(member: str, density: Fraction) -> None:
    """With random masks of that density on the sparse part of a doped map; others widen what is dense."""
    rng, scale = np.random.default_rng(0), 0.5
    block = made(member, density, inputs=128, outputs=128, scale=scale)
    parameters = parameters_of(block.slots())
    vector = parameters.initial(0)
    if isinstance(block, Doped):
        weight = parameters.views(vector)["map.sparse.weight"]
        weight *= rng.random(weight.shape) < float(density)
    y = block.forward(rng.standard_normal((512, 128)), shard_of(parameters, vector))
    assert y.std() == pytest.approx(scale, rel=0.05)


def test_a_map_too_small_for_a_dense_column_has_none() -> None:
    assert rank_of(2, 1, HALF) == 0
    assert made("doped", inputs=2, outputs=1) == Linear(name="map.sparse", role=Role.FF, inputs=2, outputs=1)


@pytest.mark.parametrize(
    ("member", "sparse", "dense"),
    [
        ("parallel", {"map.branches.0.weight", "map.branches.1.weight"}, set()),
        ("factorized", {"map.u.weight", "map.v.weight"}, set()),
        ("doped", {"map.sparse.weight"}, {"map.u.weight", "map.v.weight"}),
    ],
)
def test_the_role_says_which_weights_are_sparse(member: str, sparse: set[str], dense: set[str]) -> None:
    block = made(member)
    roles = {slot.name: slot.role for slot in block.slots() if slot.role is not None}
    assert roles == {**dict.fromkeys(sparse, Role.FF), **dict.fromkeys(dense, STAYS_DENSE)}
    assert not STAYS_DENSE.may_be_sparse
    assert {f"{layer.name}.weight": layer.role for layer in block.layers(ROWS)} == roles


def model_of(kind: Callable[..., Stack], member: str) -> tuple[Stack, Shape]:
    shape = VECTORS if kind is mlp else IMAGES
    maker: MakeMap = MAKERS[member](HALF)
    sizes = {"width": 4, "depth": 1, "inner": 6, "heads": 1, "batch": 4}
    return kind(shape, **sizes, activation="gelu", dtype=np.float64, make_map=maker), shape


@pytest.mark.parametrize("kind", [mlp, resnet])
@pytest.mark.parametrize("member", MAKERS)
def test_a_model_of_such_maps_lists_the_products_that_are_done(
    member: str, kind: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, shape = model_of(kind, member)
    shards = [shard_of(model.parameters, started(model.parameters, 0), started(model.parameters, 1))]
    inputs, d_outputs = inputs_of(shape, 4), np.random.default_rng(5).standard_normal((4, shape.outputs))
    with counted(monkeypatch, shards) as done:
        model.forward(inputs, shards[0])
        model.backward(d_outputs, shards[0])
    assert done == products_of(model)
    weights = sum(prod(slot.shape) for slot in model.parameters.slots.values() if slot.decayed)
    assert model.network.parameters - model.network.other_parameters == weights


@pytest.mark.parametrize("member", MAKERS)
def test_only_the_products_that_read_windows_read_a_pixel_twice(member: str) -> None:
    block = conv("map", side=6, inputs=8, outputs=8, make_map=MAKERS[member](HALF))
    layers = block.layers(2)
    pixels, windows = 2 * 36 * 8, 2 * 36
    right = {layer.name: pixels if layer.name != "map.v" else windows * layer.gemm.k for layer in layers}
    assert {layer.name: layer.input_values for layer in layers} == right


@pytest.mark.parametrize("member", MAKERS)
def test_the_spectrum_of_the_masks_can_be_taken(member: str) -> None:
    block = made(member, inputs=32, outputs=32)
    parameters = parameters_of(block.slots())
    views = parameters.views(parameters.initial(0))
    masks = {
        slot.name: select(views[slot.name], Pattern.parse("2:4"))
        for slot in block.slots()
        if slot.role is Role.FF
    }
    assert masks
    for mask in masks.values():
        found = spectrum(mask)
        assert found.left_degree == mask.shape[1] / 2
        assert 0 < found.gap < found.sigma1


def test_branches_differ() -> None:
    """They are told apart by their names, which are also what they start from."""
    block = made("parallel")
    assert isinstance(block, Parallel)
    parameters = parameters_of(block.slots())
    views = parameters.views(parameters.initial(0))
    assert np.abs(views["map.branches.0.weight"] - views["map.branches.1.weight"]).min() > 0
    np.testing.assert_array_equal(views["map.branches.0.norm.gain"], 1 / sqrt(2))
