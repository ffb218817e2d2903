"""Every joule of a report goes back to a count and a row, in whole zeptojoules; a figure shows it by part."""

import csv
import io
import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from analysis.cli import run
from analysis.explain.energy import Spent, action_rows, explain_energy, part_rows
from analysis.explain.energy_figure import (
    OTHER,
    PARTS,
    Stack,
    draw_energy,
    energy_figure,
    stacked,
    styles_of,
)
from analysis.explain.energy_text import energy_text
from analysis.quantities import bounded, digits
from simulator import Trace, load_arch, simulate
from simulator.arch import arch_names
from simulator.errors import InputError
from tests.analysis.energy_case import DATAFLOWS, TRACE, machine, write_machine
from tests.analysis.explain.test_cycles import every_recipes_work
from tests.analysis.figures.drawn import FORMS, drawn_twice
from workloads import trace_network

Capture = pytest.CaptureFixture[str]


def spent(folder: Path, dataflow: str = "weight_stationary") -> Spent:
    """The energy of the small trace on the machine of this dataflow."""
    return Spent(arch="machine.yaml", report=simulate(machine(folder, dataflow), TRACE))


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_the_rows_add_up_to_the_report_to_the_zeptojoule(dataflow: str, tmp_path: Path) -> None:
    one = spent(tmp_path, dataflow)
    rows = action_rows(one, "json")
    for side, whole in zip(("_low", "", "_high"), one.energy.total, strict=True):
        assert sum(row["count"] * row[f"each{side}_zj"] for row in rows) == whole
        assert sum(row[f"energy{side}_zj"] for row in rows) == whole
    assert sum(row["share"] for row in rows) == pytest.approx(1)
    for by in ("pass", "layer"):
        groups = part_rows(one, by)
        for part, joules in one.energy.by_part.items():
            assert sum(group[f"energy_{part}_zj"] for group in groups) == joules.value
        for group in groups:
            assert sum(group[f"energy_{part}_zj"] for part in one.energy.by_part) == group["energy_zj"]
    counts = {(row["part"], row["action"], row["of"]): row["count"] for row in rows}
    assert counts["multiply_add", "multiply", "fp16"] == sum(
        row.lowered.multiplies * row.step.when.count for row in one.report.rows if row.lowered
    )


def test_a_joule_goes_back_to_its_row(tmp_path: Path) -> None:
    """`add` is of 14 nm on a machine of 7 nm; `flops` is of eight bits and of no node."""
    rows = {(row["part"], row["action"], row["of"]): row for row in action_rows(spent(tmp_path), "json")}
    add = rows["add", "add", "fp32"]
    assert (add["rows"], add["nodes"], add["sources"], add["unverified"]) == (
        ["add"],
        ["14 nm"],
        ["measured"],
        False,
    )
    assert add["factor"] < 1
    assert add["each_pj"] == pytest.approx(0.4 * add["factor"])
    assert add["each_low_zj"] == pytest.approx(0.8 * add["each_zj"], abs=1)
    write = rows["register", "write", "moving"]
    assert (write["unit"], write["each_zj"], write["nodes"]) == ("bit", 2 * 10**6, [])
    assert rows["select", "select", ""]["unverified"]
    hop = rows["network", "hop", ""]
    assert hop["energy_zj"] == hop["count"] * 10**7
    of_logic = ["multiply", "add", "flops", "mux", "decoder", "vector"]
    assert rows["leakage", "cycle", ""]["rows"] == ["leaks", *of_logic, "sums", "cache"]


@pytest.mark.parametrize("name", arch_names())
def test_every_shipped_machine_with_tables_is_traced_whole(name: str) -> None:
    arch = load_arch(name)
    if arch.value.components is None:
        assert simulate(arch, Trace(steps=())).energy is None
        return
    work = every_recipes_work(next(iter(arch.value.core.lanes)))
    one = Spent(arch=name, report=simulate(arch, Trace(steps=work.steps[::20])))
    rows = action_rows(one, "json")
    assert sum(row["energy_zj"] for row in rows) == one.energy.total.value
    assert sum(row["count"] * row["each_zj"] for row in rows) == one.energy.total.value
    assert all(row["rows"] or not row["each_zj"] for row in rows)
    assert all(row["sources"] or not row["rows"] for row in rows)


def test_the_table_shows_each_action_its_row_and_the_sources(tmp_path: Path) -> None:
    one = spent(tmp_path)
    text = energy_text([one], "total", "table")
    assert text.startswith("small on machine.yaml, fidelity tile\n")
    (line,) = (line for line in text.splitlines() if re.match(r"add +add", line))
    assert "14 nm" in line
    assert line.endswith("measured")
    (mux,) = (line for line in text.splitlines() if re.match(r"select +select", line))
    assert mux.split()[-2:] == ["guessed", "unverified"]
    assert f"machine.yaml: energy {bounded(one.energy.total)}\n" in text
    assert 'measured: M. Easured, "Figures" (2020), doi:10.0/1\n' in text
    assert "guessed: G. Uess, in conversation\n" in text
    by_pass = energy_text([one], "pass", "table")
    assert [line.split()[0] for line in by_pass.splitlines()[1:5]] == ["pass", "FWD", "UPDATE", "total"]


def test_as_json_and_csv_the_rows_add_up(tmp_path: Path, capsys: Capture) -> None:
    path = str(write_machine(tmp_path))
    TRACE.save(tmp_path / "t")
    other = str(write_other(tmp_path))
    command = ["explain", path, str(tmp_path / "t"), "--energy", "--against", other, "--by"]
    for by in ("total", "pass", "layer"):
        assert run([*command, by, "--format", "json"]) == 0
        said = json.loads(capsys.readouterr().out)
        assert set(said) == {"provenance", "rows", "totals", "sources"}
        assert len(said["totals"]) == 2
        for arch, totals in said["totals"].items():
            mine = [row for row in said["rows"] if row["arch"] == arch]
            assert sum(row["energy_zj"] for row in mine) == totals["energy_zj"]
            bounds = ("energy_zj", "energy_low_zj", "energy_high_zj")
            parts = [value for name, value in totals.items() if name.endswith("_zj") and name not in bounds]
            assert sum(parts) == totals["energy_zj"]
        assert run([*command, by, "--format", "csv"]) == 0
        read = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        assert [row["energy_zj"] for row in read] == [str(row["energy_zj"]) for row in said["rows"]]
        assert run([*command, by]) == 0
        assert capsys.readouterr().out.count("other.yaml") > 1


def write_other(folder: Path) -> Path:
    """A machine whose levels have other names, so that not every part is on both."""
    text = (folder / "machine.yaml").read_text().replace("name: l2", "name: scratch")
    (folder / "other.yaml").write_text(
        text.replace("components: [table.yaml]", "components: [other_table.yaml]")
    )
    (folder / "other_table.yaml").write_text(
        (folder / "table.yaml").read_text().replace("of: l2", "of: scratch")
    )
    return folder / "other.yaml"


def test_parts_of_two_machines_stand_side_by_side(tmp_path: Path) -> None:
    first = str(write_machine(tmp_path))
    found = explain_energy(first, TRACE, against=str(write_other(tmp_path)))
    text = energy_text(found, "total", "table")
    (l2,) = (line for line in text.splitlines() if line.startswith("l2 "))
    assert l2.split()[-2:] == ["-", "-"]
    assert text.count("measured:") == 1


def test_a_machine_without_tables_and_the_same_machine_are_refused(tmp_path: Path) -> None:
    path = str(write_machine(tmp_path))
    with pytest.raises(InputError, match=r"^stc: it names no component tables; name some under `components`"):
        explain_energy("stc", Trace(steps=()), settings=["components=null", "node=null"])
    with pytest.raises(InputError, match=r"^--against: .* is the machine that is explained; name another"):
        explain_energy(path, TRACE, against=path)


def test_the_cycles_are_explained_as_before_without_the_flag(tmp_path: Path, capsys: Capture) -> None:
    TRACE.save(tmp_path / "t")
    assert run(["explain", str(write_machine(tmp_path)), str(tmp_path / "t")]) == 0
    assert "ideal" in capsys.readouterr().out


@pytest.mark.parametrize("kind", FORMS)
def test_a_figure_has_the_same_bytes_and_width_each_time(kind: str, tmp_path: Path) -> None:
    found = explain_energy(str(write_machine(tmp_path)), TRACE, dense=True)
    first = drawn_twice(lambda file: draw_energy(found, file), kind, tmp_path)
    if kind == "svg":
        text = first.decode()
        for name in ("as traced", "run dense", "dram", "energy ("):
            assert name in text


def test_the_bars_of_a_figure_hold_all_energy(tmp_path: Path) -> None:
    (one,) = explain_energy(str(write_machine(tmp_path)), TRACE, dense=True)
    assert one.dense is not None
    assert one.dense.energy is not None
    energies = [one.energy, one.dense.energy]
    stacks = stacked([Stack.of("", energy) for energy in energies])
    assert [sum(column) for column in zip(*stacks.values(), strict=True)] == [
        energy.total.value for energy in energies
    ]
    assert list(stacks)[-1] == OTHER
    small = Fraction(max(stacks[OTHER]), one.energy.total.value)
    assert small < Fraction(len(one.energy.by_part), 200)


@pytest.mark.parametrize("levels", [1, 4, 5, 8, 12])
def test_no_two_parts_of_a_figure_look_alike(levels: int) -> None:
    styles = styles_of([*PARTS, *(f"level {place}" for place in range(levels))])
    assert len(styles) == len(PARTS) + levels
    assert len(set(styles.values())) == len(styles)


def test_two_machines_of_one_figure_have_levels_of_their_own_looks() -> None:
    trace = trace_network("vit_b16", recipe="sr_ste", pattern="2:4", dtype="int8")
    found = explain_energy("edge24", trace, against="a100")
    (axis,) = energy_figure(found).axes
    looks = {bars.get_label(): (bars[0].get_facecolor(), bars[0].get_hatch()) for bars in axis.containers}
    assert {"dram", "buffer", "l2", "shared", "registers"} <= set(looks)
    assert len(set(looks.values())) == len(looks)


def test_a_figure_says_the_total_at_the_end_of_its_bar_and_its_bounds_below(tmp_path: Path) -> None:
    (one,) = explain_energy(str(write_machine(tmp_path)), TRACE, dense=True)
    figure = energy_figure([one])
    (axis,) = figure.axes
    assert one.energy.total.low < one.energy.total.value < one.energy.total.high
    for text, line in zip(axis.texts, axis.lines, strict=True):
        bars = [bar for group in axis.containers for bar in group if bar.get_y() < text.xy[1] < top(bar)]
        assert text.xy[0] == pytest.approx(max(bar.get_x() + bar.get_width() for bar in bars))
        low, high = line.get_xdata()
        assert text.get_text() == f"{digits(text.xy[0])} ({digits(low)} to {digits(high)})"
        assert low < text.xy[0] < high
        assert min(line.get_ydata()) > max(top(bar) for bar in bars)
    figure.draw_without_rendering()
    for text in axis.texts:
        assert text.get_window_extent().x1 <= axis.get_window_extent().x1 + 1


def top(bar: Any) -> float:
    return float(bar.get_y() + bar.get_height())


def test_a_figure_draws_no_bounds_where_there_are_none() -> None:
    found = explain_energy("stc", Trace(steps=every_recipes_work("int8").steps[::40]))
    (axis,) = energy_figure(found).axes
    assert len(axis.texts) == 1
    assert "to" not in axis.texts[0].get_text()
    assert list(axis.lines) == []
    assert "bounds" not in axis.get_xlabel()


def test_a_figure_of_nothing_is_drawn(tmp_path: Path) -> None:
    found = explain_energy(str(write_machine(tmp_path)), Trace(steps=()), dense=True)
    draw_energy(found, tmp_path / "e.svg")
    assert (tmp_path / "e.svg").stat().st_size > 0
    assert energy_text(found, "total", "table").count("total") == 1


def test_a_figure_is_drawn_from_the_command_line(tmp_path: Path, capsys: Capture) -> None:
    TRACE.save(tmp_path / "t")
    arguments = ["explain", str(write_machine(tmp_path)), str(tmp_path / "t"), "--energy"]
    assert run([*arguments, "-o", str(tmp_path / "e.png")]) == 0
    assert (tmp_path / "e.png").read_bytes().startswith(b"\x89PNG")
    assert "total" in capsys.readouterr().out
