"""A machine's tariff goes out as Accelergy's tables, and comes back as a table with the same charges."""

import json
from pathlib import Path

import pytest

from analysis.charges.area import find_areas, subtotals
from analysis.cli import run
from analysis.interchange.accelergy import entries, write_tables
from analysis.interchange.convert import convert
from analysis.interchange.reference_tables import read_art, read_ert
from simulator.arch import Arch, arch_names, load_arch
from simulator.components import load_table
from simulator.machine import resolve
from simulator.simulate import simulate
from simulator.spec import Loaded
from simulator.tariff import Tariff, load_tariff
from tests.analysis.energy_case import DATAFLOWS, TRACE, machine, write_machine

Capture = pytest.CaptureFixture[str]
PRICED = [name for name in arch_names() if load_arch(name).value.components is not None]


def tariff(loaded: Loaded[Arch]) -> Tariff:
    """The tariff of a machine that has one."""
    return load_tariff(loaded)[1]


def back(loaded: Loaded[Arch], folder: Path) -> Path:
    """The component table that comes back of the machine's ERT and ART."""
    ert, art = write_tables(tariff(loaded), resolve(loaded.value), loaded.value, folder)
    (folder / "back.yaml").write_text(convert(ert, art, clock=f"{loaded.value.clock} Hz").text)
    assert load_table(folder / "back.yaml").value.sources == {
        "ert": "ERT.yaml, ART.yaml, in the format of Accelergy"
    }
    return folder / "back.yaml"


@pytest.mark.parametrize("name", PRICED)
def test_a_shipped_machine_has_the_same_charges_when_its_tables_come_back(name: str, tmp_path: Path) -> None:
    loaded = load_arch(name)
    again = load_arch(name, settings=[f"components=[{back(loaded, tmp_path)}]"])
    before, after = tariff(loaded), tariff(again)
    assert {action: charge.value for action, charge in before.charges.items()} == {
        action: charge.value for action, charge in after.charges.items()
    }
    assert all(charge.low == charge.value == charge.high for charge in after.charges.values())
    for one, other in zip(before.areas, after.areas, strict=True):
        assert (one.part, one.instances) == (other.part, other.instances)
        assert float(one.total.value) == pytest.approx(float(other.total.value), rel=1e-12)


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_a_report_takes_the_same_energy_when_the_tables_come_back(dataflow: str, tmp_path: Path) -> None:
    loaded = machine(tmp_path, dataflow)
    again = machine(tmp_path, dataflow, f"components=[{back(loaded, tmp_path)}]")
    first, second = (simulate(arch, TRACE).energy for arch in (loaded, again))
    assert first is not None
    assert second is not None
    assert first.total.value == second.total.value
    assert dict(first.counts) == dict(second.counts)


def test_a_machine_with_its_own_voltage_keeps_its_charges(tmp_path: Path) -> None:
    loaded = machine(tmp_path, "weight_stationary", "voltage=1.0 V")
    again = machine(tmp_path, "weight_stationary", "voltage=1.0 V", f"components=[{back(loaded, tmp_path)}]")
    assert [one.value for one in tariff(loaded).charges.values()] == [
        one.value for one in tariff(again).charges.values()
    ]


@pytest.mark.parametrize("name", [*PRICED])
def test_the_art_holds_the_whole_area(name: str) -> None:
    loaded = load_arch(name)
    found = entries(tariff(loaded), resolve(loaded.value))
    whole = sum(entry.instances * (entry.area or 0.0) for entry in found)
    assert whole == pytest.approx(float(subtotals(find_areas(loaded).taken)["total"].value), rel=1e-12)


def test_components_are_named_as_accelergy_names_them(tmp_path: Path) -> None:
    loaded = machine(tmp_path)
    found = {entry.name: entry for entry in entries(tariff(loaded), resolve(loaded.value))}
    pe = "system.core[0..1].column[0..1].pe[0..3]"
    assert found[f"{pe}.multiply_add_fp16[0..1]"].actions == {"multiply": 0.5, "skipped": 0.0}
    assert found[f"{pe}.multiply_add_int8[0..3]"].area == 0
    assert found[f"{pe}.select_4[0..31]"].area == pytest.approx(30 / 16)
    assert found["system.core[0..1].column[0..1].decode_coordinate[0..31]"].actions == {"decode": 0.001}
    assert found["system.l2"].actions["read_bit"] == pytest.approx(60 / 512, abs=1e-9)
    assert found["system.dram"].area == 0
    assert found["system.network"].actions == {"hop_bit": 0.01}
    assert list(found["system.leakage"].actions) == ["leak"]


def test_the_command_writes_both_tables_and_says_every_charge(tmp_path: Path, capsys: Capture) -> None:
    path = str(write_machine(tmp_path))
    out = tmp_path / "out"
    assert run(["components", path, "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f"{out / name}: written for Accelergy" for name in ("ERT.yaml", "ART.yaml")
    ]
    assert sorted(file.name for file in out.iterdir()) == ["ART.yaml", "ERT.yaml"]
    energies, areas = read_ert(out / "ERT.yaml"), read_art(out / "ART.yaml")
    assert [entry.name for entry in energies] == [entry.name for entry in areas]
    assert run(["components", path, "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    charges = tariff(load_arch(path)).charges
    assert [(row["part"], row["action"], row["of"], row["each_zj"]) for row in said["rows"]] == [
        (*action, charge.value) for action, charge in charges.items()
    ]
    assert sum(len(entry.actions) for entry in energies) == len(charges)
    assert run(["components", path, "--format", "csv"]) == 0
    assert capsys.readouterr().out.count("\n") == 1 + len(charges)


def test_what_the_ert_tells_to_run_brings_the_charges_back(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comment at the top of ERT.yaml is a command that works."""
    path = write_machine(tmp_path).resolve()
    monkeypatch.chdir(tmp_path)
    assert run(["components", str(path), "--out", "."]) == 0
    (line,) = (line for line in Path("ERT.yaml").read_text().splitlines() if "nmsim convert" in line)
    clock = line.partition("'")[2].partition("'")[0]
    assert line == f"#   nmsim convert ERT.yaml ART.yaml --clock '{clock}' -o table.yaml"
    assert run(["convert", "ERT.yaml", "ART.yaml", "--clock", clock, "-o", "mine.yaml"]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    rows = len(load_table(Path("mine.yaml")).value.rows)
    assert said == f"mine.yaml: {rows} rows from ERT.yaml; it has no bounds and no flags, and they have none"
    assert run(["check", "mine.yaml"]) == 0
