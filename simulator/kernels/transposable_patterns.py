"""The optimal 2:4 mask of 4 by 4 blocks: the best of all 90, for many blocks side by side.

Oracle: tests/oracles/transposable.py.
"""

import numpy as np

from simulator.kernels.compile import kernel
from simulator.kernels.transposable_blocks import SAFE, weigh

SIDE = 4
WIDE = 64  # blocks side by side; value k of block b lies at k * WIDE + b
SPREAD = np.uint32(0x0020_4081)  # a nibble times this has bit i in byte i
ONES = np.uint32(0x0101_0101)


@kernel
def select_patterns(scores, first, last, out):  # type: ignore[no-untyped-def]
    """Fill rows [first, last) of blocks of `out`, counted through the stack, with the best 2:4 masks.

    scores (stack, rows, columns) floats, out the same shape of bytes, 1 where a value is kept.
    """
    weights = np.zeros(SIDE * SIDE * WIDE, scores.dtype)
    strange = np.zeros(SIDE * SIDE * WIDE, scores.dtype)
    block = np.zeros((SIDE, SIDE))
    masks = np.zeros(WIDE, np.int64)
    again = np.zeros(WIDE, np.int64)
    words = np.zeros(WIDE, np.uint32)
    columns = scores.shape[2]
    down = (scores.shape[1] + SIDE - 1) // SIDE
    for line in range(first, last):
        stack, row = line // down, line % down * SIDE
        rows = min(SIDE, scores.shape[1] - row)
        for column in range(0, columns, SIDE * WIDE):
            whole = min(WIDE, (columns - column) // SIDE) if rows == SIDE else 0
            every = min(WIDE, (columns - column + SIDE - 1) // SIDE)
            for i in range(rows):
                lay_out(scores[stack, row + i, column:], whole, weights[i * SIDE * WIDE :])
            if choose(weights, masks) > 0 or whole < every:
                for b in range(every):
                    weigh(scores, stack, row, column + b * SIDE, SIDE, block)
                    for k in range(SIDE * SIDE):
                        strange[k * WIDE + b] = block[k // SIDE, k % SIDE]
                choose(strange, again)
                for b in range(every):
                    if b >= whole or masks[b] < 0:
                        masks[b] = again[b]
            for i in range(rows):
                expand(masks, i * SIDE, words)
                copy(words.view(np.uint8), out[stack, row + i, column : column + every * SIDE])


@kernel
def copy(places, out):  # type: ignore[no-untyped-def]
    """The first of `places`, as many as `out` holds."""
    for j in range(np.uint64(len(out))):
        out[j] = places[j]


@kernel
def lay_out(values, blocks, weights):  # type: ignore[no-untyped-def]
    """Magnitudes of one row of `blocks` blocks into `weights`."""
    for b in range(np.uint64(blocks)):
        for j in range(np.uint64(SIDE)):
            weights[j * np.uint64(WIDE) + b] = abs(values[b * np.uint64(SIDE) + j])


@kernel
def expand(masks, shift, words):  # type: ignore[no-untyped-def]
    """Bits shift to shift + 3 of each mask as four bytes of 0 or 1."""
    for b in range(np.uint64(WIDE)):
        words[b] = np.uint32((masks[b] >> shift) & 15) * SPREAD & ONES


@kernel
def choose(w, masks):  # type: ignore[no-untyped-def]
    """The mask of each block, value k being bit k: the largest sum of 8 with two in every row and column.

    Two rows that keep the same two columns leave the other two to the other rows: 6 masks. Two rows that
    share no column ask the same of the others: 36. Two rows that share one column and of the others each take
    one, in either way, leave out a column, which the other two rows share: 48. A part that two of the cases
    have is computed once.
    """
    unsafe = 0
    for b in range(np.uint64(WIDE)):
        a0, a1, a2, a3 = four(w, 0, b)
        b0, b1, b2, b3 = four(w, 4, b)
        c0, c1, c2, c3 = four(w, 8, b)
        d0, d1, d2, d3 = four(w, 12, b)
        t0, t1, t2, t3 = a0 + b0, a1 + b1, a2 + b2, a3 + b3
        u0, u1, u2, u3 = c0 + d0, c1 + d1, c2 + d2, c3 + d3
        top, upper = apart(a0, a1, a2, a3, b0, b1, b2, b3)
        low, lower = apart(c0, c1, c2, c3, d0, d1, d2, d3)
        best, mask = top + low, upper | lower << 8
        best, mask = shared(best, mask, t0, t1, t2, t3, u0, u1, u2, u3, 0x3)
        best, mask = shared(best, mask, t0, t2, t1, t3, u0, u2, u1, u3, 0x5)
        best, mask = shared(best, mask, t0, t3, t1, t2, u0, u3, u1, u2, 0x9)
        best, mask = mixed(best, mask, t0, t1, u0, u1, a2, a3, b2, b3, c2, c3, d2, d3, 0, 1, 2, 3)
        best, mask = mixed(best, mask, t0, t2, u0, u2, a1, a3, b1, b3, c1, c3, d1, d3, 0, 2, 1, 3)
        best, mask = mixed(best, mask, t0, t3, u0, u3, a1, a2, b1, b2, c1, c2, d1, d2, 0, 3, 1, 2)
        best, mask = mixed(best, mask, t1, t2, u1, u2, a0, a3, b0, b3, c0, c3, d0, d3, 1, 2, 0, 3)
        best, mask = mixed(best, mask, t1, t3, u1, u3, a0, a2, b0, b2, c0, c2, d0, d2, 1, 3, 0, 2)
        best, mask = mixed(best, mask, t2, t3, u2, u3, a0, a1, b0, b1, c0, c1, d0, d1, 2, 3, 0, 1)
        sums = t0 + t1 + (t2 + t3) + (u0 + u1 + (u2 + u3))
        masks[b] = mask if sums < SIDE * SIDE * SAFE else -1
        unsafe += 0 if sums < SIDE * SIDE * SAFE else 1
    return unsafe


@kernel
def apart(a0, a1, a2, a3, b0, b1, b2, b3):  # type: ignore[no-untyped-def]
    """The best way for two rows to keep two values each without sharing a column: sum, and mask of 8 bits."""
    best, mask = a0 + a1 + (b2 + b3), 0xC3
    best, mask = better(best, mask, a2 + a3 + (b0 + b1), 0x3C)
    best, mask = better(best, mask, a0 + a2 + (b1 + b3), 0xA5)
    best, mask = better(best, mask, a1 + a3 + (b0 + b2), 0x5A)
    best, mask = better(best, mask, a0 + a3 + (b1 + b2), 0x69)
    return better(best, mask, a1 + a2 + (b0 + b3), 0x96)


@kernel
def shared(best, mask, t0, t1, t2, t3, u0, u1, u2, u3, both):  # type: ignore[no-untyped-def]
    """The better of `best` and of the upper rows keeping columns 0 and 1, the lower 2 and 3, or the reverse.

    t and u are the sums of the upper and of the lower rows, `both` the bits of columns 0 and 1.
    """
    best, mask = better(best, mask, t0 + t1 + (u2 + u3), both * 0x11 | (both ^ 15) * 0x1100)
    return better(best, mask, t2 + t3 + (u0 + u1), (both ^ 15) * 0x11 | both * 0x1100)


@kernel
def mixed(best, mask, t0, t1, u0, u1, a2, a3, b2, b3, c2, c3, d2, d3, i, j, k, l):  # type: ignore[no-untyped-def] # noqa: E741
    """The better of `best` and of the upper rows sharing column i, the lower rows j, or the reverse.

    Each row then keeps one of the columns k and l. t and u are the sums of the upper and the lower rows in i
    and j.
    """
    top, upper = better(a2 + b3, 1 << k | 16 << l, a3 + b2, 1 << l | 16 << k)
    low, lower = better(c2 + d3, 1 << k | 16 << l, c3 + d2, 1 << l | 16 << k)
    ends, sides = better(t0 + u1, 0x11 << i | 0x1100 << j, t1 + u0, 0x11 << j | 0x1100 << i)
    return better(best, mask, top + low + ends, upper | lower << 8 | sides)


@kernel
def better(best, mask, other, mask_of_other):  # type: ignore[no-untyped-def]
    """The larger sum and its mask, the first if they are equal."""
    wins = other > best
    return (other if wins else best), (mask_of_other if wins else mask)


@kernel
def four(w, k, b):  # type: ignore[no-untyped-def]
    """Values k to k + 3 of block b."""
    return (
        np.float64(w[np.uint64(k * WIDE) + b]),
        np.float64(w[np.uint64((k + 1) * WIDE) + b]),
        np.float64(w[np.uint64((k + 2) * WIDE) + b]),
        np.float64(w[np.uint64((k + 3) * WIDE) + b]),
    )
