"""Prices of the columns of blocks at which few of them are asked for by too many rows.

Blocks lie side by side: value (i, j) of block b of WIDE is at [i, j * WIDE + b], a price of column j at j *
WIDE + b.

Oracle: tests/oracles/transposable.py; of sort, numpy.
"""

import numpy as np

from simulator.kernels.compile import kernel

WIDE = 8


@kernel
def reprice(weights, kept, sweeps, price, bar, ladder):  # type: ignore[no-untyped-def]
    """Lower the dual of the transport, sweep by sweep: bars of the rows, then prices of the columns.

    weights and `ladder`, which is scratch, (group, group * WIDE), price and bar (group * WIDE). A row takes a
    place if its gain, the weight less the column's price, reaches the row's bar. Given the prices, any bar
    from the kept-th of its gains down to the next is best, and given the bars the same holds for prices; the
    middle is taken. In the end a bar is the kept-th largest gain.
    """
    group = len(weights)
    price[:] = 0.0
    for _ in range(sweeps if kept < group else 0):
        gain_by_column(weights, price, ladder)
        sort(ladder)
        middle(ladder[group - kept - 1], ladder[group - kept], bar)
        gain_by_row(weights, bar, ladder)
        sort(ladder)
        middle(ladder[group - kept - 1], ladder[group - kept], price)
    gain_by_column(weights, price, ladder)
    sort(ladder)
    bar[:] = ladder[group - kept]


@kernel
def gain_by_column(weights, price, ladder):  # type: ignore[no-untyped-def]
    """Weights less the prices of their columns, transposed."""
    group = np.uint64(len(weights))
    wide = np.uint64(WIDE)
    for j in range(group):
        for i in range(group):
            for b in range(wide):
                ladder[j, i * wide + b] = weights[i, j * wide + b] - price[j * wide + b]


@kernel
def gain_by_row(weights, bar, ladder):  # type: ignore[no-untyped-def]
    """Weights less the bars of their rows."""
    group = np.uint64(len(weights))
    wide = np.uint64(WIDE)
    for i in range(group):
        for j in range(group):
            for b in range(wide):
                ladder[i, j * wide + b] = weights[i, j * wide + b] - bar[i * wide + b]


@kernel
def middle(low, high, out):  # type: ignore[no-untyped-def]
    """Halfway between."""
    for i in range(np.uint64(len(low))):
        out[i] = 0.5 * (low[i] + high[i])


@kernel
def sort(ladder):  # type: ignore[no-untyped-def]
    """Sort every column in place, the least first.

    Batcher's merge exchange: Knuth, The Art of Computer Programming, volume 3, 5.2.2, algorithm M.
    """
    count = len(ladder)
    top = 1
    while 2 * top < count:
        top *= 2
    part = top
    while part > 0:
        apart, step, offset = top, part, 0
        while True:
            for k in range(count - step):
                if k & part == offset:
                    exchange(ladder[k], ladder[k + step])
            if apart == part:
                break
            step, offset = apart - part, part
            apart //= 2
        part //= 2


@kernel
def exchange(low, high):  # type: ignore[no-untyped-def]
    """Swap where `low` is above `high`."""
    for i in range(np.uint64(len(low))):
        a, b = low[i], high[i]
        low[i] = min(a, b) + 0.0  # without the sum this becomes a masked store, three times as slow
        high[i] = max(a, b)
