from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.units import UNITS, Bandwidth, Dimension, parse_bandwidth, parse_count, parse_quantity

RATE = "write a bandwidth such as 1555 GB/s or 128 B/cycle"


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("1.41 GHz", Dimension.FREQUENCY, 1_410_000_000),
        ("1050MHz", Dimension.FREQUENCY, 1_050_000_000),
        ("40 MiB", Dimension.SIZE, 40 * 1024 * 1024),
        ("40 MB", Dimension.SIZE, 40_000_000),
        ("1 KiB", Dimension.SIZE, 1024),
        ("1 kB", Dimension.SIZE, 1000),
        ("12 bit", Dimension.SIZE, Fraction(3, 2)),
        ("8 Mbit", Dimension.SIZE, 1_000_000),
        (".5 us", Dimension.TIME, Fraction(1, 2_000_000)),
        ("3e2 ns", Dimension.TIME, Fraction(3, 10_000_000)),
        ("0.1 s", Dimension.TIME, Fraction(1, 10)),
        ("1.555e3 GB/s", Dimension.RATE, 1555 * 10**9),
        ("+2 B/cycle", Dimension.CYCLE_RATE, 2),
    ],
)
def test_a_quantity_is_exact_in_base_units(text: str, dimension: Dimension, value: int | Fraction) -> None:
    assert parse_quantity(text, dimension) == value


def test_a_bandwidth_is_per_second_or_per_cycle() -> None:
    assert parse_bandwidth("2 TB/s") == Bandwidth(bytes=Fraction(2 * 10**12), per="second")
    assert parse_bandwidth("128 B/cycle") == Bandwidth(bytes=Fraction(128), per="cycle")


def test_a_bandwidth_per_second_is_divided_by_the_clock_exactly() -> None:
    assert parse_bandwidth("1555 GB/s").per_cycle(1_410_000_000) == Fraction(155500, 141)
    assert parse_bandwidth("5 B/cycle").per_cycle(1_410_000_000) == 5


@given(
    number=st.decimals(min_value="0.0001", max_value="10000", places=4),
    dimension=st.sampled_from(Dimension),
    data=st.data(),
)
def test_value_times_unit(number: Decimal, dimension: Dimension, data: st.DataObject) -> None:
    unit = data.draw(st.sampled_from(sorted(UNITS[dimension])))
    assert parse_quantity(f"{number} {unit}", dimension) == Fraction(number) * UNITS[dimension][unit]


def test_no_unit_means_two_things() -> None:
    names = [unit for units in UNITS.values() for unit in units]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1555", f"`1555` has no unit; {RATE}"),
        (1555, f"`1555` has no unit; {RATE}"),
        (None, f"`None` is no bandwidth; {RATE}"),
        ("", f"`` does not start with a number; {RATE}"),
        ("GB/s", f"`GB/s` does not start with a number; {RATE}"),
        ("1_000 GB/s", f"`1_000 GB/s` does not start with a number; {RATE}"),
        ("1.5.5 GB/s", f"`1.5.5 GB/s` does not start with a number; {RATE}"),
        ("٣ GB/s", f"`٣ GB/s` does not start with a number; {RATE}"),
        (".inf", f"`.inf` does not start with a number; {RATE}"),
        ("inf GB/s", f"`inf GB/s` does not start with a number; {RATE}"),
        ("3 ms", f"`3 ms` is a time, not a bandwidth; {RATE}"),
        ("0 GB/s", "`0 GB/s` is not positive; a bandwidth is more than 0"),
        ("-2 GB/s", "`-2 GB/s` is not positive; a bandwidth is more than 0"),
        ("1e-31 B/s", "`1e-31 B/s` is too large or too small; exponents go from -30 to 30"),
        ("1 Mb", f"`Mb` may mean bits or bytes; {RATE}"),
        ("1 Mb/s", "`Mb/s` may mean bits or bytes; write MB/s or Mbit/s"),
        ("1 Kib/cycle", "`Kib/cycle` may mean bits or bytes; write KiB/cycle"),
        ("1 KB/s", "`KB/s` is no unit of bandwidth; did you mean `kB/s`? units tell upper from lower case"),
        ("9" * 61, f"`{'9' * 60}…` has 61 characters; {RATE}"),
    ],
)
def test_what_is_no_bandwidth_says_why(text: object, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_bandwidth(text)
    assert str(caught.value) == message


def test_an_unknown_unit_lists_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        parse_quantity("3 sec", Dimension.TIME)
    assert str(caught.value) == "`sec` is no unit of time; known: ms, ns, ps, s, us"


@given(st.text(max_size=80))
def test_any_text_is_a_positive_quantity_or_an_input_error(text: str) -> None:
    for dimension in Dimension:
        try:
            value = parse_quantity(text, dimension)
        except InputError:
            continue
        assert value > 0


@pytest.mark.parametrize(("text", "count"), [("4 cores", 4), ("1 core", 1), ("2cores", 2)])
def test_a_count_names_what_it_counts(text: str, count: int) -> None:
    assert parse_count(text, "cores") == count


@pytest.mark.parametrize(
    "text", ["4", 4, "4 lanes", "0 cores", "-1 cores", "4.0 cores", "cores", "1e3 cores"]
)
def test_what_is_no_count(text: object) -> None:
    with pytest.raises(InputError, match=r"is no number of cores; write one, such as 4 cores$"):
        parse_count(text, "cores")
