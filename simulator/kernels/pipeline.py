"""The recurrence over tiles: fetches level by level, the core, and the results' way out.

    D[i, s] = max(D[i, s-1] + latency, D[i-1, s], D[i - buffers, s+1]) + service

Stage s < stages fetches from level s into level s + 1; stage `stages` is the core, with the innermost level
that streams into it. Results leave at the pace of the slowest level on their way, and hold the core's sums
until they are out. A level takes them between fetches, from when they begin to leave; what is left of them
when as many tiles have been fetched as may be on their way goes first. Times are in ticks.
"""

import numpy as np

from simulator.kernels.compile import kernel
from simulator.kernels.folds import SKEW
from simulator.kernels.periods import DEEP, HELD, LAG, LAST, LATE, LEFT, OUT_AT, SLOT, new_state, skip
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
    _, _, late, release, marks = state
    if marks[HELD] == 0:
        return start
    lag, slot, cursor = marks[LAG], marks[SLOT], free
    for age in range(lag, 0, -1):
        at = (slot - age) & (LATE - 1)
        if late[stage, at] > 0:
            cursor = max(cursor, release[at])
            if age == lag:
                start = max(start, cursor + late[stage, at])
            taken = min(late[stage, at], max(0, start - cursor))
            late[stage, at] -= taken
            cursor += taken
    return start


@kernel
def fetch(state, units, levels, log, item, earliest):  # type: ignore[no-untyped-def]
    """Bring a tile through all fetching stages, from `earliest` on; when it is in the innermost level.

    Oracle: tests/oracles/pipeline.py.
    """
    ends, marks = state[0], state[4]
    arrived, slot = earliest, marks[SLOT]
    for stage in range(levels.shape[0] - 1):
        reads = units[stage, A] + units[stage, B] + units[stage, META] + units[stage, BACK]
        service = served(reads, levels[stage])
        free = ends[stage, (slot - 1) & (DEEP - 1)]
        start = max(arrived, free, ends[stage + 1, (slot - levels[stage + 1, BUFFERS]) & (DEEP - 1)])
        start = between(state, stage, free, start)
        ends[stage, slot & (DEEP - 1)] = start + service
        arrived = start + service + levels[stage, LATENCY] * TICKS
        if log.shape[0] > 0:
            log[item, stage, 0], log[item, stage, 1] = start, start + service
    return arrived


@kernel
def leave(state, units, levels, done):  # type: ignore[no-untyped-def]
    """Send a job's results on their way out, and note what each level has to take of them.

    Oracle: tests/oracles/pipeline.py.
    """
    _, freed, late, release, marks = state
    slowest, at = 0, marks[SLOT] & (LATE - 1)
    for stage in range(levels.shape[0] - 1):
        late[stage, at] = served(units[stage, OUT] + units[stage, SPILL], levels[stage])
        slowest = max(slowest, late[stage, at])
    release[at] = max(done, marks[OUT_AT])
    marks[OUT_AT] = release[at] + slowest
    freed[marks[LEFT] & (DEEP - 1)] = marks[OUT_AT]
    marks[LEFT] += 1
    marks[HELD] = marks[LAG] + 1 if slowest > 0 else marks[HELD]


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
    at, units = np.zeros(4, np.int64), np.zeros((stages + 1, KINDS), np.int64)
    ends, freed, marks = state[0], state[1], state[4]
    rest, more, load, bits, leaving, busy, item = 0, 0, 0, 0, 0, 0, 0
    going = True
    while going:
        wave, tile = place(plan, at, trips)
        if plan.k_outer or tile < 2 or tile == trips[3] - 1:
            first = wave * plan.clusters
            last = min(jobs_of(plan)[2], first + plan.clusters)
            leaving = wave_units(plan, levels, keeps, first, last, tile, units)
            m, n = job_sides(plan, first)
            k = min(plan.tile_k, plan.k - tile * plan.tile_k)
            rest, more, load = core_work(plan, core, m, n, k, effects)
            bits = sum(array_bits(core, plan, m, n, k)) * plan.cores * 1024
        slot, opens = marks[SLOT], plan.k_outer or tile == 0
        earliest = marks[OUT_AT] if opens and not plan.ahead else 0
        start = fetch(state, units, levels, log, item, earliest)
        start += (levels[stages, LATENCY] + load) * TICKS
        start = max(start, ends[stages, (slot - 1) & (DEEP - 1)])
        if opens and marks[LEFT] >= plan.buffers:
            start = max(start, freed[(marks[LEFT] - plan.buffers) & (DEEP - 1)])
        final = at_end(at, trips)
        through = bits + (0 if plan.accumulators and stages > 0 else leaving)
        service, work = core_service(rest + (0 if final else more), through, share, levels[stages])
        ends[stages, slot & (DEEP - 1)] = start + service
        state[2][:, slot & (LATE - 1)] = 0
        marks[HELD] = max(0, marks[HELD] - 1)
        if plan.k_outer or tile == ceil_div(plan.k, plan.tile_k) - 1:
            leave(state, units, levels, start + service)
        marks[SLOT], marks[LAST] = slot + 1, start + service
        busy += work
        totals += units
        if log.shape[0] > 0:
            log[item, stages, 0], log[item, stages, 1], log[item, -1, :] = (
                start,
                start + service,
                marks[OUT_AT],
            )
        item += 1
        going, busy = skip(state, memory, at, trips, nested, plan.k_outer, jumps, totals, busy)
    return finish(core, effects, levels, state), busy


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
    ends, _, late, release, marks = state
    stages, slot, lag = levels.shape[0] - 1, marks[SLOT], marks[LAG]
    end = max(marks[OUT_AT], ends[stages, (slot - 1) & (DEEP - 1)])
    for stage in range(stages):
        cursor = ends[stage, (slot - 1) & (DEEP - 1)]
        for age in range(lag, 0, -1):
            at = (slot - age) & (LATE - 1)
            if late[stage, at] > 0:
                cursor = max(cursor, release[at]) + late[stage, at]
        end = max(end, cursor)
    return end + (core.rows + core.columns - 2 if effects >= SKEW and core.overlap else 0) * TICKS
