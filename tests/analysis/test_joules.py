"""Energies as people read them, what they rest on, and what `nmsim simulate` says of them."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

from analysis.energy_summary import EACH, energy_cells, energy_notes, power
from analysis.joules import basis, bounded, flagged, quantity, ranked, sources_of, within
from analysis.tables import report_text
from simulator import Trace, load_arch, simulate
from simulator.energy import Joules
from simulator.tariff import Charge
from tests.analysis.energy_case import TRACE, machine
from tests.simulator.steps import product, step


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 J"),
        (1.5e-21, "1.5 zJ"),
        (9.994e-4, "999 uJ"),
        (9.996e-4, "1 mJ"),
        (1, "1 J"),
        (6.158e5, "616 kJ"),
        (3e30, "3000000 YJ"),
    ],
)
def test_a_quantity_has_three_digits_and_a_prefix(value: float, text: str) -> None:
    assert quantity(value, "J") == text


def test_bounds_share_the_unit_of_the_value() -> None:
    assert bounded(Joules(8 * 10**17, 123 * 10**17, 20345 * 10**15)) == "12.3 mJ (0.8 to 20.3 mJ)"
    assert bounded(Joules(0, 999 * 10**18, 5 * 10**21)) == "999 mJ (0 to 5000 mJ)"


def test_a_charge_has_bounds_where_they_differ() -> None:
    exact = Charge(low=5, value=5, high=5, unit="bit", rows=(), factor=Fraction(1))
    assert within(exact) == "5e-09"
    wide = Charge(low=10**8, value=5 * 10**8, high=10**9, unit="bit", rows=(), factor=Fraction(1))
    assert within(wide) == "0.5 (0.1 to 1)"


def test_the_flagged_rows_are_those_of_actions_that_happened(tmp_path: Path) -> None:
    """`mux`, `decoder` and `hbm` are flagged and used; `unused` is flagged, and nothing multiplies tf32."""
    energy = simulate(machine(tmp_path), TRACE).energy
    assert energy is not None
    rows, used, resting = flagged(energy)
    assert set(rows) == {"mux", "decoder", "hbm"}
    assert "unused" not in used
    parts = energy.by_part
    assert resting == parts["dram"].value + parts["select"].value + parts["decode"].value
    dense = simulate(machine(tmp_path), Trace(steps=TRACE.steps[1:2])).energy
    assert dense is not None
    assert flagged(dense)[0] == ("hbm",)


def test_a_basis_names_nodes_sources_and_flags(tmp_path: Path) -> None:
    tariff = simulate(machine(tmp_path), TRACE).tariff
    assert tariff is not None
    found = basis(tariff, ("add", "mux", "add"))
    assert tuple(found) == (("add", "mux"), ("14 nm",), ("measured", "guessed"), True)
    assert found.cells["flag"] == "unverified"
    assert not basis(tariff, ("add",)).unverified
    assert list(sources_of(tariff, ("mux",)).values()) == ["G. Uess, in conversation"]


def test_sources_of_two_tables_that_share_an_id_are_told_apart(tmp_path: Path) -> None:
    other = "spec: 1\nname: o\nsources: {measured: another}\nrows:\n  mesh: {component: network, bits: 1, "
    (tmp_path / "other.yaml").write_text(
        other + "value: {hop: 1 pJ}, low: 1 %, high: 100 %, source: measured}\n"
    )
    loaded = machine(
        tmp_path, "weight_stationary", f"components=[{tmp_path}/table.yaml, {tmp_path}/other.yaml]"
    )
    tariff = simulate(loaded, TRACE).tariff
    assert tariff is not None
    assert sources_of(tariff, ("add", "mesh"))["measured_2"] == "another"
    assert basis(tariff, ("mesh",)).sources == ("measured_2",)


def test_the_summary_says_what_the_report_holds(tmp_path: Path) -> None:
    report = simulate(machine(tmp_path), TRACE)
    energy = report.energy
    assert energy is not None
    first, second, third = energy_notes(report)
    assert first.startswith(f"energy {bounded(energy.total)}: {ranked(energy)[0][0]} ")
    shares = [float(share) for share in re.findall(r"([0-9.]+)%", first)]
    assert sum(shares) == pytest.approx(100, abs=0.3)
    assert shares[:-1] == sorted(shares[:-1], reverse=True)
    joules, seconds = energy.total.value * 1e-21, report.totals["seconds"]
    most = max(power(row) for row in report.rows)
    assert most >= joules / seconds
    assert second.startswith(
        f"average power {quantity(joules / seconds, 'W')}, at most {quantity(most, 'W')} ("
    )
    assert second.endswith(f"energy-delay product {quantity(joules * seconds, 'J s')}")
    share = flagged(energy)[2] / energy.total.value
    assert third == (
        f"3 of the {len(flagged(energy)[1])} table rows used are flagged as unverified, "
        f"and {share:.1%} of the energy rests on them: {', '.join(flagged(energy)[0])}"
    )


def test_the_table_has_energy_for_each_effective_multiply_add(tmp_path: Path) -> None:
    report = simulate(machine(tmp_path), TRACE)
    cells = energy_cells(report)
    assert float(cells[EACH]) == pytest.approx(
        report.totals["energy_pj"] / report.totals["effective_macs"], rel=5e-3
    )
    ((_, updates),) = ((key, part) for key, part in report.grouped("pass") if key == ("UPDATE",))
    assert energy_cells(updates)[EACH] == ""
    text = report_text(report, "table")
    assert EACH in text
    assert all(note in text for note in energy_notes(report))


def test_a_machine_without_tables_says_so() -> None:
    bare = load_arch("stc", settings=["components=null", "node=null"])
    report = simulate(bare, Trace(steps=(step(work=product(dtype="int8")),)))
    assert energy_cells(report) == {}
    assert report_text(report, "table").splitlines()[-1] == (
        "there is no energy: stc names no component tables"
    )
    assert EACH not in report_text(report, "table")


def test_nothing_takes_nothing(tmp_path: Path) -> None:
    report = simulate(machine(tmp_path), Trace(steps=()))
    assert energy_notes(report) == [
        "energy 0 J (0 to 0 J)",
        "none of the 0 table rows used is flagged as unverified",
    ]
