"""Waterfalls: every cycle under one name, exactly; a case by hand; and a figure that can be printed."""

import csv
import io
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings

from analysis.cli import run
from analysis.explain.cycles import (
    BARS,
    Bar,
    by_layer,
    by_pass,
    explain,
    explanation_text,
    row_bars,
    waterfall,
)
from analysis.explain.waterfall import draw_waterfalls, lines
from simulator import Trace, load_arch, simulate, tile
from simulator.arch import arch_names
from simulator.cost import Cost, Stalls
from simulator.errors import InputError
from simulator.gemm import Product, Step, Stream
from simulator.lowering import lower
from simulator.machine import Machine
from simulator.pattern import Pattern
from simulator.report import Row
from tests.analysis.figures.drawn import FORMS, drawn_twice
from tests.simulator.machines import SPARSE, sparse_machines
from tests.simulator.steps import product, products_with_b, step
from tests.workloads.training.shaped import PAUSING, TRACED
from workloads import trace_network
from workloads.training.face import DENSE
from workloads.training.load import load_recipe

Capture = pytest.CaptureFixture[str]
ONE_OF_EIGHT = Pattern(kept=1, group=8)
TRACE = Trace(
    steps=(
        step("fc", count=3, work=product(m=300, n=200, k=160, pattern=Pattern(kept=2, group=4))),
        step("head", work=product(m=300, n=200, k=160, pattern=ONE_OF_EIGHT)),
        step("fc", work=Stream(op="adamw", elements=9, read_bits=8 * 10**6, ops=9)),
    ),
    provenance={"network": "small"},
)


@cache
def every_recipes_work(dtype: str) -> Trace:
    """Each distinct piece of work of small networks under every recipe, once."""
    found: dict[object, Step] = {}
    for name in TRACED:
        targets = ("2:4", "1:8", "10 %") if name in PAUSING else ("2:4", "1:8")
        for pattern in targets if load_recipe(name).face != DENSE else (None,):
            trace = trace_network(
                "vit_b16", recipe=name, pattern=pattern, steps=9, image=16, batch=1, dtype=dtype
            )
            for one in trace.steps:
                found.setdefault((one.pass_, one.work), one)
    images = trace_network("resnet50", recipe="transposable", pattern="2:4", image=32, batch=1, dtype=dtype)
    for one in images.steps:
        found.setdefault((one.pass_, one.work), one)
    return Trace(steps=tuple(found.values()))


@pytest.mark.parametrize("name", arch_names())
def test_the_bars_of_every_machine_and_recipe_add_up(name: str) -> None:
    arch = load_arch(name)
    dtype = next(iter(arch.value.core.lanes))
    report = simulate(arch, every_recipes_work(dtype))
    assert len(report.rows) > 100
    for row in report.rows:
        assert min(row_bars(row)) >= 0, row.columns
        assert sum(row_bars(row)) == row.cost.cycles
    bars = waterfall(report)
    assert [bar.name for bar in bars] == list(BARS)
    for parts in (by_layer(report), by_pass(report)):
        assert [sum(column) for column in zip(*(_cycles(part) for part in parts.values()), strict=True)] == (
            _cycles(bars)
        )
    assert set(by_pass(report)) == {"FWD", "DGRAD", "WGRAD", "UPDATE"}
    assert sum(_cycles(bars)) == report.totals["cycles"]


def _cycles(bars: tuple[Bar, ...]) -> list[int]:
    return [bar.cycles for bar in bars]


@settings(max_examples=40)
@given(sparse_machines, products_with_b(side=40, batch=3))
def test_whole_folds_never_take_less_than_their_multiply_adds_at_peak(
    machine: Machine, work: Product
) -> None:
    row = row_of(work, machine, count=2)
    assert min(row_bars(row)) >= 0
    assert sum(row_bars(row)) == row.cost.cycles


def row_of(work: Product, machine: Machine, *, count: int) -> Row:
    lowered = lower(work, machine)
    priced = tile.price(lowered, machine)
    return Row(
        step=step(count=count, work=work),
        lowered=lowered,
        cost=priced.cost * count,
        bound_by=priced.bound_by,
        fidelity="tile",
        clock_hz=machine.clock_hz,
    )


def test_a_case_by_hand() -> None:
    """1:8 on a machine of two 4 x 2 arrays of 4 lanes that skips 1:4: 64 multiply-adds a cycle at peak.

    Effective are 10 * 10 * 2 = 200, so 4 cycles; 10 * 10 * 4 = 400 are done, so 7; the arrays take
    ceil(10/4) * ceil(10/2) * ceil(4/4) = 15 cycles, over two cores 8. Three times: 12, 21 - 12, 24 - 21.
    """
    row = row_of(product(m=10, n=10, k=16, pattern=ONE_OF_EIGHT), SPARSE, count=3)
    assert str(row.lowered and row.lowered.native) == "1:4"
    assert row_bars(row)[:3] == (12, 9, 3)


def test_each_stall_has_its_bar_and_an_update_is_one() -> None:
    row = row_of(product(m=10, n=10, k=16), SPARSE, count=1)
    stalls = Stalls(*range(1, 11))
    compute = row.cost.compute_cycles
    row = replace(row, cost=Cost(cycles=compute + sum(stalls), compute_cycles=compute, stalls=stalls))
    ideal, zeros, multiply, *rest = row_bars(row)
    assert (ideal, zeros, multiply) == (25, 0, compute - 25)
    assert dict(zip(list(BARS)[3:], rest, strict=True)) == {
        "feed": 1,
        "load": 2,
        "decode": 3,
        "metadata": 4,
        "operands": 5,
        "partial sums": 6,
        "fill and drain": 7,
        "tiles": 8,
        "clock": 9,
        "launch": 10,
        "update": 0,
    }
    update = waterfall(simulate("a100", Trace(steps=TRACE.steps[2:])))
    assert {bar.name for bar in update if bar.cycles} == {"update"}


def test_a_dense_run_skips_nothing_and_is_never_faster() -> None:
    sparse, dense = simulate("stc", int8(TRACE)), simulate("stc", int8(TRACE), dense=True)
    assert {str(row.lowered.native) for row in sparse.rows if row.lowered} == {"2:4"}
    assert {row.lowered.note for row in dense.rows if row.lowered} == {"dense: as asked"}
    assert (sparse.provenance["dense"], dense.provenance["dense"]) == (False, True)
    for one, other in zip(sparse.rows, dense.rows, strict=True):
        assert one.cost.cycles <= other.cost.cycles
        assert one.macs["effective_macs"] == other.macs["effective_macs"]
    assert dense.totals["skipped_macs"] == 0
    assert sparse.totals["cycles"] < dense.totals["cycles"]


def int8(trace: Trace) -> Trace:
    """The same products in int8."""

    def as_int8(work: Product | Stream) -> Product | Stream:
        if isinstance(work, Stream):
            return work
        return replace(work, **{name: replace(getattr(work, name), dtype="int8") for name in "abc"})

    return replace(trace, steps=tuple(replace(one, work=as_int8(one.work)) for one in trace.steps))


def test_what_is_said_is_what_was_simulated() -> None:
    """300 * 200 * 160 at 110592 a cycle are 86.8 cycles, four times; at 2:4 they are 43.4 and at 1:8 10.9."""
    found = explain("a100", TRACE)
    (one,) = found.whole
    assert (one.dense_at_peak, one.bars[0]) == (4 * 87, Bar("ideal", 3 * 44 + 11))
    assert one.cycles == simulate("a100", TRACE).totals["cycles"]
    assert one.dense_cycles == simulate("a100", TRACE, dense=True).totals["cycles"]
    text = explanation_text(found, "table")
    assert text.startswith("small on a100, fidelity tile\n")
    assert "a100: dense at peak 348 cycles; ideal with the zeros skipped 143 (2.43x); modelled " in text
    shares = [float(number) for number in re.findall(r"([0-9.]+)%", text.partition("beyond ideal: ")[2])]
    assert sum(shares) == pytest.approx(100, abs=0.3)


def test_nothing_but_an_update_and_nothing_at_all_can_be_explained(tmp_path: Path) -> None:
    for steps, said in ((TRACE.steps[2:], "no products, "), ((), "no products, 0 cycles of UPDATE")):
        found = explain("a100", Trace(steps=steps, complete=False))
        text = explanation_text(found, "table")
        assert said in text
        assert text.splitlines()[-1] == "the trace is incomplete: its run was stopped before its end"
        draw_waterfalls(found.whole, tmp_path / "w.svg")
        assert (tmp_path / "w.svg").stat().st_size > 0


def test_as_json_and_csv_the_rows_add_up_to_the_totals(capsys: Capture, tmp_path: Path) -> None:
    TRACE.save(tmp_path / "t")
    command = ["explain", "a100", str(tmp_path / "t"), "--against", "h100", "--by"]
    for by in ("total", "pass", "layer"):
        assert run([*command, by, "--format", "json"]) == 0
        said = json.loads(capsys.readouterr().out)
        assert set(said) == {"provenance", "rows", "totals"}
        assert said["provenance"]["arch"]["given"] == "a100"
        assert said["provenance"]["against"]["given"] == "h100"
        assert list(said["totals"]) == ["a100", "h100"]
        for arch, totals in said["totals"].items():
            rows = [row for row in said["rows"] if row["arch"] == arch]
            bars = [totals[name.replace(" ", "_")] for name in BARS]
            assert sum(bars) == totals["cycles"] == simulate(arch, TRACE).totals["cycles"]
            for name, total in totals.items():
                assert sum(row[name] for row in rows) == pytest.approx(total, rel=1e-12)
        assert run([*command, by, "--format", "csv"]) == 0
        read = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        assert [{name: str(cell) for name, cell in row.items()} for row in said["rows"]] == read
        assert run([*command, by]) == 0
        assert capsys.readouterr().out.count("h100") > 1


def test_settings_go_to_both_machines(capsys: Capture, tmp_path: Path) -> None:
    whole = explain("a100", TRACE, against="h100", settings=["mapping.tile_m=64"]).whole
    for name, one in zip(("a100", "h100"), whole, strict=True):
        pinned = simulate(load_arch(name, settings=["mapping.tile_m=64"]), TRACE)
        assert one.cycles == pinned.totals["cycles"]
        assert {row.mapping.tile_m for row in pinned.rows if row.mapping} == {64}


BAD = {
    "explain a100": "trace: is missing; see `nmsim explain --help`",
    "explain a10 t": "no machine is called `a10`; did you mean `a100`? known: ",
    "explain a100 no": "no: does not exist; name a directory that `nmsim trace` wrote",
    "explain a100 t --against h10": "--against: no machine is called `h10`; did you mean `h100`? known: ",
    "explain a100 t --against a100": (
        "--against: `a100` is the machine that is explained; name another machine"
    ),
    "explain a100 t -o w.gif": "--out: `w.gif` names no kind of figure; end its name in .pdf, .svg or .png",
    "explain a100 t -o w": "--out: `w` names no kind of figure; end its name in .pdf, .svg or .png",
    "explain a100 t --by row": "--by: 'row' is not one of 'total', 'pass', 'layer'; see ",
    "explain a100 t --set core.aray.rows=3": "--set core.aray.rows=3: core.aray: unknown key; ",
    "explain edge24 t": "edge24: fc FWD: no dtype of edge accelerator for 2:4 is called `bf16`; ",
}


@pytest.mark.parametrize("line", BAD)
def test_bad_input_is_one_line_and_nothing_is_written(
    line: str, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    TRACE.save("t")
    assert run(line.split()) == 2
    printed = capsys.readouterr()
    (said,) = printed.err.splitlines()
    assert said == BAD[line] or (BAD[line].endswith(" ") and said.startswith(BAD[line]))
    assert printed.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


@pytest.mark.parametrize("against", [None, "dense128"])
@pytest.mark.parametrize("kind", FORMS)
def test_a_figure_has_the_same_bytes_each_time(kind: str, against: str | None, tmp_path: Path) -> None:
    whole = explain("a100", TRACE, against=against).whole
    first = drawn_twice(lambda file: draw_waterfalls(whole, file), kind, tmp_path)
    if kind == "svg":
        text = first.decode()
        for name in ("dense at peak", "ideal", "zeros", "operands", "modelled dense"):
            assert f">{name}</text>" in text
        assert "time (µs)" in text if against else "cycles" in text


def test_the_bars_of_a_figure_stand_end_to_end() -> None:
    (one,) = explain("a100", TRACE).whole
    empty = {bar.name for bar in one.bars if not bar.cycles}
    peak, *bars, whole, dense = lines(one, empty)
    assert [bar.name for bar in bars] == [name for name in BARS if name not in empty]
    ends = [0, *(bar.start + bar.cycles for bar in bars)]
    assert [bar.start for bar in bars] == ends[:-1]
    assert ends[-1] == whole.cycles == one.cycles
    assert (peak.cycles, dense.cycles) == (one.dense_at_peak, one.dense_cycles)
    assert bars[0].label.startswith(f"{one.dense_at_peak / bars[0].cycles:.2f}×, ")


def test_a_figure_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    whole = explain("a100", TRACE).whole
    with pytest.raises(InputError, match="names no kind of figure"):
        draw_waterfalls(whole, tmp_path / "w.jpg")
    assert list(tmp_path.iterdir()) == []
