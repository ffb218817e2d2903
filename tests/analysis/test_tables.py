"""Tables: numbers as people read them, names as they are, and JSON that says the same."""

import json

import pytest

from analysis.report_text import binding, report_text
from analysis.tables import json_text, table_text
from simulator import Trace, load_arch, simulate
from simulator.gemm import Stream
from tests.simulator.steps import product, step


def test_names_are_shown_as_they_are() -> None:
    rows = [{"name": "[red]x[/red] :smile: <script>", "count": 3}]
    assert "[red]x[/red] :smile: <script>" in table_text(rows, "table")
    assert json.loads(table_text(rows, "json"))["rows"] == rows
    assert table_text(rows, "csv").splitlines() == ["name,count", "[red]x[/red] :smile: <script>,3"]


def test_json_has_an_item_of_a_list_a_line() -> None:
    text = json_text({"b": 1, "a": "µ"}, rows=[{"x": 1}, {"x": 2}], totals={"x": 3}, none=[])
    assert text.splitlines() == [
        '{"provenance": {"a": "µ", "b": 1},',
        ' "rows": [',
        '  {"x": 1},',
        '  {"x": 2}],',
        ' "totals": {"x": 3},',
        ' "none": [',
        "  ]}",
    ]
    assert json.loads(text)["rows"] == [{"x": 1}, {"x": 2}]


def test_a_table_without_rows_is_empty() -> None:
    assert json.loads(table_text([], "json")) == {"rows": []}
    assert table_text([], "csv") == "\n"


def test_utilization_of_a_part_counts_updates_as_idle() -> None:
    work = product(m=4096, n=4096, k=4096)
    busy = simulate("a100", Trace(steps=(step(work=work),)), fidelity="bound")
    assert busy.utilization == pytest.approx(1, rel=1e-3)
    stream = Stream(op="adamw", elements=9, read_bits=8 * 1555 * 10**6, ops=9)
    both = simulate("a100", Trace(steps=(step(work=work), step("update", work=stream))), fidelity="bound")
    share = busy.totals["cycles"] / both.totals["cycles"]
    assert both.utilization == pytest.approx(share, rel=1e-3)
    assert [name.split()[0] for name in binding(both)] == ["dram", "multiply"]


def test_an_empty_and_unfinished_trace_is_said() -> None:
    report = simulate("a100", Trace(steps=(), complete=False))
    text = report_text(report, "table")
    assert text.splitlines()[-1] == "the trace is incomplete: its run was stopped before its end"
    assert "total" in text


def test_the_bytes_of_a_level_are_not_those_of_one_whose_name_begins_alike() -> None:
    cached = load_arch("a100", settings=["memory.l2.name=dram_cache"])
    trace = Trace(steps=(step(work=product(m=4096, n=4096, k=4096)),))
    plain, renamed = (report_text(simulate(arch, trace), "table") for arch in ("a100", cached))
    assert plain == renamed.replace("dram_cache", "l2")
    assert "101 MB" in plain  # three matrices of 4096 x 4096 in bf16
