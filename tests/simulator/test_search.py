"""The tiler's search against all mappings in a list, and what it keeps against what fits."""

from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simulator.folds import Core
from simulator.kernels import search as kernels
from simulator.kernels.plan import Plan
from simulator.kernels.tiles import BUFFERS, CAPACITY, CORES_M, CORES_N, KINDS, SHARED, jobs_of, wave_units
from tests.oracles import search as oracle
from tests.oracles import tiles
from tests.simulator.machines import level_tables, plans, small_cores


@given(st.integers(1, 5000), st.integers(1, 600), st.just(0) | st.integers(1, 6000))
def test_sizes_are_even_cuts(extent: int, quantum: int, pin: int) -> None:
    out = np.zeros(kernels.SIZES_MAX, np.int64)
    count = kernels.sizes(extent, quantum, pin, out)
    found = out[:count].tolist()
    assert found == oracle.sizes(extent, quantum, pin)
    assert found == sorted(set(found))
    assert pin or all(size % quantum == 0 for size in found[:-1])


@st.composite
def searches(draw: st.DrawFn) -> tuple[Plan, Any, Core]:
    """A product, levels that hold a part of it or all, and a core."""
    plan = draw(plans(lone=draw(st.booleans())))
    plan = plan._replace(accumulators=draw(st.just(0) | st.integers(1, 10**7)), buffers=draw(st.integers(1, 2)))
    levels = np.array(draw(level_tables(plan.cluster_m, plan.cluster_n, plan.clusters)), np.int64)
    for level in levels:
        level[CAPACITY] = draw(st.integers(0, 400)) * draw(st.sampled_from([1, 100, 32 * 1024 * 20]))
    return plan, levels, draw(small_cores)


def fits(plan: Plan, levels: Any) -> tuple[bool, list[int]]:
    keeps = np.zeros(len(levels), np.int64)
    return bool(kernels.fits(plan, levels, keeps)), keeps.tolist()


@settings(max_examples=300)
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
            used = row[BUFFERS] * sum(oracle.touched_at_once(plan))
        else:
            used = row[BUFFERS] * row[CORES_M] * plan.tile_m * plan.tile_k * plan.a_units
            used += row[BUFFERS] * row[CORES_N] * plan.tile_n * oracle.column_units(plan, plan.tile_k)
        if inside and not plan.accumulators:
            used += row[CORES_M] * row[CORES_N] * sums
        mine = keeps[at] & ~(keeps[at + 1] if not inside else 0)
        for bit, units in enumerate(oracle.kept_units(plan)):
            used += units if mine & 2**bit else 0
        assert used <= row[CAPACITY], (at, int(used), int(row[CAPACITY]), keeps)


@settings(max_examples=200)
@given(searches(), st.data())
def test_the_best_are_the_first_of_all(case: tuple[Plan, Any, Core], data: st.DataObject) -> None:
    base, levels, core = case
    quanta = [data.draw(st.integers(1, 8)) for _ in range(2)]
    quanta.append(data.draw(st.integers(1, 3)) * max(1, base.group))
    pinned = [base.tile_m, base.tile_n, base.tile_k, 1 + base.by_n + 2 * base.k_outer, base.band, base.split]
    pins = [pin if data.draw(st.booleans()) else 0 for pin in pinned]
    found, scores = np.zeros((4, kernels.FACTS), np.int64), np.zeros((4, 3), np.int64)
    ask = np.array(pins, np.int64), np.array(quanta, np.int64)
    count = kernels.best_mappings(base, levels, core, *ask, found, scores)
    every = []
    for facts in oracle.candidates(base, quanta, pins):
        plan, keeps = oracle.plan_of(base, facts), np.zeros(len(levels), np.int64)
        if kernels.fits(plan, levels, keeps):
            every.append((kernels.score(plan, levels, keeps, core), facts))
    every.sort(key=lambda pair: pair[0])
    assert [tuple(row) for row in found[:count].tolist()] == [facts for _, facts in every[:4]]
    assert [tuple(row) for row in scores[:count].tolist()] == [marks for marks, _ in every[:4]]


@given(searches())
def test_what_a_level_serves_is_known_before_the_walk(case: tuple[Plan, Any, Core]) -> None:
    """Within a factor of the sum over all waves: the score has no waves."""
    plan, levels, _ = case
    fit, keeps = fits(plan, levels)
    assume(fit)
    units = np.zeros((len(levels), KINDS), np.int64)
    total = np.zeros(len(levels), np.int64)
    jobs = jobs_of(plan)[2]
    for tile in range(len(tiles.pieces(plan.k, plan.tile_k))):
        for first in range(0, jobs, plan.clusters):
            last = min(jobs, first + plan.clusters)
            wave_units(plan, levels, np.array(keeps), first, last, tile, units)
            total += units.sum(axis=1)
    for at in range(len(levels) - 1):
        guess = int(kernels.level_units(plan, levels, np.array(keeps), at))
        assert total[at] <= 4 * guess, (at, guess, total)
        assert guess <= 4 * total[at], (at, guess, total)


@settings(max_examples=300)
@given(plans(), st.integers(1, 4))
def test_a_shared_level_has_room_for_what_a_wave_touches(plan: Plan, buffers: int) -> None:
    """Of each tile on its way, all that the clusters of one wave touch."""
    levels = np.array([[1, 1, 0, 1, 0, 1, 1, 1], [1, 1, 0, buffers, 0, 1, 1, 1]], np.int64)
    assert kernels.arriving(plan, levels, 1) >= sum(oracle.touched_at_once(plan))
