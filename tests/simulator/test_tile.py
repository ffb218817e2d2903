"""The recurrence over tiles against its oracle, jumps against none, and rows of Sparseloop."""

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analysis.published import read_published
from simulator.arch import load_arch
from simulator.folds import Core
from simulator.kernels import pipeline as kernels
from simulator.kernels import tiles
from simulator.kernels.folds import SKEW
from simulator.kernels.periods import new_state, skip
from simulator.kernels.pipeline import TICKS
from simulator.kernels.plan import Plan, mapped
from simulator.kernels.tiles import BUFFERS, DEN, KINDS, LATENCY, NUM, OUT, SPILL
from simulator.lowering import Lowered, lower
from simulator.machine import Machine, resolve
from simulator.pattern import Pattern
from simulator.simulate import FIDELITIES
from simulator.tile import price
from tests.oracles import pipeline as oracle
from tests.simulator.machines import level_tables, plans, small_cores
from tests.simulator.steps import product
from tests.strategies import examples, patterns_up_to

NO_LOG = np.zeros((0, 0, 0), np.int64)
UNITS_PER_BYTE = 8192
LOOPS = ("batch", "band", "column", "k")
LONG_ENOUGH = 6  # trips: the first, two that are alike, one to jump, and two that are always walked


small_plans = st.booleans().flatmap(lambda lone: plans(sides=st.integers(1, 8), lone=lone))


class Case(NamedTuple):
    """What a walk is given; a core's cycle takes `share` ticks."""

    plan: Plan
    levels: Any
    keeps: Any
    core: Core
    share: int


@st.composite
def cases(draw: st.DrawFn, shapes: st.SearchStrategy[Plan]) -> Case:
    """Any machine for a product and its mapping."""
    plan = draw(shapes)
    units = st.integers(0, 40_000)
    plan = plan._replace(
        a_units=draw(units),
        b_units=draw(units),
        meta_units=draw(units) if plan.group else 0,
        out_units=draw(units),
        accumulators=draw(st.integers(0, 1)),
        buffers=draw(st.integers(1, 8)),
    )
    levels = np.array(draw(level_tables(plan.cluster_m, plan.cluster_n, plan.clusters)), np.int64)
    for level in levels:
        level[BUFFERS] = draw(st.integers(1, 3) | st.integers(1, 8))
        if draw(st.booleans()):
            level[NUM], level[DEN] = draw(st.integers(1, 2**29)), draw(st.integers(0, 2**29))
    keeps = np.array([draw(st.integers(0, 7)) for _ in levels], np.int64)
    share = draw(st.just(TICKS) | st.integers(1, 2 * TICKS))
    return Case(plan, levels, keeps, draw(small_cores), share)


def long_in(loop: str, *, k_outer: bool) -> st.SearchStrategy[Plan]:
    """Products on one core in bands one job high, of which one loop is long and no other is ever jumped."""
    short = st.integers(1, LONG_ENOUGH - 1)
    one_core = {"cores": 1, "clusters": 1, "cluster_m": 1, "cluster_n": 1, "accumulators": 0, "buffers": 1}
    bits = {"a_units": 0, "b_units": 0, "meta_units": 0, "c_units": 0, "b_bits": 16, "beat_meta_bits": 3}

    def plan(sizes: dict[str, int], tile: int, rest: int, pattern: Pattern | None) -> Plan:
        whole = tile * (pattern.group if pattern else 1)
        k = max(1, sizes["k"] * whole - rest % whole)
        extents = {"m": sizes["band"] * tile, "n": sizes["column"] * tile}
        base = Plan(
            batch=sizes["batch"],
            **{side: max(1, extent - rest % tile) for side, extent in extents.items()},
            full_k=k,
            **one_core,
            kept=pattern.kept if pattern else 0,
            group=pattern.group if pattern else 0,
            **bits,
        )
        return Plan(*mapped(base, tile, tile, min(k, whole), 2 if k_outer else 0, 1, 1))

    trips = {name: st.integers(40, 60) if name == loop else short for name in LOOPS}
    sizes = st.fixed_dictionaries(trips).filter(lambda drawn: math.prod(drawn.values()) <= 400)
    return st.builds(plan, sizes, st.integers(1, 3), st.integers(0, 5), st.none() | patterns_up_to(4))


def walked(case: Case, *, jumps: bool, log: Any = NO_LOG) -> tuple[int, int, list[list[int]]]:
    """The kernel's ticks, the core's own, and what each level served by kind."""
    totals = np.zeros((len(case.levels), KINDS), np.int64)
    given = case.plan, case.levels, case.keeps, case.core, SKEW, case.share
    ticks, busy = kernels.walk(*given, jumps, totals, log)
    return int(ticks), int(busy), totals.tolist()


def empty_log(case: Case, items: int) -> Any:
    """Room for the times of all items, none of which is there yet."""
    return np.full((items, len(case.levels) + 1, 2), -1, np.int64)


def items_of(case: Case) -> tuple[list[oracle.Item], list[list[int]]]:
    """Every item by itself, and what each level serves in all of them by kind."""
    plan, levels, core = case.plan, case.levels, case.core
    jobs, pieces = tiles.jobs_of(plan)[2], -(-plan.k // plan.tile_k)
    starts = range(0, jobs, plan.clusters)
    order = [(first, piece) for first in starts for piece in range(pieces)]
    if plan.k_outer:
        order = [(first, piece) for piece in range(pieces) for first in starts]
    items, totals = [], np.zeros((len(levels), KINDS), np.int64)
    known: dict[Any, Any] = {}
    for place, (first, piece) in enumerate(order):
        units = np.zeros((len(levels), KINDS), np.int64)
        last = min(jobs, first + plan.clusters)
        leaving = tiles.wave_units(plan, levels, case.keeps, first, last, piece, units)
        m, n = tiles.job_sides(plan, first)
        k = min(plan.tile_k, plan.k - piece * plan.tile_k)
        if (m, n, k) not in known:
            bits = sum(tiles.array_bits(core, plan, m, n, k)) * plan.cores
            known[m, n, k] = (*tiles.core_work(plan, core, m, n, k, SKEW), bits)
        rest, more, load, bits = known[m, n, k]
        away = units[:-1, OUT] + units[:-1, SPILL]
        streams = not plan.accumulators or len(case.levels) == 1
        items.append(
            oracle.Item(
                reads=(units[:-1].sum(axis=1) - away).tolist(),
                writes=away.tolist(),
                work=int(rest + (more if place + 1 < len(order) else 0)),
                load=int(load),
                streamed=int(bits * 1024 + (leaving if streams else 0)),
                opens=bool(plan.k_outer) or piece == 0,
                closes=bool(plan.k_outer) or piece == pieces - 1,
            )
        )
        totals += units
    return items, totals.tolist()


def expected(case: Case) -> tuple[oracle.Walk, list[list[int]]]:
    """The oracle's walk."""
    items, totals = items_of(case)
    levels = [
        oracle.Level(
            Fraction(int(row[NUM]) * UNITS_PER_BYTE, int(row[DEN])) if row[DEN] else None,
            int(row[LATENCY]),
            int(row[BUFFERS]),
        )
        for row in case.levels
    ]
    skew = case.core.rows + case.core.columns - 2 if case.core.overlap else 0
    return oracle.walk(items, levels, hold=case.plan.buffers, share=case.share, skew=skew), totals


@examples(400)
@given(cases(small_plans))
def test_the_walk_is_the_recurrence_item_by_item(case: Case) -> None:
    found, totals = expected(case)
    for jumps in (False, True):
        assert walked(case, jumps=jumps) == (found.ticks, found.busy, totals)


@pytest.mark.parametrize("k_outer", [False, True], ids=["k inside", "k outside"])
@pytest.mark.parametrize("loop", LOOPS)
def test_jumping_over_what_repeats_in_a_loop_changes_nothing(loop: str, k_outer: bool) -> None:
    """And most walks do jump: no other loop is long enough, and items that were jumped are not logged."""
    jumped: list[bool] = []

    @examples(30)
    @given(cases(long_in(loop, k_outer=k_outer)))
    def check(case: Case) -> None:
        found, totals = expected(case)
        log = empty_log(case, len(found.ended))
        assert walked(case, jumps=False) == (found.ticks, found.busy, totals)
        assert walked(case, jumps=True, log=log) == (found.ticks, found.busy, totals)
        jumped.append(bool((log[:, -2, 1] < 0).any()))

    check()
    assert sum(jumped) > len(jumped) // 2


def test_a_short_loop_is_walked() -> None:
    """So that a jump in the test above is one of its long loop."""

    @examples(30)
    @given(cases(long_in("none", k_outer=False)))
    def check(case: Case) -> None:
        log = empty_log(case, len(items_of(case)[0]))
        walked(case, jumps=True, log=log)
        assert (log[:, -2, 1] >= 0).all()

    check()


@examples(60)
@given(cases(small_plans))
def test_the_log_has_the_departures(case: Case) -> None:
    found, _ = expected(case)
    log = empty_log(case, len(found.ended))
    walked(case, jumps=False, log=log)
    ends = [*found.fetched, found.ended]
    assert [log[:, stage, 1].tolist() for stage in range(len(ends))] == ends
    assert [log[:, stage, 0].tolist() for stage in range(len(ends))] == found.began
    closing = [place for place, item in enumerate(items_of(case)[0]) if item.closes]
    assert log[closing, -1, 1].tolist() == found.left


@given(plans(lone=True) | plans())
def test_without_jumps_the_loops_go_through_waves_and_tiles_in_order(plan: Plan) -> None:
    waves, pieces = -(-tiles.jobs_of(plan)[2] // plan.clusters), -(-plan.k // plan.tile_k)
    order = [(wave, piece) for wave in range(waves) for piece in range(pieces)]
    if plan.k_outer:
        order = [(wave, piece) for piece in range(pieces) for wave in range(waves)]
    trips, nested = kernels.loops(plan)
    state, memory = new_state(np.array([[1, 1, 0, 1, 0, 1, 1, 1]], np.int64))
    at, totals, visited, going = np.zeros(4, np.int64), np.zeros((1, KINDS), np.int64), [], True
    while going:
        visited.append(kernels.place(plan, at, trips))
        assert kernels.at_end(at, trips) == (len(visited) == len(order))
        going, _ = skip(state, memory, at, trips, nested, plan.k_outer, False, totals, 0)
    assert visited == order
    assert nested == (plan.clusters == plan.band == 1)


@given(st.integers(0, 2**44), st.integers(1, 2**29), st.integers(0, 2**18), st.integers(1, 2 * TICKS))
def test_a_service_is_rounded_up_to_a_tick(units: int, num: int, den: int, share: int) -> None:
    level = np.array([num, den, 0, 1, 0, 1, 1, 1], np.int64)
    assume(units * den * TICKS < 2**62 * UNITS_PER_BYTE * num)
    taken = math.ceil(Fraction(units * den * TICKS, UNITS_PER_BYTE * num))
    assert kernels.served(units, level) == taken
    assume(taken * share < 2**62 * TICKS)
    assert kernels.core_service(0, units, share, level) == (-(-taken * share // TICKS), taken)


@pytest.mark.parametrize(("depth", "cycles"), [(1, 200), (2, 110), (3, 110)])
def test_two_stages_of_ten_cycles(depth: int, cycles: int) -> None:
    """Ten tiles, each of ten cycles of fetching and ten of multiplying: docs/model.md's example.

    A tile is one result of ten steps; it reads 20 values of 2 bytes at 4 bytes a cycle.
    """
    sizes = {"batch": 1, "m": 10, "n": 1, "full_k": 10}
    cores = {"cores": 1, "clusters": 1, "cluster_m": 1, "cluster_n": 1, "accumulators": 1, "buffers": 2}
    units = {"a_units": 16 * 1024, "b_units": 16 * 1024, "meta_units": 0, "c_units": 0}
    base = Plan(**sizes, **cores, **units, kept=0, group=0, b_bits=16, beat_meta_bits=0)
    plan = Plan(*mapped(base, 1, 1, 10, 0, 1, 1))
    levels = np.array([[4, 1, 0, 1, 0, 1, 1, 1], [1, 0, 0, depth, 0, 1, 1, 1]], np.int64)
    core = Core(dataflow=2, rows=1, columns=1, lanes=1)
    case = Case(plan, levels, np.zeros(2, np.int64), core, TICKS)
    assert walked(case, jumps=True)[0] == walked(case, jumps=False)[0] == cycles * TICKS
    assert expected(case)[0].ticks == cycles * TICKS


# Our machine for a design, and the largest group that it skips.
SPARSELOOP = {
    "TC": ("stc_dense", 0),
    "STC": ("stc", 4),
    "STC_flexible": ("stc_flexible", 8),
    "STC_flexible-RLE": ("stc_flexible", 8),
}
GROUPS = {"1.0": 0, "0.5": 4, "0.3333": 6, "0.25": 8}


def sparseloop_rows() -> list[tuple[dict[str, str], Machine, Lowered]]:
    """The artifact's rows that a machine of ours is: weights M x K are our B, so that their M is our n.

    A pattern is 2:G; the STC runs all densities below 1 as 2:4. Run lengths (RLE) have fields of 2 bits at
    2:6, and are coordinates otherwise.
    """
    found = []
    for row in read_published("sparseloop_stc"):
        if row["design"] in SPARSELOOP:
            name, widest = SPARSELOOP[row["design"]]
            group = min(widest, GROUPS[row["weight_density"]])
            more = ["core.decode.bits=2"] if row["design"].endswith("RLE") and group == 6 else []
            machine = resolve(load_arch(name, settings=more).value)
            pattern = Pattern(kept=2, group=group) if group else None
            sizes = {"m": int(row["N"]), "n": int(row["M"]), "k": int(row["K"])}
            lowered = lower(product(**sizes, pattern=pattern, dtype="int8"), machine)
            assert lowered.native == pattern
            found.append((row, machine, lowered))
    return found


def one_tiles_fill(machine: Machine) -> int:
    """What one tile takes beyond its streaming: R cycles of the first load, and the skew R + C - 2.

    Memory of unlimited bandwidth and no latency, as outside the artifact's shared level, fills nothing.
    """
    return machine.rows + machine.rows + machine.columns - 2


@pytest.mark.parametrize("design", sorted(SPARSELOOP))
def test_the_rows_of_sparseloop(design: str) -> None:
    rows = [found for found in sparseloop_rows() if found[0]["design"] == design]
    assert len(rows) == 8
    for row, machine, work in rows:
        published, taken = int(row["cycles"]), price(work, machine).cost.cycles
        assert FIDELITIES["bound"](work, machine).cost.cycles == published, row
        assert published <= taken <= published + one_tiles_fill(machine), row
