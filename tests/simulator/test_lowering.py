"""Lowering: what a machine skips, why it does not, and that transposing changes nothing that counts."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.gemm import Product
from simulator.lowering import lower, runs_as, transposed
from simulator.pattern import Pattern
from tests.simulator.machines import DENSE, SPARSE
from tests.simulator.steps import product, products
from tests.strategies import TWO_OF_FOUR


def patterned(name: str, along: str, *, text: str = "2:4", form: str = "native") -> Product:
    plain = product()
    operand = replace(plain.a, pattern=Pattern.parse(text), along=along, format=form)
    change: dict[str, Any] = {name: operand}
    return replace(plain, **change)


def anywhere(name: str) -> Product:
    plain = product()
    change: dict[str, Any] = {name: replace(plain.a, nonzeros=9)}
    return replace(plain, **change)


@pytest.mark.parametrize(
    ("work", "native", "note"),
    [
        (patterned("b", "k"), "2:4", ""),
        (patterned("a", "k"), "2:4", ""),
        (patterned("b", "k", form="coordinate"), "2:4", ""),
        (patterned("b", "k", text="1:16"), "1:4", ""),
        (patterned("b", "k", text="2:8"), "2:4", ""),
        (patterned("b", "k", text="3:4"), None, "dense: 3:4 conforms to none of 2:4, 1:4"),
        (patterned("b", "k", text="4:4"), None, ""),
        (patterned("b", "n"), None, "dense: grouped along n, not along the reduction"),
        (patterned("c", "m"), None, "dense: the zeros are in the result, not in an operand"),
        (
            patterned("b", "k", form="bitmask"),
            None,
            "dense: packed as bitmask, the decoder reads coordinate",
        ),
        (product(), None, ""),
        (product(nonzeros=13), None, "dense: the zeros follow no pattern"),
        (product(nonzeros=16 * 8), None, ""),
        (anywhere("a"), None, "dense: the zeros follow no pattern"),
        (anywhere("c"), None, "dense: the zeros are in the result, not in an operand"),
    ],
)
def test_what_runs_sparse_and_why_not(work: Product, native: str | None, note: str) -> None:
    found, said = runs_as(work, SPARSE)
    assert (None if found is None else str(found), said) == (native, note)


def test_a_machine_without_patterns_runs_dense() -> None:
    assert runs_as(patterned("b", "k"), DENSE) == (None, "dense: the machine skips no pattern")


def test_a_dtype_that_the_machine_lacks_is_named() -> None:
    with pytest.raises(InputError) as refused:
        lower(product(dtype="fp32"), SPARSE)
    assert str(refused.value) == "no dtype of small sparse core is called `fp32`; known: bf16, int8"


def test_mixed_dtypes_run_at_the_slower_rate() -> None:
    mixed = replace(product(dtype="int8"), a=product(dtype="bf16").a)
    assert lower(mixed, SPARSE).lanes == 4


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(InputError, match="no format is called `elpack`"):
        lower(patterned("b", "k", form="elpack"), SPARSE)


@given(products())
def test_transposing_twice_is_nothing(work: Product) -> None:
    assert transposed(transposed(work)) == work
    assert transposed(work).effective_macs == work.effective_macs
    assert transposed(work).dense_macs == work.dense_macs
    assert transposed(work).masked_macs == work.masked_macs


@given(st.sampled_from("ab"), st.integers(1, 64))
def test_zeros_anywhere_lie_dense_and_are_multiplied(name: str, nonzeros: int) -> None:
    plain = product(k=8)
    change: dict[str, Any] = {name: replace(plain.a, nonzeros=min(nonzeros, plain.values_of(name)))}
    found, dense = lower(replace(plain, **change), SPARSE), lower(plain, SPARSE)
    assert replace(found, note="") == dense


def test_results_that_nobody_wants_are_not_written() -> None:
    found, dense = lower(anywhere("c"), SPARSE), lower(product(), SPARSE)
    assert (found.c.value_bits, found.c.metadata_bits) == (9 * 16, 0)
    assert (found.a, found.b, found.multiplies) == (dense.a, dense.b, dense.multiplies)


def test_a_sparse_a_costs_what_the_same_b_does() -> None:
    left, right = product(m=6, n=10, k=21), product(m=10, n=6, k=21, pattern=TWO_OF_FOUR)
    work = replace(left, a=right.b)
    assert lower(work, SPARSE) == lower(right, SPARSE)
