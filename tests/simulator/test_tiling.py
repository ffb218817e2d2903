"""What tiles move and take: the kernels' sums against jobs and folds listed one by one."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from simulator.folds import Core
from simulator.kernels import score, search
from simulator.kernels import tiles as kernels
from simulator.kernels.plan import Plan
from simulator.kernels.tiles import ALL, BAND, BUFFERS, CAPACITY, CORES_M, CORES_N, SHARED, SUMS
from simulator.lowering import lower
from simulator.machine import Level
from simulator.pattern import Pattern
from simulator.tiling import level_table, plan_of
from tests.oracles import search as brute
from tests.oracles import tiles as oracle
from tests.simulator.machines import SPARSE, level_tables, plans, small_cores
from tests.simulator.steps import product
from tests.strategies import examples, patterns_up_to

Keeps = tuple[bool, bool, bool]
keeps = st.tuples(st.booleans(), st.booleans(), st.booleans())


@given(plans())
def test_each_job_lies_where_it_was_dealt(plan: Plan) -> None:
    every = oracle.jobs(plan)
    assert kernels.jobs_of(plan)[2] == len(every)
    for place, job in enumerate(every):
        assert kernels.place_of(plan, place) == (job.element, job.band, job.column, job.row, job.rows)


@given(plans(), st.data())
def test_sums_over_the_jobs_before_one(plan: Plan, data: st.DataObject) -> None:
    every = oracle.jobs(plan)
    place = data.draw(st.integers(0, len(every) - 1))
    done = every[:place]
    assert kernels.before(plan, place) == (
        sum(len(job.outer) for job in done),
        sum(len(job.inner) for job in done),
        sum(len(job.outer) * len(job.inner) for job in done),
    )
    total = kernels.before(plan, len(every))
    assert total[2] == plan.elements * plan.m * plan.n


def table_of(into: oracle.Level) -> tuple[Any, Any]:
    """Two levels as the kernels read them, and what the inner one keeps."""
    inner = [1, 1, 0, 2, 0, int(into.shared), into.cores_m, into.cores_n]
    bits = BAND * into.keeps_band + ALL * into.keeps_all + SUMS * into.keeps_sums
    return np.array([[1, 1, 0, 1, 0, 1, 1, 1], inner], np.int64), np.array([0, bits], np.int64)


def units_of(plan: Plan, into: oracle.Level) -> list[list[tuple[int, ...]]]:
    """What the kernel says of each piece of k and each wave."""
    levels, bits = table_of(into)
    jobs = kernels.jobs_of(plan)[2]
    units = np.zeros((2, kernels.KINDS), np.int64)
    found = []
    for tile in range(-(-plan.k // plan.tile_k)):
        row = []
        for first in range(0, jobs, plan.clusters):
            last = min(jobs, first + plan.clusters)
            kernels.wave_units(plan, levels, bits, first, last, tile, units)
            row.append(tuple(units[0].tolist()))
        found.append(row)
    return found


@given(plans(), st.data())
def test_a_private_level_is_asked_by_each_instance(plan: Plan, data: st.DataObject) -> None:
    cores_m = data.draw(st.sampled_from([s for s in (1, 2, 3) if plan.cluster_m % s == 0]))
    cores_n = data.draw(st.sampled_from([s for s in (1, 2, 3) if plan.cluster_n % s == 0]))
    into = oracle.Level(False, cores_m, cores_n, False, False, data.draw(st.booleans()))
    assert units_of(plan, into) == oracle.served(plan, into)


@given(plans(), keeps)
def test_a_shared_level_is_asked_for_at_least_what_a_wave_touches(plan: Plan, kept: Keeps) -> None:
    into = oracle.Level(True, 1, 1, *kept)
    for counted, touched in zip(units_of(plan, into), oracle.served(plan, into), strict=True):
        for ours, set_ in zip(counted, touched, strict=True):
            assert all(one >= least for one, least in zip(ours, set_, strict=True))
            assert ours[3:] == set_[3:]


@examples(300)
@given(plans().filter(oracle.waves_of_whole_bands), keeps)
def test_a_shared_level_is_asked_once_for_what_a_wave_touches(plan: Plan, kept: Keeps) -> None:
    """Where no wave starts or ends within a band; else whole bands count, and each band's columns."""
    into = oracle.Level(True, 1, 1, *kept)
    assert units_of(plan, into) == oracle.served(plan, into)


@given(plans(), st.booleans())
def test_what_a_shared_level_keeps_comes_once(plan: Plan, sums: bool) -> None:
    """All of the inner operand once, and each band once; partial sums that stay are not moved."""
    into = oracle.Level(True, 1, 1, True, True, sums)
    found = units_of(plan, into)
    assert found == oracle.served(plan, into)
    lengths = [len(piece) for piece in oracle.pieces(plan.k, plan.tile_k)]
    assert sum(one[0] for row in found for one in row) == plan.elements * plan.m * sum(lengths) * plan.a_units


@given(small_cores, plans(), st.integers(1, 12), st.integers(1, 12), st.integers(1, 40))
def test_bits_that_enter_an_array(core: Core, plan: Plan, m: int, n: int, k: int) -> None:
    assert kernels.array_bits(core, plan, m, n, k) == oracle.array_bits(core, plan, m, n, k)


@given(small_cores, plans(), st.integers(1, 12), st.integers(1, 12), st.integers(1, 40), st.integers(0, 4))
def test_a_cores_work_is_that_of_its_folds(
    core: Core, plan: Plan, m: int, n: int, k: int, effects: int
) -> None:
    walk = oracle.Walk(core, (plan.kept, plan.group), m, n, k, effects)
    assert kernels.core_work(plan, core, m, n, k, effects) == walk.work()


@given(small_cores, plans(), st.integers(0, 4))
def test_even_work_is_that_of_every_tile(core: Core, plan: Plan, effects: int) -> None:
    assert kernels.even_work(plan, core, effects) == oracle.even_work(plan, core, effects)


@given(small_cores, st.none() | patterns_up_to(6), st.integers(0, 30))
def test_windows_of_runs(core: Core, pattern: Pattern | None, runs: int) -> None:
    kept, group = (pattern.kept, pattern.group) if pattern else (0, 0)
    assert kernels.window_values(core, kept, group, runs) == oracle.candidates(core, kept, group, 0, runs)


@given(plans())
def test_the_slowest_of_a_wave(plan: Plan) -> None:
    for place, wave in enumerate(oracle.waves(plan)):
        sides = kernels.job_sides(plan, place * plan.clusters)
        outer, inner = len(wave[0].outer), len(wave[0].inner)
        alone = (inner, outer) if plan.by_n else (outer, inner)
        whole = (min(plan.m, plan.tile_m), min(plan.n, plan.tile_n))
        assert sides == (alone if plan.cores == 1 else whole)


@given(plans())
def test_parts_of_a_split_k_are_whole_groups_and_reach_to_the_end(plan: Plan) -> None:
    parts = plan.elements // plan.batch
    assert parts == plan.split <= plan.full_k
    assert (parts - 1) * plan.k < plan.full_k <= parts * plan.k
    assert parts == 1 or plan.k % max(1, plan.group) == 0
    assert plan.out_units == (plan.c_units if parts == 1 else oracle.PARTIAL_UNITS)


def level_of(cores: int, per: int, name: str) -> Level:
    return Level(
        name=name,
        instances=cores // per,
        capacity_bytes=2**20,
        bandwidth_numerator=1,
        bandwidth_denominator=1,
    )


def divisors(number: int) -> list[int]:
    return [size for size in range(1, number + 1) if number % size == 0]


@pytest.mark.parametrize("cores", [1, 2, 4, 12, 24, 30, 432])
def test_the_cores_of_a_memory_are_a_part_of_those_of_the_one_outside(cores: int) -> None:
    """As many instances as there are: those of a level tile a cluster's cores without remainder."""
    for outside in divisors(cores):
        for inside in divisors(outside):
            shares = {"dram": cores, "l2": outside, "l1": inside}
            levels = tuple(level_of(cores, per, name) for name, per in shares.items())
            machine = replace(SPARSE, cores=cores, levels=levels)
            plan = plan_of(lower(product(), machine), machine)
            assert plan.clusters * plan.cluster_m * plan.cluster_n == plan.cores == cores
            for row, level in zip(level_table(machine).tolist(), levels, strict=True):
                if level.instances > 1:
                    down, across = plan.cluster_m // row[CORES_M], plan.cluster_n // row[CORES_N]
                    assert plan.clusters * down * across == level.instances, (shares, level.name)


@given(st.integers(1, 5000), st.integers(1, 600), st.just(0) | st.integers(1, 6000))
def test_sizes_are_even_cuts(extent: int, quantum: int, pin: int) -> None:
    out = np.zeros(search.SIZES_MAX, np.int64)
    count = search.sizes(extent, quantum, pin, out)
    found = out[:count].tolist()
    assert found == brute.sizes(extent, quantum, pin)
    assert found == sorted(set(found))
    assert pin or all(size % quantum == 0 for size in found[:-1])


@st.composite
def searches(draw: st.DrawFn) -> tuple[Plan, Any, Core]:
    """A product, levels that hold a part of it or all, and a core."""
    plan = draw(plans(lone=draw(st.booleans())))
    sums = draw(st.just(0) | st.integers(1, 10**7))
    plan = plan._replace(accumulators=sums, buffers=draw(st.integers(1, 2)))
    levels = np.array(draw(level_tables(plan.cluster_m, plan.cluster_n, plan.clusters)), np.int64)
    for level in levels:
        level[CAPACITY] = draw(st.integers(0, 400)) * draw(st.sampled_from([1, 100, 32 * 1024 * 20]))
    return plan, levels, draw(small_cores)


def fits(plan: Plan, levels: Any) -> tuple[bool, list[int]]:
    keeps = np.zeros(len(levels), np.int64)
    return bool(score.fits(plan, levels, keeps)), keeps.tolist()


@given(searches())
def test_what_is_said_to_fit_fits(case: tuple[Plan, Any, Core]) -> None:
    """Tiles on their way, sums without accumulators, and what is kept are together no more than the room."""
    plan, levels, _ = case
    fit, keeps = fits(plan, levels)
    assume(fit)
    sums = plan.tile_m * plan.tile_n * oracle.PARTIAL_UNITS * plan.buffers
    assert not plan.accumulators or sums <= plan.accumulators
    for at in range(1, len(levels)):
        row, inside = levels[at], at == len(levels) - 1
        if row[SHARED]:
            used = row[BUFFERS] * sum(brute.touched_at_once(plan))
        else:
            used = row[BUFFERS] * row[CORES_M] * plan.tile_m * plan.tile_k * plan.a_units
            used += row[BUFFERS] * row[CORES_N] * plan.tile_n * brute.column_units(plan, plan.tile_k)
        if inside and not plan.accumulators:
            used += row[CORES_M] * row[CORES_N] * sums
        mine = keeps[at] & ~(keeps[at + 1] if not inside else 0)
        for bit, units in enumerate(brute.kept_units(plan)):
            used += units if mine & 2**bit else 0
        assert used <= row[CAPACITY], (at, int(used), int(row[CAPACITY]), keeps)


@given(searches(), st.data())
def test_the_best_are_the_first_of_all(case: tuple[Plan, Any, Core], data: st.DataObject) -> None:
    base, levels, core = case
    quanta = [data.draw(st.integers(1, 8)) for _ in range(2)]
    quanta.append(data.draw(st.integers(1, 3)) * max(1, base.group))
    pinned = [base.tile_m, base.tile_n, base.tile_k, 1 + base.by_n + 2 * base.k_outer, base.band, base.split]
    pins = [pin if data.draw(st.booleans()) else 0 for pin in pinned]
    found, scores = np.zeros((4, search.FACTS), np.int64), np.zeros((4, 3), np.int64)
    ask = np.array(pins, np.int64), np.array(quanta, np.int64)
    count = search.best_mappings(base, levels, core, *ask, found, scores)
    best: dict[Any, Any] = {}  # of mappings that differ in their band alone, the best
    for place, facts in enumerate(brute.candidates(base, quanta, pins)):
        if len(levels) == 1 and (facts[3] >= 2 or facts[5] > 1):
            continue  # there is nowhere to put partial sums
        plan, keeps = brute.plan_of(base, facts), np.zeros(len(levels), np.int64)
        if score.fits(plan, levels, keeps):
            marked = (score.score(plan, levels, keeps, core), place, facts)
            same = (*facts[:4], facts[5])
            best[same] = min(best.get(same, marked), marked)
    every = sorted(best.values())[:4]
    assert [tuple(row) for row in found[:count].tolist()] == [facts for _, _, facts in every]
    assert [tuple(row) for row in scores[:count].tolist()] == [marks for marks, _, _ in every]


@given(searches())
def test_what_a_level_serves_is_known_before_the_walk(case: tuple[Plan, Any, Core]) -> None:
    """Within a factor of the sum over all waves: the score has no waves."""
    plan, levels, _ = case
    fit, keeps = fits(plan, levels)
    assume(fit)
    units = np.zeros((len(levels), kernels.KINDS), np.int64)
    total = np.zeros(len(levels), np.int64)
    jobs = kernels.jobs_of(plan)[2]
    for tile in range(len(oracle.pieces(plan.k, plan.tile_k))):
        for first in range(0, jobs, plan.clusters):
            last = min(jobs, first + plan.clusters)
            kernels.wave_units(plan, levels, np.array(keeps), first, last, tile, units)
            total += units.sum(axis=1)
    for at in range(len(levels) - 1):
        guess = int(score.level_units(plan, levels, keeps[at + 1], at + 1))
        assert total[at] <= 4 * guess, (at, guess, total)
        assert guess <= 4 * total[at], (at, guess, total)


@examples(300)
@given(plans(), st.integers(1, 4))
def test_a_shared_level_has_room_for_what_a_wave_touches(plan: Plan, buffers: int) -> None:
    """Of each tile on its way, all that the clusters of one wave touch."""
    levels = np.array([[1, 1, 0, 1, 0, 1, 1, 1], [1, 1, 0, buffers, 0, 1, 1, 1]], np.int64)
    assert score.arriving(plan, levels, 1) >= sum(brute.touched_at_once(plan))
