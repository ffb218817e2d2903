"""Sparseloop's tensor cores by component: what was published, and what `tests.oracles.stc_energy` counts."""

from fractions import Fraction

import pytest

from analysis.published import read_published
from simulator.components import Table, load_table
from tests.oracles.stc_energy import (
    Design,
    Ert,
    counted,
    dram_metadata_pj,
    energies,
    padded,
    vectors_of_a_tile,
)

ROWS = read_published("sparseloop_stc_energy")
DENSE = Design(1, 1, 0, Fraction(1))
PRINTED = Fraction("0.01")  # pJ; energies are printed to two digits
TABLES = {"TC": "sparseloop_tc", "STC": "sparseloop_stc"}
MULTIPLIERS, RFS = 1024, 4


def design(row: dict[str, str]) -> Design:
    """The pattern that a row's core skips; run lengths of 2:6 are fields of 2 bits, not of 3."""
    if row["weight_density"] == "1.0" or row["design"] == "TC":
        return DENSE
    if row["design"] == "STC" or row["weight_density"] == "0.5":
        return Design(2, 4, 2, Fraction(1, 2))
    if row["weight_density"] == "0.25":
        return Design(2, 8, 3, Fraction(1, 4))
    return Design(2, 6, 2 if row["design"].endswith("-RLE") else 3, Fraction("0.33333"))


def sizes(row: dict[str, str]) -> tuple[int, int, int]:
    return int(row["N"]), int(row["M"]), int(row["K"])


def table(row: dict[str, str]) -> Table:
    return load_table(TABLES[row["design"].partition("_")[0]]).value


def ert(row: dict[str, str]) -> Ert:
    """The energies of the component table of a row's core."""
    rows = table(row).rows
    value = {(name, action): energy for name, one in rows.items() for action, energy in one.value.items()}
    for name in ("lrf", "dram"):
        assert value[name, "read"] == value[name, "write"]
    return Ert(
        multiply=value["multiply", "multiply"],
        lrf=value["lrf", "read"],
        rf_read=value["rf", "read"],
        rf_write=value["rf", "write"],
        smem_read=value["shared", "read"],
        smem_write=value["shared", "write"],
        smem_metadata_read=value["shared_metadata", "metadata_read"],
        smem_metadata_write=value["shared_metadata", "metadata_write"],
        dram=value["dram", "read"],
    )


def test_its_rows_are_those_of_the_table_of_cycles() -> None:
    designs = {row["design"] for row in ROWS}
    cycles = [row for row in read_published("sparseloop_stc") if row["design"] in designs]
    same = ("weight_density", "input_density", "M", "K", "N", "design")
    assert [[row[key] for key in same] for row in ROWS] == [[row[key] for key in same] for row in cycles]
    assert [row["total_uJ"] for row in ROWS] == [row["energy_uJ"] for row in cycles]


def test_every_count_is_that_of_the_loops() -> None:
    assert len(ROWS) == 32
    for row in ROWS:
        m, n, k = sizes(row)
        one = design(row)
        assert padded(k, one) == int(row["K_padded"]), row
        assert vectors_of_a_tile(n, padded(k, one), one) == int(row["N_tile"]), row
        seen = counted(m, n, k, one)
        assert seen == {name: int(row[name]) for name in seen}, row
        assert {name for name in row if name.endswith(("reads", "fills", "updates", "computes"))} == set(seen)


def test_every_energy_is_counts_times_the_table() -> None:
    for row in ROWS:
        parts = energies(counted(*sizes(row), design(row)), ert(row), design(row))
        for name, energy in parts.items():
            assert abs(energy - Fraction(row[name])) <= PRINTED, (row, name, float(energy))
        assert float(sum(parts.values())) / 1e6 == pytest.approx(float(row["total_uJ"]), abs=0.0051), row


def test_a_third_written_to_five_digits_is_nearly_one() -> None:
    """What a model that knows 2:6 exactly may be off for it."""
    for row in ROWS:
        if (printed := design(row)).group == 6:
            exact = printed._replace(density=Fraction(1, 3))
            parts = energies(counted(*sizes(row), exact), ert(row), exact)
            for name, energy in parts.items():
                assert float(energy) == pytest.approx(float(row[name]), rel=1e-4), (row, name)


def test_metadata_that_dram_energy_leaves_out() -> None:
    """A 64-bit access for each 32 fields of 2 bits or 16 of 3: nothing to 0.7 % of what was published."""
    shares: dict[int, float] = {}
    for row in ROWS:
        one = design(row)
        left_out = dram_metadata_pj(counted(*sizes(row), one), ert(row), one)
        fields = int(row["dram_A_metadata_reads"])
        assert left_out == (fields / Fraction({0: 1, 2: 32, 3: 16}[one.bits]) * 512 if fields else 0), row
        shares[one.bits] = max(shares.get(one.bits, 0.0), float(left_out) / float(row["total_uJ"]) / 1e6)
    assert shares == pytest.approx({0: 0, 2: 0.0068, 3: 0.0105}, rel=0.05)


def test_what_a_machine_would_do_to_its_sums_takes_nearly_the_same() -> None:
    """A sum of T steps is written T times, read T - 1 times to be added to and once to leave."""
    for row in ROWS:
        one, prices = design(row), ert(row)
        m, n, k = sizes(row)
        steps = padded(k, one) // one.reach
        machine = m * n * steps * (prices.rf_read + prices.rf_write)
        assert float(machine) == pytest.approx(float(row["rf_pJ"]), rel=0.006), row


def test_k_is_padded_to_whole_steps_where_that_is_more() -> None:
    """The only products that are larger than their names say: 2:6 takes 48 positions of k in a step."""
    larger = [row for row in ROWS if row["K"] != row["K_padded"]]
    assert {(row["K"], row["K_padded"], design(row).group) for row in larger} == {("128", "144", 6)}


def test_the_areas_are_those_of_one_core() -> None:
    """Their stats print 3.14 mm^2 for the sparse cores, from 1024 MACs and LRFs, four RFs and the SMEM."""
    mm2 = {}
    for name in TABLES.values():
        rows = load_table(name).value.rows
        each = {one: rows[one].value["area"] for one in ("multiply", "lrf", "rf", "shared")}
        total = MULTIPLIERS * (each["multiply"] + each["lrf"]) + each["rf"] + each["shared"]
        mm2[name] = round(float(total) / 1e6, 2)
        assert each["rf"] / RFS == {"sparseloop_stc": 23384, "sparseloop_tc": Fraction("48735.6")}[name]
    assert mm2 == {"sparseloop_stc": 3.14, "sparseloop_tc": 4.54}
