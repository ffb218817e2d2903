"""The rows of PEs in one cycle: what their lanes select, multiply and add, for columns side by side.

Register s of the PE in column c lies at `offset + s * stride + c`, so that vector code takes neighbours at
once. A stride may be longer than the row: then the row is a shift register whose start moves, and not its
values. Loops over columns are written out: in a call, to count references to arrays takes longer than the
loop itself. uint64 needs no test for a negative index. Of all kernels here:

Rows step from the last to the first. PEs r + c in [newest, oldest] are told something; columns are rounded to
whole blocks, since no sum of a PE that is told nothing is ever looked at. `v` and `x` are the offset, and the
strides of rows and of registers, of `values` and `selects`, and of `window`; `part` is scratch.
Oracle: tests/oracles/array.py.
"""

from typing import Any

import numpy as np

from simulator.kernels.array_control import COLUMNS, DIRECT, FLOW, LANES, MODE, MUX, OUTPUT, ROWS, WIDTH
from simulator.kernels.compile import kernel

BLOCK = 32  # columns that one turn of a compiled loop takes; it would take the rest one by one


@kernel
def blocks(row: int, newest: int, oldest: int, rules: Any) -> Any:
    """The columns [low, high) of the row that are told something, in whole blocks. Oracle: as above."""
    low = max(0, newest - row) // BLOCK * BLOCK
    return np.uint64(low), np.uint64((min(rules[COLUMNS] - 1, oldest - row) // BLOCK + 1) * BLOCK)


@kernel
def step_single(
    newest: int, oldest: int, rules: Any, values: Any, v: Any, window: Any, x: Any, sums: Any
) -> None:
    """The only lane multiplies the only value of the window, without a pattern. Oracle: as above."""
    wide, stays = np.uint64(rules[WIDTH]), rules[FLOW] == OUTPUT
    for row in range(min(rules[ROWS] - 1, oldest), max(-1, newest - rules[COLUMNS]), -1):
        low, high = blocks(row, newest, oldest, rules)
        v0, x0 = np.uint64(v[0] + row * v[1]), np.uint64(x[0] + row * x[1])
        above = np.uint64(row) * wide
        below = above + wide
        if stays:
            for c in range(low, high):
                sums[above + c] += values[v0 + c] * window[x0 + c]
        else:
            for c in range(low, high):
                sums[below + c] = sums[above + c] + values[v0 + c] * window[x0 + c]


@kernel
def step_dense(
    newest: int, oldest: int, rules: Any, values: Any, v: Any, window: Any, x: Any, sums: Any, part: Any
) -> None:
    """Lane l of several multiplies value l of the window, without a pattern. Oracle: as above."""
    wide, stays, lanes = np.uint64(rules[WIDTH]), rules[FLOW] == OUTPUT, rules[LANES]
    vs, xs = np.uint64(v[2]), np.uint64(x[2])
    for row in range(min(rules[ROWS] - 1, oldest), max(-1, newest - rules[COLUMNS]), -1):
        low, high = blocks(row, newest, oldest, rules)
        v0, x0 = np.uint64(v[0] + row * v[1]), np.uint64(x[0] + row * x[1])
        above = np.uint64(row) * wide
        below = above + wide
        v1, x1 = v0 + vs, x0 + xs
        for c in range(low, high):
            part[c] = values[v0 + c] * window[x0 + c] + values[v1 + c] * window[x1 + c]
        for _ in range((lanes - 2) // 2):
            v0, x0, v1, x1 = v1 + vs, x1 + xs, v1 + vs + vs, x1 + xs + xs
            for c in range(low, high):
                one = part[c] + values[v0 + c] * window[x0 + c]
                part[c] = one + values[v1 + c] * window[x1 + c]
        if lanes % 2:
            v1, x1 = v1 + vs, x1 + xs
            for c in range(low, high):
                part[c] += values[v1 + c] * window[x1 + c]
        if stays:
            for c in range(low, high):
                sums[above + c] += part[c]
        else:
            for c in range(low, high):
                sums[below + c] = sums[above + c] + part[c]


@kernel
def step_mux(
    newest: int, oldest: int, rules: Any, values: Any, selects: Any, v: Any, window: Any, x: Any, bases: Any,
    sums: Any, part: Any,
) -> None:  # fmt: skip
    """A lane multiplies the one that its select names of four registers from its base on, or 0 if none.

    All four are read whatever is named: with a branch the loop would not become vector code. Two lanes with
    one base share what they read. Oracle: as above.
    """
    wide, stays, lanes = np.uint64(rules[WIDTH]), rules[FLOW] == OUTPUT, rules[LANES]
    vs, xs, zero = np.uint64(v[2]), np.uint64(x[2]), part.dtype.type(0)
    for row in range(min(rules[ROWS] - 1, oldest), max(-1, newest - rules[COLUMNS]), -1):
        low, high = blocks(row, newest, oldest, rules)
        v0, x0 = np.uint64(v[0] + row * v[1]), np.uint64(x[0] + row * x[1])
        above = np.uint64(row) * wide
        below = above + wide
        first = 0 if stays else row * lanes
        for c in range(low, high):
            part[c] = zero
        lane = 0
        while lane < lanes:
            base = bases[first + lane]
            i0, i1, i2, i3 = np.int32(base), np.int32(base + 1), np.int32(base + 2), np.int32(base + 3)
            x1 = x0 + np.uint64(base) * xs
            x2, x3, x4 = x1 + xs, x1 + xs + xs, x1 + xs + xs + xs
            v1 = v0 + np.uint64(lane) * vs
            v2 = v1 + vs
            if lane + 1 < lanes and bases[first + lane + 1] == base:
                for c in range(low, high):
                    s, t = selects[v1 + c], selects[v2 + c]
                    r0, r1, r2, r3 = window[x1 + c], window[x2 + c], window[x3 + c], window[x4 + c]
                    one = r0 if s == i0 else zero
                    one = r1 if s == i1 else one
                    one = r2 if s == i2 else one
                    one = r3 if s == i3 else one
                    two = r0 if t == i0 else zero
                    two = r1 if t == i1 else two
                    two = r2 if t == i2 else two
                    two = r3 if t == i3 else two
                    part[c] = part[c] + values[v1 + c] * one + values[v2 + c] * two
                lane += 2
                continue
            for c in range(low, high):
                s = selects[v1 + c]
                r0, r1, r2, r3 = window[x1 + c], window[x2 + c], window[x3 + c], window[x4 + c]
                one = r0 if s == i0 else zero
                one = r1 if s == i1 else one
                one = r2 if s == i2 else one
                one = r3 if s == i3 else one
                part[c] += values[v1 + c] * one
            lane += 1
        if stays:
            for c in range(low, high):
                sums[above + c] += part[c]
        else:
            for c in range(low, high):
                sums[below + c] = sums[above + c] + part[c]


@kernel
def step_any(
    newest: int, oldest: int, rules: Any, values: Any, selects: Any, v: Any, window: Any, x: Any,
    sums: Any, part: Any,
) -> None:  # fmt: skip
    """A lane multiplies the register of the window that its select names. Oracle: as above."""
    wide, stays, lanes = np.uint64(rules[WIDTH]), rules[FLOW] == OUTPUT, rules[LANES]
    vs, xs, zero = np.uint64(v[2]), np.uint64(x[2]), part.dtype.type(0)
    for row in range(min(rules[ROWS] - 1, oldest), max(-1, newest - rules[COLUMNS]), -1):
        low, high = blocks(row, newest, oldest, rules)
        v0, x0 = np.uint64(v[0] + row * v[1]), np.uint64(x[0] + row * x[1])
        above = np.uint64(row) * wide
        below = above + wide
        for c in range(low, high):
            part[c] = zero
        for lane in range(lanes):
            v1 = v0 + np.uint64(lane) * vs
            for c in range(low, high):
                part[c] += values[v1 + c] * window[x0 + np.uint64(selects[v1 + c]) * xs + c]
        if stays:
            for c in range(low, high):
                sums[above + c] += part[c]
        else:
            for c in range(low, high):
                sums[below + c] = sums[above + c] + part[c]


@kernel
def step_rows(
    newest: int, oldest: int, rules: Any, values: Any, selects: Any, v: Any, window: Any, x: Any, bases: Any,
    sums: Any, part: Any,
) -> None:  # fmt: skip
    """Every PE that is told something multiplies and adds. Oracle: as above."""
    if rules[MODE] == DIRECT and rules[LANES] == 1:
        step_single(newest, oldest, rules, values, v, window, x, sums)
    elif rules[MODE] == DIRECT:
        step_dense(newest, oldest, rules, values, v, window, x, sums, part)
    elif rules[MODE] == MUX:
        step_mux(newest, oldest, rules, values, selects, v, window, x, bases, sums, part)
    else:
        step_any(newest, oldest, rules, values, selects, v, window, x, sums, part)
