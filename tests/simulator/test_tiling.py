"""What tiles move and take: the kernels' sums against jobs and folds listed one by one."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.folds import Core
from simulator.kernels import tiles as kernels
from simulator.kernels.plan import Plan, mapped
from simulator.kernels.tiles import ALL, BAND, SUMS
from simulator.pattern import Pattern
from tests.oracles import tiles as oracle
from tests.simulator.machines import plans, small_cores
from tests.strategies import patterns_up_to

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


@settings(max_examples=300)
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
