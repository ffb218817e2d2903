"""Formats: every size is exact to the bit, for any shape, dtype and tail."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil, log2
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.formats import FORMATS, Coordinate, Format, Size, entropy_bits, size
from simulator.gemm import DTYPES
from simulator.pattern import Pattern
from tests.oracles import formats as oracle
from tests.strategies import patterns

IN_BYTES = Coordinate(straddle=False)
PACKED = {
    "bitmask": oracle.bitmask,
    "combinatorial": oracle.combinatorial,
    "coordinate": oracle.coordinate,
    "csr": oracle.csr,
}
WIDE_GROUPS = [2, 3, 5, 9, 17, 33, 65, 128, 129, 256, 257, 600]

# Bits of metadata per dense value: coordinates, combinatorial, entropy; then stored bits over dense bits,
# coordinates and combinatorial, at 16, 8 and 4 bits a value. By hand from N ceil(log2 M) / M,
# ceil(log2 C(M, N)) / M, log2 C(M, N) / M and N/M + metadata / bits, to three digits.
OVERHEAD = """
1:2    .500  .500 .500  .531 .531   .563 .563   .625 .625
2:4   1.000  .750 .646  .563 .547   .625 .594   .750 .688
1:4    .500  .500 .500  .281 .281   .313 .313   .375 .375
4:8   1.500  .875 .766  .594 .555   .688 .609   .875 .719
2:8    .750  .625 .601  .297 .289   .344 .328   .438 .406
1:8    .375  .375 .375  .148 .148   .172 .172   .219 .219
6:8   2.250  .625 .601  .891 .789  1.031 .828  1.313 .906
8:16  2.000  .875 .853  .625 .555   .750 .609  1.000 .719
4:16  1.000  .688 .677  .313 .293   .375 .336   .500 .422
16:32 2.500  .938 .911  .656 .559   .813 .617  1.125 .734
"""


def rounded(value: Fraction | float) -> Decimal:
    exact = Decimal(value) if isinstance(value, float) else Decimal(value.numerator) / value.denominator
    return exact.quantize(Decimal("0.001"), rounding=ROUND_HALF_UP)


def of_groups(form: str, pattern: Pattern, dtype: str = "fp16", groups: int = 24) -> Size:
    return size(form, vectors=3, length=groups * pattern.group, pattern=pattern, dtype=dtype)


@pytest.mark.parametrize("row", OVERHEAD.split("\n")[1:-1])
def test_the_table_of_metadata_overhead(row: str) -> None:
    text, *printed = row.split()
    pattern = Pattern.parse(text)
    dense = 3 * 24 * pattern.group
    shares = [
        Fraction(of_groups(form, pattern).metadata_bits, dense) for form in ("coordinate", "combinatorial")
    ]
    ratios = [
        Fraction(of_groups(form, pattern, dtype).bits, dense * DTYPES[dtype])
        for dtype in ("fp16", "int8", "int4")
        for form in ("coordinate", "combinatorial")
    ]
    found: list[Fraction | float] = [*shares, entropy_bits(pattern) / pattern.group, *ratios]
    assert [rounded(value) for value in found] == [Decimal(digits) for digits in printed]


@pytest.mark.parametrize("name", PACKED)
@given(
    vectors=st.integers(1, 4),
    length=st.integers(1, 40),
    pattern=patterns,
    dtype=st.sampled_from(sorted(DTYPES)),
    seed=st.integers(0, 99),
)
def test_a_size_is_what_a_mask_takes_when_written_out(
    name: str, vectors: int, length: int, pattern: Pattern, dtype: str, seed: int
) -> None:
    found = size(name, vectors=vectors, length=length, pattern=pattern, dtype=dtype)
    drawn = oracle.masks(vectors=vectors, length=length, pattern=pattern, rng=Random(seed))
    assert found.value_bits == oracle.stored(drawn) * DTYPES[dtype]
    assert found.metadata_bits == len(PACKED[name](drawn, pattern))


@given(
    vectors=st.integers(1, 3),
    length=st.integers(1, 1300),
    group=st.sampled_from(WIDE_GROUPS),
    kept=st.integers(1, 600),
)
def test_fields_that_do_not_straddle_bytes(vectors: int, length: int, group: int, kept: int) -> None:
    pattern = Pattern(kept=min(kept, group), group=group)
    drawn = oracle.masks(vectors=vectors, length=length, pattern=pattern, rng=Random(0))
    found = {
        form: size(form, vectors=vectors, length=length, pattern=pattern, dtype="fp8").metadata_bits
        for form in (IN_BYTES, Coordinate())
    }
    assert found[IN_BYTES] == len(oracle.coordinate_in_bytes(drawn, pattern))
    assert found[Coordinate()] == len(oracle.coordinate(drawn, pattern))


@pytest.mark.parametrize(
    ("pattern", "kept", "whole_bytes"),
    [
        ("2:4", 64, 16),  # 2 bits, 4 to a byte
        ("2:4", 66, 17),  # 16.5 bytes, the last counted whole
        ("2:6", 64, 32),  # 3 bits, 2 to a byte
        ("1:32", 8, 8),  # 5 bits, 1 to a byte
        ("1:256", 8, 8),  # 8 bits
        ("1:257", 8, 16),  # 9 bits, 2 bytes each
    ],
)
def test_fields_to_a_byte(pattern: str, kept: int, whole_bytes: int) -> None:
    obeyed = Pattern.parse(pattern)
    length = kept // obeyed.kept * obeyed.group
    found = size(IN_BYTES, vectors=1, length=length, pattern=obeyed, dtype="int8")
    assert found == Size(value_bits=8 * kept, metadata_bits=8 * whole_bytes)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("pattern", ["1:1", "4:4", "16:16"])
@given(vectors=st.integers(1, 9), length=st.integers(1, 99))
def test_a_pattern_that_keeps_everything_lies_like_none(
    name: str, pattern: str, vectors: int, length: int
) -> None:
    full, plain = (
        size(name, vectors=vectors, length=length, pattern=one, dtype="bf16")
        for one in (Pattern.parse(pattern), None)
    )
    assert full == plain
    assert plain.value_bits == 16 * vectors * length
    assert name == "csr" or plain.metadata_bits == 0


def test_rows_of_a_dense_operand_still_name_their_columns() -> None:
    # 3 rows of 5: 15 columns of 3 bits, 4 pointers to 0..15 of 4 bits.
    assert size("csr", vectors=3, length=5, pattern=None, dtype="int8").metadata_bits == 15 * 3 + 4 * 4


def test_one_column_needs_no_index() -> None:
    # 3 rows of 1: 4 pointers to 0..3 of 2 bits.
    assert size("csr", vectors=3, length=1, pattern=None, dtype="int8").metadata_bits == 4 * 2


@given(vectors=st.integers(1, 9), length=st.integers(1, 99), pattern=patterns)
def test_dense_stores_the_zeros_of_a_pattern(vectors: int, length: int, pattern: Pattern) -> None:
    found = size("dense", vectors=vectors, length=length, pattern=pattern, dtype="int4")
    assert found == Size(value_bits=4 * vectors * length, metadata_bits=0)


@given(vectors=st.integers(1, 9), length=st.integers(1, 99), pattern=patterns)
def test_numbering_the_masks_is_never_larger(vectors: int, length: int, pattern: Pattern) -> None:
    bits = {
        name: size(name, vectors=vectors, length=length, pattern=pattern, dtype="int8").metadata_bits
        for name in FORMATS
    }
    assert bits["combinatorial"] <= min(bits["bitmask"], bits["coordinate"])
    whole_groups = vectors * (length // pattern.group)
    assert bits["combinatorial"] >= whole_groups * entropy_bits(pattern)


@pytest.mark.parametrize("group", range(2, 65))
def test_a_bitmask_beats_coordinates_where_they_name_more_than_the_group(group: int) -> None:
    for kept in range(1, group):
        pattern = Pattern(kept=kept, group=group)
        mask, fields = (of_groups(name, pattern).metadata_bits for name in ("bitmask", "coordinate"))
        assert (mask < fields) == (kept * ceil(log2(group)) > group)


# PyTorch sizes cuSPARSELt's 2:4 buffers as 9/16 or 10/16 of the dense ones by dtype (pytorch/pytorch#163125);
# values and 2 bits for each give 9/16 of 16-bit and 10/16 of 8-bit ones.
@pytest.mark.parametrize(
    ("dtype", "sixteenths"), [("fp16", 9), ("bf16", 9), ("int8", 10), ("fp8", 10), ("int4", 12)]
)
def test_two_of_four_as_cusparselt_stores_it(dtype: str, sixteenths: int) -> None:
    found = size("coordinate", vectors=1024, length=2048, pattern=Pattern.parse("2:4"), dtype=dtype)
    assert Fraction(found.bits, 1024 * 2048 * DTYPES[dtype]) == Fraction(sixteenths, 16)


# NVIDIA/CUDALibrarySamples#95: m * k/2 * 2 bytes and an eighth of it, from Mishra et al. (arXiv:2104.08378),
# is what the library asks for at 1024 x 2048; below its smallest tile it pads, which a Format does not.
@pytest.mark.parametrize(("m", "k", "total"), [(8, 16, 144), (1024, 2048, 2_359_296)])
def test_two_of_four_halves_in_bytes(m: int, k: int, total: int) -> None:
    assert size("coordinate", vectors=m, length=k, pattern=Pattern.parse("2:4"), dtype="fp16").bytes == total


@pytest.mark.parametrize(
    ("bits", "whole_bytes"), [((0, 0), 0), ((8, 0), 1), ((8, 1), 2), ((4, 4), 1), ((9, 7), 2), ((9, 8), 3)]
)
def test_bytes_round_the_sum_up(bits: tuple[int, int], whole_bytes: int) -> None:
    value_bits, metadata_bits = bits
    found = Size(value_bits=value_bits, metadata_bits=metadata_bits)
    assert found.bits == value_bits + metadata_bits
    assert found.bytes == whole_bytes


def test_huge_operands_are_exact() -> None:
    vectors, groups = 2**80 - 1, (2**40 - 4) // 7  # 2**40 = 2 (mod 7): a length of 7 * groups + 2
    length = 7 * groups + 2
    kept = vectors * (3 * groups + 2)
    tail_ways_bits = 0  # C(2, 2) = 1
    expected = {
        "dense": Size(value_bits=16 * vectors * length, metadata_bits=0),
        "bitmask": Size(value_bits=16 * kept, metadata_bits=vectors * length),
        "coordinate": Size(value_bits=16 * kept, metadata_bits=3 * kept),
        "combinatorial": Size(value_bits=16 * kept, metadata_bits=vectors * (6 * groups + tail_ways_bits)),
        "csr": Size(value_bits=16 * kept, metadata_bits=40 * kept + (vectors + 1) * kept.bit_length()),
    }
    assert expected == {
        name: size(name, vectors=vectors, length=length, pattern=Pattern.parse("3:7"), dtype="fp16")
        for name in FORMATS
    }


def test_the_widest_group_counts_its_masks_exactly() -> None:
    # Central binomial coefficients have 4^n / sqrt(pi n) < C(2n, n) ways and (1 - 1/8n) of it at least.
    wide = Pattern(kept=2048, group=4096)
    bits = 4096 - log2(3.141592653589793 * 2048) / 2
    assert entropy_bits(wide) == pytest.approx(bits, abs=1e-3)
    found = size("combinatorial", vectors=1, length=4096, pattern=wide, dtype="int4")
    assert found.metadata_bits == ceil(bits)


class Runs(Format):
    """A format that a user brings: run lengths of 4 bits."""

    def metadata_bits(self, *, vectors: int, length: int, pattern: Pattern) -> int:
        return 4 * vectors * pattern.kept_along(length)


def test_a_format_may_be_an_object() -> None:
    found = size(Runs(), vectors=2, length=9, pattern=Pattern.parse("1:4"), dtype="int8")
    assert found == Size(value_bits=8 * 2 * 3, metadata_bits=4 * 2 * 3)


KNOWN = "known: bitmask, combinatorial, coordinate, csr, dense"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"form": "coordinates"},
            f"no format is called `coordinates`; did you mean `coordinate`? {KNOWN}",
        ),
        ({"form": "rle"}, f"no format is called `rle`; {KNOWN}"),
        (
            {"dtype": "fp15"},
            "no dtype is called `fp15`; did you mean `fp16`? "
            "known: bf16, fp16, fp32, fp64, fp8, int32, int4, int8, tf32",
        ),
        ({"length": 0}, "length is 0; length is a whole number from 1 to 1099511627776"),
        ({"length": 8.0}, "length is 8.0; length is a whole number from 1 to 1099511627776"),
        ({"vectors": -1}, "vectors is -1; vectors is a whole number from 1 to 1208925819614629174706176"),
    ],
)
def test_what_is_refused(wrong: dict[str, Any], message: str) -> None:
    right: dict[str, Any] = {
        "form": "coordinate",
        "vectors": 1,
        "length": 8,
        "pattern": Pattern.parse("2:4"),
        "dtype": "int8",
    }
    with pytest.raises(InputError) as caught:
        size(**(right | wrong))
    assert str(caught.value) == message
