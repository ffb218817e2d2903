"""The three products of a layer: shapes, orientation, and which operand carries the pattern."""

from fractions import Fraction
from typing import Any

import pytest

from simulator.gemm import Gemm, Product
from tests.strategies import TWO_OF_FOUR
from workloads.networks.layer import Layer, Role
from workloads.training.face import DENSE, Dgrad, Face, Phase, Wgrad
from workloads.training.products import (
    attention_gradient_products,
    forward_product,
    input_gradient_product,
    kept_weights,
    weight_gradient_product,
)
from workloads.training.unstructured import Unstructured

TOKENS, OUTPUTS, INPUTS = 5, 6, 7
CONV = Layer(name="conv", role=Role.CONV, gemm=Gemm(m=TOKENS, n=OUTPUTS, k=INPUTS), batch=3, input_values=11)


def phase(**face: Any) -> Phase:
    made = Face(**face)
    return Phase(face=made, pattern=None if made == DENSE else TWO_OF_FOUR, steps=1)


def patterns(product: Product) -> dict[str, tuple[str, str]]:
    return {
        name: (str(operand.pattern), operand.along)
        for name in "abc"
        if (operand := getattr(product, name)).pattern is not None
    }


def test_forward_reduces_over_inputs() -> None:
    product = forward_product(CONV, phase(forward=True), "bf16")
    assert (product.gemm, product.batch) == (Gemm(m=TOKENS, n=OUTPUTS, k=INPUTS), 3)
    assert patterns(product) == {"b": ("2:4", "k")}
    assert (product.mask, product.mask_along) == (TWO_OF_FOUR, "k")
    assert (product.a.distinct, product.b.distinct, product.c.distinct) == (11, None, None)


@pytest.mark.parametrize(("dgrad", "expected"), [("dense", {}), ("inputs", "n"), ("outputs", "k")])
def test_input_gradient_reduces_over_outputs(dgrad: Dgrad, expected: str) -> None:
    product = input_gradient_product(CONV, phase(forward=True, dgrad=dgrad), "bf16")
    assert product.gemm == Gemm(m=TOKENS, n=INPUTS, k=OUTPUTS)
    assert patterns(product) == ({"b": ("2:4", expected)} if expected else {})
    assert (product.mask, product.mask_along) == (TWO_OF_FOUR, "n")
    assert (product.a.distinct, product.c.distinct) == (None, 11)


@pytest.mark.parametrize(
    ("wgrad", "expected"),
    [("dense", {}), ("gradient", {"b": ("2:4", "k")}), ("kept", {"c": ("2:4", "m")})],
)
def test_weight_gradient_reduces_over_tokens(wgrad: Wgrad, expected: dict[str, tuple[str, str]]) -> None:
    product = weight_gradient_product(CONV, phase(forward=True, wgrad=wgrad), "bf16")
    assert product.gemm == Gemm(m=INPUTS, n=OUTPUTS, k=TOKENS)
    assert patterns(product) == expected
    assert (product.mask, product.mask_along) == (TWO_OF_FOUR, "m")
    assert (product.a.distinct, product.c.distinct) == (11, None)
    assert [product.a.dtype, product.b.dtype, product.c.dtype] == ["bf16", "bf16", "fp32"]


@pytest.mark.parametrize("wgrad", ["gradient", "kept"])
def test_a_dense_weight_gradient_among_sparse_ones(wgrad: Wgrad) -> None:
    product = weight_gradient_product(CONV, phase(forward=True, wgrad=wgrad), "bf16", dense=True)
    assert patterns(product) == {}
    assert product.mask == TWO_OF_FOUR


def test_a_dense_phase_has_no_pattern_anywhere() -> None:
    dense = phase()
    for product in (
        forward_product(CONV, dense, "fp16"),
        input_gradient_product(CONV, dense, "fp16"),
        weight_gradient_product(CONV, dense, "fp16"),
    ):
        assert patterns(product) == {}
        assert product.mask is None


TENTH = Unstructured(density=Fraction(1, 10))
KEPT = 13  # of 3 * 6 * 7 weights, 12.6 rounded half up


def nonzeros(product: Product) -> dict[str, int]:
    return {
        name: operand.nonzeros for name in "abc" if (operand := getattr(product, name)).nonzeros is not None
    }


def test_weights_kept_anywhere_are_counted_where_a_pattern_would_be() -> None:
    phase = Phase(face=Face(forward=True, dgrad="inputs", wgrad="kept"), pattern=TENTH, steps=1)
    products = {
        "b": forward_product(CONV, phase, "bf16"),
        "b ": input_gradient_product(CONV, phase, "bf16"),
        "c": weight_gradient_product(CONV, phase, "bf16"),
    }
    for name, product in products.items():
        assert patterns(product) == {}
        assert nonzeros(product) == {name.strip(): KEPT}
        assert (product.mask, product.mask_kept, product.mask_of) == (None, KEPT, name.strip())
        assert product.masked_macs == product.effective_macs == TOKENS * KEPT


def test_dense_products_of_weights_kept_anywhere_tell_of_the_mask_alone() -> None:
    phase = Phase(face=Face(forward=True, wgrad="kept"), pattern=TENTH, steps=1)
    for product in (
        input_gradient_product(CONV, phase, "bf16"),
        weight_gradient_product(CONV, phase, "bf16", dense=True),
    ):
        assert (patterns(product), nonzeros(product), product.mask_kept) == ({}, {}, KEPT)
        assert product.effective_macs == product.dense_macs
    fading = Phase(face=Face(select_every=1), pattern=TENTH, steps=1)
    for product in (forward_product(CONV, fading, "bf16"), weight_gradient_product(CONV, fading, "bf16")):
        assert (nonzeros(product), product.mask_kept) == ({}, None)


def test_attention_has_a_gradient_to_each_activation() -> None:
    scores = Layer(name="scores", role=Role.ATTENTION, gemm=Gemm(m=5, n=6, k=7), batch=12)
    to_a, to_b = attention_gradient_products(scores, "bf16")
    assert (to_a.gemm, to_b.gemm) == (Gemm(m=5, n=7, k=6), Gemm(m=7, n=6, k=5))
    assert to_a.batch == to_b.batch == 12
    assert to_a.mask is to_b.mask is None


def test_kept_weights_count_tails() -> None:
    # 3 groups of weights with 6 outputs; 7 inputs keep 2 of 4 and 2 of the last 3
    assert kept_weights(CONV, TWO_OF_FOUR) == 3 * 6 * 4
    assert kept_weights(CONV, None) == 3 * 6 * 7
    attention = Layer(name="scores", role=Role.ATTENTION, gemm=Gemm(m=5, n=6, k=7))
    assert kept_weights(attention, TWO_OF_FOUR) == 0
    assert (kept_weights(CONV, TENTH), kept_weights(attention, TENTH)) == (KEPT, 0)
