"""Frames and reprs: every number of a result, exact, in columns of one type; nothing that fills a screen."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import analysis
from analysis import compare
from analysis.explain.cycles import explain
from analysis.frames import INT64, frame, totals, typed
from analysis.results import load_results
from analysis.roofline.roofline import roofline
from simulator.arch import load_arch
from simulator.errors import InputError
from simulator.gemm import Gemm, Operand, Pass, Product, Span, Step, Stream
from simulator.notebook import ROWS_MAX, html_table
from simulator.pattern import Pattern
from simulator.report import PARTS, Report, csv_text
from simulator.simulate import simulate
from simulator.trace import Trace
from simulator.trace_rows import COLUMNS, row_of
from workloads.training.emulator.train import train

ROOT = Path(__file__).parents[2]
HOSTILE = "<script>alert('x')</script>"
LINE_MAX = 200


def trace_of(name: str = "layer") -> Trace:
    """Two products, of which one is 2:4, and a stream."""
    plain = Operand(dtype="bf16")
    sparse = Operand(dtype="bf16", pattern=Pattern.parse("2:4"))
    gemm = Gemm(m=256, n=256, k=256)
    steps = (
        Step(layer=name, pass_=Pass.FWD, work=Product(gemm=gemm, a=plain, b=sparse, c=plain)),
        Step(layer=name, pass_=Pass.WGRAD, work=Product(gemm=gemm, a=plain, b=plain, c=plain)),
        Step(layer=name, pass_=Pass.UPDATE, work=Stream(op="adamw", elements=65536, read_bits=2**20)),
    )
    return Trace(steps=steps, provenance={"network": name, "recipe": "ste", "pattern": "2:4", "steps": 1})


@pytest.fixture(scope="module")
def report() -> Report:
    return simulate("a100", trace_of())


def same(made: pd.DataFrame, rows: list[dict[str, object]]) -> bool:
    """Whether a frame says exactly what the rows say, None where it says nothing."""
    back = [
        {name: None if pd.isna(value) else value for name, value in row.items()}
        for row in made.astype(object).to_dict("records")
    ]
    return back == rows


def test_a_report_is_its_rows(report: Report) -> None:
    made = frame(report)
    assert same(made, [dict(row) for row in report.table])
    assert str(made.dtypes["cycles"]) == str(made.dtypes["m"]) == "Int64"
    assert str(made.dtypes["layer"]) == "string"
    assert str(made.dtypes["seconds"]) == str(made.dtypes["energy_pj"]) == "float64"
    assert made["m"].isna().tolist() == [False, False, True]
    assert int(made["cycles"].sum()) == report.totals["cycles"] == totals(report)["cycles"]
    assert made["dense_macs"].sum() == 2 * 256**3


def test_a_column_without_a_value_keeps_its_type() -> None:
    """A machine without component tables has no energy, a trace of products no elements."""
    made = frame(simulate("systolic", Trace(steps=trace_of().steps[:1])))
    assert made["energy_pj"].isna().all()
    assert str(made.dtypes["energy_pj"]) == "float64"
    steps = frame(Trace(steps=trace_of().steps[:1]))
    assert str(steps.dtypes["elements"]) == "Int64"
    assert str(steps.dtypes["mask"]) == "string"
    assert frame(Trace(steps=())).columns.tolist() == list(COLUMNS)


def test_a_trace_is_its_steps() -> None:
    assert same(frame(trace_of()), [row_of(step) for step in trace_of().steps])


def test_a_summary_adds_up(report: Report) -> None:
    made = frame(report, "summary")
    parts, whole = made.iloc[:-1], made.iloc[-1]
    assert made[list(PARTS)].iloc[0].tolist() == ["FWD", "2:4", "2:4"]
    assert whole["pass"] == "total"
    for name in ("cycles", "dram_bytes", "dram_metadata_bytes"):
        assert parts[name].sum() == whole[name]
    assert parts["share"].sum() == pytest.approx(1)
    assert parts["energy_j"].sum() == pytest.approx(report.totals["energy_pj"] / 1e12)
    done = frame(trace_of(), "summary")
    assert done["effective_macs"].tolist() == [256**3 // 2, 256**3, 0]


def test_what_verbs_find_are_frames() -> None:
    trace = trace_of()
    found = explain("a100", trace, by="pass", against="systolic")
    assert frame(found)["part"].tolist() == ["FWD", "WGRAD", "UPDATE"] * 2
    whole = frame(found, "whole")
    assert whole["arch"].tolist() == ["a100", "systolic"]
    assert whole.loc[:, "ideal":"update"].sum(axis=1).tolist() == whole["cycles"].tolist()
    drawn = roofline("a100", trace)
    assert frame(drawn)["runs_as"].tolist() == ["2:4", "dense"]
    assert frame(drawn, "roofs")["ops"].tolist() == [float(roof.ops) for roof in drawn.roofs]
    assert drawn._repr_svg_() == drawn._repr_svg_()
    assert "</svg>" in drawn._repr_svg_()


def test_a_training_run_is_its_history(tmp_path: Path) -> None:
    run = train(task="teacher", recipe="sr_ste", pattern="2:4", steps=4, seed=0, probes=2, out=tmp_path / "r")
    assert frame(run)["step"].tolist() == [0, 1, 2, 3]
    assert frame(run)["loss"].tolist() == [row["loss"] for row in run.history.rows]
    assert len(frame(run, "weights")) == len(run.history.weights)
    assert len(frame(run.history, "noise")) == len(run.history.noise) > 0
    for shown in (repr(run), repr(run.history)):
        assert len(shown) < LINE_MAX
    assert f"{run.result['value']:.4g}" in repr(run)
    assert "sr_ste 2:4" in run._repr_html_()
    stored = load_results(tmp_path / "r")
    assert frame(stored)["loss"].tolist() == pytest.approx(frame(run)["loss"].tolist())


def test_what_lies_in_a_directory_is_its_tables(tmp_path: Path) -> None:
    """As a sweep and a study return it, which say where they are; a comparison has frames of its own."""
    runs = [tmp_path / name for name in ("one", "two")]
    for seed, folder in enumerate(runs):
        train(task="teacher", recipe="dense", steps=3, seed=seed, out=folder)
    returned = SimpleNamespace(path=runs[0])
    assert frame(returned, "history").equals(load_results(runs[0]).table("history"))
    assert len(frame(compare(runs))) == 2


@given(st.lists(st.one_of(st.none(), st.integers(-(2**80), 2**80)), max_size=6))
def test_counts_are_exact_beyond_64_bits(values: list[int | None]) -> None:
    made = typed([{"count": value} for value in values], {"count": "Int64"})["count"]
    assert [None if value is pd.NA or value is None else int(value) for value in made] == values
    fits = all(value in INT64 for value in values if value is not None)
    assert str(made.dtype) == ("Int64" if fits else "object")


def test_what_has_no_tables_is_refused(report: Report) -> None:
    with pytest.raises(InputError, match=r"^frame: a int has no tables; give a Report, a Trace"):
        frame(3)
    with pytest.raises(InputError, match=r"no table of a Report is called `row`; did you mean `rows`\?"):
        frame(report, "row")
    assert frame([]).empty


class Cells(HTMLParser):
    """The tags of a text of HTML, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_notebook_shows_a_table_in_which_names_are_text() -> None:
    trace = trace_of(HOSTILE)
    for shown in (trace._repr_html_(), simulate("a100", trace)._repr_html_()):
        assert Cells(shown).tags <= {"table", "caption", "thead", "tbody", "tr", "th", "td"}
        assert "style" not in shown
    assert f"{HOSTILE} ste 2:4" in Cells(trace._repr_html_()).texts
    long = html_table("long", [{"value": 1.0 / 3, "count": 10**20} for _ in range(ROWS_MAX + 3)])
    assert long.count("<tr>") == ROWS_MAX + 1
    assert "and 3 more rows" in Cells(long).texts
    assert {"0.3333", "100,000,000,000,000,000,000"} <= set(Cells(long).texts)


def test_a_repr_is_a_line(report: Report) -> None:
    assert repr(trace_of()) == "<Trace layer ste 2:4: 1 training step, 3 rows>"
    assert repr(report) == (
        f"<Report A100-like sparse tensor cores: 3 rows, {report.totals['cycles']} cycles, "
        f"{report.totals['seconds']:.3g} s, {report.totals['energy_pj'] / 1e12:.3g} J>"
    )
    assert repr(simulate("systolic", Trace(steps=()), fidelity="bound")).endswith(
        "at bound: 0 rows, 0 cycles, 0 s>"
    )
    assert repr(load_arch("a100")).startswith("<Loaded Arch a100: sha256 ")
    for thing in (roofline("a100", trace_of()), report, trace_of("\x1b[31m\n")):
        assert len(repr(thing)) < LINE_MAX
        assert repr(thing).isprintable()


def test_the_language_is_shown_as_python_makes_it_again() -> None:
    for step in trace_of().steps:
        assert eval(repr(step).replace("<Pass.", "Pass.").replace(f": '{step.pass_}'>", "")) == step
    assert repr(Operand(dtype="bf16")) == "Operand(dtype='bf16')"
    assert repr(Span()) == "Span()"


@pytest.mark.parametrize("name", analysis.__all__)
def test_the_facade_has_every_name_that_it_lists(name: str) -> None:
    assert callable(getattr(analysis, name))


def test_a_verb_is_callable_whether_or_not_its_room_was_entered() -> None:
    """Rooms and verbs share names: neither import hides the other."""
    code = """
import sys
import analysis
heavy = {"numba", "numpy", "pandas", "pyarrow", "scipy", "matplotlib", "pydantic"} & set(sys.modules)
assert not heavy, heavy
from analysis import explain, roofline
import analysis.explain.cycles as room
assert explain is analysis.explain and room.explain is not explain
from simulator import Trace
assert repr(explain("a100", Trace(steps=()))) == repr(room.explain("a100", Trace(steps=())))
assert repr(roofline("a100", Trace(steps=()))).startswith("<Roofline")
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_a_frame_is_what_the_csv_says(report: Report, tmp_path: Path) -> None:
    """Whoever scripts against files and whoever uses Python see the same numbers."""
    (tmp_path / "rows.csv").write_text(csv_text(list(report.table[0]), report.table))
    read = pd.read_csv(tmp_path / "rows.csv")
    made = frame(report)
    assert list(read.columns) == list(made.columns)
    for name in ("cycles", "dram_read_bytes", "energy_pj", "seconds"):
        assert read[name].tolist() == made[name].tolist()
