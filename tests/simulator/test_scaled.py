from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.components import Row, load_table
from simulator.errors import InputError
from simulator.nodes import REFERENCE_VOLTAGE, area_factor, energy_factor
from simulator.parts import Scaling
from simulator.scaled import Scaled, Value
from tests.simulator.tables import at_home, row, whole_table

VOLT = Fraction("0.8")


def registers(**keys: object) -> Scaled:
    """Rows of a register at 45 and at 7 nm, one of sums beside them, for a machine of 16 nm unless said."""
    values = {"read": "8 pJ", "write": "16 pJ", "area": "80 um^2"}
    rows = {
        "coarse": row("register", bits=8, value=values, voltage="0.9 V"),
        "fine": row("register", bits=8, node="7 nm", value={"read": "1 pJ"}),
        "sums": row("register", of="sum", bits=4, value={"write": "2 pJ"}),
    }
    return Scaled(tables=(rows,), **{"node": Fraction(16), **keys})  # type: ignore[arg-type]


def test_a_row_of_the_nearest_node_is_taken_for_each_value() -> None:
    scaled = registers()
    assert scaled.value("register", "read").rows == ("fine",)
    assert scaled.value("register", "write").rows == ("coarse",)
    assert scaled.value("register", "area").rows == ("coarse",)


def test_values_are_for_a_bit_and_at_the_machines_node() -> None:
    scaled = registers()
    factor = energy_factor(Fraction(45), Fraction(16), VOLT, VOLT)
    written = scaled.value("register", "write")
    assert (written.low, written.value, written.high) == (factor, 2 * factor, 4 * factor)
    assert written.factor == factor
    assert scaled.value("register", "area").value == 10 * area_factor(Fraction(45), Fraction(16))


def test_at_its_own_node_a_row_is_as_it_is_written() -> None:
    scaled = registers(node=Fraction(45))
    assert scaled.value("register", "write").value == 2
    assert scaled.value("register", "read").value == 1


def test_a_voltage_scales_even_at_the_same_node() -> None:
    scaled = registers(node=Fraction(45), voltage=Fraction(1))
    factor = energy_factor(Fraction(45), Fraction(45), Fraction("0.9"), Fraction(1))
    assert scaled.value("register", "write").value == 2 * factor
    assert scaled.value("register", "area").value == 10


def test_beyond_the_published_nodes_own_factors_are_added() -> None:
    scaled = registers(node=Fraction(4), scaling=Scaling.model_validate({"energy": 0.5, "area": 0.25}))
    last = energy_factor(Fraction(45), Fraction(7), REFERENCE_VOLTAGE, REFERENCE_VOLTAGE)
    assert scaled.value("register", "write").value == 2 * last / 2
    assert scaled.value("register", "read").value == Fraction(1, 8) / 2
    assert scaled.value("register", "area").value == 10 * area_factor(Fraction(45), Fraction(7)) / 4


def test_a_role_has_its_own_row_or_that_of_all() -> None:
    scaled = registers()
    assert scaled.value("register", "write", "sum").rows == ("sums",)
    assert scaled.value("register", "write", "moving").rows == ("coarse",)
    assert scaled.value("register", "read", "sum").rows == ("fine",)


def test_dram_does_not_scale() -> None:
    rows = {"dram": row("dram", of="hbm2", bits=1, node=None, value={"read": "4 pJ"})}
    for node in (130, 7):
        assert Scaled(tables=(rows,), node=Fraction(node)).value("dram", "read", "hbm2").value == 4


@given(st.integers(2, 32))
def test_a_mux_lies_between_its_neighbours_by_candidates(fan_in: int) -> None:
    scaled = at_home()
    known = [2, 4, 8, 16, 32]
    found = scaled.select("area", fan_in).value
    below, above = max(one for one in known if one <= fan_in), min(one for one in known if one >= fan_in)
    low, high = (scaled.value("select", "area", str(one)).value for one in (below, above))
    share = Fraction(fan_in - below, above - below) if above > below else Fraction(0)
    assert found == low + share * (high - low)


@pytest.mark.parametrize("fan_in", [1, 33])
def test_a_mux_beyond_the_table_is_refused(fan_in: int) -> None:
    with pytest.raises(InputError) as caught:
        at_home().select("select", fan_in)
    assert str(caught.value) == (
        f"components: no row gives select of select {fan_in}; "
        "add such a row, or name a table that has one; there are rows of 16, 2, 32, 4, 8"
    )


def test_a_bank_is_interpolated_and_charged_by_the_bit() -> None:
    scaled = at_home()
    corner = scaled.sram("read", 2**8, 32)
    assert (corner.value, corner.low, corner.high) == (Fraction(1, 32), Fraction(1, 64), Fraction(1, 16))
    assert corner.rows == ("sram_256_32",)
    middle = scaled.sram("area", 2**15, 32)
    assert float(middle.value) == pytest.approx(3 * 8 ** (1 / 2))
    assert middle.rows == ("sram_256_32", "sram_4194304_32")


def test_a_bank_below_the_smallest_is_charged_as_that() -> None:
    scaled = at_home()
    assert scaled.sram("read", 2**5, 32).value == scaled.sram("read", 2**8, 32).value
    assert scaled.sram("read", 2**8, 8).value == 4 * scaled.sram("read", 2**8, 32).value


def test_a_bank_above_the_largest_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        at_home().sram("read", 2**23, 64)
    assert "bank" in str(caught.value)


def bank(size: int, **keys: object) -> Row:
    """A bank of so many KiB."""
    values = {"read": "1 pJ", "write": "1 pJ", "area": "1 um^2", "leak": "1 uW"}
    written = {"low": "50 %", "high": "200 %", "value": values, **keys}
    return row("sram", size=f"{size} KiB", width=32, **written)


def test_a_row_of_a_later_table_replaces_one_point_of_the_grid() -> None:
    small, large = bank(1), bank(64)
    dear = bank(64, value={"read": "9 pJ", "write": "9 pJ", "area": "9 um^2", "leak": "9 uW"})
    scaled = Scaled(tables=({"small": small, "large": large}, {"large": dear}), node=Fraction(45))
    assert scaled.sram("read", 2**16, 32).value == Fraction(9, 32)
    assert scaled.sram("read", 2**10, 32).value == Fraction(1, 32)
    assert float(scaled.sram("area", 2**13, 32).value) == pytest.approx(3)


def test_bounds_between_banks_do_not_cross_their_value() -> None:
    zero = bank(1, low="0 %")
    high = {"read": "100 pJ", "write": "100 pJ", "area": "100 um^2", "leak": "100 uW"}
    scaled = Scaled(tables=({"small": zero, "large": bank(64, value=high, low="100 %")},), node=Fraction(45))
    found = scaled.sram("area", 2**13, 32)
    assert found.low <= found.value <= found.high


def test_each_bank_scales_from_its_own_voltage() -> None:
    dear = {"read": "9 pJ", "write": "9 pJ", "area": "9 um^2", "leak": "9 uW"}
    rows = {"small": bank(1, voltage="0.8 V"), "large": bank(64, voltage="1.2 V", value=dear)}
    scaled = Scaled(tables=(rows,), node=Fraction(45), voltage=Fraction("0.8"))
    assert scaled.sram("read", 2**10, 32).value == Fraction(1, 32)
    factor = energy_factor(Fraction(45), Fraction(45), Fraction("1.2"), Fraction("0.8"))
    assert float(scaled.sram("read", 2**16, 32).value * 32) == pytest.approx(float(9 * factor))


def test_banks_without_a_node_do_not_scale() -> None:
    rows = {"small": bank(1, node=None), "large": bank(64, node=None)}
    scaled = Scaled(tables=(rows,), node=Fraction(7), voltage=Fraction("1.2"))
    assert scaled.sram("read", 2**10, 32).value == Fraction(1, 32)


def test_values_add_and_scale_with_their_bounds() -> None:
    one = Value(low=Fraction(1), value=Fraction(2), high=Fraction(3), rows=("a",))
    two = one * 2 + one
    assert [two.low, two.value, two.high] == [3, 6, 9]
    assert two.rows == ("a",)


@given(st.sampled_from(sorted(load_table("sram_cacti").value.rows)), st.sampled_from([45, 32, 22, 16, 7]))
def test_every_row_of_cacti_is_met_where_it_lies(name: str, node: int) -> None:
    rows = load_table("sram_cacti").value.rows
    one = rows[name]
    if one.node != node:
        return
    scaled = Scaled(tables=(rows,), node=Fraction(node))
    assert one.size is not None
    assert one.width is not None
    found = scaled.sram("write", one.size, one.width)
    assert name in found.rows
    assert float(found.value * one.width) == pytest.approx(float(one.value["write"]), rel=1e-12)


def test_the_whole_table_of_tests_is_a_table() -> None:
    assert len(whole_table().rows) > 20
