"""The array's time in closed form, and what its places touch: docs/array.md, folds that repeat counted once.

`core` is a simulator.folds.Core, `kept` and `group` are 0 without a pattern, and `effects` says what is
switched on: 0 multiplies alone, 1 the feed too, 2 loads too, 3 decoding too, 4 the skew too.
"""

from math import gcd

from simulator.kernels.compile import kernel

MULTIPLY, FEED, LOAD, DECODE, SKEW = 0, 1, 2, 3, 4
WEIGHT, INPUT, OUTPUT = 0, 1, 2
AT_PE, AT_COLUMN, AT_CORE = 0, 1, 2


@kernel
def places(kept, group, k):  # type: ignore[no-untyped-def]
    """Values of one column of B. Oracle: tests/oracles/array.py."""
    if group == 0:
        return k
    return k // group * kept + min(kept, k % group)


@kernel
def window(kept, group, k, first, last):  # type: ignore[no-untyped-def]
    """Dense-operand values that the places [first, last) reach. Oracle: tests/oracles/array.py."""
    if group == 0:
        return last - first
    return min(k, ((last - 1) // kept + 1) * group) - first // kept * group


@kernel
def groups(kept, group, first, last):  # type: ignore[no-untyped-def]
    """Groups that the places [first, last) touch. Oracle: tests/oracles/array.py."""
    if group == 0:
        return 0
    return (last - 1) // kept - first // kept + 1


@kernel
def period(kept, group, step):  # type: ignore[no-untyped-def]
    """After how many runs of `step` places they lie alike in their groups. Oracle: tests/oracles/array.py."""
    return 1 if group == 0 else kept // gcd(kept, step)


@kernel
def groups_of_runs(kept, group, most, size):  # type: ignore[no-untyped-def]
    """Groups that a run touches, summed over `most` places in runs of `size`.

    A run touches one group, and one more for each that begins within it and not with it.
    Oracle: tests/oracles/activity.py.
    """
    if group == 0:
        return 0
    together = period(kept, group, size) * size
    begin = (most + kept - 1) // kept - 1 - (most - 1) // together
    return (most + size - 1) // size + begin


@kernel
def windows_of_runs(kept, group, k, size):  # type: ignore[no-untyped-def]
    """Dense-operand values that a run reaches, summed over all places in runs of `size`.

    The last group alone is cut short by k, once for each run that touches it.
    Oracle: tests/oracles/activity.py.
    """
    most = places(kept, group, k)
    if group == 0:
        return most
    lacks = (group - k % group) % group
    touching = (most + size - 1) // size - k // group * kept // size
    return groups_of_runs(kept, group, most, size) * group - touching * lacks


@kernel
def feeds(core, values):  # type: ignore[no-untyped-def]
    """Cycles in which a window enters its row. Oracle: tests/oracles/array.py."""
    if core.feed_bits == 0:
        return 1
    return max(1, (values * core.value_bits + core.feed_bits - 1) // core.feed_bits)


@kernel
def decodes(core, count):  # type: ignore[no-untyped-def]
    """Cycles of a decoder for `count` groups, without its latency. Oracle: tests/oracles/array.py."""
    return 0 if core.decode_rate == 0 else (count + core.decode_rate - 1) // core.decode_rate


@kernel
def fold_facts(core, kept, group, k, fold):  # type: ignore[no-untyped-def]
    """The widest window, the most groups of a PE, and the groups of all places, in fold `fold` along k.

    A PE near the end of k may have a smaller window, never a wider one than an earlier PE that lies alike.
    Oracle: tests/oracles/array.py.
    """
    depth, most = core.rows * core.lanes, places(kept, group, k)
    start, stop = fold * depth, min(most, (fold + 1) * depth)
    widest, busiest, first = 0, 0, start
    for _ in range(period(kept, group, core.lanes)):
        if first < stop:
            last = min(stop, first + core.lanes)
            widest = max(widest, window(kept, group, k, first, last))
            busiest = max(busiest, groups(kept, group, first, last))
            first = last
    return widest, busiest, groups(kept, group, start, stop)


@kernel
def fold_times(core, kept, group, k, fold, vectors, columns, effects):  # type: ignore[no-untyped-def]
    """Cycles to load and to stream a weight- or input-stationary fold. Oracle: tests/oracles/array.py."""
    widest, busiest, touched = fold_facts(core, kept, group, k, fold)
    feeding = feeds(core, widest) if effects >= FEED else 1
    load, stream = 0, vectors
    if core.dataflow == WEIGHT:
        stream = vectors * feeding
        load = core.rows if effects >= LOAD else 0
        if effects >= DECODE and group > 0:
            share = busiest if core.decode_at == AT_PE else touched
            share *= columns if core.decode_at == AT_CORE else 1
            load = max(load, core.decode_latency + decodes(core, share))
    else:
        load = core.rows * feeding if effects >= LOAD else 0
        if effects >= DECODE and group > 0:
            share = busiest if core.decode_at == AT_PE else touched
            stream = core.decode_latency + vectors * max(1, decodes(core, share))
    return load, stream


@kernel
def between(core, kept, group, k, fold, vectors, columns, effects):  # type: ignore[no-untyped-def]
    """Cycles from the start of a fold's stream to that of the next, both along k.

    Oracle: tests/oracles/array.py.
    """
    _, stream = fold_times(core, kept, group, k, fold, vectors, columns, effects)
    following, _ = fold_times(core, kept, group, k, fold + 1, vectors, columns, effects)
    if not core.overlap and effects >= LOAD:
        return stream + following + (core.rows + core.columns - 2 if effects >= SKEW else 0)
    return max(stream, following)


@kernel
def along_k(core, kept, group, k, vectors, columns, effects):  # type: ignore[no-untyped-def]
    """Cycles from the start of the first fold's stream to that of the last, over all folds of k.

    Folds that lie alike in their groups and reach no tail take the same time.
    Oracle: tests/oracles/array.py.
    """
    depth, most = core.rows * core.lanes, places(kept, group, k)
    folds = (most + depth - 1) // depth
    # The first fold that is ragged, or that touches the last group.
    tail = folds - 1 if group == 0 else min(folds - 1, ((k + group - 1) // group - 1) * kept // depth)
    alike, total = period(kept, group, depth), 0
    repeated = max(0, tail - 1)
    for fold in range(min(alike, repeated)):
        times = (repeated - fold + alike - 1) // alike
        total += times * between(core, kept, group, k, fold, vectors, columns, effects)
    for fold in range(repeated, folds - 1):
        total += between(core, kept, group, k, fold, vectors, columns, effects)
    return total


@kernel
def steps_time(core, kept, group, k, columns, effects):  # type: ignore[no-untyped-def]
    """Cycles of an output-stationary fold without its skew. Oracle: tests/oracles/array.py."""
    lanes, most = core.lanes, places(kept, group, k)
    steps = (most + lanes - 1) // lanes
    tail = steps - 1 if group == 0 else min(steps - 1, ((k + group - 1) // group - 1) * kept // lanes)
    alike = period(kept, group, lanes)
    total = core.decode_latency if effects >= DECODE and group > 0 else 0
    for step in range(min(alike, tail)):
        times = (tail - step + alike - 1) // alike
        total += times * step_time(core, kept, group, k, step, columns, effects)
    for step in range(tail, steps):
        total += step_time(core, kept, group, k, step, columns, effects)
    return total


@kernel
def step_time(core, kept, group, k, step, columns, effects):  # type: ignore[no-untyped-def]
    """Cycles of a beat of an output-stationary fold. Oracle: tests/oracles/array.py."""
    first = step * core.lanes
    last = min(places(kept, group, k), first + core.lanes)
    time = feeds(core, window(kept, group, k, first, last)) if effects >= FEED else 1
    if effects >= DECODE and group > 0:
        share = groups(kept, group, first, last) * (columns if core.decode_at == AT_CORE else 1)
        time = max(time, decodes(core, share))
    return time


@kernel
def array_time(core, kept, group, m, n, k, effects):  # type: ignore[no-untyped-def]
    """The first load, the cycles from there to the end of the last stream, and the last stream, of a Gemm.

    With the skew, the first load and what follows are the whole time of a core that does this alone. A
    core that goes on starts its next Gemm max(last stream, its first load) - last stream later.
    Oracle: tests/oracles/array.py.
    """
    skew = core.rows + core.columns - 2 if effects >= SKEW else 0
    if core.dataflow == OUTPUT:
        down = (m + core.rows - 1) // core.rows
        across, ragged = n // core.columns, n % core.columns
        whole = steps_time(core, kept, group, k, core.columns, effects) if across else 0
        rest = steps_time(core, kept, group, k, ragged, effects) if ragged else 0
        total = down * (across * whole + rest)
        folds = down * (across + (1 if ragged else 0))
        return 0, total + (skew if core.overlap else folds * skew), 0
    vectors, held = (m, n) if core.dataflow == WEIGHT else (n, m)
    across = (held + core.columns - 1) // core.columns
    last = held - (across - 1) * core.columns
    depth = core.rows * core.lanes
    folds = (places(kept, group, k) + depth - 1) // depth
    total = along_k(core, kept, group, k, vectors, last, effects)
    first, _ = fold_times(core, kept, group, k, 0, vectors, min(held, core.columns), effects)
    if across > 1:
        full = along_k(core, kept, group, k, vectors, core.columns, effects)
        total += (across - 1) * full
        total += (across - 2) * turn(core, kept, group, k, folds, vectors, core.columns, effects)
        total += turn(core, kept, group, k, folds, vectors, last, effects)
    _, stream = fold_times(core, kept, group, k, folds - 1, vectors, last, effects)
    return first, total + stream + skew, stream


@kernel
def turn(core, kept, group, k, folds, vectors, columns, effects):  # type: ignore[no-untyped-def]
    """Cycles from the start of the last fold's stream to that of the first fold of the next columns.

    Oracle: tests/oracles/array.py.
    """
    _, stream = fold_times(core, kept, group, k, folds - 1, vectors, columns, effects)
    following, _ = fold_times(core, kept, group, k, 0, vectors, columns, effects)
    if not core.overlap and effects >= LOAD:
        return stream + following + (core.rows + core.columns - 2 if effects >= SKEW else 0)
    return max(stream, following)
