"""What `nmsim simulate` says of energy."""

import re
from pathlib import Path

import pytest

from analysis.charges.summary import EACH, energy_cells, energy_notes, flagged, power, ranked
from analysis.quantities import bounded, quantity
from analysis.report_text import report_text
from simulator import Trace, load_arch, simulate
from tests.analysis.energy_case import TRACE, machine
from tests.simulator.steps import product, step


def test_the_flagged_rows_are_those_of_actions_that_happened(tmp_path: Path) -> None:
    """`mux`, `decoder` and `hbm` are flagged and used; `unused` is flagged, and nothing multiplies tf32.

    Logic leaks by its area, and that of muxes and decoders is flagged, so all leakage rests on flagged rows.
    """
    energy = simulate(machine(tmp_path), TRACE).energy
    assert energy is not None
    rows, used, resting = flagged(energy)
    assert set(rows) == {"mux", "decoder", "hbm"}
    assert "unused" not in used
    parts = energy.by_part
    assert resting == sum(parts[name].value for name in ("dram", "select", "decode", "leakage"))
    unpatterned = ("core.patterns=null", "core.decode=null", "core.select=null")
    dense = simulate(
        machine(tmp_path, "weight_stationary", *unpatterned), Trace(steps=TRACE.steps[1:2])
    ).energy
    assert dense is not None
    assert flagged(dense)[0] == ("hbm",)


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
