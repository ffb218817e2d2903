"""UPDATE in bits and operations, counted by hand for a layer of 8 inputs and 6 outputs."""

import pytest

from simulator.gemm import Gemm
from simulator.pattern import Pattern
from workloads.networks.layer import Layer, Role
from workloads.training.face import DENSE, Phase
from workloads.training.recipes import RECIPES
from workloads.training.selectors import SELECTORS, sorting
from workloads.training.upkeep import OPTIMIZERS, gradient_stream, layer_optimizer_stream, selection_stream

FC = Layer(name="fc", role=Role.FF, gemm=Gemm(m=5, n=6, k=8))
WEIGHTS, KEPT = 48, 24
P24 = Pattern(kept=2, group=4)


def phase(name):
    return Phase(face=RECIPES[name].face, pattern=None if name == "dense" else P24, steps=1)


def test_dense_adamw_moves_seven_fp32_values_and_a_copy():
    stream = layer_optimizer_stream(FC, phase("dense"), OPTIMIZERS["adamw"], "bf16")
    assert (stream.op, stream.elements) == ("adamw", WEIGHTS)
    assert stream.read_bits == WEIGHTS * 4 * 32
    assert stream.write_bits == WEIGHTS * (3 * 32 + 16)
    assert stream.ops == WEIGHTS * 16


def test_dense_sgd_has_one_state():
    stream = layer_optimizer_stream(FC, phase("dense"), OPTIMIZERS["sgd"], "fp8")
    assert (stream.read_bits, stream.write_bits) == (WEIGHTS * 3 * 32, WEIGHTS * (2 * 32 + 8))
    assert stream.ops == WEIGHTS * 6


@pytest.mark.parametrize("dtype", ["fp32", "tf32"])
def test_products_that_read_fp32_need_no_copy(dtype):
    stream = layer_optimizer_stream(FC, phase("dense"), OPTIMIZERS["sgd"], dtype)
    assert stream.write_bits == WEIGHTS * 2 * 32


def test_straight_through_updates_all_weights_and_copies_the_kept():
    stream = layer_optimizer_stream(FC, phase("sr_ste"), OPTIMIZERS["adamw"], "bf16")
    assert stream.elements == WEIGHTS
    assert stream.read_bits == WEIGHTS * 4 * 32 + WEIGHTS
    assert stream.write_bits == WEIGHTS * 3 * 32 + KEPT * 16


def test_a_second_mask_has_its_own_copy():
    stream = layer_optimizer_stream(FC, phase("slope"), OPTIMIZERS["adamw"], "bf16")
    along_outputs = 8 * (2 + 2)  # 6 outputs keep 2 of 4 and 2 of the last 2
    assert stream.write_bits == WEIGHTS * 3 * 32 + (KEPT + along_outputs) * 16


def test_only_kept_weights_have_state_where_only_they_have_gradients():
    stream = layer_optimizer_stream(FC, phase("rigl"), OPTIMIZERS["adamw"], "bf16")
    assert stream.elements == KEPT
    assert (stream.read_bits, stream.write_bits) == (KEPT * 4 * 32, KEPT * (3 * 32 + 16))


def test_fading_weights_cost_what_dense_ones_do():
    fading = RECIPES["mdgf_exp"].phases(P24, 10)[0]
    dense = Phase(face=DENSE, pattern=None, steps=1)
    streams = [layer_optimizer_stream(FC, one, OPTIMIZERS["adamw"], "bf16") for one in (fading, dense)]
    assert streams[0] == streams[1]


@pytest.mark.parametrize(
    ("values", "compares"), [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (16, 4), (4096, 12)]
)
def test_sorting_takes_the_ceiling_of_the_logarithm(values, compares):
    assert sorting(values) == compares


@pytest.mark.parametrize(
    ("selector", "read", "ops"),
    [
        ("magnitude", 32, 2),  # log2(4)
        ("transposable", 32, 4),  # log2(4 * 4)
        ("permuted", 32, 300),  # 100 * (log2(4) + 1)
        ("random", 0, 3),
        ("grow_gradient", 65, 4),
        ("grow_random", 33, 5),
    ],
)
def test_selection_of_2_4_masks(selector, read, ops):
    stream = selection_stream(FC, selector, 4)
    assert (stream.op, stream.elements) == ("select", WEIGHTS)
    assert (stream.read_bits, stream.write_bits, stream.metadata_bits) == (WEIGHTS * read, 0, WEIGHTS)
    assert stream.ops == WEIGHTS * ops


def test_every_selector_goes_by_its_name():
    assert [selector.name for selector in SELECTORS.values()] == list(SELECTORS)
    assert [optimizer.name for optimizer in OPTIMIZERS.values()] == list(OPTIMIZERS)


def test_a_gradient_is_pruned_along_the_tokens():
    """5 tokens of 6 outputs; 2:4 keeps 3 of 5 tokens."""
    stream = gradient_stream(FC, P24, "bf16")
    assert (stream.op, stream.elements) == ("prune_gradient", 5 * 6)
    assert (stream.read_bits, stream.write_bits) == (5 * 6 * 16, 3 * 6 * 16)
    assert (stream.metadata_bits, stream.ops) == (5 * 6, 5 * 6 * 6)
