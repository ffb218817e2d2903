"""Rooflines: roofs by hand and against the bounds, no point above its roof, and a figure."""

import csv
import io
import json
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.roofline.plot import draw_roofline, drawn_roofs
from analysis.roofline.roofline import Roofline, points, roofline
from analysis.roofline.roofs import DENSE, Roof, ceilings, roofs, slopes
from analysis.roofline.text import roofline_text
from simulator import Trace, load_arch
from simulator.arch import arch_names
from simulator.bound import decode_cycles, feed_cycles, multiply_cycles
from simulator.components import MOVES
from simulator.errors import InputError
from simulator.gemm import DTYPES, Operand, Product, Stream
from simulator.lowering import lower
from simulator.machine import Machine
from simulator.natives import Natives
from simulator.pattern import Pattern
from tests.analysis.figures.drawn import FORMS, drawn_twice
from tests.analysis.roofline.test_bandwidth import report_of
from tests.simulator.machines import SPARSE, sparse_machines, tiled_machines
from tests.simulator.steps import product, products_with_b, step
from tests.strategies import TWO_OF_FOUR, examples, patterns_up_to
from workloads import trace_network

ONE_OF_FOUR, ONE_OF_EIGHT = Pattern(kept=1, group=4), Pattern(kept=1, group=8)
BOUNDS = {"feed": feed_cycles, "decode": decode_cycles}
TRACE = Trace(
    steps=(
        step("fc", count=3, work=product(m=300, n=200, k=160, pattern=TWO_OF_FOUR)),
        step("head", work=product(m=300, n=200, k=160)),
        step("head", work=product(m=30, n=20, k=16, dtype="int8")),
        step("fc", work=Stream(op="adamw", elements=9, read_bits=8 * 10**6, ops=9)),
    ),
    provenance={"network": "small"},
)


def heights(machine: Machine, natives: tuple[Pattern, ...]) -> dict[str, int]:
    """The roofs in giga-operations a second."""
    return {roof.name: int(roof.ops / 10**9) for roof in roofs(machine, "bf16", natives)}


def test_roofs_by_hand() -> None:
    """64 multiply-adds a cycle of 1 GHz, two operations each; a 1:4 product skips three of four."""
    natives = SPARSE.natives.listed
    assert heights(SPARSE, natives) == {"dense": 128, "2:4": 256, "1:4": 512}
    (dram, _) = slopes(SPARSE)
    assert dram.rate == Fraction(7 * 10**9, 3)
    assert dram.ridge(Roof(DENSE, "multiply", Fraction(128 * 10**9))) == Fraction(128 * 3, 7)


def test_feed_and_decoder_lower_the_roofs_by_hand() -> None:
    """8 feeds of 10 values, for 2 columns each; 2 decoders of 3 groups, for 4 rows each."""
    natives = SPARSE.natives.listed
    fed = replace(SPARSE, feed_bits_per_cycle=160)
    assert heights(fed, natives) == {"dense": 128, "2:4": 256, "1:4": 512, "1:4, feed": 2 * 2 * 4 * 10 * 2}
    slow = replace(SPARSE, decode_groups_per_cycle=3)
    limit = 2 * 2 * 3 * 4 * 4
    assert heights(slow, natives) == {
        "dense": 128,
        "2:4": 256,
        "2:4, decode": limit,
        "1:4": 512,
        "1:4, decode": limit,
    }
    weights = replace(slow, dataflow="weight_stationary")
    assert heights(weights, natives) == {"dense": 128, "2:4": 256, "1:4": 512}


@examples(100)
@given(sparse_machines, patterns_up_to(8).filter(lambda pattern: not pattern.dense))
def test_a_product_of_whole_folds_meets_each_roof_of_the_bounds(machine: Machine, native: Pattern) -> None:
    machine = replace(machine, natives=Natives(listed=(native,)))
    bits = machine.feed_bits_per_cycle or 1
    work = product(
        m=machine.rows * machine.columns * bits,
        n=machine.columns * machine.decode_groups_per_cycle,
        k=native.group * machine.rows * machine.lanes_of("bf16"),
        pattern=native,
        batch=machine.cores,
    )
    lowered = lower(work, machine)
    done = 2 * machine.clock_hz * work.dense_macs
    peak = next(roof for roof in roofs(machine, "bf16", [native]) if roof.pattern == str(native))
    assert peak.ops == Fraction(done, multiply_cycles(lowered, machine))
    found = {roof.resource: roof.ops for roof in ceilings(machine, "bf16", native)}
    if machine.dataflow == "weight_stationary":
        assert "decode" not in found  # a stationary B is decoded once, for any m
    assert found == {name: Fraction(done, BOUNDS[name](lowered, machine)) for name in found}


@pytest.mark.parametrize("fidelity", ["bound", "tile"])
@examples(60)
@given(st.lists(products_with_b(side=40, batch=3), min_size=1, max_size=3), tiled_machines())
def test_no_point_is_above_its_roof(fidelity: str, works: list[Product], machine: Machine) -> None:
    """But for the bytes that rounding up adds."""
    report = report_of([step(work=work) for work in works], machine, fidelity=fidelity)
    natives = [row.lowered.native for row in report.rows if row.lowered and row.lowered.native]
    for slope in slopes(machine):
        for point in points(report, roofs(machine, "bf16", natives), slope):
            assert point.achieved <= point.roof.ops
            if slope.rate is not None:
                most = slope.rate / machine.clock_hz * point.cycles
                assert point.bytes - len(MOVES) * len(works) <= most


@pytest.mark.parametrize("name", arch_names())
@pytest.mark.parametrize("fidelity", ["bound", "tile", "cycle"])
def test_no_point_of_a_machine_is_above_its_roof(name: str, fidelity: str) -> None:
    for dtype in load_arch(name).value.core.lanes:
        trace = small(dtype) if fidelity != "cycle" else tiny(dtype)
        found = roofline(name, trace, fidelity=fidelity, by="layer")
        assert found.dtype == dtype
        assert len(found.points) > 2
        for point in found.points:
            assert point.effective <= point.operations
            for slope in found.slopes:
                at = replace(point, slope=slope)
                assert 0 < at.achieved <= at.limit <= at.roof.ops, at.columns


@cache
def small(dtype: str) -> Trace:
    """Work that is sparse in two passes, of which many machines run one or none so."""
    found = {
        (one.pass_, one.work): one
        for recipe, pattern in (("transposable", "2:4"), ("slope", "1:8"))
        for one in trace_network(
            "vit_b16", recipe=recipe, pattern=pattern, image=16, batch=1, dtype=dtype
        ).steps
    }
    return Trace(steps=tuple(found.values()))


def tiny(dtype: str) -> Trace:
    """Products that the array can be stepped through."""
    kinds = {None: "dense", TWO_OF_FOUR: "two", ONE_OF_EIGHT: "one"}
    return Trace(
        steps=tuple(
            step(name, work=product(m=40, n=24, k=80, pattern=pattern, dtype=dtype))
            for pattern, name in kinds.items()
        )
    )


def test_points_are_by_pass_or_layer_and_of_one_dtype() -> None:
    found = roofline("a100", TRACE)
    assert (found.dtype, found.level) == ("bf16", "dram")
    assert [(one.pattern, one.runs_as, one.operations) for one in found.points] == [
        ("2:4", "2:4", 3 * 2 * 300 * 200 * 160),
        ("dense", "dense", 2 * 300 * 200 * 160),
    ]
    assert found.points[0].effective * 2 == found.points[0].operations
    assert found.notes[0] == "1 products in other dtypes than bf16 have no point here"
    assert found.notes[1].startswith("UPDATE multiplies nothing")
    layers = roofline("a100", TRACE, by="layer", level="l2", dtype="int8")
    assert [(one.layer, one.pass_, one.operations) for one in layers.points] == [("head", "FWD", 2 * 9600)]
    assert [roof.name for roof in layers.roofs] == ["dense", "2:4"]
    for roof, tera in zip(layers.roofs, (624, 1248), strict=True):  # NVIDIA A100 whitepaper (2020)
        assert float(roof.ops) == pytest.approx(tera * 1e12, rel=0.01)


def test_a_rule_has_the_roofs_of_the_patterns_that_the_trace_uses() -> None:
    trace = Trace(steps=(step(work=product(m=64, n=64, k=64, pattern=ONE_OF_EIGHT)),))
    assert [roof.name for roof in roofline("systolic", trace).roofs] == ["dense", "1:8"]
    assert [roof.name for roof in roofline("systolic", TRACE, dtype="int8").roofs] == ["dense"]


def test_the_limit_is_the_lower_of_both_roofs() -> None:
    (sparse, _) = roofline("a100", TRACE).points
    assert sparse.slope.rate is not None
    assert sparse.intensity is not None
    assert sparse.under == "dram"
    assert sparse.limit == sparse.intensity * sparse.slope.rate < sparse.roof.ops
    high = replace(sparse, moved=(("dram", 1),))
    assert (high.limit, high.under) == (high.roof.ops, "2:4")
    free = replace(sparse, slope=sparse.slope._replace(rate=None))
    assert free.limit == free.roof.ops


def test_products_of_two_dtypes_have_no_point() -> None:
    mixed = replace(product(), a=Operand(dtype="int8"))
    found = roofline("a100", Trace(steps=(step(work=mixed),)))
    assert found.points == ()
    assert found.notes == ("1 products in other dtypes than bf16 have no point here",)


BAD = {
    "level": ("L2", "level: no memory level of A100-like sparse tensor cores is called `L2`; known: "),
    "dtype": ("bf61", "dtype: no dtype of A100-like sparse tensor cores is called `bf61`; did you mean "),
    "by": ("row", "by: no grouping is called `row`; known: layer, pass"),
    "fidelity": ("exact", "no fidelity is called `exact`; known: bound, cycle, tile"),
}


@pytest.mark.parametrize("key", BAD)
def test_a_wrong_name_is_refused(key: str) -> None:
    name, said = BAD[key]
    with pytest.raises(InputError) as refused:
        roofline("a100", TRACE, **{key: name})
    assert str(refused.value).startswith(said)


def test_json_csv_and_tables_say_the_same() -> None:
    found = roofline("a100", TRACE, by="layer")
    read = json.loads(roofline_text(found, "json"))
    assert list(read) == ["provenance", "dtype", "level", "roofs", "slopes", "points", "bandwidth"]
    assert [one["operations_per_second"] for one in read["roofs"]] == [float(one.ops) for one in found.roofs]
    assert read["roofs"][0]["ridges"]["dram"] == float(found.roofs[0].ops / (found.slopes[0].rate or 1))
    assert [one["level"] for one in read["slopes"]] == ["dram", "l2", "shared", "registers"]
    rows = list(csv.DictReader(io.StringIO(roofline_text(found, "csv"))))
    assert [{key: str(value) for key, value in row.items()} for row in read["points"]] == rows
    text = roofline_text(found, "table")
    assert text.startswith("small on A100-like sparse tensor cores, bf16, fidelity tile\n")
    for said in ("624 Top/s", "ridge at l2", "of roof", "metadata read", "effective op/B", *found.notes):
        assert said in text
    assert {one["way"] for one in read["bandwidth"] if one["bytes"]} > {"read", "total", "fill"}


def test_a_trace_without_products_has_roofs_and_no_points(tmp_path: Path) -> None:
    for steps in ((), TRACE.steps[-1:]):
        found = roofline("a100", Trace(steps=steps, complete=False))
        assert found.points == ()
        assert found.notes[-1] == "the trace is incomplete: its run was stopped before its end"
        text = roofline_text(found, "table")
        assert "ridge at l2" in text
        assert "of roof" not in text
        draw_roofline(found, tmp_path / "r.svg")
        assert (tmp_path / "r.svg").stat().st_size > 0


@pytest.mark.parametrize("kind", FORMS)
def test_a_figure_has_the_same_bytes_each_time(kind: str, tmp_path: Path) -> None:
    found = roofline("a100", TRACE)
    first = drawn_twice(lambda file: draw_roofline(found, file), kind, tmp_path)
    if kind == "svg":
        text = first.decode()
        for name in ("2:4: 624 Top/s", "dense: 312 Top/s", "l2: 7.22 TB/s", "FWD 2:4", "FWD dense"):
            assert f">{name}</text>" in text
        assert "operations a byte of dram (grey: of the other levels)" in text


def test_a_figure_of_an_unlimited_memory_has_flat_roofs_alone(tmp_path: Path) -> None:
    draw_roofline(roofline("systolic", TRACE), tmp_path / "r.svg")
    text = (tmp_path / "r.svg").read_text()
    assert "2:4: " in text
    assert "dram: " not in text


def test_a_figure_draws_the_roofs_that_matter() -> None:
    found = roofline("trainium2", Trace(steps=TRACE.steps[:2]))
    assert [roof.name for roof in found.roofs] == ["dense", "1:2", "2:4", "4:8", "4:12", "1:4", "2:8", "4:16"]
    assert [roof.name for roof in drawn_roofs(found)] == ["dense", "2:4", "1:4"]
    trace = Trace(steps=(step(work=product(m=64, n=64, k=64, pattern=Pattern(kept=2, group=8))),))
    assert [roof.name for roof in drawn_roofs(roofline("trainium2", trace))] == ["dense", "2:8"]
    slow: Roofline = roofline("a100", TRACE, settings=["core.feed=20 B/cycle"])
    names = [(roof.name, round(float(roof.ops / slow.roofs[0].ops), 6)) for roof in drawn_roofs(slow)]
    assert names == [("dense", 1), ("2:4, feed", 10 * 8 / DTYPES["bf16"] * 2 / 8), ("2:4", 2)]


def test_a_figure_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="names no kind of figure"):
        draw_roofline(roofline("a100", TRACE), tmp_path / "r.gif")
    assert list(tmp_path.iterdir()) == []
