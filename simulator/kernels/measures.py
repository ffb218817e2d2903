"""How far masks are apart, and how full their groups are."""

import numpy as np
from numpy.typing import NDArray

from simulator.kernels.compile import kernel

RUN = 255  # words of ones that a byte can count


@kernel
def differing(before: NDArray[np.uint64], after: NDArray[np.uint64], first: int, last: int) -> int:
    """How many bytes, each 0 or 1, differ between the words [first, last) of `before` and of `after`.

    Each byte of a word counts RUN words, to be as fast as memory. Oracle: tests/oracles/measures.py
    """
    total = 0
    for begin in range(first, last, RUN):
        left, right = before[begin : min(begin + RUN, last)], after[begin : min(begin + RUN, last)]
        counters = np.uint64(0)
        for i in range(len(left)):
            counters += left[i] ^ right[i]
        even = np.uint64(0x00FF_00FF_00FF_00FF)
        counters = (counters & even) + ((counters >> np.uint64(8)) & even)
        while counters:
            total += int(counters & np.uint64(0xFFFF))
            counters >>= np.uint64(16)
    return total


@kernel
def tally(counts: NDArray[np.uint16], out: NDArray[np.int64], first: int, last: int) -> None:
    """out[c] grows by the number of i in [first, last) with counts[i] = c.

    Oracle: tests/oracles/measures.py
    """
    for i in range(first, last):
        out[counts[i]] += 1
