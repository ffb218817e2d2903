"""Energy, area and component tables on the command line: exact words, and nothing written on errors."""

import json
from pathlib import Path

import pytest

from analysis.cli import run
from simulator.arch import arch_names
from simulator.components import load_table, table_names
from tests.analysis.energy_case import write_machine

Capture = pytest.CaptureFixture[str]
MACHINES = ", ".join(arch_names())
BAD = {
    "explain dense128 t --energy -o w.gif": [
        "--out: `w.gif` names no kind of figure; end its name in .pdf, .svg or .png"
    ],
    "area a10": [f"no machine is called `a10`; did you mean `a100`? known: {MACHINES}"],
    "components a100 --set core.cores=1": [
        "--set core.cores=1: core.cores: unknown key; known: accumulators, array, dataflow, decode, feed, "
        "fetch_ahead, gate_zeros, lanes, overlap, patterns, select, vector"
    ],
    "area stc --set components=null --set node=null": [
        "stc: it names no component tables; name some under `components`, and the `node` to scale them to"
    ],
    "components stc --set components=null --set node=null": [
        "stc: it names no component tables; name some under `components`, and the `node` to scale them to"
    ],
    "components stc --set components=[cmoss]": [
        "--set components=[cmoss]: components.0: no component table is called `cmoss`; did you mean `cmos`? "
        "known: cmos, dram, sparseloop_no_dram_metadata, sparseloop_stc, sparseloop_tc, sram_cacti"
    ],
    "convert": ["ert: is missing; see `nmsim convert --help`"],
    "convert ERT.yaml": ["--out: is missing; see `nmsim convert --help`"],
    "convert ERT.yaml -o t.yaml": ["ERT.yaml: no such file; give the path of a YAML file"],
}


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("line", BAD)
def test_a_bad_command_line_is_one_line_a_problem(line: str, capsys: Capture, tmp_path: Path) -> None:
    assert run(line.split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == BAD[line]
    assert list(tmp_path.iterdir()) == []


def test_check_knows_component_tables_and_the_rows_that_a_machine_lacks(
    capsys: Capture, tmp_path: Path
) -> None:
    path = write_machine(tmp_path)
    assert path == tmp_path / "machine.yaml"
    assert run(["check", "table.yaml", "machine.yaml", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["kind"], row["problems"]) for row in rows] == [("components", 0), ("machine", 0)]
    table = (tmp_path / "table.yaml").read_text()
    (tmp_path / "table.yaml").write_text(table.replace("source: guessed", "source: gessed", 1))
    (tmp_path / "no_rows.yaml").write_text("spec: 1\nname: x\nsources: {a: b}\n")
    assert run(["check", "table.yaml", "no_rows.yaml"]) == 2
    printed = capsys.readouterr()
    assert printed.out.count("components") == 2
    first, second = printed.err.splitlines()
    assert first.startswith("table.yaml:")
    assert first.endswith(
        ": rows.mux.source: there is no source `gessed`; did you mean `guessed`? known: guessed, measured"
    )
    assert second.startswith("no_rows.yaml:1:1: rows: missing; ")
    (tmp_path / "table.yaml").write_text(
        table.replace("mesh: {component: network", "mesh: {component: vector2")
    )
    assert run(["check", "machine.yaml"]) == 2
    assert "no component is called `vector2`" in capsys.readouterr().err
    (tmp_path / "table.yaml").write_text(
        "".join(line for line in table.splitlines(True) if "mesh" not in line)
    )
    assert run(["check", "machine.yaml"]) == 2
    assert "machine.yaml: components: no row gives hop of network; " in capsys.readouterr().err


def test_shipped_tables_are_listed_with_their_flagged_rows(capsys: Capture) -> None:
    assert run(["list", "components", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["components"] for row in rows] == list(table_names())
    for row in rows:
        table = load_table(row["components"]).value
        flagged = [one for one in table.rows.values() if one.unverified]
        assert (row["rows"], row["flagged"], row["sources"]) == (
            len(table.rows),
            len(flagged),
            len(table.sources),
        )
