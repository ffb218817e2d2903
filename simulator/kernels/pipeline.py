"""The recurrence over tiles: fetches level by level, the core, and the results' way out.

    D[i, s] = max(D[i, s-1] + latency, D[i-1, s], D[i - buffers, s+1]) + service

Stage s < stages fetches from level s into level s + 1; stage `stages` is the core, with the innermost level
that streams into it. Results leave at the pace of the slowest level on their way, and hold the core's sums
until they are out. A level takes them between fetches, from when they begin to leave; what is left of them
when as many tiles have been fetched as may be on their way goes first. Times are in ticks.
"""

from math import gcd

import numpy as np

from simulator.kernels.compile import kernel
from simulator.kernels.folds import SKEW
from simulator.kernels.periods import (
    CYCLE,
    FREED,
    FROM,
    HELD,
    LAG,
    LAST,
    LEFT,
    MARKS,
    OUT_AT,
    RELEASE,
    RING,
    SLOT,
    UNTIL,
    new_state,
    skip,
)
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
    tile_units,
    wave_sides,
)

UNITS_PER_BYTE = 8192
TICKS = 1 << 20  # of a cycle: a million tiles round up by a cycle at most


@kernel
def served(units, level):  # type: ignore[no-untyped-def]
    """Ticks in which a level serves `units`, rounded up. Oracle: tests/oracles/pipeline.py."""
    owed, cycle = units * level[DEN], UNITS_PER_BYTE * level[NUM]
    return owed // cycle * TICKS + (owed % cycle * TICKS + cycle - 1) // cycle


@kernel
def between(state, stage, free, start):  # type: ignore[no-untyped-def]
    """When a level that is free from `free` on begins a fetch that could begin at `start`.

    It takes results in between, the oldest first, and all of the oldest that is on its way before the fetch.
    Oracle: tests/oracles/pipeline.py.
    """
    late, lag, slot = (state.shape[0] - 3) // 2 + stage, state[MARKS, LAG], state[MARKS, SLOT]
    cursor = free
    for age in range(lag, 0, -1):
        at = (slot - age) & (RING - 1)
        if state[late, at] > 0:
            cursor = max(cursor, state[RELEASE, at])
            if age == lag:
                start = max(start, cursor + state[late, at])
            taken = min(state[late, at], max(0, start - cursor))
            state[late, at] -= taken
            cursor += taken
    return start


@kernel
def fetch(state, reads, levels, log, item, earliest):  # type: ignore[no-untyped-def]
    """Bring a tile through all fetching stages, from `earliest` on; when it is in the innermost level.

    `reads` are the ticks in which each of them serves it. Oracle: tests/oracles/pipeline.py.
    """
    arrived, slot, held = earliest, state[MARKS, SLOT], state[MARKS, HELD] > 0
    for stage in range(levels.shape[0] - 1):
        free = state[stage, (slot - 1) & (RING - 1)]
        start = max(arrived, free, state[stage + 1, (slot - levels[stage + 1, BUFFERS]) & (RING - 1)])
        if held:
            start = between(state, stage, free, start)
        state[stage, slot & (RING - 1)] = start + reads[stage]
        arrived = start + reads[stage] + levels[stage, LATENCY] * TICKS
        if log.shape[0] > 0:
            log[item, stage, 0], log[item, stage, 1] = start, start + reads[stage]
    if held:
        state[MARKS, HELD] *= on_their_way(state, levels.shape[0])
    return arrived


@kernel
def on_their_way(state, stages):  # type: ignore[no-untyped-def]
    """Whether a level still has to take results. Oracle: tests/oracles/pipeline.py."""
    slot, late = state[MARKS, SLOT], 0
    for age in range(1, state[MARKS, LAG] + 1):
        for stage in range(stages):
            late = late | state[stages + stage, (slot - age) & (RING - 1)]
    return 1 if late != 0 else 0


@kernel
def leave(state, units, levels, done):  # type: ignore[no-untyped-def]
    """Send a job's results on their way out, and note what each level has to take of them.

    Oracle: tests/oracles/pipeline.py.
    """
    slowest, at, stages = 0, state[MARKS, SLOT] & (RING - 1), levels.shape[0]
    for stage in range(stages - 1):
        late = served(units[stage, OUT] + units[stage, SPILL], levels[stage])
        state[stages + stage, at] = late
        slowest = max(slowest, late)
    state[RELEASE, at] = max(done, state[MARKS, OUT_AT])
    state[MARKS, OUT_AT] = state[RELEASE, at] + slowest
    state[FREED, state[MARKS, LEFT] & (RING - 1)] = state[MARKS, OUT_AT]
    state[MARKS, LEFT] += 1
    if slowest > 0:
        state[MARKS, HELD] = state[MARKS, LAG] + 1


@kernel
def core_service(cycles, units, share, level):  # type: ignore[no-untyped-def]
    """Ticks of the core for a tile, and those before the clock's or the waves' share of a tick.

    The innermost level streams meanwhile, and the slower of both counts.
    Oracle: tests/oracles/pipeline.py.
    """
    work = max(cycles * TICKS, served(units, level))
    return work // TICKS * share + (work % TICKS * share + TICKS - 1) // TICKS, work


@kernel
def walk(plan, levels, keeps, core, effects, share, jumps, totals, log):  # type: ignore[no-untyped-def]
    """The ticks of all tiles, and the core's own; `totals` gets the units that each level serves, by kind.

    A cycle of the core takes `share` ticks. `log`, (items, levels + 1, 2), gets when each stage began
    and ended each item, the results' way out last; without rows it gets nothing.
    Oracle: tests/oracles/pipeline.py.
    """
    stages = levels.shape[0] - 1
    state, memory = new_state(levels)
    trips, nested = loops(plan)
    state[MARKS, FROM], state[MARKS, UNTIL], state[MARKS, CYCLE] = alike(plan)
    at, units = np.zeros(4, np.int64), np.zeros((stages + 1, KINDS), np.int64)
    sides, reads = np.zeros((stages + 1, 2), np.int64), np.zeros(stages + 1, np.int64)
    before, area, through, busy, item = -1, 0, 0, 0, 0
    known, work = (-1, -1, -1), (0, 0, 0, 0)
    service, taken, going = 0, 0, True
    while going:
        wave, tile = place(plan, at, trips)
        final = at_end(at, trips)
        if plan.k_outer or tile < 2 or tile == trips[3] - 1:
            first = wave * plan.clusters
            if wave != before:
                last = min(jobs_of(plan)[2], first + plan.clusters)
                before, area = wave, wave_sides(plan, levels, keeps, first, last, sides)
            leaving = tile_units(plan, keeps, sides, area, tile, units)
            sizes = tile_sizes(plan, first, tile)
            if known != sizes:
                known, work = sizes, tile_work(plan, core, sizes, effects)
            through = work[3] + (0 if plan.accumulators and stages > 0 else leaving)
            read_times(units, levels, reads)
        service, taken = core_service(work[0] + (0 if final else work[1]), through, share, levels[stages])
        opens = plan.k_outer or tile == 0
        earliest = state[MARKS, OUT_AT] if opens and not plan.ahead else 0
        start = fetch(state, reads, levels, log, item, earliest)
        start += (levels[stages, LATENCY] + work[2]) * TICKS
        start = max(start, core_free(state, stages, plan.buffers if opens else 0))
        depart(state, stages, start + service)
        if plan.k_outer or tile == trips[3] - 1:
            leave(state, units, levels, start + service)
        state[MARKS, SLOT] += 1
        note(units, totals, log, item, start, start + service, state[MARKS, OUT_AT])
        busy, item = busy + taken, item + 1
        going, busy = skip(state, memory, at, trips, nested, plan.k_outer, jumps, totals, busy)
    return finish(core, effects, levels, state), busy


@kernel
def note(units, totals, log, item, start, end, out):  # type: ignore[no-untyped-def]
    """Add up what the levels served for a tile, and log when the core and its results were done.

    Oracle: tests/oracles/pipeline.py.
    """
    core = units.shape[0] - 1
    for stage in range(core):
        for kind in range(KINDS):
            totals[stage, kind] += units[stage, kind]
    if log.shape[0] > 0:
        log[item, core, 0], log[item, core, 1] = start, end
        log[item, -1, :] = out


@kernel
def core_free(state, stages, buffers):  # type: ignore[no-untyped-def]
    """When the core is done with the tile before, and, if it needs a buffer for results, has one.

    Oracle: tests/oracles/pipeline.py.
    """
    free, left = state[stages, (state[MARKS, SLOT] - 1) & (RING - 1)], state[MARKS, LEFT]
    if buffers > 0 and left >= buffers:
        free = max(free, state[FREED, (left - buffers) & (RING - 1)])
    return free


@kernel
def depart(state, stages, end):  # type: ignore[no-untyped-def]
    """Let the core be done with a tile at `end`; what results leave with it is not known yet.

    Oracle: tests/oracles/pipeline.py.
    """
    slot = state[MARKS, SLOT] & (RING - 1)
    state[stages, slot] = end
    for stage in range(stages + 1):
        state[stages + 1 + stage, slot] = 0
    state[MARKS, HELD], state[MARKS, LAST] = max(0, state[MARKS, HELD] - 1), end


@kernel
def read_times(units, levels, reads):  # type: ignore[no-untyped-def]
    """Ticks in which each level but the innermost serves a tile. Oracle: tests/oracles/pipeline.py."""
    for stage in range(levels.shape[0] - 1):
        operands = units[stage, A] + units[stage, B] + units[stage, META]
        reads[stage] = served(operands + units[stage, BACK], levels[stage])


@kernel
def tile_sizes(plan, first, tile):  # type: ignore[no-untyped-def]
    """m, n and k of a core's tile in the wave from job `first` on. Oracle: tests/oracles/pipeline.py."""
    m, n = job_sides(plan, first)
    return m, n, min(plan.tile_k, plan.k - tile * plan.tile_k)


@kernel
def tile_work(plan, core, sizes, effects):  # type: ignore[no-untyped-def]
    """`core_work` of a tile, and units that it brings into the arrays. Oracle: tests/oracles/pipeline.py."""
    m, n, k = sizes
    rest, more, load = core_work(plan, core, m, n, k, effects)
    a, b, metadata = array_bits(core, plan, m, n, k)
    return rest, more, load, (a + b + metadata) * plan.cores * 1024


@kernel
def loops(plan):  # type: ignore[no-untyped-def]
    """The trips of four loops from the outside in, and whether they are batch, band, column and k.

    They are where one job is a wave and a band one job high; else one loop goes over the waves.
    Oracle: tests/oracles/pipeline.py.
    """
    outer, inner, jobs = jobs_of(plan)
    tiles = ceil_div(plan.k, plan.tile_k)
    trips = np.ones(4, np.int64)
    nested = plan.clusters == 1 and plan.band == 1
    first = 1 if plan.k_outer else 0
    trips[0 if plan.k_outer else 3] = tiles
    if nested:
        trips[first], trips[first + 1], trips[first + 2] = plan.elements, outer, inner
    else:
        trips[first + 2] = ceil_div(jobs, plan.clusters)
    return trips, nested


@kernel
def alike(plan):  # type: ignore[no-untyped-def]
    """Waves that cost what those so many waves before cost: after which, the last of them, and how many.

    Elements are alike, and so are an only element's bands but the first and a lower last one. No wave counts
    that begins with them, since what the wave before touched may not be alike; 0 waves where there are none.
    Oracle: tests/oracles/pipeline.py.
    """
    outer, inner, jobs = jobs_of(plan)
    first, last, period = 0, jobs, outer * inner
    if plan.elements == 1:
        period = plan.band * inner
        first, last = period, plan.outer // plan.job_outer // plan.band * period
    cycle = period // gcd(period, plan.clusters)
    begin, end = first // plan.clusters, last // plan.clusters - 1
    return (begin, end, cycle) if end - begin >= 2 * cycle else (0, 0, 0)


@kernel
def place(plan, at, trips):  # type: ignore[no-untyped-def]
    """The wave and the tile of k that the loops are at. Oracle: tests/oracles/pipeline.py."""
    first = 1 if plan.k_outer else 0
    wave = (at[first] * trips[first + 1] + at[first + 1]) * trips[first + 2] + at[first + 2]
    return wave, at[0] if plan.k_outer else at[3]


@kernel
def at_end(at, trips):  # type: ignore[no-untyped-def]
    """Whether no tile follows. Oracle: tests/oracles/pipeline.py."""
    left = 0
    for loop in range(4):
        left += trips[loop] - 1 - at[loop]
    return left == 0


@kernel
def finish(core, effects, levels, state):  # type: ignore[no-untyped-def]
    """When everything is over: the core, the results, and what levels have not taken of them.

    Oracle: tests/oracles/pipeline.py.
    """
    stages, slot, lag = levels.shape[0] - 1, state[MARKS, SLOT], state[MARKS, LAG]
    end = max(state[MARKS, OUT_AT], state[stages, (slot - 1) & (RING - 1)])
    for stage in range(stages):
        cursor = state[stage, (slot - 1) & (RING - 1)]
        for age in range(lag, 0, -1):
            at = (slot - age) & (RING - 1)
            late = state[stages + 1 + stage, at]
            if late > 0:
                cursor = max(cursor, state[RELEASE, at]) + late
        end = max(end, cursor)
    return end + (core.rows + core.columns - 2 if effects >= SKEW and core.overlap else 0) * TICKS
