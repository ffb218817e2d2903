"""Periods of the recurrence: where the state repeats, but for when, whole periods are jumped, exactly.

A state is a tuple: the departures of each stage (stage, slot), when results were out (slot), what each level
still has to take of them (stage, slot) and from when on (slot), and marks. Slots are rings. Loops whose
iterations cost the same, all but the first and the last, are watched with Brent's method: one earlier state
is kept for each, and renewed at powers of two.
"""

import numpy as np

from simulator.kernels.compile import kernel
from simulator.kernels.tiles import BUFFERS, KINDS

DEEP = 16  # places of a ring of departures: more than a level may have buffers, and a power of two
LATE = 64  # places of a ring of results on their way: more than all buffers together
OLDEST = 8  # departures that still matter: as many as a level may have buffers
SLOT, LEFT, OUT_AT, HELD, LAST, LAG = 0, 1, 2, 3, 4, 5
MARKS = 6
LOOPS = 4


@kernel
def new_state(levels):  # type: ignore[no-untyped-def]
    """The state before the first tile, and room to remember one for each loop.

    Oracle: tests/oracles/pipeline.py.
    """
    stages = levels.shape[0] - 1
    marks = np.zeros(MARKS, np.int64)
    marks[LAG] = 1 + levels[1:, BUFFERS].sum()
    lag = marks[LAG]
    state = (
        np.zeros((stages + 1, DEEP), np.int64),
        np.zeros(DEEP, np.int64),
        np.zeros((stages + 1, LATE), np.int64),
        np.zeros(LATE, np.int64),
        marks,
    )
    facts = (stages + 1) * (OLDEST + lag) + OLDEST + lag + 3
    memory = (
        np.zeros((LOOPS, facts), np.int64),
        np.zeros((LOOPS, (stages + 1) * KINDS + 2), np.int64),
        np.zeros((LOOPS, 2), np.int64),
        np.zeros(facts, np.int64),
    )
    return state, memory


@kernel
def look(state, facts):  # type: ignore[no-untyped-def]
    """Write the state as it looks from the core's last departure: equal facts mean an equal future.

    Results that were out before it hold nothing up any more, whenever that was.

    Oracle: tests/oracles/pipeline.py.
    """
    ends, freed, late, release, marks = state
    now, slot, left, lag, to = marks[LAST], marks[SLOT], marks[LEFT], marks[LAG], 0
    for stage in range(ends.shape[0]):
        for age in range(1, OLDEST + 1):
            facts[to] = ends[stage, (slot - age) & (DEEP - 1)] - now
            to += 1
        for age in range(1, lag + 1):
            facts[to] = late[stage, (slot - age) & (LATE - 1)]
            to += 1
    for age in range(1, OLDEST + 1):
        facts[to] = max(0, freed[(left - age) & (DEEP - 1)] - now)
        to += 1
    held = marks[HELD]
    for age in range(1, lag + 1):
        at = (slot - age) & (LATE - 1)
        facts[to] = release[at] - now if held > 0 and late[:, at].any() else 0
        to += 1
    facts[to], facts[to + 1] = held, max(0, marks[OUT_AT] - now)
    facts[to + 2] = min(left, DEEP) + DEEP * min(slot, DEEP)


@kernel
def shift(state, time):  # type: ignore[no-untyped-def]
    """Let all that has happened have happened `time` later. Oracle: tests/oracles/pipeline.py."""
    ends, freed, _, release, marks = state
    ends += time
    freed += time
    release += time
    marks[OUT_AT] += time
    marks[LAST] += time


@kernel
def equal(facts, others):  # type: ignore[no-untyped-def]
    """Whether all facts are equal. Oracle: tests/oracles/pipeline.py."""
    i = 0
    while i < facts.size and facts[i] == others[i]:
        i += 1
    return i == facts.size


@kernel
def try_jump(state, memory, loop, at, trips, totals, busy):  # type: ignore[no-untyped-def]
    """Jump whole periods of a loop if its state is one that was seen; the core's cycles by then.

    Oracle: tests/oracles/pipeline.py.
    """
    seen, sums, marks, facts = memory
    since, power = marks[loop]
    flat = totals.ravel()
    due = since == 0 or at[loop] - since >= power
    look(state, facts)
    if since > 0 and equal(facts, seen[loop]):
        period = at[loop] - since
        times = (trips[loop] - 2 - at[loop]) // period
        shift(state, times * (state[4][LAST] - sums[loop, -1]))
        for i in range(flat.size):
            totals[i // KINDS, i % KINDS] += times * (flat[i] - sums[loop, i])
        busy += times * (busy - sums[loop, -2])
        at[loop] += times * period
        marks[loop] = 0, 1
    elif due:
        seen[loop] = facts
        sums[loop, :-2] = flat
        sums[loop, -2], sums[loop, -1] = busy, state[4][LAST]
        marks[loop] = at[loop], 1 if since == 0 else 2 * power
    return busy


@kernel
def skip(state, memory, at, trips, nested, k_outer, jumps, totals, busy):  # type: ignore[no-untyped-def]
    """Go to the next tile, and on by whole periods; whether there is one, and the core's cycles by then.

    Oracle: tests/oracles/pipeline.py.
    """
    for loop in range(LOOPS - 1, -1, -1):
        of_k = loop == (0 if k_outer else LOOPS - 1)
        if at[loop] + 1 < trips[loop]:
            if jumps and (nested or of_k) and 0 < at[loop] < trips[loop] - 3:
                busy = try_jump(state, memory, loop, at, trips, totals, busy)
            at[loop] += 1
            return True, busy
        at[loop] = 0
        memory[2][loop] = 0, 1
    return False, busy
