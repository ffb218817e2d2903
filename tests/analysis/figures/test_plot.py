"""`nmsim plot`: files that a paper can print, the same bytes each time, and a stranger's files left alone."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.font_manager import findfont, get_font

from analysis.canvas import LACKING, WIDTHS, looks, name
from analysis.cli import run
from analysis.figures.plot import plot
from analysis.figures.registry import FIGURES
from simulator.errors import InputError
from tests.analysis.results.made import made_study, made_sweep, study_rows, sweep_rows

ROOT = Path(__file__).parents[3]
Capture = pytest.CaptureFixture[str]
HOSTILE = (
    "$\\frac{1}{2}$",
    "<script>alert(1)</script>",
    "_hidden",
    "x" * 300,
    "\u202eevil\u202c",
    "שלום",
    "日本語",
    "🔥",
    "a\tb",
    "%s{}",
)


def files_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_every_figure_of_a_study_is_drawn_with_its_numbers_and_its_command(
    study: Path, tmp_path: Path
) -> None:
    done = plot(study, out=tmp_path / "f", kinds=("pdf", "svg", "png"))
    assert not done.left_out
    assert {one.name for one in done.drawn} == set(FIGURES) - {"design_space", "tornado"}
    stems = {file.name.rpartition(".")[0] for file in (tmp_path / "f").iterdir()}
    assert len(stems) == len(done.drawn)
    for stem in stems:
        pdf, text = ((tmp_path / "f" / f"{stem}{end}").read_bytes() for end in (".pdf", ".txt"))
        assert b"/FontFile2" in pdf
        assert b"/Type3" not in pdf
        assert b"CreationDate" not in pdf
        assert not pd.read_csv(tmp_path / "f" / f"{stem}.csv").empty
        assert (tmp_path / "f" / f"{stem}.svg").read_bytes().count(b"<text") > 2
        assert text.startswith(b"figure of nmsim\n")
        assert b"summary.csv" in text


def test_the_command_beside_a_figure_draws_it_again(tmp_path: Path, capsys: Capture) -> None:
    sweep = made_sweep(tmp_path / "a sweep")
    arguments = ["plot", str(sweep), "design_space", "--x", "energy_j", "--width", "page", "--as", "svg,pdf"]
    assert run(arguments) == 0
    before = files_of(sweep / "figures")
    (line,) = (row for row in before["design_space.txt"].decode().splitlines() if row.startswith("command"))
    for file in ("design_space.svg", "design_space.csv"):
        (sweep / "figures" / file).unlink()
    assert run(shlex.split(line.removeprefix("command"))[1:]) == 0
    assert files_of(sweep / "figures") == before
    assert "design_space" in capsys.readouterr().out


def test_another_process_writes_the_same_bytes(study: Path, tmp_path: Path) -> None:
    choices = ["--as", "pdf,svg,png", "accuracy_flops", "masks", "heat_map", "time_by_pass"]
    sweep = made_sweep(tmp_path / "sweep")
    for folder, path, names in (("study", study, choices), ("points", sweep, ["--as", "pdf,svg,png"])):
        out = tmp_path / folder
        arguments = ["plot", str(path), "--out", str(out), *names]
        assert run(arguments) == 0
        here = files_of(out)
        environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Kolkata", "LC_ALL": "C"}
        command = [sys.executable, "-W", "error", "-m", "analysis.cli", *arguments]
        command[3:5] = ["-c", "import sys; from analysis.cli import run; sys.exit(run(sys.argv[1:]))"]
        subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True)
        assert files_of(out) == here


@pytest.mark.parametrize("width", WIDTHS)
def test_a_figure_is_as_wide_as_was_asked(width: str, tmp_path: Path) -> None:
    plot(made_sweep(tmp_path / "s"), width=width, kinds=("svg",))
    for file in (tmp_path / "s" / "figures").glob("*.svg"):
        assert f'width="{72 * WIDTHS[width]:g}pt"' in file.read_text()


def test_names_are_shown_as_text_and_warn_of_nothing(tmp_path: Path) -> None:
    folder = made_study(tmp_path / "s", study_rows([(one, "2:4") for one in HOSTILE], archs=(HOSTILE[0],)))
    plot(folder, kinds=("svg", "pdf"))
    svg = (folder / "figures" / "accuracy_flops.svg").read_text()
    assert "&lt;script&gt;alert(1)&lt;/scrip" in svg
    assert "$\\frac{1}{2}$" in svg
    assert "_hidden" in svg
    assert "<script" not in svg
    axes = []
    for one in HOSTILE[:4]:
        plain = ({one if key == "core.array.rows" else key: row[key] for key in row} for row in sweep_rows())
        points = [{key: row[key] for key in row if key != "memory.dram.bandwidth"} for row in plain]
        axes.append(made_sweep(tmp_path / "p", points, axes=[one]))
    for sweep in axes:
        plot(sweep, "tornado", kinds=("svg",))


def test_a_name_has_only_what_the_font_has() -> None:
    known = get_font(findfont("DejaVu Sans")).get_charmap()
    for one in HOSTILE:
        assert len(name(one, 30)) <= 31
        assert all(ord(letter) in known for letter in name(one, 30))
        assert not name(one).startswith("_")
    assert name("日本") == 2 * LACKING
    assert name(f"{'x' * 40}") == f"{'x' * 23}…"


def test_looks_differ() -> None:
    found = looks([str(place) for place in range(96)])
    assert len({(colour, marker) for colour, marker, _ in found.values()}) == 96


@pytest.mark.parametrize("rows", ["equal", "zero", "one", "huge", "gaps"])
def test_odd_numbers_are_drawn_or_refused_in_words(rows: str, tmp_path: Path) -> None:
    cells: dict[str, dict[str, Any]] = {
        "equal": {"value_mean": 0.5, "value_low": 0.5, "value_high": 0.5},
        "zero": {"hardware_flops": 0, "energy_j": 0, "value_mean": 0},
        "one": {},
        "huge": {"value_high": 1e308, "value_low": -1e308},
        "gaps": {"value_low": None, "value_high": float("inf")},
    }
    summary = [row | cells[rows] for row in study_rows()][: 1 if rows == "one" else None]
    done = plot(made_study(tmp_path / "s", summary), kinds=("png",))
    assert {"accuracy_flops", "accuracy_joules"} == {one.name for one in done.drawn}
    points = [row | ({"seconds": 1.0} if rows == "equal" else {}) for row in sweep_rows()]
    assert plot(made_sweep(tmp_path / "p", points), kinds=("png",)).drawn


def test_of_forty_recipes_one_must_choose(tmp_path: Path) -> None:
    many = made_study(tmp_path / "s", study_rows([(f"recipe {place}", "2:4") for place in range(40)]))
    with pytest.raises(
        InputError, match="accuracy_flops: 40 recipes are more than it shows, 16; choose with --only"
    ):
        plot(many, "accuracy_flops")
    plot(many, "accuracy_flops", only=("recipe 3", "recipe 4"), kinds=("svg",))


PROBLEMS = {
    "plot s accuracy_flop": "no figure is called `accuracy_flop`; did you mean `accuracy_flops`? known: ",
    "plot s tornado": "s: tornado is no figure of a study; it needs a sweep whose points differ in one axis",
    "plot s waterfall": "waterfall: there is no report; give its YAML `machines`",
    "plot s --as gif": "--as: no form is called `gif`; known: pdf, png, svg",
    "plot s --width wide": "--width: no width is called `wide`; known: column, page",
    "plot s --arch a100": "--arch: a study has its machines; leave --arch out, and choose among its own",
    "plot s accuracy_flops --convention hard": "--convention: no convention is called `hard`",
    "plot p --x speed": "--x: no column of numbers is called `speed`",
    "plot p --x memory.dram.bandwidth": "--x: memory.dram.bandwidth holds words, not numbers; choose one of",
    "plot nothing": "nothing: does not exist; name what `nmsim sweep`",
    "plot": "RUN: is missing; name a directory of results, or --list",
}


@pytest.mark.parametrize("line", PROBLEMS)
def test_a_bad_command_is_one_line(
    line: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_study(tmp_path / "s")
    made_sweep(tmp_path / "p")
    monkeypatch.chdir(tmp_path)
    assert run(line.split()) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert PROBLEMS[line] in said.err
    assert not (tmp_path / "s" / "figures").exists()


@pytest.mark.parametrize("file", ["tornado.pdf", "tornado.csv", "tornado.txt"])
def test_a_strangers_file_is_left_alone(file: str, tmp_path: Path, capsys: Capture) -> None:
    sweep = made_sweep(tmp_path / "s")
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / file).write_text("mine")
    assert run(["plot", str(sweep), "--out", str(tmp_path / "f")]) == 2
    assert (
        f"{file}: is no figure of an earlier `nmsim plot`; name another directory" in capsys.readouterr().err
    )
    assert files_of(tmp_path / "f") == {file: b"mine"}


def test_a_figure_is_replaced_by_its_like(tmp_path: Path) -> None:
    sweep = made_sweep(tmp_path / "s")
    plot(sweep, "tornado")
    before = files_of(sweep / "figures")
    plot(sweep, "tornado", y="area_mm2")
    assert files_of(sweep / "figures").keys() == before.keys()
    assert files_of(sweep / "figures")["tornado.csv"] != before["tornado.csv"]


def test_figures_are_listed(tmp_path: Path, capsys: Capture) -> None:
    assert run(["plot", "--list", "--format", "csv"]) == 0
    assert [line.partition(",")[0] for line in capsys.readouterr().out.splitlines()[1:]] == list(FIGURES)
    assert run(["plot", str(made_sweep(tmp_path / "s")), "--list"]) == 0
    assert "accuracy" not in capsys.readouterr().out


def test_style_is_left_as_it_was(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    plot(made_sweep(tmp_path / "s"), kinds=("svg",))
    assert dict(mpl.rcParams) == before
