"""The recurrence over tiles against its oracle, jumps against none, and rows of Sparseloop."""

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.published import read_published
from simulator.arch import load_arch
from simulator.folds import Core
from simulator.kernels import pipeline as kernels
from simulator.kernels import tiles
from simulator.kernels.folds import SKEW
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

NO_LOG = np.zeros((0, 0, 0), np.int64)
UNITS_PER_BYTE = 8192


class Case(NamedTuple):
    """What a walk is given; a core's cycles count num / den of themselves."""

    plan: Plan
    levels: Any
    keeps: Any
    core: Core
    num: int
    den: int


@st.composite
def cases(draw: st.DrawFn, *, deep: bool = False) -> Case:
    """Any machine and any mapping of a small product; `deep` has one of many equal pieces of k."""
    sides, depths = st.integers(1, 3 if deep else 8), st.integers(*((40, 300) if deep else (1, 10)))
    plan = draw(plans(sides=sides, depths=depths, lone=draw(st.booleans())))
    units = st.integers(0, 40_000)
    plan = plan._replace(
        a_units=draw(units),
        b_units=draw(units),
        meta_units=draw(units) if plan.group else 0,
        out_units=draw(units),
        accumulators=draw(st.integers(0, 1)),
        buffers=draw(st.integers(1, 3)),
    )
    levels = np.array(draw(level_tables(plan.cluster_m, plan.cluster_n, plan.clusters)), np.int64)
    keeps = np.array([draw(st.integers(0, 7)) for _ in levels], np.int64)
    num, den = draw(st.sampled_from([(1, 1), (1, 1), (5, 4), (100, 93), (3, 7)]))
    return Case(plan, levels, keeps, draw(small_cores), num, den)


def walked(case: Case, *, jumps: bool, log: Any = NO_LOG) -> tuple[int, int, list[list[int]]]:
    """The kernel's cycles, the core's own, and what each level served by kind."""
    totals = np.zeros((len(case.levels), KINDS), np.int64)
    cycles, busy = kernels.walk(
        case.plan, case.levels, case.keeps, case.core, SKEW, case.num, case.den, jumps, totals, log
    )
    return int(cycles), int(busy), totals.tolist()


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
        items.append(
            oracle.Item(
                reads=(units[:-1].sum(axis=1) - away).tolist(),
                writes=away.tolist(),
                work=int(rest + (more if place + 1 < len(order) else 0)),
                load=int(load),
                streamed=int(bits * 1024 + (0 if plan.accumulators else leaving)),
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
    share = Fraction(case.num, case.den)
    return oracle.walk(items, levels, hold=case.plan.buffers, share=share, skew=skew), totals


@settings(max_examples=400)
@given(cases())
def test_the_walk_is_the_recurrence_item_by_item(case: Case) -> None:
    found, totals = expected(case)
    for jumps in (False, True):
        assert walked(case, jumps=jumps) == (found.cycles, found.busy, totals)


@settings(max_examples=200)
@given(cases(deep=True))
def test_jumping_over_what_repeats_changes_nothing(case: Case) -> None:
    found, totals = expected(case)
    for jumps in (False, True):
        assert walked(case, jumps=jumps) == (found.cycles, found.busy, totals)


@given(cases())
def test_the_log_has_the_departures(case: Case) -> None:
    found, _ = expected(case)
    log = np.zeros((len(found.ended), len(case.levels) + 1, 2), np.int64)
    walked(case, jumps=False, log=log)
    ends = [*found.fetched, found.ended]
    assert [log[:, stage, 1].tolist() for stage in range(len(ends))] == ends
    assert (log[..., 0] <= log[..., 1]).all()
    closing = [place for place, item in enumerate(items_of(case)[0]) if item.closes]
    assert log[closing, -1, 1].tolist() == found.left


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
    case = Case(plan, levels, np.zeros(2, np.int64), core, 1, 1)
    assert walked(case, jumps=True)[0] == walked(case, jumps=False)[0] == cycles
    assert expected(case)[0].cycles == cycles


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
