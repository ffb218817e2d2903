"""Metadata: exact to the bit, and what stands for no mask is refused."""

import re
from dataclasses import replace
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.formats import Coordinate, size
from simulator.packing import pack, unpack, unpack_mask
from simulator.pattern import Pattern
from tests.arrays import same_bits
from tests.simulator.operands import (
    FORMS,
    NAMES,
    PLAIN,
    Operand,
    any_form,
    any_operand,
)
from tests.strategies import TWO_OF_FOUR


@given(any_operand, any_form, st.integers(0, 99))
def test_any_metadata_are_those_of_a_mask_or_refused(operand: Operand, name: str, seed: int) -> None:
    values, pattern, axis, mask = operand
    packed = pack(values, pattern, form=FORMS[name], axis=axis, mask=mask)
    wrong = packed.metadata.copy()
    rng = np.random.default_rng(seed)
    for at in rng.integers(0, max(1, wrong.size), min(wrong.size, 2)):
        wrong[at] ^= 1 << int(rng.integers(0, 8))
    other = replace(packed, metadata=wrong)
    try:
        found = unpack(other)
    except InputError:
        with pytest.raises(InputError):
            unpack_mask(other)
        return
    if name == "dense":
        return
    read = unpack_mask(other)
    assert not found[~read].any()
    again = pack(found, pattern, form=FORMS[name], axis=axis, mask=read)
    assert same_bits(again.values, packed.values)
    if name != "coordinate in bytes":  # which has spare bits between fields
        spare = -packed.size.metadata_bits % 8
        assert again.metadata[:-1].tobytes() == wrong[:-1].tobytes()
        assert [int(byte) << spare & 255 for byte in again.metadata[-1:]] == [
            int(byte) << spare & 255 for byte in wrong[-1:]
        ]


@pytest.mark.parametrize("dtype", NAMES)
@given(any_form, st.sampled_from(PLAIN), st.integers(1, 5), st.integers(1, 40))
def test_a_size_is_that_of_the_formats(
    dtype: Any, name: str, pattern: Pattern, vectors: int, length: int
) -> None:
    packed = pack(np.zeros((vectors, length), dtype), pattern, form=FORMS[name])
    expected = size(FORMS[name], vectors=vectors, length=length, pattern=pattern, dtype=NAMES[dtype])
    assert packed.size == expected
    assert packed.values.nbytes * 8 == expected.value_bits
    assert packed.metadata.size == -(-expected.metadata_bits // 8)


# Values 0 5 0 7, 1 2 0 0. Indices 1 3, 0 1 in fields of 2 bits; the mask from the lowest bit on 0101 1100;
# of the masks 0011 0101 0110 1001 1010 1100 the places 4 and 0, in 3 bits each; columns 1 3 4 5, then the
# pointers 0 and 4, in 3 bits each.
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("coordinate", [0b_01_00_11_01]),
        ("coordinate in bytes", [0b_01_00_11_01]),
        ("bitmask", [0b_0011_1010]),
        ("combinatorial", [0b_000_100]),
        ("csr", [0b_00_011_001, 0b_0_000_101_1, 0b_10]),
        ("dense", []),
    ],
)
def test_a_small_example_by_eye(name: str, expected: list[int]) -> None:
    packed = pack(np.array([0, 5, 0, 7, 1, 2, 0, 0], np.float32), TWO_OF_FOUR, form=FORMS[name])
    assert packed.metadata.tolist() == expected
    assert packed.values.tolist() == ([0, 5, 0, 7, 1, 2, 0, 0] if name == "dense" else [5, 7, 1, 2])


@pytest.mark.parametrize(
    ("straddle", "expected"), [(True, [0b_01_010_001, 0b_1]), (False, [0b_010_001, 0b_101])]
)
def test_fields_of_three_bits_by_eye(straddle: bool, expected: list[int]) -> None:
    values = np.array([0, 5, 7, 0, 0, 9], np.int8)
    packed = pack(values, Pattern.parse("3:6"), form=Coordinate(straddle=straddle))
    assert (packed.values.tolist(), packed.metadata.tolist()) == ([5, 7, 9], expected)


@pytest.mark.parametrize(
    "text", ["1:4096", "4096:4096", "4095:4096", "6:4096", "32:64", "2:100", "63:64", "31:65"]
)
def test_the_first_and_the_last_mask_have_the_least_and_the_greatest_rank(text: str) -> None:
    pattern = Pattern.parse(text)
    mask = np.zeros((2, pattern.group), np.bool_)
    mask[0, : pattern.kept] = mask[1, -pattern.kept :] = True
    packed = pack(np.ones(mask.shape, np.int8), pattern, form="combinatorial", mask=mask)
    masks = comb(pattern.group, pattern.kept)
    ranks = int.from_bytes(packed.metadata.tobytes(), "little")
    assert ranks == (masks - 1) << (masks - 1).bit_length()
    assert same_bits(unpack_mask(packed), mask)


@pytest.mark.parametrize(
    ("name", "metadata", "message"),
    [
        (
            "coordinate",
            [0x4D, 0x44, 0x41],
            "the indices at [2, 0:4] are those of no 2:4 mask; its 2 indices rise and lie within the group",
        ),
        (
            "bitmask",
            [0x33, 0x73, 0x33],
            "the metadata keeps 3 at [1, 4:8]; 2:4 keeps 2 there",
        ),
        (
            "combinatorial",
            [0, 0b_0000_110_0, 0],
            "the rank at [1, 4:8] is that of no mask; a rank is below C(4, 2) = 6",
        ),
        ("csr", [0] * 7, "row pointer 1 is not 4; each row stores 4 values"),
        (
            "csr",
            [
                *np.packbits(
                    [0] * 36 + [0] * 4 + [0, 0, 1, 0] + [0, 0, 0, 1] + [0, 0, 1, 1], bitorder="little"
                )
            ],
            "the indices at [0, 0:4] are those of no 2:4 mask; its 2 indices rise and lie within the group",
        ),
    ],
)
def test_metadata_that_cannot_be(name: str, metadata: list[int], message: str) -> None:
    good = pack(np.zeros((3, 8), np.float32), TWO_OF_FOUR, form=name)
    bad = replace(good, metadata=np.array(metadata[: good.metadata.size], np.uint8))
    for read in (unpack, unpack_mask):
        with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
            read(bad)


def test_wrong_indices_are_found_among_many_groups() -> None:
    good = pack(np.zeros((40, 64), np.float32), TWO_OF_FOUR)
    metadata = good.metadata.copy()
    metadata[8 * 17 + 3] = 0x49  # of vector 17 the groups 6 and 7: indices 1 2 and 0 1
    assert unpack_mask(replace(good, metadata=metadata))[17, 24:32].tolist() == [0, 1, 1, 0, 1, 1, 0, 0]
    metadata[8 * 17 + 3] = 0x46
    with pytest.raises(InputError, match=r"^the indices at \[17, 24:28\] are those of no 2:4 mask; "):
        unpack(replace(good, metadata=metadata))
