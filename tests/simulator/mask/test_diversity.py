import re
from math import comb, factorial, log, log10
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.mask.diversity import count_masks, count_transposable_block, log10_masks
from simulator.pattern import Pattern
from tests.oracles import diversity as oracle
from tests.strategies import TWO_OF_FOUR, patterns, patterns_up_to

SMALL = [Pattern(kept=kept, group=group) for group in range(1, 5) for kept in range(1, group + 1)]
STRUCTURES = ["unstructured", "structured", "transposable"]


@pytest.mark.parametrize("pattern", SMALL, ids=str)
def test_a_block_is_counted_as_by_hand(pattern: Pattern) -> None:
    group = pattern.group
    expected = oracle.count(pattern, rows=group, columns=group, structure="transposable")
    assert count_transposable_block(pattern) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [  # OEIS A001499, A001501 and A058528 for kept 2, 3 and 4; A058527 for half of the group
        ("2:4", 90),
        ("2:5", 2040),
        ("2:6", 67_950),
        ("2:7", 3_110_940),
        ("2:8", 187_530_840),
        ("3:6", 297_200),
        ("3:7", 68_938_800),
        ("3:8", 24_046_189_440),
        ("4:8", 116_963_796_250),
        ("5:10", 6_736_218_287_430_460_752),
        ("6:12", 64_051_375_889_927_380_035_549_804_336),
    ],
)
def test_known_counts_of_blocks(text: str, expected: int) -> None:
    assert count_transposable_block(Pattern.parse(text)) == expected


@pytest.mark.parametrize("group", range(3, 17))
def test_two_of_a_group_obey_the_recurrence_of_a001499(group: int) -> None:
    counts = [1, 0, 1]
    for n in range(3, group + 1):
        counts.append(n * (n - 1) * counts[n - 1] + n * (n - 1) ** 2 * counts[n - 2] // 2)
    assert count_transposable_block(Pattern(kept=2, group=group)) == counts[group]


@pytest.mark.parametrize("text", ["4:16", "12:16", pytest.param("8:16", marks=pytest.mark.full)])
def test_a_large_block_is_near_its_limit(text: str) -> None:
    """Canfield, Greenhill and McKay (2008): counted apart, rows and columns allow e^(1/2) times as many."""
    pattern = Pattern.parse(text)
    row, size = comb(pattern.group, pattern.kept), pattern.group**2
    alone = 2 * pattern.group * log(row) - log(comb(size, pattern.group * pattern.kept))
    assert log(count_transposable_block(pattern)) - alone == pytest.approx(-1 / 2, abs=1 / pattern.group)


@given(st.integers(1, 4096))
def test_one_of_a_group_is_a_permutation(group: int) -> None:
    assert count_transposable_block(Pattern(kept=1, group=group)) == factorial(group)


@given(patterns_up_to(12).filter(lambda pattern: not pattern.dense))
def test_zeros_are_as_many_as_ones(pattern: Pattern) -> None:
    zeros = Pattern(kept=pattern.group - pattern.kept, group=pattern.group)
    assert count_transposable_block(pattern) == count_transposable_block(zeros)


@given(patterns_up_to(4), st.integers(1, 4), st.integers(1, 5), st.sampled_from(STRUCTURES))
def test_masks_are_counted_as_by_hand(pattern: Pattern, rows: int, columns: int, structure: str) -> None:
    if structure == "transposable":
        rows = columns = pattern.group
    if rows * columns <= 16:
        counted = count_masks(pattern, rows=rows, columns=columns, structure=structure)
        assert counted == oracle.count(pattern, rows=rows, columns=columns, structure=structure)


@pytest.mark.parametrize(
    ("text", "structure", "formula", "shown"),
    [  # Hubara et al. (2021), Table 1, for 64 values; exact: the blocks above, to the fourth and sixteenth
        ("4:8", "unstructured", "paper", "1.8e+18"),
        ("4:8", "structured", "paper", "5.8e+14"),
        ("2:4", "structured", "paper", "2.8e+12"),
        ("1:2", "structured", "paper", "4.3e+09"),
        ("4:8", "transposable", "paper", "1.8e+13"),
        ("2:4", "transposable", "paper", "4.3e+08"),
        ("1:2", "transposable", "paper", "6.6e+04"),
        ("4:8", "transposable", "exact", "1.2e+11"),
        ("2:4", "transposable", "exact", "6.6e+07"),
        ("1:2", "transposable", "exact", "6.6e+04"),
    ],
)
def test_the_table_of_the_paper(text: str, structure: str, formula: str, shown: str) -> None:
    counted = count_masks(Pattern.parse(text), rows=8, columns=8, structure=structure, formula=formula)
    assert f"{counted:.1e}" == shown


@given(patterns, st.integers(1, 3), st.integers(1, 3))
def test_fewer_masks_where_more_is_asked_for(pattern: Pattern, down: int, right: int) -> None:
    rows, columns = down * pattern.group, right * pattern.group
    counted = {
        (structure, formula): count_masks(
            pattern, rows=rows, columns=columns, structure=structure, formula=formula
        )
        for structure in STRUCTURES
        for formula in ("exact", "paper")
    }
    assert counted["transposable", "exact"] <= counted["structured", "exact"]
    assert counted["structured", "exact"] <= counted["unstructured", "exact"]
    assert counted["unstructured", "exact"] == counted["unstructured", "paper"]
    assert counted["structured", "exact"] == counted["structured", "paper"]
    assert counted["transposable", "exact"] <= counted["transposable", "paper"]
    same = counted["transposable", "exact"] == counted["transposable", "paper"]
    assert same == (pattern.kept == 1)


@given(patterns, st.integers(1, 40), st.integers(1, 40), st.sampled_from(STRUCTURES), st.sampled_from([0, 1]))
def test_the_logarithm_is_that_of_the_count(
    pattern: Pattern, rows: int, columns: int, structure: str, paper: int
) -> None:
    size: dict[str, Any] = {"rows": rows * pattern.group, "columns": columns * pattern.group}
    size |= {"structure": structure, "formula": ["exact", "paper"][paper]}
    expected = log10(count_masks(pattern, **size))
    assert log10_masks(pattern, **size) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_a_layer_of_any_size_has_a_logarithm() -> None:
    size: dict[str, Any] = {"rows": 1 << 40, "columns": 1 << 40}
    assert log10_masks(TWO_OF_FOUR, **size, structure="structured") == pytest.approx(2.0**78 * log10(6))
    # C(T, T/2) is 2^T / sqrt(pi T / 2), but for a share of 1 / 4T
    unstructured = log10_masks(TWO_OF_FOUR, **size, structure="unstructured")
    assert unstructured == pytest.approx(2.0**80 * log10(2), rel=1e-9)


def test_tails_keep_what_they_may() -> None:
    counted = count_masks(TWO_OF_FOUR, rows=3, columns=7, structure="structured")
    assert counted == (comb(4, 2) * comb(3, 2)) ** 3
    assert count_masks(TWO_OF_FOUR, rows=3, columns=7, structure="unstructured") == comb(21, 12)


UNKNOWN = "known: structured, transposable, unstructured"
ERRORS: dict[str, tuple[dict[str, Any], str]] = {
    "structure": (
        {"structure": "transposed"},
        f"no structure is called `transposed`; did you mean `transposable`? {UNKNOWN}",
    ),
    "formula": ({"formula": "real"}, "no formula is called `real`; known: exact, paper"),
    "rows": ({"rows": 0}, "rows is 0; rows is a whole number from 1 to 1099511627776"),
    "columns": ({"columns": 8.0}, "columns is 8.0; columns is a whole number from 1 to 1099511627776"),
    "large": (
        {"rows": 1 << 20},
        "1048576 x 8 are 8388608 values; masks of up to 262144 values are counted; "
        "for more there is log10_masks",
    ),
    "pattern": ({"pattern": "2:4"}, 'the pattern is `2:4`; a Pattern, as Pattern.parse("2:4") makes it'),
    "tail": (
        {"columns": 6, "structure": "transposable"},
        "6 columns do not divide into groups of 4; a multiple of 4",
    ),
    "tail of the paper": (
        {"columns": 6, "formula": "paper"},
        "6 columns do not divide into groups of 4; a multiple of 4",
    ),
    "lower tail": (
        {"rows": 6, "structure": "transposable"},
        "6 rows do not divide into groups of 4; a multiple of 4",
    ),
    "group": (
        {"pattern": Pattern(kept=2, group=17), "rows": 17, "columns": 17, "structure": "transposable"},
        'blocks of 2:17 are too many to count; a group has at most 16 values, or formula is "paper"',
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_bad_input_is_told_what_would_be_right(name: str) -> None:
    changed, words = ERRORS[name]
    arguments: dict[str, Any] = {"pattern": TWO_OF_FOUR, "rows": 8, "columns": 8, "structure": "structured"}
    arguments |= changed
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        count_masks(arguments.pop("pattern"), **arguments)
