"""Loading: stationary words enter at the top and move down, a column a cycle behind the last."""

from typing import Any

from simulator.kernels.array_control import (
    COLUMNS,
    DECODERS,
    DIRECT,
    FLOW,
    FOLDS,
    FOLDS_DOWN,
    LANES,
    LOAD,
    MODE,
    NEXT,
    OLDEST,
    OUTPUT,
    OVERLAP,
    PE,
    ROWS,
    SLOTS,
    START,
    WEIGHT,
    WIDTH,
    columns_of,
)
from simulator.kernels.array_moves import push_down, swap
from simulator.kernels.compile import kernel

# Rows of `tables`, by fold of k and row, or by step: places, values of the window, its start in k, groups.
TAKES, WIDE, BEGINS, TOUCHES = 0, 1, 2, 3

# Places in `counts`, in the order of simulator.activity.Activity.
MULTIPLIES, SELECTS, FED, HOPS, LOADED, DECODED, SUMS, RESULTS = 0, 1, 2, 3, 4, 5, 6, 7


@kernel
def load(
    cycle: int,
    now: Any,
    log: Any,
    rules: Any,
    feeds: Any,
    tables: Any,
    totals: Any,
    operands: Any,
    held: Any,
    coming: Any,
    counts: Any,
) -> None:
    """A cycle of every fold that is being swapped in or loaded, somewhere in the array.

    `held` and `coming` are values, selects and windows; without overlap both are the same registers.
    Oracle: tests/oracles/array.py.
    """
    if rules[FLOW] == OUTPUT:
        return
    rows, width, columns = rules[ROWS], rules[WIDTH], columns_of(rules, 0)
    weight = rules[FLOW] == WEIGHT
    for fold in range(now[OLDEST], min(now[NEXT] + 1, rules[FOLDS])):
        if rules[OVERLAP] and log[START, fold] >= 0:
            swap_in(cycle - log[START, fold], rules, held, coming)
    for fold in range(now[OLDEST], min(now[NEXT] + 1, rules[FOLDS])):
        age, beat = cycle - log[LOAD, fold], 1 if weight else feeds[fold % rules[FOLDS_DOWN]]
        if log[LOAD, fold] < 0 or age > rows * beat + columns - 2:
            continue
        if weight:
            push_down(coming[0], rules[LANES], rows, width, age, beat, columns)
            if rules[MODE] != DIRECT:
                push_down(coming[1], rules[LANES], rows, width, age, beat, columns)
        else:
            push_down(coming[2], rules[SLOTS], rows, width, age, beat, columns)
        low, high = max(0, age - rows * beat + 1), age - beat + 1
        high -= (max(0, high - columns + 1) + beat - 1) // beat * beat
        for c in range(high, low - 1, -beat):
            row = rows - (age - c + 1) // beat
            enter_word(fold, row, c, rules, tables, operands, coming)
            count_word(fold, row, c, rules, tables, totals, counts)


@kernel
def swap_in(age: int, rules: Any, held: Any, coming: Any) -> None:
    """PEs r + c = `age` take the words of a fold that began to stream `age` cycles ago. Oracle: as above."""
    rows, width, columns = rules[ROWS], rules[WIDTH], columns_of(rules, 0)
    if age > rows + columns - 2:
        return
    if rules[FLOW] != WEIGHT:
        swap(held[2], coming[2], rules[SLOTS], rows, width, age, columns)
        return
    swap(held[0], coming[0], rules[LANES], rows, width, age, columns)
    if rules[MODE] != DIRECT:
        swap(held[1], coming[1], rules[LANES], rows, width, age, columns)


@kernel
def enter_word(fold: int, row: int, c: int, rules: Any, tables: Any, operands: Any, coming: Any) -> None:
    """The word of PE (`row`, c) enters row 0. Oracle: tests/oracles/array.py."""
    if rules[FLOW] == WEIGHT:
        weight_word(fold, row, c, rules, tables, operands, coming)
    else:
        window_word(fold, row, c, rules, tables, operands, coming)


@kernel
def weight_word(fold: int, row: int, c: int, rules: Any, tables: Any, operands: Any, coming: Any) -> None:
    """The values and selects of PE (`row`, c) enter row 0; an idle lane gets 0. Oracle: as above."""
    width, lanes = rules[COLUMNS], rules[LANES]
    line, column = fold % rules[FOLDS_DOWN] * rules[ROWS] + row, fold // rules[FOLDS_DOWN] * width + c
    takes = tables[TAKES, line] if c < columns_of(rules, fold) else 0
    _, packed, slots = operands
    values, selects, _ = coming
    for lane in range(lanes):
        at = lane * rules[WIDTH] + c
        values[at] = packed[line * lanes + lane, column] if lane < takes else 0
        if rules[MODE] != DIRECT:
            selects[at] = slots[line * lanes + lane, column] if lane < takes else rules[SLOTS] - 1


@kernel
def window_word(fold: int, row: int, c: int, rules: Any, tables: Any, operands: Any, coming: Any) -> None:
    """The window of PE (`row`, c) enters row 0, 0 where it has no value. Oracle: as above."""
    width = rules[COLUMNS]
    line, of = fold % rules[FOLDS_DOWN] * rules[ROWS] + row, fold // rules[FOLDS_DOWN] * width + c
    wide = tables[WIDE, line] if c < columns_of(rules, fold) else 0
    dense, _, _ = operands
    window = coming[2]
    for slot in range(rules[SLOTS]):
        window[slot * rules[WIDTH] + c] = dense[of, tables[BEGINS, line] + slot] if slot < wide else 0


@kernel
def count_word(fold: int, row: int, c: int, rules: Any, tables: Any, totals: Any, counts: Any) -> None:
    """What a loaded word adds to the activity. Oracle: tests/oracles/array.py."""
    if c >= columns_of(rules, fold):
        return
    down = fold % rules[FOLDS_DOWN]
    line = down * rules[ROWS] + row
    if rules[FLOW] != WEIGHT:
        counts[LOADED] += tables[WIDE, line]
        return
    counts[LOADED] += tables[TAKES, line]
    if rules[DECODERS] == PE:
        counts[DECODED] += tables[TOUCHES, line]
    elif row == 0:
        counts[DECODED] += totals[down]
