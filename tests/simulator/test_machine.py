from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.arch import load_arch
from simulator.errors import InputError
from simulator.machine import Level, Machine, resolve
from simulator.natives import Natives
from simulator.pattern import Pattern


def machine(name: str, *settings: str) -> Machine:
    return resolve(load_arch(name, settings=settings).value)


@pytest.mark.parametrize(
    ("name", "dtype", "pattern", "published"),
    [
        ("a100", "bf16", None, 312),
        ("a100", "fp16", None, 312),
        ("a100", "fp16", "2:4", 624),
        ("a100", "int8", None, 624),
        ("a100", "int8", "2:4", 1248),
        ("a100", "tf32", None, 156),
    ],
)
def test_peak_rates_are_the_published_ones_within_one_percent(
    name: str, dtype: str, pattern: str | None, published: int
) -> None:
    """NVIDIA A100 whitepaper (2020): tera-operations a second."""
    model = machine(name)
    native = model.native(Pattern.parse(pattern)) if pattern else None
    density = native.density if native else 1
    tera = Fraction(2 * model.peak_macs(dtype) * model.clock_hz, 10**12) / density
    assert abs(tera / published - 1) <= Fraction(1, 100)


def test_peak_is_cores_times_rows_times_columns_times_lanes() -> None:
    assert machine("a100").peak_macs("fp16") == 108 * 4 * 256
    assert machine("dense128").peak_macs("bf16") == 4 * 128 * 128


def test_an_unknown_dtype_names_those_of_the_machine() -> None:
    with pytest.raises(InputError) as caught:
        machine("dense128").peak_macs("fp16")
    assert str(caught.value) == (
        "no dtype of TPUv4i-like dense arrays is called `fp16`; did you mean `bf16`? known: bf16, int8"
    )


def test_bandwidth_is_bytes_a_cycle_over_all_instances() -> None:
    dram, l2, shared, _ = machine("a100").levels
    reached = load_arch("a100").value.memory[0].efficiency
    assert reached is not None
    assert reached < 1
    assert Fraction(dram.bandwidth_numerator, dram.bandwidth_denominator) == reached * Fraction(
        1555 * 10**9, 1410 * 10**6
    )
    assert (l2.bandwidth_numerator, l2.bandwidth_denominator) == (5120, 1)
    assert shared == Level(
        name="shared",
        instances=432 // 4,
        capacity_bytes=164 * 1024,
        bandwidth_numerator=108 * 128,
        bandwidth_denominator=1,
        latency=23,
        buffers=3,
        banks=32,
        width=32,
    )


def test_a_feed_is_bits_of_one_row_or_never_binds() -> None:
    assert machine("a100").feed_bits_per_cycle == 32 * 8
    assert machine("a100", "core.feed=12 bit/cycle").feed_bits_per_cycle == 12
    assert machine("dense128").feed_bits_per_cycle is None


def test_a_dense_machine_skips_nothing() -> None:
    dense = machine("dense128")
    assert dense.native(Pattern.parse("2:4")) is None
    assert (dense.decode_format, dense.decode_groups_per_cycle, dense.fan_in) == ("", 0, 0)
    assert dense.patterns_text == "no pattern"


def test_a_machine_can_be_a_key() -> None:
    assert {machine("a100"): 1}[machine("a100")] == 1


@pytest.mark.parametrize(
    ("natives", "pattern", "expected"),
    [
        (["2:4"], "2:4", "2:4"),
        (["2:4"], "1:4", "2:4"),
        (["2:4"], "1:2", "2:4"),
        (["2:4"], "2:8", "2:4"),
        (["2:4"], "4:8", None),
        (["2:4"], "3:4", None),
        (["2:4"], "4:4", None),
        (["2:4", "1:4"], "1:4", "1:4"),
        (["2:4", "1:4"], "1:8", "1:4"),
        (["2:4", "4:8"], "2:4", "2:4"),
        (["4:8", "2:4"], "1:2", "2:4"),
        (["4:8", "2:4"], "4:8", "4:8"),
        (["2:8", "2:4"], "2:16", "2:8"),
    ],
)
def test_the_sparsest_native_then_the_smallest_group(
    natives: list[str], pattern: str, expected: str | None
) -> None:
    found = Natives(listed=tuple(map(Pattern.parse, natives))).tightest(Pattern.parse(pattern))
    assert (str(found) if found else None) == expected


PATTERNS = st.integers(1, 24).flatmap(
    lambda group: st.builds(Pattern, kept=st.integers(1, group), group=st.just(group))
)


@given(pattern=PATTERNS, group_max=st.integers(2, 12))
def test_a_rule_is_the_list_of_every_pattern_it_allows(pattern: Pattern, group_max: int) -> None:
    """Differential: the rule's short cut against conforms_to, over all patterns that the rule allows."""
    every = tuple(
        Pattern(kept=kept, group=group) for group in range(2, group_max + 1) for kept in range(1, group)
    )
    expected = Natives(listed=every).tightest(pattern)
    found = Natives(group_max=group_max).tightest(pattern)
    assert (found is None) == (expected is None)
    if found and expected:
        assert found.density == expected.density
        assert pattern.conforms_to(found)
        assert found == (pattern if pattern.group <= group_max else expected)
