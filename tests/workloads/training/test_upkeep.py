"""UPDATE in bits and operations, counted by hand for a layer of 8 inputs and 6 outputs."""

from fractions import Fraction

import pytest

from simulator.gemm import Gemm, Stream
from simulator.pattern import Pattern
from tests.strategies import TWO_OF_FOUR
from workloads.networks.layer import Layer, Role
from workloads.training.face import Phase
from workloads.training.recipes import RECIPES
from workloads.training.selectors import SELECTORS, sorting
from workloads.training.unstructured import Unstructured
from workloads.training.upkeep import (
    OPTIMIZERS,
    copy_stream,
    gradient_stream,
    layer_optimizer_stream,
    selection_stream,
)

FC = Layer(name="fc", role=Role.FF, gemm=Gemm(m=5, n=6, k=8))
WEIGHTS, KEPT = 48, 24
ALONG_OUTPUTS = 8 * (2 + 2)  # 6 outputs keep 2 of 4 and 2 of the last 2


def last_phase(name: str, pattern: Pattern = TWO_OF_FOUR) -> Phase:
    """A phase with the face that a recipe has once its target is in force."""
    return Phase(face=RECIPES[name].face, pattern=None if name == "dense" else pattern, steps=1)


def adamw(phase: Phase, dtype: str = "bf16") -> Stream:
    return layer_optimizer_stream(FC, phase, OPTIMIZERS["adamw"], dtype)


def test_dense_adamw_moves_seven_fp32_values_and_a_copy() -> None:
    stream = adamw(last_phase("dense"))
    assert (stream.op, stream.elements) == ("adamw", WEIGHTS)
    assert stream.read_bits == WEIGHTS * 4 * 32
    assert stream.write_bits == WEIGHTS * (3 * 32 + 16)
    assert (stream.metadata_read_bits, stream.metadata_write_bits) == (0, 0)
    assert stream.ops == WEIGHTS * 16


def test_dense_sgd_has_one_state() -> None:
    stream = layer_optimizer_stream(FC, last_phase("dense"), OPTIMIZERS["sgd"], "fp8")
    assert (stream.read_bits, stream.write_bits) == (WEIGHTS * 3 * 32, WEIGHTS * (2 * 32 + 8))
    assert stream.ops == WEIGHTS * 6


@pytest.mark.parametrize("dtype", ["fp32", "tf32"])
def test_products_that_read_fp32_need_no_copy_of_dense_weights(dtype: str) -> None:
    assert adamw(last_phase("dense"), dtype).write_bits == WEIGHTS * 3 * 32
    assert adamw(last_phase("ste"), dtype).write_bits == WEIGHTS * 3 * 32 + (KEPT + WEIGHTS) * 32


@pytest.mark.parametrize("name", ["ste", "sr_ste", "s_ste", "step"])
def test_straight_through_updates_all_weights_and_writes_a_packed_and_a_dense_copy(name: str) -> None:
    stream = adamw(last_phase(name))
    assert stream.elements == WEIGHTS
    assert (stream.read_bits, stream.metadata_read_bits) == (WEIGHTS * 4 * 32, WEIGHTS)
    assert stream.write_bits == WEIGHTS * 3 * 32 + (KEPT + WEIGHTS) * 16
    assert stream.ops == WEIGHTS * 16


@pytest.mark.parametrize(("name", "masks"), [("transposable", 1), ("fst", 1), ("bi_mask", 2)])
def test_weights_that_are_sparse_along_the_outputs_are_packed_along_them_too(name: str, masks: int) -> None:
    stream = adamw(last_phase(name))
    assert stream.write_bits == WEIGHTS * 3 * 32 + (KEPT + ALONG_OUTPUTS) * 16
    assert (stream.read_bits, stream.metadata_read_bits) == (WEIGHTS * 4 * 32, masks * WEIGHTS)


def test_slope_holds_kept_weights_and_reads_the_dense_gradient() -> None:
    stream = adamw(last_phase("slope"))
    assert (stream.elements, stream.ops) == (KEPT, KEPT * 16)
    assert (stream.read_bits, stream.metadata_read_bits) == ((3 * KEPT + WEIGHTS) * 32, 2 * WEIGHTS)
    assert stream.write_bits == KEPT * 3 * 32 + (KEPT + ALONG_OUTPUTS) * 16


@pytest.mark.parametrize("name", ["static", "rigl", "set", "one_shot", "gradual", "ac_dc"])
def test_masks_that_forget_pruned_weights_hold_no_state_of_them(name: str) -> None:
    stream = adamw(last_phase(name))
    assert (stream.elements, stream.ops) == (KEPT, KEPT * 16)
    assert (stream.read_bits, stream.metadata_read_bits) == (KEPT * 4 * 32, WEIGHTS)
    assert stream.write_bits == KEPT * 3 * 32 + (KEPT + WEIGHTS) * 16


@pytest.mark.parametrize("name", ["kao_mask", "kao_structure"])
def test_masks_that_may_bring_a_weight_back_hold_all_state_though_few_gradients_come(name: str) -> None:
    stream = adamw(last_phase(name))
    assert (stream.elements, stream.ops) == (WEIGHTS, WEIGHTS * 16)
    assert (stream.read_bits, stream.metadata_read_bits) == ((3 * WEIGHTS + KEPT) * 32, WEIGHTS)
    assert stream.write_bits == WEIGHTS * 3 * 32 + (KEPT + WEIGHTS) * 16


@pytest.mark.parametrize("name", ["mdgf_linear", "mdgf_exp", "kao_mask"])
@pytest.mark.parametrize(("dtype", "bits"), [("bf16", 16), ("fp32", 32)])
def test_fading_weights_cost_what_dense_ones_do_and_their_masks(name: str, dtype: str, bits: int) -> None:
    fading = next(phase for phase in RECIPES[name].phases(TWO_OF_FOUR, 1000) if phase.pattern is not None)
    stream = adamw(fading, dtype)
    assert (stream.elements, stream.read_bits) == (WEIGHTS, WEIGHTS * 4 * 32)
    assert stream.metadata_read_bits == WEIGHTS  # which weights fade
    assert stream.write_bits == WEIGHTS * (3 * 32 + bits)  # in fp32 too: faded weights are not the master's


@pytest.mark.parametrize("name", sorted(set(RECIPES) - {"dense"}))
def test_a_mask_that_keeps_everything_needs_one_copy(name: str) -> None:
    stream = adamw(last_phase(name, Pattern(kept=4, group=4)))
    assert stream.write_bits == WEIGHTS * (3 * 32 + 16)


TENTH = Unstructured(density=Fraction(1, 10))


def test_weights_kept_anywhere_lie_dense_in_one_copy() -> None:
    kept = 5  # of 48, 4.8 rounded half up
    stream = adamw(Phase(face=RECIPES["rigl"].face, pattern=TENTH, steps=1))
    assert (stream.elements, stream.ops) == (kept, kept * 16)
    assert (stream.read_bits, stream.metadata_read_bits) == (kept * 4 * 32, WEIGHTS)
    assert stream.write_bits == kept * 3 * 32 + WEIGHTS * 16
    stream = copy_stream(FC, Phase(face=RECIPES["rigl"].face, pattern=TENTH, steps=1), "bf16")
    assert (stream.read_bits, stream.write_bits, stream.ops) == (kept * 32, WEIGHTS * 16, 0)
    assert adamw(Phase(face=RECIPES["ste"].face, pattern=TENTH, steps=1)).elements == WEIGHTS


def test_a_mask_without_groups_is_sorted_whole() -> None:
    assert selection_stream(FC, "magnitude", TENTH).ops == WEIGHTS * 6  # ceil(log2(48))
    assert selection_stream(FC, "grow_gradient", TENTH).ops == WEIGHTS * 2 * 6


@pytest.mark.parametrize(
    ("name", "held", "along_outputs", "masks"),
    [
        ("rigl", KEPT, WEIGHTS, 1),
        ("ste", WEIGHTS, WEIGHTS, 1),
        ("transposable", WEIGHTS, ALONG_OUTPUTS, 1),
        ("bi_mask", WEIGHTS, ALONG_OUTPUTS, 2),
    ],
)
def test_copies_are_written_from_the_weights_that_are_held(
    name: str, held: int, along_outputs: int, masks: int
) -> None:
    assert copy_stream(FC, last_phase(name), "bf16") == Stream(
        op="copy",
        elements=WEIGHTS,
        read_bits=held * 32,
        write_bits=(KEPT + along_outputs) * 16,
        metadata_read_bits=masks * WEIGHTS,
    )


@pytest.mark.parametrize(
    ("values", "compares"), [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (16, 4), (4096, 12)]
)
def test_sorting_takes_the_ceiling_of_the_logarithm(values: int, compares: int) -> None:
    assert sorting(values) == compares


@pytest.mark.parametrize(
    ("selector", "read", "mask_read", "ops"),
    [
        ("magnitude", 32, 0, 2),  # log2(4)
        ("transposable", 32, 0, 4),  # log2(4 * 4)
        ("permuted", 32, 0, 300),  # 100 * (log2(4) + 1)
        ("random", 0, 0, 3),
        ("grow_gradient", 64, 1, 4),
        ("grow_random", 32, 1, 5),
    ],
)
def test_selection_of_2_4_masks(selector: str, read: int, mask_read: int, ops: int) -> None:
    stream = selection_stream(FC, selector, TWO_OF_FOUR)
    assert (stream.op, stream.elements) == ("select", WEIGHTS)
    assert (stream.read_bits, stream.write_bits) == (WEIGHTS * read, 0)
    assert (stream.metadata_read_bits, stream.metadata_write_bits) == (WEIGHTS * mask_read, WEIGHTS)
    assert stream.ops == WEIGHTS * ops


@pytest.mark.parametrize(("selector", "ops"), [("magnitude", 2), ("permuted", 300)])
def test_a_second_mask_is_selected_among_what_the_first_one_keeps(selector: str, ops: int) -> None:
    stream = selection_stream(FC, selector, TWO_OF_FOUR, second=True)
    assert (stream.op, stream.read_bits, stream.ops) == ("select_second", WEIGHTS * 32, WEIGHTS * ops)
    assert (stream.metadata_read_bits, stream.metadata_write_bits) == (WEIGHTS, WEIGHTS)


def test_every_selector_goes_by_its_name() -> None:
    assert [selector.name for selector in SELECTORS.values()] == list(SELECTORS)
    assert [optimizer.name for optimizer in OPTIMIZERS.values()] == list(OPTIMIZERS)


def test_a_gradient_is_pruned_along_the_tokens() -> None:
    """5 tokens of 6 outputs; 2:4 keeps 3 of 5 tokens."""
    stream = gradient_stream(FC, TWO_OF_FOUR, "bf16")
    assert (stream.op, stream.elements) == ("prune_gradient", 5 * 6)
    assert (stream.read_bits, stream.write_bits) == (5 * 6 * 16, 3 * 6 * 16)
    assert (stream.metadata_read_bits, stream.metadata_write_bits) == (0, 5 * 6)
    assert stream.ops == 5 * 6 * 6
