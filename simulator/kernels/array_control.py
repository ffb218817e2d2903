"""What PE (0, 0) is told in each cycle: to load, decode, stream. PE (r, c) hears it r + c cycles later."""

from typing import Any

from simulator.kernels.compile import kernel

# Places in `now`, the state; no word is loaded or swapped in anywhere after the cycle BUSY.
NEXT, LOADING, LOADED, LOAD_AT, LOAD_PART, LOAD_WAIT, LOAD_GROUPS = 0, 1, 2, 3, 4, 5, 6
STREAMING, INDEX, PART, WAIT, GROUPS, STOP, OLDEST, BUSY = 7, 8, 9, 10, 11, 12, 13, 14
STATES = 15

# Rows of `words`, what was said in the last cycles; FOLD is -1 where nothing was.
FOLD, AT, PIECE, LAST = 0, 1, 2, 3

# Rows of `log`, by fold: the cycles in which its loading, its streaming, its first beat and its last began.
LOAD, START, FIRST, END = 0, 1, 2, 3

# Places in `rules`; WIDTH is that of a row of registers, the columns and a few more.
FLOW, ROWS, COLUMNS, LANES, SLOTS, OVERLAP, MODE = 0, 1, 2, 3, 4, 5, 6
WIDTH, FOLDS_DOWN, FOLDS, ACROSS, VECTORS = 7, 8, 9, 10, 11
RATE, LATENCY, BY_COLUMN, FEED, BITS, DECODERS = 12, 13, 14, 15, 16, 17
RULES = 18

WEIGHT, INPUT, OUTPUT = 0, 1, 2  # FLOW
PE, COLUMN, CORE = 0, 1, 2  # DECODERS
DIRECT, MUX, WINDOW = 0, 1, 2  # MODE


@kernel
def columns_of(rules: Any, fold: int) -> Any:
    """The columns of a fold that have work. Oracle: tests/oracles/array.py."""
    return min(rules[COLUMNS], rules[ACROSS] - fold // rules[FOLDS_DOWN] * rules[COLUMNS])


@kernel
def rows_of(rules: Any, fold: int) -> Any:
    """The rows of an output-stationary fold that have work. Oracle: tests/oracles/array.py."""
    return min(rules[ROWS], rules[VECTORS] - fold % rules[FOLDS_DOWN] * rules[ROWS])


@kernel
def to_decode(rules: Any, needs: Any, fold: int, index: int) -> Any:
    """The groups that a decoder has to do: for a fold, a streamed vector, or a step. Oracle: as above."""
    groups = needs[index if rules[FLOW] == OUTPUT else fold % rules[FOLDS_DOWN]]
    return groups * columns_of(rules, fold) if rules[BY_COLUMN] else groups


@kernel
def control(cycle: int, now: Any, words: Any, log: Any, rules: Any, feeds: Any, needs: Any) -> None:
    """One cycle of the state machine: `words` gets what PE (0, 0) is told, `log` what began.

    `feeds` and `needs` hold, by fold of k or by step, the cycles that its windows take to enter, and the
    groups to decode. Oracle: tests/oracles/array.py.
    """
    idle = not now[STREAMING] and not now[LOADING] and not now[LOADED]
    if idle and now[NEXT] < rules[FOLDS] and cycle > now[STOP] + rules[ROWS] + rules[COLUMNS] - 2:
        begin_load(cycle, now, log, rules, needs)
    if now[LOADED] and not now[STREAMING]:
        fold = now[NEXT]
        log[START, fold] = cycle
        now[LOADED], now[STREAMING], now[NEXT] = 0, 1, fold + 1
        now[INDEX], now[PART] = 0, 0
        now[WAIT] = 0 if rules[FLOW] == WEIGHT else rules[LATENCY]
        now[GROUPS] = 0 if rules[FLOW] == WEIGHT else to_decode(rules, needs, fold, 0)
        if rules[OVERLAP] and now[NEXT] < rules[FOLDS]:
            begin_load(cycle, now, log, rules, needs)
        now[BUSY] = max(now[BUSY], cycle + rules[ROWS] + rules[COLUMNS])
    if now[LOADING]:
        now[BUSY] = max(now[BUSY], cycle + rules[ROWS] + rules[COLUMNS])
        step_load(now, rules, feeds)
    words[FOLD, cycle & (words.shape[1] - 1)] = -1
    if now[STREAMING] and now[WAIT] > 0:
        now[WAIT] -= 1
    elif now[STREAMING]:
        step_stream(cycle, now, words, log, rules, feeds, needs)


@kernel
def begin_load(cycle: int, now: Any, log: Any, rules: Any, needs: Any) -> None:
    """Begin to load fold `now[NEXT]`; an output-stationary core has nothing to load. Oracle: as above."""
    fold = now[NEXT]
    log[LOAD, fold] = cycle
    if rules[FLOW] == OUTPUT:
        now[LOADED] = 1
        return
    now[LOADING], now[LOAD_AT], now[LOAD_PART] = 1, 0, 0
    now[LOAD_WAIT] = rules[LATENCY] if rules[FLOW] == WEIGHT else 0
    now[LOAD_GROUPS] = to_decode(rules, needs, fold, 0) if rules[FLOW] == WEIGHT else 0


@kernel
def step_load(now: Any, rules: Any, feeds: Any) -> None:
    """A cycle of loading a word for each row, the decoder at work beside it. Oracle: as above."""
    if now[LOAD_AT] < rules[ROWS]:
        now[LOAD_PART] += 1
        if rules[FLOW] == WEIGHT or now[LOAD_PART] >= feeds[now[NEXT] % rules[FOLDS_DOWN]]:
            now[LOAD_AT] += 1
            now[LOAD_PART] = 0
    if now[LOAD_WAIT] > 0:
        now[LOAD_WAIT] -= 1
    elif now[LOAD_GROUPS] > 0:
        now[LOAD_GROUPS] = now[LOAD_GROUPS] - rules[RATE] if rules[RATE] else 0
    never = rules[RATE] == 0
    if now[LOAD_AT] == rules[ROWS] and now[LOAD_WAIT] == 0 and (never or now[LOAD_GROUPS] <= 0):
        now[LOADING], now[LOADED] = 0, 1


@kernel
def step_stream(cycle: int, now: Any, words: Any, log: Any, rules: Any, feeds: Any, needs: Any) -> None:
    """A cycle of a beat, which ends when its window is in and its groups are decoded. Oracle: as above."""
    fold, index, part = now[NEXT] - 1, now[INDEX], now[PART]
    output = rules[FLOW] == OUTPUT
    wanted = 1 if rules[FLOW] == INPUT else feeds[index if output else fold % rules[FOLDS_DOWN]]
    now[GROUPS] = now[GROUPS] - rules[RATE] if rules[RATE] else 0
    last = part + 1 >= wanted and now[GROUPS] <= 0
    at = cycle & (words.shape[1] - 1)
    words[FOLD, at], words[AT, at], words[PIECE, at], words[LAST, at] = fold, index, part, last
    if index == 0 and part == 0:
        log[FIRST, fold] = cycle
    now[PART] = part + 1
    if not last:
        return
    now[INDEX], now[PART] = index + 1, 0
    if index + 1 == (feeds.size if output else rules[VECTORS]):
        log[END, fold] = cycle
        now[STREAMING], now[STOP] = 0, cycle
    elif rules[FLOW] != WEIGHT:
        now[GROUPS] = to_decode(rules, needs, fold, index + 1)
