"""Pattern: what a text means, how many values it keeps, and which machine's pattern serves it."""

from fractions import Fraction
from math import lcm

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.pattern import GROUP_MAX, Pattern
from tests.oracles import conforms as oracle
from tests.strategies import patterns

SMALL = [Pattern(kept=kept, group=group) for group in range(1, 5) for kept in range(1, group + 1)]


@pytest.mark.parametrize(
    ("text", "kept", "group"),
    [("2:4", 2, 4), ("1:1", 1, 1), ("4:4", 4, 4), ("8:16", 8, 16), ("4096:4096", 4096, 4096)],
)
def test_parse(text: str, kept: int, group: int) -> None:
    assert Pattern.parse(text) == Pattern(kept=kept, group=group)


@given(patterns)
def test_what_is_written_is_what_is_read(pattern: Pattern) -> None:
    assert Pattern.parse(str(pattern)) == pattern


SYNTAX = "write kept:group, as in 2:4"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"`` is not a pattern; {SYNTAX}"),
        ("2", f"`2` is not a pattern; {SYNTAX}"),
        ("2/4", f"`2/4` is not a pattern; {SYNTAX}"),
        ("2:4:8", f"`2:4:8` is not a pattern; {SYNTAX}"),
        (" 2:4", f"` 2:4` is not a pattern; {SYNTAX}"),
        ("2:4\n", f"`2:4\\x0a` is not a pattern; {SYNTAX}"),
        ("2 :4", f"`2 :4` is not a pattern; {SYNTAX}"),
        ("-2:4", f"`-2:4` is not a pattern; {SYNTAX}"),
        ("+2:4", f"`+2:4` is not a pattern; {SYNTAX}"),
        ("2.0:4", f"`2.0:4` is not a pattern; {SYNTAX}"),
        ("٢:٤", f"`٢:٤` is not a pattern; {SYNTAX}"),
        ("1:" + "9" * 10, f"`1:9999999999` is not a pattern; {SYNTAX}"),
        ("1" * 10**6, f"`{'1' * 60}…` is not a pattern; {SYNTAX}"),
        (124, f"`124` is not a pattern; {SYNTAX}"),  # how YAML 1.1 reads an unquoted 2:4
        (None, f"`None` is not a pattern; {SYNTAX}"),
        ("5:4", "`5:4` keeps 5 of 4; kept is 1 to 4 for a group of 4"),
        ("0:4", "`0:4` keeps 0 of 4; kept is 1 to 4 for a group of 4"),
        ("0:0", "`0:0` has a group of 0; a group has 1 to 4096 values"),
        ("1:4097", "`1:4097` has a group of 4097; a group has 1 to 4096 values"),
    ],
)
def test_what_parse_refuses(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        Pattern.parse(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kept": 2.0}, "kept of a pattern is 2.0; kept is a whole number from 1 to 4096"),
        ({"group": "4"}, "group of a pattern is '4'; group is a whole number from 1 to 4096"),
        ({"kept": True}, "kept of a pattern is True; kept is a whole number from 1 to 4096"),
        ({"kept": -2}, "`-2:4` keeps -2 of 4; kept is 1 to 4 for a group of 4"),
    ],
)
def test_a_pattern_is_of_whole_numbers(wrong: dict[str, int], message: str) -> None:
    with pytest.raises(InputError) as caught:
        Pattern(**({"kept": 2, "group": 4} | wrong))
    assert str(caught.value) == message


@given(patterns)
def test_density(pattern: Pattern) -> None:
    assert pattern.density * pattern.group == pattern.kept
    assert isinstance(pattern.density, Fraction)
    assert pattern.dense == (pattern.density == 1)


@given(patterns, st.integers(0, 60))
def test_kept_and_groups_of_a_length(pattern: Pattern, length: int) -> None:
    groups = [range(length)[start : start + pattern.group] for start in range(0, length, pattern.group)]
    assert pattern.kept_along(length) == sum(min(pattern.kept, len(group)) for group in groups)
    assert pattern.groups_along(length) == len(groups)


@given(patterns, st.integers(0, 8))
def test_a_fullest_mask_keeps_as_many(pattern: Pattern, length: int) -> None:
    assert pattern.kept_along(length) == max(sum(mask) for mask in oracle.masks(pattern, length))


def test_kept_of_a_huge_length_is_exact() -> None:
    assert Pattern.parse("2:4").kept_along(4 * 10**40 + 3) == 2 * 10**40 + 2


@pytest.mark.parametrize("native", SMALL, ids=str)
@pytest.mark.parametrize("pattern", SMALL, ids=str)
def test_conformance_is_that_no_mask_breaks_a_window(pattern: Pattern, native: Pattern) -> None:
    period = lcm(pattern.group, native.group)
    assert pattern.conforms_to(native) == oracle.conforms(pattern, native, period)


@pytest.mark.parametrize("native", SMALL, ids=str)
@pytest.mark.parametrize("pattern", SMALL, ids=str)
def test_conformance_holds_for_every_tail(pattern: Pattern, native: Pattern) -> None:
    if pattern.conforms_to(native):
        assert all(oracle.conforms(pattern, native, length) for length in range(1, 9))


@pytest.mark.parametrize(
    ("pattern", "native", "conforms"),
    [
        ("2:4", "2:4", True),
        ("2:4", "4:8", True),
        ("4:8", "2:4", False),  # all four may lie in one half
        ("1:2", "2:4", True),
        ("2:4", "1:2", False),
        ("1:4", "1:2", True),
        ("1:4", "2:8", True),
        ("2:8", "1:4", False),
        ("1:3", "2:4", True),  # a window of 4 touches two groups of 3
        ("1:3", "1:4", False),
        ("1:16", "2:4", True),
        ("1:6", "2:9", True),
        ("1:3", "1:2", False),  # the first window lies in one group, the second in two
    ],
)
def test_known_pairs(pattern: str, native: str, conforms: bool) -> None:
    ours, theirs = Pattern.parse(pattern), Pattern.parse(native)
    assert ours.conforms_to(theirs) == conforms


@given(patterns, patterns)
def test_a_group_kept_whole_is_dense(pattern: Pattern, native: Pattern) -> None:
    full = Pattern(kept=native.group, group=native.group)
    assert pattern.conforms_to(full)
    assert full.conforms_to(native) == native.dense


@given(patterns, patterns, patterns)
def test_conformance_carries_over(first: Pattern, second: Pattern, third: Pattern) -> None:
    if first.conforms_to(second) and second.conforms_to(third):
        assert first.conforms_to(third)


@given(patterns)
def test_a_pattern_conforms_to_itself(pattern: Pattern) -> None:
    assert pattern.conforms_to(pattern)


def test_coprime_widest_groups_are_decided() -> None:
    # Each window of 4095 overlaps at most two groups of 4096, and most windows do overlap two.
    ours = Pattern(kept=1, group=GROUP_MAX)
    assert not ours.conforms_to(Pattern(kept=1, group=GROUP_MAX - 1))
    assert ours.conforms_to(Pattern(kept=2, group=GROUP_MAX - 1))
