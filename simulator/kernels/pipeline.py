"""The recurrence over tiles: fetches level by level, the core, and the results' way out.

    D[i, s] = max(D[i, s-1] + latency, D[i-1, s], D[i - buffers, s+1]) + service

Stage s < stages fetches from level s into level s + 1; stage `stages` is the core, with the innermost level
that streams into it. A level serves results between fetches, as many tiles later as may be on their way, and
the results' way out holds the core's sums until it is over.
"""

import numpy as np

from simulator.kernels.compile import kernel
from simulator.kernels.folds import SKEW
from simulator.kernels.tiles import (
    BACK,
    BUFFERS,
    DEN,
    KINDS,
    LATENCY,
    META,
    NUM,
    OUT,
    SPILL,
    A,
    B,
    array_bits,
    ceil_div,
    core_work,
    job_sides,
    jobs_of,
    wave_units,
)

UNITS_PER_BYTE = 8192
DEEP = 9  # one more than a level may have buffers, so that the oldest departure is still known


@kernel
def served(owed, num):  # type: ignore[no-untyped-def]
    """Whole cycles in which `owed` units leave at num bytes a cycle, and what is owed then: 0 or less.

    Units and rate are both times the rate's denominator.

    Oracle: tests/oracles/pipeline.py.
    """
    cycle = UNITS_PER_BYTE * num
    cycles = max(0, (owed + cycle - 1) // cycle)
    return cycles, owed - cycles * cycle


@kernel
def fetch(item, units, levels, ends, owed, late, log):  # type: ignore[no-untyped-def]
    """Bring item `item` through all fetching stages; when it is in the innermost level.

    Oracle: tests/oracles/pipeline.py.
    """
    arrived, lag = 0, late.shape[1]
    for stage in range(levels.shape[0] - 1):
        reads = units[stage, A] + units[stage, B] + units[stage, META] + units[stage, BACK]
        owed[stage] += (reads + late[stage, item % lag]) * levels[stage, DEN]
        service, owed[stage] = served(owed[stage], levels[stage, NUM])
        start = max(arrived, ends[stage, (item - 1) % DEEP])
        depth = levels[stage + 1, BUFFERS]
        if item >= depth:
            start = max(start, ends[stage + 1, (item - depth) % DEEP])
        ends[stage, item % DEEP] = start + service
        late[stage, item % lag] = units[stage, OUT] + units[stage, SPILL]
        arrived = start + service + levels[stage, LATENCY]
        if log.shape[0] > 0:
            log[item, stage, 0], log[item, stage, 1] = start, start + service
    return arrived


@kernel
def leave(units, levels, out_owed):  # type: ignore[no-untyped-def]
    """Cycles in which the results of a wave leave, at the slowest level on their way.

    Oracle: tests/oracles/pipeline.py.
    """
    slowest = 0
    for stage in range(levels.shape[0] - 1):
        out_owed[stage] += (units[stage, OUT] + units[stage, SPILL]) * levels[stage, DEN]
        service, out_owed[stage] = served(out_owed[stage], levels[stage, NUM])
        slowest = max(slowest, service)
    return slowest


@kernel
def steady(item, ends, owed, before, late):  # type: ignore[no-untyped-def]
    """How much later each item ends than the one before it, if that has settled at every stage; else -1.

    Oracle: tests/oracles/pipeline.py.
    """
    if item < 2 * DEEP:
        return -1
    step = ends[0, item % DEEP] - ends[0, (item - 1) % DEEP]
    for stage in range(ends.shape[0]):
        if owed[stage] != before[stage]:
            return -1
        for back in range(DEEP - 1):
            if ends[stage, (item - back) % DEEP] - ends[stage, (item - back - 1) % DEEP] != step:
                return -1
    if owed[-1] != before[-1] or late.any():
        return -1
    return step


@kernel
def jump(item, items, step, ends):  # type: ignore[no-untyped-def]
    """Write the departures as they are `items` items of `step` cycles later.

    Oracle: tests/oracles/pipeline.py.
    """
    for stage in range(ends.shape[0]):
        end = ends[stage, item % DEEP] + items * step
        for back in range(DEEP):
            ends[stage, (item + items - back) % DEEP] = end - back * step


@kernel
def walk(plan, levels, keeps, core, effects, num, den, jumps, totals, log):  # type: ignore[no-untyped-def]
    """The cycles of all tiles, and the core's own; `totals` gets the units that each level serves, by kind.

    The core's cycles count num / den of themselves. `log`, (items, levels + 1, 2), gets when each stage began
    and ended each item, the results' way out last; without rows it gets nothing.
    Oracle: tests/oracles/pipeline.py.
    """
    stages, inside = levels.shape[0] - 1, levels.shape[0] - 1
    _, _, jobs = jobs_of(plan)
    waves, tiles = ceil_div(jobs, plan.clusters), ceil_div(plan.k, plan.tile_k)
    ends, freed = np.zeros((stages + 1, DEEP), np.int64), np.zeros(DEEP, np.int64)
    owed, before = np.zeros(stages + 2, np.int64), np.zeros(stages + 2, np.int64)
    late = np.zeros((stages + 1, 1 + levels[1:, BUFFERS].sum()), np.int64)
    out_owed, units = np.zeros(stages + 1, np.int64), np.zeros((stages + 1, KINDS), np.int64)
    out, busy, item, left, sides = 0, 0, 0, 0, (0, 0, 0)
    rest, more, load, bits, leaving, m, n = 0, 0, 0, 0, 0, 0, 0
    while item < waves * tiles:
        wave, tile = (item % waves, item // waves) if plan.k_outer else (item // tiles, item % tiles)
        first, last = wave * plan.clusters, min(jobs, (wave + 1) * plan.clusters)
        if plan.k_outer or tile < 2 or tile == tiles - 1:
            leaving = wave_units(plan, levels, keeps, first, last, tile, units)
            m, n = job_sides(plan, first)
        if sides != (m, n, min(plan.tile_k, plan.k - tile * plan.tile_k)):
            sides = (m, n, min(plan.tile_k, plan.k - tile * plan.tile_k))
            rest, more, load = core_work(plan, core, m, n, sides[2], effects)
            bits = sum(array_bits(core, plan, m, n, sides[2])) * plan.cores * 1024
        before[:] = owed
        start = fetch(item, units, levels, ends, owed, late, log) + levels[inside, LATENCY] + load
        start = max(start, ends[stages, (item - 1) % DEEP])
        if (plan.k_outer or tile == 0) and left >= plan.buffers:
            start = max(start, freed[(left - plan.buffers) % DEEP])
        owed[-1] += (bits + (0 if plan.accumulators else leaving)) * levels[inside, DEN]
        streaming, owed[-1] = served(owed[-1], levels[inside, NUM])
        work = max(rest + (more if item + 1 < waves * tiles else 0), streaming)
        owed[stages] += work * num
        service = max(0, (owed[stages] + den - 1) // den)
        owed[stages] -= service * den
        ends[stages, item % DEEP] = start + service
        busy, skipped = busy + work, 0
        if plan.k_outer or tile == tiles - 1:
            out = max(start + service, out) + leave(units, levels, out_owed)
            freed[left % DEEP], left = out, left + 1
        elif jumps and not plan.k_outer and 0 < tile < tiles - 3:
            step = steady(item, ends, owed, before, late)
            if step >= 0:
                skipped = tiles - 3 - tile
                jump(item, skipped, step, ends)
        totals += units * (1 + skipped)
        busy += work * skipped
        if log.shape[0] > 0:
            log[item, stages, 0], log[item, stages, 1], log[item, -1, :] = start, start + service, out
        item += 1 + skipped
    return finish(core, effects, levels, ends[:, (item - 1) % DEEP], owed, late, out), busy


@kernel
def finish(core, effects, levels, ends, owed, late, out):  # type: ignore[no-untyped-def]
    """When everything is over: the core, the results, and the writes that no fetch came after.

    Oracle: tests/oracles/pipeline.py.
    """
    stages = levels.shape[0] - 1
    end = max(out, ends[stages])
    for stage in range(stages):
        waiting = owed[stage] + late[stage].sum() * levels[stage, DEN]
        service, _ = served(waiting, levels[stage, NUM])
        end = max(end, ends[stage] + service)
    return end + (core.rows + core.columns - 2 if effects >= SKEW and core.overlap else 0)
