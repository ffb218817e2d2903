"""The array where a beat may take several cycles: each PE by itself, in any dataflow.

Rows step from the last to the first and columns from right to left: what a PE takes from its neighbours is
then still what they held a cycle ago.
"""

from typing import Any

from simulator.kernels.array import retire
from simulator.kernels.array_control import (
    AT,
    BITS,
    COLUMN,
    COLUMNS,
    DECODERS,
    DIRECT,
    FEED,
    FLOW,
    FOLD,
    FOLDS_DOWN,
    INPUT,
    LANES,
    LAST,
    MODE,
    OUTPUT,
    PE,
    PIECE,
    ROWS,
    SLOTS,
    WEIGHT,
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
    load,
)
from simulator.kernels.compile import kernel


@kernel
def by_beats(
    rules: Any,
    now: Any,
    words: Any,
    log: Any,
    control_tables: Any,
    tables: Any,
    totals: Any,
    operands: Any,
    held: Any,
    coming: Any,
    sums: Any,
    out: Any,
    counts: Any,
) -> int:
    """Cycles of a run of any dataflow and any beats; `out` is the product. Oracle: tests/oracles/array.py."""
    rows, columns, mask = rules[ROWS], columns_of(rules, 0), words.shape[1] - 1
    feeds, needs = control_tables
    cycle = 0
    while True:
        if retire(cycle, now, log, rules):
            return cycle
        control(cycle, now, words, log, rules, feeds, needs)
        load(cycle, now, log, rules, feeds, tables, totals, operands, held, coming, counts)
        for row in range(rows - 1, -1, -1):
            for c in range(min(columns - 1, cycle - row), -1, -1):
                at = (cycle - row - c) & mask
                fold = words[FOLD, at]
                if fold < 0 or (rules[FLOW] == OUTPUT and row >= rows_of(rules, fold)):
                    continue
                told = fold, words[AT, at], words[PIECE, at], words[LAST, at]
                take_window(row, c, told, rules, tables, operands, held[2])
                if told[3]:
                    take_values(row, c, told, rules, tables, operands, held)
                    add(row, c, told, rules, tables, held, sums, out)
                    if c < columns_of(rules, fold):
                        count(row, c, told, rules, tables, totals, counts, feeds.size)
        cycle += 1


@kernel
def line_of(row: int, told: Any, rules: Any) -> Any:
    """Where `tables` hold what PEs of a row have: by step, or by fold of k and row. Oracle: as above."""
    if rules[FLOW] == OUTPUT:
        return told[1]
    return told[0] % rules[FOLDS_DOWN] * rules[ROWS] + row


@kernel
def take_window(row: int, c: int, told: Any, rules: Any, tables: Any, operands: Any, window: Any) -> None:
    """A part of a streaming window moves on by a PE: what has entered by the bits that the feed carries.

    With the last part comes what no value fills, as 0. Oracle: tests/oracles/array.py.
    """
    if rules[FLOW] == INPUT:
        return
    slots, width, line = rules[SLOTS], rules[WIDTH], line_of(row, told, rules)
    fold, index, piece, last = told
    first = min(slots, piece * rules[FEED] // rules[BITS])
    stop = min(slots, (piece + 1) * rules[FEED] // rules[BITS])
    if rules[FEED] == 0:
        first = 0 if piece == 0 else slots
    if last or rules[FEED] == 0:
        stop = slots
    vector = index if rules[FLOW] == WEIGHT else fold % rules[FOLDS_DOWN] * rules[ROWS] + row
    for slot in range(first, stop):
        at = (row * slots + slot) * width + c
        if c > 0:
            window[at] = window[at - 1]
        else:
            within = slot < tables[WIDE, line]
            window[at] = operands[0][vector, tables[BEGINS, line] + slot] if within else 0


@kernel
def take_values(row: int, c: int, told: Any, rules: Any, tables: Any, operands: Any, held: Any) -> None:
    """Streaming values and selects move on by a PE, along rows or down columns. Oracle: as above."""
    if rules[FLOW] == WEIGHT:
        return
    lanes, width, line = rules[LANES], rules[WIDTH], line_of(row, told, rules)
    _, packed, picks = operands
    values, selects, _ = held
    output = rules[FLOW] == OUTPUT
    enters = row == 0 if output else c == 0
    back = lanes * width if output else 1
    column = told[0] // rules[FOLDS_DOWN] * rules[COLUMNS] + c if output else told[1]
    works = not output or c < columns_of(rules, told[0])
    for lane in range(lanes):
        at = (row * lanes + lane) * width + c
        some = works and lane < tables[TAKES, line]
        place = lane + lanes * line
        if enters:
            values[at] = packed[place, column] if some else 0
        else:
            values[at] = values[at - back]
        if rules[MODE] != DIRECT:
            if enters:
                selects[at] = picks[place, column] if some else rules[SLOTS] - 1
            else:
                selects[at] = selects[at - back]


@kernel
def add(row: int, c: int, told: Any, rules: Any, tables: Any, held: Any, sums: Any, out: Any) -> None:
    """The part of one PE, added to the sum that passes or stays; whole sums leave. Oracle: as above."""
    lanes, slots, width = rules[LANES], rules[SLOTS], rules[WIDTH]
    fold, index, _, _ = told
    values, selects, window = held
    part = out.dtype.type(0)
    for lane in range(min(lanes, tables[TAKES, line_of(row, told, rules)])):
        at = (row * lanes + lane) * width + c
        slot = lane if rules[MODE] == DIRECT else selects[at]
        part += values[at] * window[(row * slots + slot) * width + c]
    here, left = row * width + c, fold // rules[FOLDS_DOWN] * rules[COLUMNS]
    works = c < columns_of(rules, fold)
    if rules[FLOW] == OUTPUT:
        sums[here] += part
        if index == tables.shape[1] - 1:
            if works:
                out[fold % rules[FOLDS_DOWN] * rules[ROWS] + row, left + c] = sums[here]
            sums[here] = 0
        return
    sums[here + width] = sums[here] + part
    if row == rules[ROWS] - 1 and works:
        if rules[FLOW] == WEIGHT:
            out[index, left + c] += sums[here + width]
        else:
            out[left + c, index] += sums[here + width]


@kernel
def count(row: int, c: int, told: Any, rules: Any, tables: Any, totals: Any, counts: Any, steps: int) -> None:
    """What a PE that multiplies adds to the activity. Oracle: tests/oracles/array.py."""
    line, flow = line_of(row, told, rules), rules[FLOW]
    takes, touches = tables[TAKES, line], tables[TOUCHES, line]
    wide = takes if flow == INPUT else tables[WIDE, line]
    at_pe = rules[DECODERS] == PE
    counts[MULTIPLIES] += takes
    counts[SUMS] += takes > 0
    counts[HOPS] += wide
    counts[FED] += wide if c == 0 else 0
    if flow == OUTPUT:
        counts[LOADED] += takes
        counts[DECODED] += touches if at_pe or row == 0 else 0
        counts[RESULTS] += told[1] == steps - 1
        return
    counts[RESULTS] += row == rules[ROWS] - 1
    if flow == INPUT and at_pe:
        counts[DECODED] += touches
    elif flow == INPUT and row == 0 and (c == 0 or rules[DECODERS] == COLUMN):
        counts[DECODED] += totals[told[0] % rules[FOLDS_DOWN]]
