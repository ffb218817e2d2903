"""Areas add up, and what sparsity adds is what a machine without patterns lacks."""

import csv
import io
import json
from fractions import Fraction
from pathlib import Path

import pytest

from analysis.charges.area import find_areas, leaks, subtotals
from analysis.charges.area_text import area_text
from analysis.cli import run
from simulator.area import LOGIC, areas
from simulator.machine import resolve
from tests.analysis.energy_case import DATAFLOWS, machine, write_machine

Capture = pytest.CaptureFixture[str]


def test_a_case_by_hand(tmp_path: Path) -> None:
    """Two cores of 4 x 2 PEs, weight-stationary: 16 PEs of 2 lanes of 300 or 4 of 90 um^2, the larger counts.

    A PE holds twice 32 bits and 4 x 2 of selects, and passes on a window, one group of 4 fp16 or two of 4
    int8, and 32 bits of sum: 176 flip-flops of 4 / 8 um^2. Its muxes are of 32 bits, 30 / 16 um^2 each.
    Decoders are in 4 columns, for 8 groups of 4 bits.
    """
    found = find_areas(machine(tmp_path))
    taken = {area.part: (area.instances, float(area.each.value)) for area in found.taken}
    assert taken["multiply_add"] == (16, 600)
    assert taken["register"] == (16, (2 * (32 + 8) + 64 + 32) / 2)
    assert taken["select"] == (16, 60)
    assert taken["decode"] == (4, 32)
    assert taken["vector"] == (8, 700)
    assert taken["accumulators"] == (2, 9000)
    assert taken["l2"] == (1, 2 * 10**6)
    assert "dram" not in taken
    sums = subtotals(found.taken)
    assert sums["memory"].value == 2 * 10**6 + 2 * 9000
    assert sums["total"].value == sums["logic"].value + sums["memory"].value
    (lanes,) = (area for area in found.taken if area.part == "multiply_add")
    assert leaks(lanes) == pytest.approx(7e-3 * 9600 / 1e6)


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_what_sparsity_adds_is_what_the_dense_machine_lacks(dataflow: str, tmp_path: Path) -> None:
    loaded = machine(tmp_path, dataflow)
    bare = machine(
        tmp_path,
        dataflow,
        "core.patterns=null",
        "core.decode=null",
        "core.select=null",
        "core.feed=4 B/cycle",
    )
    found = find_areas(loaded)
    without = areas(found.tariff.scaled, resolve(bare.value))
    difference = sum(area.total.value for area in found.taken) - sum(area.total.value for area in without)
    assert found.overheads["total"].added.value == difference > 0
    parts = {part: one.added.value for part, one in found.overheads.items() if part not in ("logic", "total")}
    assert set(parts) == {"register", "select", "decode"}
    assert sum(parts.values()) == difference
    assert found.overheads["logic"].added.value == difference
    added = found.overheads["register"].added
    assert added.low == added.value * Fraction(9, 10)
    assert not find_areas(bare).skips
    assert find_areas(bare).overheads["total"].added.value == 0


def test_the_table_says_the_sums_the_overhead_and_the_flags(tmp_path: Path) -> None:
    found = find_areas(machine(tmp_path))
    lines = area_text(found, "table").splitlines()
    assert lines[0].endswith("area on the chip")
    parts = [line.split()[0] for line in lines if line]
    at = parts.index("what")
    assert parts[2:at] == [*(area.part for area in found.taken), "logic", "memory", "total"]
    assert parts[at + 2 : at + 7] == ["register", "select", "decode", "logic", "total"]
    (total,) = (line.split() for line in lines[-12:] if line.startswith("total"))
    one = found.overheads["total"]
    assert total[-1] == f"{float(one.added.value / one.before.value):.2%}"
    share = float(found.flagged / subtotals(found.taken)["total"].value)
    flags = f"2 of the {len(found.rows)} table rows used are flagged as unverified"
    assert f"{flags}, and {share:.2%} of the area rests on them" in lines
    dense = machine(
        tmp_path, "weight_stationary", "core.patterns=null", "core.decode=null", "core.select=null"
    )
    assert "it skips no zeros, so nothing is there for sparsity" in area_text(find_areas(dense), "table")


def test_as_json_and_csv_the_rows_add_up(tmp_path: Path, capsys: Capture) -> None:
    path = str(write_machine(tmp_path))
    assert run(["area", path, "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    for kind in ("logic", "memory"):
        rows = [row["mm2"] for row in said["rows"] if row["kind"] == kind]
        assert sum(rows) == pytest.approx(said["totals"][kind]["mm2"])
    assert {row["part"] for row in said["rows"] if row["kind"] == "logic"} == set(LOGIC)
    for row in said["rows"]:
        assert row["mm2_low"] <= row["mm2"] <= row["mm2_high"]
        assert row["instances"] * row["each_um2"] == pytest.approx(1e6 * row["mm2"])
    more = said["totals"]["total"]["mm2"] - said["without_sparsity"]["total"]["mm2"]
    assert said["sparsity"]["total"]["mm2"] == pytest.approx(more)
    assert set(said["sources"]) == {"measured", "guessed"}
    assert run(["area", path, "--format", "csv"]) == 0
    read = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["part"] for row in read] == [row["part"] for row in said["rows"]]


def test_a_setting_moves_the_area(tmp_path: Path, capsys: Capture) -> None:
    path = str(write_machine(tmp_path))
    totals = []
    for rows in ("4", "8"):
        assert run(["area", path, "--set", f"core.array.rows={rows}", "--format", "json"]) == 0
        totals.append(json.loads(capsys.readouterr().out))
    small, large = ({row["part"]: row["mm2"] for row in said["rows"]} for said in totals)
    assert large["multiply_add"] == pytest.approx(2 * small["multiply_add"])
    assert large["l2"] == small["l2"]
