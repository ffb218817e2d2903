"""Periods of the recurrence: where the state repeats, but for when, whole periods are jumped, exactly.

A state is one table of rings: a row for each stage's departures, a row for each of what its level still has
to take of the results, then when results were out, from when on they came, and marks. Loops whose iterations
cost the same, all but the first and the last, are watched with Brent's method: one earlier state is kept for
each, a row of a memory, and renewed ever more rarely. Where a wave is several jobs, waves cost what those a
cycle before cost, from one wave until another, and are watched once a cycle.
"""

import numpy as np

from simulator.kernels.compile import kernel
from simulator.kernels.tiles import BUFFERS, KINDS

RING = 64  # places of a ring: more than the buffers of all levels together, and a power of two
OLDEST = 8  # results that still matter: as many as there may be buffers
FREED, RELEASE, MARKS = -3, -2, -1  # rows after those of the stages
SLOT, LEFT, OUT_AT, HELD, LAST, LAG = 0, 1, 2, 3, 4, 5
FROM, UNTIL, CYCLE, DEPTHS = 6, 7, 8, 9  # waves that repeat; from DEPTHS on how many departures matter
SINCE, POWER, GAP, BUSY, THEN, FACTS = 0, 1, 2, 3, 4, 5  # of a row of a memory
LOOPS = 4


@kernel
def new_state(levels):  # type: ignore[no-untyped-def]
    """The state before the first tile, and room to remember one for each loop, and what it is now.

    Oracle: tests/oracles/pipeline.py.
    """
    stages = levels.shape[0]
    state = np.zeros((2 * stages + 3, RING), np.int64)
    lag = 1 + levels[1:, BUFFERS].sum()
    state[MARKS, LAG] = lag
    for stage in range(stages):
        state[MARKS, DEPTHS + stage] = levels[stage, BUFFERS] if stage > 0 else 1
    facts = stages * (OLDEST + lag) + OLDEST + lag + 3
    return state, np.zeros((LOOPS + 1, FACTS + facts + stages * KINDS), np.int64)


@kernel
def look(state, now, then, whole):  # type: ignore[no-untyped-def]
    """Whether the state, as it looks from the core's last departure, is as it was `then`.

    `now` gets how it looks: all of it if `whole`, else up to what differs. Equal facts mean an equal future:
    of departures those matter that free a buffer, and results that were out before the core's last one hold
    nothing up any more, whenever that was.
    Oracle: tests/oracles/pipeline.py.
    """
    stages, to, same = (state.shape[0] - 3) // 2, FACTS, True
    last, slot, left, lag = state[MARKS, LAST], state[MARKS, SLOT], state[MARKS, LEFT], state[MARKS, LAG]
    for stage in range(stages - 1, -1, -1):
        for age in range(1, state[MARKS, DEPTHS + stage] + 1):
            now[to] = state[stage, (slot - age) & (RING - 1)] - last
            same = same and now[to] == then[to]
            to += 1
        if not (same or whole):
            return False
    now[to], now[to + 1] = state[MARKS, HELD], max(0, state[MARKS, OUT_AT] - last)
    now[to + 2] = min(left, OLDEST) + RING * min(slot, OLDEST)
    same = same and now[to] == then[to] and now[to + 1] == then[to + 1] and now[to + 2] == then[to + 2]
    to += 3
    for age in range(1, OLDEST + 1):
        now[to] = max(0, state[FREED, (left - age) & (RING - 1)] - last)
        same = same and now[to] == then[to]
        to += 1
    if state[MARKS, HELD] == 0 or not (same or whole):
        return same
    for age in range(1, lag + 1):
        at, late = (slot - age) & (RING - 1), 0
        for stage in range(stages):
            now[to] = state[stages + stage, at]
            late = late | now[to]
            same = same and now[to] == then[to]
            to += 1
        now[to] = state[RELEASE, at] - last if late != 0 else 0
        same = same and now[to] == then[to]
        to += 1
    return same


@kernel
def shift(state, time):  # type: ignore[no-untyped-def]
    """Let all that has happened have happened `time` later. Oracle: tests/oracles/pipeline.py."""
    stages = (state.shape[0] - 3) // 2
    state[:stages] += time
    state[FREED] += time
    state[RELEASE] += time
    state[MARKS, OUT_AT] += time
    state[MARKS, LAST] += time


@kernel
def last_gap(state):  # type: ignore[no-untyped-def]
    """Ticks between the core's last two departures. Oracle: tests/oracles/pipeline.py."""
    core = (state.shape[0] - 3) // 2 - 1
    return state[MARKS, LAST] - state[core, (state[MARKS, SLOT] - 2) & (RING - 1)]


@kernel
def try_jump(state, memory, loop, at, last, totals, busy):  # type: ignore[no-untyped-def]
    """Jump whole periods of a loop, up to `last`, if its state was seen; the core's cycles by then.

    Oracle: tests/oracles/pipeline.py.
    """
    now, then = memory[LOOPS], memory[loop]
    since, sums = then[SINCE], then.size - totals.size
    due = since == 0 or at[loop] - since >= then[POWER]
    if look(state, now, then, due) and since > 0:
        times = (last - at[loop]) // (at[loop] - since)
        shift(state, times * (state[MARKS, LAST] - then[THEN]))
        for i in range(totals.size):
            total = totals[i // KINDS, i % KINDS]
            totals[i // KINDS, i % KINDS] = total + times * (total - then[sums + i])
        busy += times * (busy - then[BUSY])
        at[loop] += times * (at[loop] - since)
        then[SINCE] = 0
    elif due:
        then[FACTS:] = now[FACTS:]
        for i in range(totals.size):
            then[sums + i] = totals[i // KINDS, i % KINDS]
        then[POWER] = 1 if since == 0 else then[POWER] + max(1, then[POWER] // 2)
        then[SINCE], then[GAP] = at[loop], last_gap(state)
        then[BUSY], then[THEN] = busy, state[MARKS, LAST]
    return busy


@kernel
def skip(state, memory, at, trips, nested, k_outer, jumps, totals, busy):  # type: ignore[no-untyped-def]
    """Go to the next tile, and on by whole periods; whether there is one, and the core's cycles by then.

    A state is looked at if it is due, or if the core's last step was as long as in the one that was seen.
    Oracle: tests/oracles/pipeline.py.
    """
    for loop in range(LOOPS - 1, -1, -1):
        if at[loop] + 1 < trips[loop]:
            last = last_alike(state, loop, at[loop], trips[loop], nested, k_outer) if jumps else 0
            if last > at[loop]:
                since = memory[loop, SINCE]
                due = since == 0 or at[loop] - since >= memory[loop, POWER]
                if due or memory[loop, GAP] == last_gap(state):
                    busy = try_jump(state, memory, loop, at, last, totals, busy)
            at[loop] += 1
            return True, busy
        at[loop] = 0
        memory[loop, SINCE] = 0
    return False, busy


@kernel
def last_alike(state, loop, at, trips, nested, k_outer):  # type: ignore[no-untyped-def]
    """The last iteration of a loop that costs what one a cycle before did; 0 if now is not looked at.

    Oracle: tests/oracles/pipeline.py.
    """
    if nested or loop == (0 if k_outer else LOOPS - 1):
        return trips - 2 if 0 < at < trips - 3 else 0
    cycle = state[MARKS, CYCLE]
    if cycle == 0 or loop != (LOOPS - 1 if k_outer else LOOPS - 2):
        return 0
    if at < state[MARKS, FROM] or (at - state[MARKS, FROM]) % cycle > 0:
        return 0
    return min(trips - 2, state[MARKS, UNTIL])
