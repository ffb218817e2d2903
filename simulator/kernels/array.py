"""The array, every register of it, a cycle at a time: docs/array.md is the contract.

Beats of one cycle are stepped here, by rows; longer ones in array_beats.py, PE by PE. Rows step from the last
to the first: what a row takes from the one above is then still what that held a cycle ago.
"""

from typing import Any

import numpy as np

from simulator.kernels.array_control import (
    AT,
    BUSY,
    COLUMN,
    COLUMNS,
    DECODERS,
    DIRECT,
    END,
    FIRST,
    FLOW,
    FOLD,
    FOLDS,
    FOLDS_DOWN,
    INPUT,
    LANES,
    MODE,
    NEXT,
    OLDEST,
    PE,
    ROWS,
    SLOTS,
    STOP,
    STREAMING,
    VECTORS,
    WEIGHT,
    WIDTH,
    columns_of,
    control,
)
from simulator.kernels.array_loads import (
    BEGINS,
    DECODED,
    FED,
    HOPS,
    MULTIPLIES,
    RESULTS,
    SUMS,
    TAKES,
    TOUCHES,
    WIDE,
    load,
)
from simulator.kernels.array_moves import slide
from simulator.kernels.array_rows import step_rows
from simulator.kernels.compile import kernel


@kernel
def retire(cycle: int, now: Any, log: Any, rules: Any) -> Any:
    """Forget folds that are over everywhere; whether all are. Oracle: tests/oracles/array.py."""
    skew = rules[ROWS] + rules[COLUMNS] - 2
    while now[OLDEST] < now[NEXT] and 0 <= log[END, now[OLDEST]] < cycle - skew:
        now[OLDEST] += 1
    return now[OLDEST] == rules[FOLDS]


@kernel
def stationary(
    rules: Any,
    now: Any,
    words: Any,
    log: Any,
    control_tables: Any,
    tables: Any,
    totals: Any,
    bases: Any,
    operands: Any,
    held: Any,
    coming: Any,
    moving: Any,
    sums: Any,
    part: Any,
    out: Any,
    counts: Any,
) -> int:
    """Cycles of a weight- or input-stationary run whose beats are one cycle each; `out` is the product.

    `held` are values, selects and windows as PEs multiply them; of these, what streams is also in `moving`,
    where a row is a shift register. Oracle: tests/oracles/array.py.
    """
    rows, wide, lanes, slots = rules[ROWS], rules[WIDTH], rules[LANES], rules[SLOTS]
    feeds, needs = control_tables
    weight = rules[FLOW] == WEIGHT
    long = moving[0].size // (rows * (slots if weight else lanes))
    values, selects, window = (held[0], held[1], moving[0]) if weight else (moving[0], moving[1], held[2])
    vwide, xwide = (wide, long) if weight else (long, wide)
    count, head, cycle = rows * (slots if weight else lanes), long - wide, 0
    while True:
        if retire(cycle, now, log, rules):
            return cycle
        control(cycle, now, words, log, rules, feeds, needs)
        if cycle <= now[BUSY]:
            load(cycle, now, log, rules, feeds, tables, totals, operands, held, coming, counts)
        if rules[MODE] != DIRECT and not weight:
            slide(moving[1], head, count, long, wide)
        head = slide(moving[0], head, count, long, wide)
        enter(cycle, words, rules, tables, operands, moving, long, head)
        begun, last = log[FIRST, now[OLDEST]], cycle if now[STREAMING] else now[STOP]
        if begun >= 0:
            v = (0 if weight else head, lanes * vwide, vwide)
            x = (head if weight else 0, slots * xwide, xwide)
            step_rows(cycle - last, cycle - begun, rules, values, selects, v, window, x, bases, sums, part)
        drain(cycle, now, log, rules, sums, out)
        count_streams(cycle, now, log, rules, tables, totals, counts)
        cycle += 1


@kernel
def enter(
    cycle: int, words: Any, rules: Any, tables: Any, operands: Any, moving: Any, long: int, head: int
) -> None:
    """What streams enters column 0 of each row, a row a cycle behind the last; 0 where nothing does.

    Oracle: tests/oracles/array.py.
    """
    rows, lanes, slots = rules[ROWS], rules[LANES], rules[SLOTS]
    dense, packed, picks = operands
    streams, selects = moving
    weight, direct = rules[FLOW] == WEIGHT, rules[MODE] == DIRECT
    down = rules[FOLDS_DOWN]
    for row in range(rows):
        at = (cycle - row) & (words.shape[1] - 1)
        fold, vector = words[FOLD, at], words[AT, at]
        line = (fold % down if fold >= down else max(0, fold)) * rows + row  # a division takes its time
        if weight:
            wide = tables[WIDE, line] if fold >= 0 else 0
            begins = tables[BEGINS, line]
            to, step = np.uint64(row * slots * long + head), np.uint64(long)
            for slot in range(wide):
                streams[to] = dense[vector, begins + slot]
                to += step
            for _ in range(wide, slots):
                streams[to] = 0
                to += step
            continue
        takes = tables[TAKES, line] if fold >= 0 else 0
        for lane in range(lanes):
            to = np.uint64((row * lanes + lane) * long + head)
            streams[to] = packed[line * lanes + lane, vector] if lane < takes else 0
            if not direct:
                selects[to] = picks[line * lanes + lane, vector] if lane < takes else slots - 1


@kernel
def drain(cycle: int, now: Any, log: Any, rules: Any, sums: Any, out: Any) -> None:
    """Sums that leave the last row are added to their results. Oracle: tests/oracles/array.py."""
    rows, width = rules[ROWS], rules[COLUMNS]
    last = rows * rules[WIDTH]
    for fold in range(now[OLDEST], now[NEXT]):
        age = cycle - log[FIRST, fold] - (rows - 1)
        if log[FIRST, fold] < 0:
            continue
        left = fold // rules[FOLDS_DOWN] * width
        for c in range(max(0, age - rules[VECTORS] + 1), min(columns_of(rules, fold), age + 1)):
            if rules[FLOW] == WEIGHT:
                out[age - c, left + c] += sums[last + c]
            else:
                out[left + c, age - c] += sums[last + c]


@kernel
def count_streams(cycle: int, now: Any, log: Any, rules: Any, tables: Any, totals: Any, counts: Any) -> None:
    """What the PEs that multiply in this cycle add to the activity. Oracle: tests/oracles/array.py."""
    rows, vectors, input_held = rules[ROWS], rules[VECTORS], rules[FLOW] == INPUT
    at_pe, at_column = rules[DECODERS] == PE, rules[DECODERS] == COLUMN
    multiplies, fed, hops, decoded, added, results = 0, 0, 0, 0, 0, 0
    for fold in range(now[OLDEST], now[NEXT]):
        if log[FIRST, fold] < 0:
            continue
        down, columns = fold % rules[FOLDS_DOWN], columns_of(rules, fold)
        for row in range(rows):
            age = cycle - log[FIRST, fold] - row
            low, high = max(0, age - vectors + 1), min(columns, age + 1)
            if low >= high:
                continue
            line, busy = down * rows + row, high - low
            takes = tables[TAKES, line]
            wide = takes if input_held else tables[WIDE, line]
            multiplies += busy * takes
            added += busy if takes else 0
            hops += busy * wide
            fed += wide if low == 0 else 0
            if input_held and at_pe:
                decoded += busy * tables[TOUCHES, line]
            if row == 0 and input_held and not at_pe:
                decoded += totals[down] * (busy if at_column else 1 if low == 0 else 0)
            if row == rows - 1:
                results += busy
    counts[MULTIPLIES] += multiplies
    counts[FED] += fed
    counts[HOPS] += hops
    counts[DECODED] += decoded
    counts[SUMS] += added
    counts[RESULTS] += results
