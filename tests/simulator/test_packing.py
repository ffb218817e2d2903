"""Packing: stored values as the definition says, back without loss; bad input is refused."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.formats import Dense, Format
from simulator.kernels import packing_lanes, threads
from simulator.mask.magnitude import select
from simulator.packing import Packed, pack, prune_and_pack, unpack, unpack_mask
from simulator.pattern import Pattern
from tests.arrays import DTYPES, drawn_mask, same_bits, with_byte
from tests.oracles import packing as oracle
from tests.simulator.operands import (
    FORMS,
    Operand,
    any_form,
    any_operand,
    by_lanes,
    drawn_values,
    masked,
    operands,
)
from tests.strategies import TWO_OF_FOUR


@given(any_operand, any_form)
def test_every_bit_is_where_the_definition_says(operand: Operand, name: str) -> None:
    values, pattern, axis, mask = operand
    form = FORMS[name]
    found = pack(values, pattern, form=form, axis=axis - values.ndim, mask=mask)
    rows, masks = oracle.vectors(values, axis), oracle.vectors(mask, axis)
    zero = values.dtype.type(0)
    expected = [
        value if stored else zero
        for row, kept in zip(rows, masks, strict=True)
        for value, stored in zip(row, kept, strict=True)
        if stored or isinstance(form, Dense)
    ]
    assert same_bits(found.values, np.array(expected, values.dtype))
    assert found.metadata.tobytes() == oracle.metadata(masks, pattern, form)
    assert (found.shape, found.axis, found.dtype) == (values.shape, axis, values.dtype)


@given(any_operand, any_form)
def test_any_byte_of_a_mask_but_0_is_true(operand: Operand, name: str) -> None:
    values, pattern, axis, mask = operand
    first, second = (
        pack(values, pattern, form=FORMS[name], axis=axis, mask=each) for each in (mask, with_byte(mask, 2))
    )
    assert same_bits(first.values, second.values)
    assert same_bits(first.metadata, second.metadata)


@given(any_operand, any_form)
def test_what_was_packed_comes_back(operand: Operand, name: str) -> None:
    values, pattern, axis, mask = operand
    packed = pack(values, pattern, form=FORMS[name], axis=axis, mask=mask)
    assert same_bits(unpack(packed), masked(values, mask))
    assert unpack(packed).flags.c_contiguous
    if name != "dense":
        assert same_bits(unpack_mask(packed), mask)


@given(any_operand, any_form)
def test_without_a_mask_zeros_fill_the_groups_up(operand: Operand, name: str) -> None:
    values, pattern, axis, mask = operand
    pruned = masked(values, mask)
    packed = pack(pruned, pattern, form=FORMS[name], axis=axis)
    chosen = [oracle.mask(row, pattern) for row in oracle.vectors(pruned, axis)]
    found = unpack_mask(packed)
    assert [[bool(kept) for kept in row] for row in oracle.vectors(found, axis)] == chosen
    by_mask = pack(pruned, pattern, form=FORMS[name], axis=axis, mask=found)
    assert by_mask.metadata.tobytes() == packed.metadata.tobytes()
    if name != "dense":
        assert same_bits(by_mask.values, packed.values)
        assert same_bits(unpack(packed), masked(pruned, found))


@given(any_operand)
def test_values_that_do_not_fit_are_refused(
    operand: Operand,
) -> None:
    values, pattern, axis, _ = operand
    rows = oracle.vectors(values, axis)
    if all(oracle.mask(row, pattern) is not None for row in rows):
        pack(values, pattern, axis=axis)
        return
    others = [*np.ndindex(*values.shape[:axis], *values.shape[axis + 1 :])]
    where = next(
        [*map(str, others[vector][:axis]), f"{group[0]}:{group[-1] + 1}", *map(str, others[vector][axis:])]
        for vector, row in enumerate(rows)
        for group in oracle.groups(len(row), pattern)
        if oracle.mask([row[place] for place in group], pattern) is None
    )
    with pytest.raises(InputError, match=rf"^\d+ values at \[{', '.join(where)}\] are not 0; "):
        pack(values, pattern, axis=axis)


@given(st.one_of(operands([Pattern.parse("2:5")], DTYPES), by_lanes), any_form, st.booleans())
def test_pruning_and_packing_is_selecting_then_packing(operand: Operand, name: str, scored: bool) -> None:
    weights, pattern, axis, _ = operand
    scores = weights[..., ::-1].copy() if scored else None
    found = prune_and_pack(weights, pattern, form=FORMS[name], axis=axis, scores=scores)
    mask = select(weights if scores is None else scores, pattern, axis=axis)
    expected = pack(weights, pattern, form=FORMS[name], axis=axis, mask=mask)
    assert same_bits(found.values, expected.values)
    assert found.metadata.tobytes() == expected.metadata.tobytes()


def test_vectors_follow_in_the_order_of_the_other_axes() -> None:
    values = np.arange(1, 13, dtype=np.uint8).reshape(2, 3, 2)
    packed = pack(values, Pattern.parse("3:3"), axis=1)
    assert packed.values.tolist() == [1, 3, 5, 2, 4, 6, 7, 9, 11, 8, 10, 12]


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "GRAIN", 64)
    rng = np.random.default_rng(0)
    for pattern, length in ((TWO_OF_FOUR, 44), (Pattern.parse("2:5"), 33)):
        values = rng.standard_normal((41, length)).astype(np.float32)
        for form in FORMS.values():
            found = []
            for count in ("1", "3", "7"):
                monkeypatch.setenv("NMSIM_THREADS", count)
                packed = prune_and_pack(values, pattern, form=form)
                found.append((packed.values.tobytes(), packed.metadata.tobytes(), unpack(packed).tobytes()))
            assert found[0] == found[1] == found[2]


class Runs(Format):
    """A format that a user brings."""

    def metadata_bits(self, *, vectors: int, length: int, pattern: Pattern) -> int:
        return 4 * vectors


ONES = np.ones((3, 8), np.float32)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"values": [1.0]}, "values is of type list; values is a numpy array"),
        (
            {"values": ONES.astype(complex)},
            "values has dtype complex128; numbers of 1, 2, 4 or 8 bytes, in the byte order of this machine",
        ),
        (
            {"values": ONES.astype(">f4")},
            "values has dtype >f4; numbers of 1, 2, 4 or 8 bytes, in the byte order of this machine",
        ),
        ({"values": ONES[0, 0:1].reshape(())}, "values has no axis; values has at least one axis"),
        ({"axis": 2}, "axis is `2`; an axis of shape (3, 8) is -2 to 1"),
        ({"pattern": "2:4"}, 'the pattern is `2:4`; a Pattern, as Pattern.parse("2:4") makes it'),
        (
            {},
            "4 values at [0, 0:4] are not 0; 2:4 stores 2 of them: prune first, or say which by a mask",
        ),
        (
            {"form": "csc"},
            "no format is called `csc`; did you mean `csr`? "
            "known: bitmask, combinatorial, coordinate, csr, dense",
        ),
        ({"form": 3}, "no format is called `3`; known: bitmask, combinatorial, coordinate, csr, dense"),
        (
            {"form": Runs()},
            "`Runs()` cannot be packed; Bitmask, Combinatorial, Coordinate, CompressedRows or Dense",
        ),
        (
            {"form": "combinatorial", "pattern": Pattern.parse("33:70")},
            "the rank of a 33:70 mask takes 67 bits; "
            "combinatorial packs ranks of up to 63 bits, coordinate and bitmask any pattern",
        ),
        ({"mask": ONES}, "the mask has dtype float32; a mask is a numpy array of bool"),
        ({"mask": ONES[:2] > 0}, "the mask has shape (2, 8); the values have shape (3, 8)"),
        (
            {"mask": np.eye(3, 8) > 0},
            "the mask keeps 1 at [0, 0:4]; 2:4 keeps 2 there",
        ),
        (
            {"mask": (np.arange(24) < 14).reshape(3, 8), "pattern": Pattern.parse("5:5"), "form": "bitmask"},
            "the mask keeps 1 at [1, 5:8]; 5:5 keeps 3 there",
        ),
    ],
)
def test_what_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        pack(**dict[str, Any]({"values": ONES, "pattern": TWO_OF_FOUR} | wrong))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"values": np.zeros(11, np.float32)}, "values has shape (11,); a contiguous row of 12"),
        ({"values": np.zeros(24, np.float32)[::2]}, "values is not contiguous; a contiguous row of 12"),
        ({"values": [0.0]}, "values is of type list; values is a numpy array"),
        ({"metadata": np.zeros(4, np.uint8)}, "metadata has shape (4,); a contiguous row of 3"),
        ({"metadata": np.zeros(3, np.int8)}, "metadata has dtype int8; metadata is a numpy array of uint8"),
        ({"metadata": b"123"}, "metadata is of type bytes; metadata is a numpy array"),
        ({"shape": [3, 8]}, "the shape is [3, 8]; a tuple of whole numbers from 0"),
        ({"shape": (3, -8)}, "the shape is (3, -8); a tuple of whole numbers from 0"),
        ({"axis": -1}, "axis is `-1`; an axis of shape (3, 8), counted from 0"),
        (
            {"form": "coordinate"},
            "the form is 'coordinate'; a Format, as simulator.formats.FORMATS holds them",
        ),
        ({"pattern": None}, 'the pattern is `None`; a Pattern, as Pattern.parse("2:4") makes it'),
        (
            {"shape": (0, 2**62), "values": np.zeros(0, np.float32), "metadata": np.zeros(0, np.uint8)},
            f"the shape is (0, {2**62}); an array has at most {2**62} bytes",
        ),
    ],
)
def test_a_packed_that_cannot_be(wrong: dict[str, Any], message: str) -> None:
    right = pack(np.zeros((3, 8), np.float32), TWO_OF_FOUR)
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        replace(right, **wrong)


def test_scores_must_be_ranked_and_shaped() -> None:
    with pytest.raises(
        InputError, match=r"^weights has dtype int32; float32, float64, float16, or uint16 that "
    ):
        prune_and_pack(ONES.astype(np.int32), TWO_OF_FOUR)
    with pytest.raises(InputError, match=r"^scores has shape \(8,\); the weights have shape \(3, 8\)$"):
        prune_and_pack(ONES, TWO_OF_FOUR, scores=ONES[0])
    packed = prune_and_pack(np.arange(8, dtype=np.int32), TWO_OF_FOUR, scores=np.arange(8.0))
    assert packed.values.tolist() == [2, 3, 6, 7]


def test_dense_values_that_break_the_pattern_have_no_mask() -> None:
    packed = pack(np.zeros((3, 8), np.float32), TWO_OF_FOUR, form="dense")
    with pytest.raises(InputError, match=r"^4 values at \[0, 0:4\] are not 0; "):
        unpack_mask(replace(packed, values=ONES.reshape(-1)))


@given(any_operand, any_form)
def test_results_can_be_written_over(operand: Operand, name: str) -> None:
    values, pattern, axis, mask = operand
    expected = pack(values, pattern, form=FORMS[name], axis=axis, mask=mask)
    other = pack(np.zeros_like(values), pattern, form=FORMS[name], axis=axis)
    assert pack(values, pattern, form=FORMS[name], axis=axis, mask=mask, out=other) is other
    assert same_bits(other.values, expected.values)
    assert same_bits(other.metadata, expected.metadata)
    whole = np.ones(values.shape, values.dtype)
    assert unpack(other, out=whole) is whole
    assert same_bits(whole, masked(values, mask))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"out": ONES}, "out is of type ndarray; out is a Packed, as an earlier call returned it"),
        ({"axis": 0, "pattern": Pattern.parse("1:1")}, "the axis of out is 1; that of the result is 0"),
        (
            {"form": "bitmask"},
            "the form of out is Coordinate(straddle=True); that of the result is Bitmask()",
        ),
        ({"values": np.zeros((3, 8))}, "the dtype of out is float32; that of the result is float64"),
        (
            {"values": np.zeros((3, 4), np.float32)},
            "the shape of out is (3, 8); that of the result is (3, 4)",
        ),
    ],
)
def test_results_written_over_must_be_alike(wrong: dict[str, Any], message: str) -> None:
    values = np.zeros((3, 8), np.float32)
    right: dict[str, Any] = {"values": values, "pattern": TWO_OF_FOUR, "out": pack(values, TWO_OF_FOUR)}
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        pack(**(right | wrong))


@pytest.mark.parametrize(
    ("text", "dtype"),
    [
        ("1:2", np.int8),
        ("2:4", np.float32),
        ("1:4", np.float64),
        ("4:8", np.float64),
        ("2:8", np.uint16),
        ("1:8", np.float32),
    ],
)
def test_vector_code_does_what_the_plain_kernels_do(
    text: str, dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pattern, rng = Pattern.parse(text), np.random.default_rng(0)
    values = drawn_values((7, 32 * pattern.group), dtype, rng)
    mask = drawn_mask(values.shape, pattern, 1, rng)
    scores = values if np.dtype(dtype).kind != "i" else rng.standard_normal(values.shape)
    runs: list[Callable[[], Packed]] = [
        lambda: pack(masked(values, mask), pattern),
        lambda: pack(values, pattern, mask=mask),
        lambda: prune_and_pack(values, pattern, scores=scores),
    ]
    fast = [run() for run in runs]
    back = [unpack(packed) for packed in fast]
    monkeypatch.setattr(packing_lanes, "PATTERNS", set())
    for packed, array, run in zip(fast, back, runs, strict=True):
        plain = run()
        assert same_bits(packed.values, plain.values)
        assert same_bits(packed.metadata, plain.metadata)
        assert same_bits(array, unpack(plain))
