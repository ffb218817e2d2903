"""The trace of one product: read back from its JSON, it holds what the Cost of the product says."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.cli import run
from simulator.arch import load_arch
from simulator.cost import Traffic
from simulator.errors import InputError
from simulator.gemm import Gemm
from simulator.machine import Level, Machine
from simulator.mapping import Mapping
from simulator.simulate import simulate
from simulator.tile import price
from simulator.timeline import TILES_MAX, Timeline, drawn, parse_gemm, timeline
from simulator.trace import Trace
from tests.simulator.machines import DATAFLOWS, SPARSE
from tests.simulator.steps import product, products_with_b, step
from tests.strategies import TWO_OF_FOUR

Event = dict[str, Any]
SHIPPED = {
    "four levels": ("a100", "512x768x256", TWO_OF_FOUR, ()),
    "ragged": ("a100", "300x77x130", TWO_OF_FOUR, ()),
    "weights stay": ("edge24", "100x130x200", TWO_OF_FOUR, ()),
    "dense": ("dense128", "500x700x1024", None, ()),
    "one level": ("systolic", "200x100x300", TWO_OF_FOUR, ()),
    "k outside": ("edge24", "512x300x1024", TWO_OF_FOUR, ("mapping.order=kmn", "mapping.tile_k=128")),
    "spilled": ("edge24", "2048x512x256", TWO_OF_FOUR, ("mapping.order=knm", "mapping.tile_k=64")),
    "k split": ("edge24", "64x64x2048", TWO_OF_FOUR, ("mapping.split_k=2",)),
    "launched": ("h100", "256x4096x512", TWO_OF_FOUR, ("launch=2 us",)),
}
READ = {"A", "B", "partial_sums", "metadata"}
shipped = pytest.mark.parametrize("case", SHIPPED)


@cache
def of(case: str) -> Timeline:
    name, sizes, pattern, settings = SHIPPED[case]
    return timeline(load_arch(name, settings=settings), parse_gemm(sizes), pattern=pattern)


machines = st.builds(
    lambda dataflow, overlap, outer, inner, buffers, sums, share: replace(
        SPARSE,
        dataflow=dataflow,
        overlap=overlap,
        accumulator_bytes=sums,
        accumulator_buffers=buffers,
        sparse_clock=share,
        launch=5,
        levels=(
            Level(
                name="dram",
                instances=1,
                capacity_bytes=2**30,
                bandwidth_numerator=outer.numerator,
                bandwidth_denominator=outer.denominator,
                latency=9,
            ),
            Level(
                name="l2",
                instances=1,
                capacity_bytes=2**13,
                bandwidth_numerator=1,
                bandwidth_denominator=0,
                buffers=buffers,
            ),
            Level(
                name="l1",
                instances=2,
                capacity_bytes=2**11,
                bandwidth_numerator=inner.numerator,
                bandwidth_denominator=inner.denominator,
                latency=1,
            ),
        ),
    ),
    st.sampled_from(DATAFLOWS),
    st.booleans(),
    st.fractions(Fraction(1, 2), 40, max_denominator=5),
    st.fractions(4, 300, max_denominator=3),
    st.integers(1, 3),
    st.none() | st.just(1024),
    st.sampled_from([Fraction(1), Fraction(7, 9)]),
)
mappings = st.builds(
    Mapping,
    tile_m=st.none() | st.integers(1, 9),
    order=st.none() | st.sampled_from(["mnk", "nmk", "kmn", "knm"]),
    split_k=st.none() | st.integers(1, 2),
)


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Small products of any mapping on three levels, the middle one of which is never waited for."""
    machine = replace(draw(machines), mapping=draw(mappings))
    return drawn(draw(products_with_b(side=32, batch=2)), machine)


@lru_cache(maxsize=1)
def read(one: Timeline) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(one.to_json())
    return found


def events(one: Timeline, ph: str) -> list[Event]:
    return [event for event in read(one)["traceEvents"] if event["ph"] == ph]


def tracks(one: Timeline) -> dict[str, list[Event]]:
    """The complete events of each track by its name, in the order of the file."""
    names = {
        event["tid"]: event["args"]["name"] for event in events(one, "M") if event["name"] == "thread_name"
    }
    found: dict[str, list[Event]] = {name: [] for name in names.values()}
    for event in events(one, "X"):
        found[names[event["tid"]]].append(event)
    return found


def check(one: Timeline) -> None:
    """All laws of a trace."""
    check_form(one)
    check_times(one)
    check_bytes(one)
    check_counters(one)


def check_form(one: Timeline) -> None:
    whole = read(one)
    assert whole["otherData"]["unit"] == "1 us here is 1 cycle"
    for event in whole["traceEvents"]:
        expected = {"ph", "pid", "tid", "name", "args"}
        expected |= {"M": set(), "C": {"ts"}, "X": {"ts", "dur"}}[event["ph"]]
        assert event.keys() == expected
        assert isinstance(event["name"], str)
        assert all(type(event[key]) is int and event[key] >= 0 for key in expected - {"ph", "name", "args"})


def check_times(one: Timeline) -> None:
    cost, plan, last = one.cost, one.tiled.plan, 0
    for name, slices in tracks(one).items():
        assert all(event["args"]["cycles"] == event["dur"] for event in slices)
        for event, after in pairwise(slices):
            assert event["ts"] + event["dur"] <= after["ts"], name
        assert sum(event["dur"] for event in slices) <= cost.cycles
        last = max([last, *(event["ts"] + event["dur"] for event in slices)])
    core = one.tiled.core
    late, skew, launch = read(one)["otherData"]["not drawn"].values()
    assert (skew, launch) == (core.rows + core.columns - 2 if core.overlap else 0, one.machine.launch)
    assert last == cost.cycles - launch - (late + skew if plan.split == 1 else 0)
    check_late(one, late)


def check_late(one: Timeline, late: int) -> None:
    """A level owes no more than what left after as many tiles as may be on their way."""
    lag = 1 + sum(level.buffers for level in one.machine.levels[1:])
    owed = [Fraction(0)]
    for level, fetches, out in passed(one):
        newest = {event["name"] for event in fetches[-lag:]}
        moved = sum(count for event, count in out if event["name"] in newest)
        if level.bandwidth_denominator:
            owed.append(moved / Fraction(level.bandwidth_numerator, level.bandwidth_denominator))
    assert 0 <= late <= max(owed) + 1


def passed(one: Timeline) -> Iterator[tuple[Level, list[Event], list[tuple[Event, int]]]]:
    """Each level but the innermost, its fetches, and the slices of the way out with their bytes into it."""
    *fetches, _, out = tracks(one).values() if len(one.machine.levels) > 1 else ([], [])
    inwards = set[str]()
    for level, slices in zip(one.machine.levels, fetches, strict=False):
        inwards.add(level.name)
        taken = []
        for event in out:
            moved, stay_in = event["args"]["bytes"], event["args"].get("partial_sums_stay_in")
            assert moved.keys() <= {"results", "partial_sums_written"}
            assert ("partial_sums_written" in moved) == (stay_in is not None)
            sums = moved["partial_sums_written"] if stay_in in inwards else 0
            taken.append((event, moved.get("results", 0) + sums))
        reading = [event for event in slices if event["name"] != "adding up the parts of k"]
        assert all(event["args"]["bytes"].keys() <= READ for event in reading)
        yield level, reading, taken


def check_bytes(one: Timeline) -> None:
    """Sums over slices are the Traffic of the product's Cost, and no level is faster than it is."""
    assert one.cost == price(one.work, one.machine).cost
    written = {level.name: sum(count for _, count in out) for level, _, out in passed(one)}
    for level, (name, traffic), slices in zip(
        one.machine.levels, one.cost.traffic, tracks(one).values(), strict=False
    ):
        sums: dict[str, int] = defaultdict(int)
        for event in slices:
            for kind, count in event["args"]["bytes"].items():
                sums[kind] += count
            check_rate(level, event["dur"], sum(event["args"]["bytes"].values()))
        assert level.name == name
        fetched, taken = sums["A"] + sums["B"] + sums["partial_sums"], sums["results"] + written.get(name, 0)
        here = Traffic(read=fetched, write=taken, metadata_read=sums["metadata"])
        assert here == traffic._replace(fill=0, drain=0, metadata_fill=0, metadata_drain=0)
        check_rate(level, one.cost.cycles - one.machine.launch, traffic.total)
        assert one.work.native is not None or sums["metadata"] == 0
    for level, _, out in passed(one):
        for event, count in out:
            check_rate(level, event["dur"], count)


def check_rate(level: Level, cycles: int, moved: int) -> None:
    """No more in `cycles` than the level can, but for a cycle and for three sums that are rounded up."""
    if level.bandwidth_denominator:
        rate = Fraction(level.bandwidth_numerator, level.bandwidth_denominator)
        assert moved < rate * (cycles + 1) + 3


def counted(one: Timeline) -> dict[str, list[tuple[int, float]]]:
    """The values of each counter."""
    values: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for event in events(one, "C"):
        values[event["name"]].append((event["ts"], *event["args"].values()))
    return values


def check_counters(one: Timeline) -> None:
    values = counted(one)
    for level in one.machine.levels[1:]:
        check_held(values[f"{level.name} buffers, of {level.buffers}"], level.buffers)
    check_held(values[f"sums in the core, of {one.tiled.plan.buffers}"], one.tiled.plan.buffers)
    for (level_name, _), slices in zip(one.cost.traffic, tracks(one).values(), strict=False):
        rates = values[f"{level_name} read bandwidth"]
        assert all(before[0] < after[0] for before, after in pairwise(rates))
        area = sum(value * (after - cycle) for (cycle, value), (after, _) in pairwise(rates))
        shown = [event["args"]["bytes"] for event in slices if event["dur"]]
        moved = sum(count for moved in shown for kind, count in moved.items() if kind in READ)
        assert abs(area - moved) <= 0.0006 * sum(event["dur"] for event in slices)  # three decimals


def check_held(points: list[tuple[int, float]], most: int) -> None:
    assert all(before[0] < after[0] for before, after in pairwise(points))
    assert all(0 <= held <= most for _, held in points)
    assert not points or points[-1][1] == 0


@shipped
def test_a_trace_of_a_shipped_machine_obeys_every_law(case: str) -> None:
    check(of(case))


@given(timelines())
def test_any_trace_obeys_every_law(one: Timeline) -> None:
    check(one)


def test_the_cases_reach_what_they_are_for() -> None:
    assert len(of("four levels").tracks) == 5
    assert len(of("one level").tracks) == 1
    assert of("k outside").tiled.plan.k_outer
    assert of("k split").tiled.plan.split == 2
    assert any("partial_sums" in one.moved for one in of("spilled").tracks[0].slices)
    assert of("launched").machine.launch > 0


@shipped
def test_it_shows_what_simulate_reports(case: str) -> None:
    name, sizes, pattern, settings = SHIPPED[case]
    arch, gemm = load_arch(name, settings=settings), parse_gemm(sizes)
    one = of(case)
    work = product(m=gemm.m, n=gemm.n, k=gemm.k, pattern=pattern, dtype=one.dtype)
    (row,) = simulate(arch, Trace(steps=(step(work=work),), provenance={}), fidelity="tile").rows
    assert (row.cost, row.mapping, row.lowered) == (one.cost, one.tiled.chosen, one.work)


def test_a_product_of_one_tile_by_hand() -> None:
    """48 bytes of A and B at 7/3 bytes a cycle take ceil(144 / 7) = 21 cycles, 16 of C the rest of 28.

    The array of 4 x 2 PEs of 4 lanes does all of k in a step; its skew is 4.
    """
    mapping = Mapping(tile_m=4, tile_n=2, tile_k=4, split_k=1)
    machine = replace(SPARSE, cores=1, mapping=mapping, levels=(SPARSE.levels[0], inner(SPARSE)))
    one = drawn(product(m=4, n=2, k=4), machine)
    found = tracks(one)
    assert {
        name: [(e["ts"], e["dur"], e["args"]["bytes"]) for e in track] for name, track in found.items()
    } == {
        "dram -> l1": [(0, 21, {"A": 32, "B": 16})],
        "core: load, multiply": [(21, 1, {"A": 32, "B": 16, "results": 16})],
        "results -> dram": [(22, 7, {"results": 16})],
    }
    assert counted(one) == {
        "l1 buffers, of 2": [(0, 1), (22, 0)],
        "sums in the core, of 2": [(21, 1), (29, 0)],
        "dram read bandwidth": [(0, 2.286), (21, 0)],
        "l1 read bandwidth": [(21, 48), (22, 0)],
    }


def test_partial_sums_go_no_further_than_the_level_that_keeps_them() -> None:
    """An l2 of 2 KiB keeps the 1 KiB of 16 x 16 sums of 4 bytes; one of 1 KiB has its tiles to hold too."""
    for capacity, keeper in ((2**10, "dram"), (2**11, "l2")):
        l2 = replace(SPARSE.levels[1], name="l2", instances=1, capacity_bytes=capacity)
        machine = replace(
            SPARSE,
            accumulator_bytes=64,
            levels=(SPARSE.levels[0], l2, SPARSE.levels[1]),
            mapping=Mapping(order="kmn", tile_m=4, tile_n=2, tile_k=4),
        )
        one = drawn(product(m=16, n=16, k=32), machine)
        check(one)
        spilled = [each for each in one.tracks[-1].slices if "partial_sums_written" in each.moved]
        assert {each.more["partial_sums_stay_in"] for each in spilled} == {keeper}
        assert sum(each.moved["partial_sums_written"] for each in spilled) == 7 * 1024
        assert one.late > 0


def inner(machine: Machine) -> Level:
    return replace(machine.levels[1], instances=1)


def test_equal_products_give_equal_bytes() -> None:
    name, sizes, pattern, settings = SHIPPED["k split"]
    again = timeline(load_arch(name, settings=settings), parse_gemm(sizes), pattern=pattern)
    assert again.to_json() == of("k split").to_json()


def test_a_pattern_that_is_slower_runs_dense_as_in_a_report() -> None:
    fast = replace(SPARSE.levels[0], bandwidth_numerator=10**6)
    slow = replace(SPARSE, decode_groups_per_cycle=1, columns=16, levels=(fast, SPARSE.levels[1]))
    one = drawn(product(m=64, n=64, k=64, pattern=TWO_OF_FOUR), slow)
    assert one.work.native is None
    assert "dense: decode makes 2:4 slower" in str(one)


BAD = {
    "edge24 4096x4096": "gemm: `4096x4096` is no product; write m, n and k, as in 4096x4096x1024",
    "edge24 64X64X64": "gemm: `64X64X64` is no product; write m, n and k, as in 4096x4096x1024",
    "edge24 64x64x064": "gemm: `64x64x064` is no product; write m, n and k, as in 4096x4096x1024",
    "edge24 64x64x٦٤": "gemm: `64x64x٦٤` is no product; write m, n and k, as in 4096x4096x1024",
    "edge24 0x1x1": "gemm: m is 0; m is a whole number from 1 to 1099511627776",
    "edge24 64x64x64 --pattern 5:4": "--pattern: `5:4` keeps 5 of 4; kept is 1 to 4 for a group of 4",
    "edge24 64x64x64 --dtype bf16": (
        "--dtype: no dtype of edge accelerator for 2:4 is called `bf16`; "
        "did you mean `fp16`? known: fp16, int8"
    ),
    "edge24 64x64x64 -o file/t.json": (
        "file/t.json: cannot be written: Not a directory; "
        "name a place that can be written and has room; an earlier result there is unchanged"
    ),
    "highlight 4096x4096x1024 --pattern 2:4": (
        "highlight: 24576 tiles one after the other are too many to look at; "
        "at most 20000: pin larger ones (--set mapping.tile_k=512) or take a smaller product"
    ),
}


@pytest.mark.parametrize("line", BAD)
def test_bad_input_is_one_line(
    line: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    assert run(["timeline", *line.split()]) == 2
    assert capsys.readouterr() == ("", f"{BAD[line]}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_verb_writes_the_trace_and_says_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["timeline", "edge24", "64x64x2048", "--pattern", "2:4", "--set", "mapping.split_k=2"]) == 0
    one = of("k split")
    assert capsys.readouterr() == (f"timeline.json: {one}\n", "")
    assert Path("timeline.json").read_text() == one.to_json()
    assert str(one).startswith(f"64x64x2048 fp16, 2:4: {one.cost.cycles} cycles, tiles ")


def test_more_tiles_than_a_person_looks_at_are_refused_before_they_are_walked() -> None:
    pinned = replace(SPARSE, mapping=Mapping(tile_m=1, tile_n=1, tile_k=4))
    with pytest.raises(InputError, match=f"at most {TILES_MAX}"):
        drawn(product(m=2**8, n=2**8, k=2**8), pinned)


def test_a_gemm_is_parsed_as_written() -> None:
    assert parse_gemm("4096x1x1024") == Gemm(m=4096, n=1, k=1024)
