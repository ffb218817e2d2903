"""The output-stationary array with beats of one cycle: sums stay, A moves along rows and B down columns."""

from typing import Any

from simulator.kernels.array import retire
from simulator.kernels.array_control import (
    AT,
    COLUMNS,
    DECODERS,
    DIRECT,
    END,
    FIRST,
    FOLD,
    FOLDS_DOWN,
    LANES,
    MODE,
    NEXT,
    OLDEST,
    PE,
    ROWS,
    SLOTS,
    STOP,
    STREAMING,
    WIDTH,
    columns_of,
    control,
    rows_of,
)
from simulator.kernels.array_loads import (
    BEGINS,
    DECODED,
    FED,
    HOPS,
    LOADED,
    MULTIPLIES,
    RESULTS,
    SUMS,
    TAKES,
    TOUCHES,
    WIDE,
)
from simulator.kernels.array_moves import slide
from simulator.kernels.array_rows import step_rows
from simulator.kernels.compile import kernel


@kernel
def output_stationary(
    rules: Any,
    now: Any,
    words: Any,
    log: Any,
    control_tables: Any,
    tables: Any,
    before: Any,
    bases: Any,
    operands: Any,
    falling: Any,
    window: Any,
    sums: Any,
    part: Any,
    out: Any,
    counts: Any,
) -> int:
    """Cycles of an output-stationary run whose beats are one cycle each; `out` is the product.

    `falling` are the values and selects, shift registers down the columns; `window` those along the rows.
    `before` sums `tables` over the steps before each. Oracle: tests/oracles/array.py.
    """
    rows, wide, lanes, slots = rules[ROWS], rules[WIDTH], rules[LANES], rules[SLOTS]
    feeds, needs = control_tables
    deep = lanes * wide
    long, tall = window.size // (rows * slots), falling[0].size
    head, top, cycle = long - wide, tall - rows * deep, 0
    while True:
        if retire(cycle, now, log, rules):
            return cycle
        control(cycle, now, words, log, rules, feeds, needs)
        head = slide(window, head, rows * slots, long, wide)
        top = fall(falling, top, rows * deep, deep, rules[MODE] != DIRECT)
        enter_rows(cycle, words, rules, tables, operands[0], window, long, head)
        enter_columns(cycle, words, rules, tables, operands, falling, top)
        begun, last = log[FIRST, now[OLDEST]], cycle if now[STREAMING] else now[STOP]
        if begun >= 0:
            v, x = (top, deep, wide), (head, slots * long, long)
            step_rows(
                cycle - last, cycle - begun, rules, falling[0], falling[1], v, window, x, bases, sums, part
            )
        finish(cycle, now, log, rules, sums, out, counts)
        count_steps(cycle, now, log, rules, before, counts)
        cycle += 1


@kernel
def fall(falling: Any, top: int, count: int, deep: int, selects: bool) -> Any:
    """The new start of the shift registers down the columns, moved by a row. Oracle: as above."""
    values, picks = falling
    if top >= deep:
        return top - deep
    end = values.size - count
    for i in range(count - 1, -1, -1):
        values[end + i] = values[top + i]
        if selects:
            picks[end + i] = picks[top + i]
    return end - deep


@kernel
def enter_rows(
    cycle: int, words: Any, rules: Any, tables: Any, dense: Any, window: Any, long: int, head: int
) -> None:
    """The windows of A enter column 0, a row a cycle behind the last; 0 where none does. Oracle: as above."""
    rows, slots = rules[ROWS], rules[SLOTS]
    for row in range(rows):
        at = (cycle - row) & (words.shape[1] - 1)
        fold, step = words[FOLD, at], words[AT, at]
        works = fold >= 0 and row < rows_of(rules, fold)
        wide, begins = (tables[WIDE, step], tables[BEGINS, step]) if works else (0, 0)
        vector, to = fold % rules[FOLDS_DOWN] * rows + row, row * slots * long + head
        for slot in range(slots):
            window[to + slot * long] = dense[vector, begins + slot] if slot < wide else 0


@kernel
def enter_columns(
    cycle: int, words: Any, rules: Any, tables: Any, operands: Any, falling: Any, top: int
) -> None:
    """The places of B enter row 0, a column a cycle behind the last; 0 where none does. Oracle: as above."""
    width, lanes = rules[COLUMNS], rules[LANES]
    _, packed, picks = operands
    values, selects = falling
    for c in range(width):
        at = (cycle - c) & (words.shape[1] - 1)
        fold, step = words[FOLD, at], words[AT, at]
        takes = tables[TAKES, step] if fold >= 0 and c < columns_of(rules, fold) else 0
        column = fold // rules[FOLDS_DOWN] * width + c
        for lane in range(lanes):
            to = top + lane * rules[WIDTH] + c
            values[to] = packed[step * lanes + lane, column] if lane < takes else 0
            if rules[MODE] != DIRECT:
                selects[to] = picks[step * lanes + lane, column] if lane < takes else rules[SLOTS] - 1


@kernel
def finish(cycle: int, now: Any, log: Any, rules: Any, sums: Any, out: Any, counts: Any) -> None:
    """Sums that are whole leave their PEs, a diagonal of each fold, and begin anew. Oracle: as above."""
    width = rules[COLUMNS]
    for fold in range(now[OLDEST], now[NEXT]):
        age = cycle - log[END, fold]
        if log[END, fold] < 0:
            continue
        upper, left = fold % rules[FOLDS_DOWN] * rules[ROWS], fold // rules[FOLDS_DOWN] * width
        works, columns = rows_of(rules, fold), columns_of(rules, fold)
        for row in range(max(0, age - width + 1), min(rules[ROWS], age + 1)):
            at = row * rules[WIDTH] + age - row
            if row < works and age - row < columns:
                out[upper + row, left + age - row] = sums[at]
                counts[RESULTS] += 1
            sums[at] = 0  # of a PE without work too: infinity times its 0 made NaN


@kernel
def count_steps(cycle: int, now: Any, log: Any, rules: Any, before: Any, counts: Any) -> None:
    """What the PEs that multiply in this cycle add to the activity. Oracle: tests/oracles/array.py."""
    steps = before.shape[1] - 1
    for fold in range(now[OLDEST], now[NEXT]):
        if log[FIRST, fold] < 0:
            continue
        columns = columns_of(rules, fold)
        for row in range(rows_of(rules, fold)):
            age = cycle - log[FIRST, fold] - row
            low, high = max(0, age - steps + 1), min(columns, age + 1)
            if low >= high:
                continue
            until, since = age - low + 1, age - high + 1  # the steps of the columns, from right to left
            takes = before[TAKES, until] - before[TAKES, since]
            wide = before[WIDE, until] - before[WIDE, since]
            counts[MULTIPLIES] += takes
            counts[LOADED] += takes
            counts[HOPS] += wide
            counts[FED] += before[WIDE, until] - before[WIDE, until - 1] if low == 0 else 0
            counts[SUMS] += high - low
            if rules[DECODERS] == PE or row == 0:
                counts[DECODED] += before[TOUCHES, until] - before[TOUCHES, since]
