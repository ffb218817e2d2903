"""The score of a mapping: what fits beside its tiles, what then moves, and about the cycles of that.

`keeps` says what each level keeps from wave to wave, `moved` what is brought into each level in all.
"""

import numpy as np

from simulator.kernels.compile import kernel
from simulator.kernels.folds import SKEW, places
from simulator.kernels.pipeline import UNITS_PER_BYTE
from simulator.kernels.plan import PARTIAL_UNITS
from simulator.kernels.tiles import (
    ALL,
    BAND,
    BUFFERS,
    CAPACITY,
    CORES_M,
    CORES_N,
    DEN,
    LATENCY,
    NUM,
    SHARED,
    SUMS,
    array_bits,
    ceil_div,
    core_work,
    jobs_of,
)

ENDLESS = 2.0**61


@kernel
def fits(plan, levels, keeps):  # type: ignore[no-untyped-def]
    """Whether every level holds its tiles; `keeps` gets what it holds beside them, from wave to wave.

    Oracle: tests/oracles/search.py.
    """
    inside = levels.shape[0] - 1
    sums = plan.tile_m * plan.tile_n * PARTIAL_UNITS * plan.buffers
    if plan.accumulators > 0 and sums > plan.accumulators:
        return False
    for level in range(inside, 0, -1):
        room = levels[level, CAPACITY] - levels[level, BUFFERS] * arriving(plan, levels, level)
        if level == inside and plan.accumulators == 0:
            room -= levels[level, CORES_M] * levels[level, CORES_N] * sums
        if room < 0:
            return False
        keeps[level] = kept_beside(plan, levels, level, room) if levels[level, SHARED] else 0
    for level in range(inside - 1, 0, -1):
        keeps[level] = keeps[level] | keeps[level + 1]
    return True


@kernel
def arriving(plan, levels, level):  # type: ignore[no-untyped-def]
    """Units of A, B and metadata that one tile brings into an instance of a level.

    Oracle: tests/oracles/search.py.
    """
    if not levels[level, SHARED]:
        return private_units(plan, levels, level, plan.tile_m, plan.tile_n, plan.tile_k)
    a = plan.tile_k * plan.a_units
    b = places(plan.kept, plan.group, plan.tile_k) * (plan.b_units + plan.meta_units)
    high, wide = most_touched(plan)
    return wide * a + high * b if plan.by_n else high * a + wide * b


@kernel
def private_units(base, levels, level, tile_m, tile_n, tile_k):  # type: ignore[no-untyped-def]
    """Units that one tile brings into an instance of a level that not all share.

    Oracle: tests/oracles/search.py.
    """
    a = tile_m * tile_k * base.a_units
    b = tile_n * places(base.kept, base.group, tile_k) * (base.b_units + base.meta_units)
    return levels[level, CORES_M] * a + levels[level, CORES_N] * b


@kernel
def fits_private(base, levels, tile_m, tile_n, tile_k):  # type: ignore[no-untyped-def]
    """Whether the levels that not all share hold their tiles. Oracle: tests/oracles/search.py."""
    inside = levels.shape[0] - 1
    for level in range(inside, 0, -1):
        if not levels[level, SHARED]:
            units = private_units(base, levels, level, tile_m, tile_n, tile_k)
            room = levels[level, CAPACITY] - levels[level, BUFFERS] * units
            if level == inside and base.accumulators == 0:
                sums = tile_m * tile_n * PARTIAL_UNITS * base.buffers
                room -= levels[level, CORES_M] * levels[level, CORES_N] * sums
            if room < 0:
                return False
    return True


@kernel
def most_touched(plan):  # type: ignore[no-untyped-def]
    """Extents along the outer and the inner axis that no wave touches more than, over bands and elements.

    Oracle: tests/oracles/search.py.
    """
    outer, inner, _ = jobs_of(plan)
    rows = min(plan.band, outer)
    ragged = outer - (ceil_div(outer, rows) - 1) * rows
    bands = (plan.clusters - 2) // (ragged * inner) + 2
    columns = min(plan.clusters, (plan.clusters - 2) // ragged + 2)
    high = min(plan.clusters, bands * min(rows, plan.clusters)) * plan.job_outer
    return min(high, plan.elements * plan.outer), min(
        columns * plan.job_inner, plan.elements * bands * plan.inner
    )


@kernel
def kept_beside(plan, levels, level, room):  # type: ignore[no-untyped-def]
    """What a level keeps in `room` units beside the tiles: what leaves least of both operands to move.

    Then the sums, if they fit too; those of accumulators do not pass the innermost level, which keeps none.

    Oracle: tests/oracles/search.py.
    """
    length = plan.tile_k if plan.k_outer else plan.k
    a = length * plan.a_units
    b = places(plan.kept, plan.group, length) * (plan.b_units + plan.meta_units)
    band = min(plan.outer, plan.band * plan.job_outer) * (b if plan.by_n else a)
    whole = plan.inner * (a if plan.by_n else b)
    keeps, least = 0, level_units(plan, levels, 0, level)
    for chosen in (ALL, BAND, BAND | ALL):
        taken = (band if chosen & BAND else 0) + (whole if chosen & ALL else 0)
        units = level_units(plan, levels, chosen, level)
        if taken <= room and units <= least:
            keeps, least = chosen, units
    room -= (band if keeps & BAND else 0) + (whole if keeps & ALL else 0)
    bypassed = plan.accumulators > 0 and level == levels.shape[0] - 1
    if plan.k_outer and not bypassed and plan.m * plan.n * PARTIAL_UNITS <= room:
        keeps = keeps | SUMS
    return keeps


@kernel
def level_units(plan, levels, keeps, into):  # type: ignore[no-untyped-def]
    """About what is brought into a level in all, which keeps what `keeps` says, and written out of it.

    Oracle: tests/oracles/search.py.
    """
    outer_tiles, inner_tiles = ceil_div(plan.outer, plan.job_outer), ceil_div(plan.inner, plan.job_inner)
    rows = plan.elements * plan.m * plan.k * plan.a_units
    columns = (
        plan.elements * plan.n * places(plan.kept, plan.group, plan.k) * (plan.b_units + plan.meta_units)
    )
    outer, inner = (columns, rows) if plan.by_n else (rows, columns)
    if not levels[into, SHARED]:
        again_m = plan.cluster_n // levels[into, CORES_N]
        again_n = plan.cluster_m // levels[into, CORES_M]
        total = outer * inner_tiles * (again_n if plan.by_n else again_m)
        total += inner * outer_tiles * (again_m if plan.by_n else again_n)
    else:
        band = min(plan.band, outer_tiles)
        bands = ceil_div(outer_tiles, band)
        keeps_band, keeps_all = keeps & BAND != 0, keeps & ALL != 0
        total = (
            outer if keeps_band else outer * max(1, inner_tiles * min(band, plan.clusters) // plan.clusters)
        )
        total += inner if keeps_all else inner * bands * max(1, band // plan.clusters)
    out = plan.elements * plan.m * plan.n
    total += out * plan.out_units
    if plan.k_outer and keeps & SUMS == 0:
        total += 2 * (ceil_div(plan.k, plan.tile_k) - 1) * out * PARTIAL_UNITS
    return total


@kernel
def score(plan, levels, keeps, core):  # type: ignore[no-untyped-def]
    """About the cycles of a mapping, what its outermost level serves, and its tiles.

    Oracle: tests/oracles/search.py.
    """
    moved = np.empty(levels.shape[0], np.int64)
    for level in range(1, levels.shape[0]):
        moved[level] = level_units(plan, levels, keeps[level], level)
    work, first = even_tile(plan, levels, core)
    return scored(plan, levels, moved, work, first)


@kernel
def scored(plan, levels, moved, work, fill):  # type: ignore[no-untyped-def]
    """The score for the units that are `moved` into each level, and an `even_tile`; it falls with neither.

    Oracle: tests/oracles/search.py.
    """
    jobs = plan.elements * ceil_div(plan.outer, plan.job_outer) * ceil_div(plan.inner, plan.job_inner)
    waves, tiles = ceil_div(jobs, plan.clusters), ceil_div(plan.k, plan.tile_k)
    items, inside = waves * tiles, levels.shape[0] - 1
    slowest, leaving, behind = work, 0.0, work + fill + levels[inside, LATENCY]
    fill, adding = fill + levels[inside, LATENCY], 0.0
    for level in range(inside - 1, -1, -1):
        rate = levels[level, DEN] / (UNITS_PER_BYTE * levels[level, NUM])
        service = moved[level + 1] * rate / items
        turn = (service + levels[level, LATENCY] + behind) / levels[level + 1, BUFFERS]
        slowest, behind = max(slowest, service, turn), service
        out = plan.elements * plan.m * plan.n * plan.out_units
        leaving = max(leaving, out * rate / waves)
        fill += levels[level, LATENCY] + service
        if plan.split > 1:
            results = plan.batch * plan.m * plan.n
            adding = max(adding, results * (plan.split * PARTIAL_UNITS + plan.c_units) * rate)
    held = waves if plan.buffers == 1 or not plan.ahead else 1
    filled = 1 if plan.ahead else waves
    time = items * slowest + filled * fill + held * leaving + adding
    return int(min(time, ENDLESS)), moved[1] if inside > 0 else 0, items


@kernel
def even_tile(plan, levels, core):  # type: ignore[no-untyped-def]
    """A core's cycles for a tile, averaged over those of k, and its first load.

    Oracle: tests/oracles/search.py.
    """
    m, n, inside = min(plan.m, plan.tile_m), min(plan.n, plan.tile_n), levels.shape[0] - 1
    rate = plan.cores * levels[inside, DEN] / (8 * levels[inside, NUM])
    work, more, first = core_work(plan, core, m, n, plan.tile_k, SKEW)
    total = plan.k // plan.tile_k * max(work + more, sum(array_bits(core, plan, m, n, plan.tile_k)) * rate)
    if plan.k % plan.tile_k:
        k = plan.k % plan.tile_k
        work, more, _ = core_work(plan, core, m, n, k, SKEW)
        total += max(work + more, sum(array_bits(core, plan, m, n, k)) * rate)
    return total / ceil_div(plan.k, plan.tile_k), float(first)
