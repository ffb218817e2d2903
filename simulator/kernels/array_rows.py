"""The rows of PEs in one cycle: what their lanes select, multiply and add, for columns side by side.

Register s of the PE in column c lies at `offset + s * stride + c`, so that vector instructions take neighbours
at once. A stride may be longer than the row: then the row is a shift register whose start moves, and not its
values. Offsets and strides are uint64, which need no test for a negative index. Loops over columns are written
out here: a call would count references to each array, which takes longer than the loop.
"""

from typing import Any

import numpy as np

from simulator.kernels.array_control import COLUMNS, DIRECT, FLOW, LANES, MODE, MUX, OUTPUT, ROWS, WIDTH
from simulator.kernels.compile import kernel

BLOCK = 32  # columns that one turn of a compiled loop takes; it would take the rest one by one


@kernel
def step_rows(
    newest: int, oldest: int, rules: Any, values: Any, selects: Any, v: Any, window: Any, x: Any, bases: Any,
    sums: Any, part: Any,
) -> None:  # fmt: skip
    """Every PE that is told something multiplies and adds, from the last row to the first.

    PEs r + c in [newest, oldest] are told something. `v` and `x` are the offset, and the strides of rows and
    registers, of `values` and `selects`, and of `window`. Columns are rounded to whole blocks: no sum of a PE
    that is told nothing is read before it is 0 again, or passed over. Oracle: tests/oracles/array.py.
    """
    rows, columns, lanes, mode = rules[ROWS], rules[COLUMNS], rules[LANES], rules[MODE]
    wide, stays = np.uint64(rules[WIDTH]), rules[FLOW] == OUTPUT
    vs, xs = np.uint64(v[2]), np.uint64(x[2])
    for row in range(min(rows - 1, oldest), max(-1, newest - columns), -1):
        low = np.uint64(max(0, newest - row) // BLOCK * BLOCK)
        high = np.uint64((min(columns - 1, oldest - row) // BLOCK + 1) * BLOCK)
        v0, x0 = np.uint64(v[0] + row * v[1]), np.uint64(x[0] + row * x[1])
        above = np.uint64(row) * wide
        below = above + wide
        if mode == DIRECT and lanes == 1 and not stays:
            for c in range(low, high):
                sums[below + c] = sums[above + c] + values[v0 + c] * window[x0 + c]
            continue
        if mode == DIRECT:
            for c in range(low, high):
                part[c] = values[v0 + c] * window[x0 + c]
        else:
            for c in range(low, high):
                part[c] = 0
        for lane in range(1 if mode == DIRECT else 0, lanes):
            v1 = v0 + np.uint64(lane) * vs
            if mode == DIRECT:
                x1 = x0 + np.uint64(lane) * xs
                for c in range(low, high):
                    part[c] += values[v1 + c] * window[x1 + c]
            elif mode == MUX:
                base = bases[lane if stays else row * lanes + lane]
                i0, i1, i2, i3 = np.int32(base), np.int32(base + 1), np.int32(base + 2), np.int32(base + 3)
                zero = part.dtype.type(0)
                x1 = x0 + np.uint64(base) * xs
                x2, x3, x4 = x1 + xs, x1 + xs + xs, x1 + xs + xs + xs
                for c in range(low, high):
                    select = selects[v1 + c]
                    # All four are read whatever is named: a branch would keep it from being vector code.
                    r0, r1, r2, r3 = window[x1 + c], window[x2 + c], window[x3 + c], window[x4 + c]
                    chosen = r0 if select == i0 else zero
                    chosen = r1 if select == i1 else chosen
                    chosen = r2 if select == i2 else chosen
                    chosen = r3 if select == i3 else chosen
                    part[c] += values[v1 + c] * chosen
            else:
                for c in range(low, high):
                    part[c] += values[v1 + c] * window[x0 + np.uint64(selects[v1 + c]) * xs + c]
        if stays:
            for c in range(low, high):
                sums[above + c] += part[c]
        else:
            for c in range(low, high):
                sums[below + c] = sums[above + c] + part[c]
