"""What moves in the array beside the sums: stationary words down their columns, the swap, shift registers."""

from typing import Any

import numpy as np

from simulator.kernels.compile import kernel


@kernel
def push_down(chain: Any, slots: int, rows: int, width: int, age: int, beat: int, columns: int) -> None:
    """Words of `slots` registers move down a row in each column that takes in a new one, row 0 left as it is.

    Column c takes its word number n `(n + 1) beat - 1 + c` cycles after loading began, which is `age` cycles
    ago, and moves rows up to n: below them, the PEs still use what they hold. Oracle: tests/oracles/array.py.
    """
    for row in range(rows - 1, 0, -1):
        high = age - (row + 1) * beat + 1
        low = max(0, age - rows * beat + 1)
        high -= (max(0, high - columns + 1) + beat - 1) // beat * beat
        for slot in range(slots):
            to = (row * slots + slot) * width
            if beat == 1:
                copy(chain, to - slots * width + low, to + low, high - low + 1)
            else:
                for c in range(high, low - 1, -beat):
                    chain[to + c] = chain[to - slots * width + c]


@kernel
def copy(array: Any, source: int, target: int, count: int) -> None:
    """array[target + i] = array[source + i] for i below `count`, which do not overlap. Oracle: numpy."""
    if count > 0:
        s, t = np.uint64(source), np.uint64(target)
        for i in range(np.uint64(count)):
            array[t + i] = array[s + i]


@kernel
def swap(held: Any, coming: Any, slots: int, rows: int, width: int, age: int, columns: int) -> None:
    """PEs r + c = `age` take what was loaded: a diagonal of the array. Oracle: tests/oracles/array.py."""
    for row in range(max(0, age - columns + 1), min(rows, age + 1)):
        at = row * slots * width + age - row
        for slot in range(slots):
            held[at + slot * width] = coming[at + slot * width]


@kernel
def slide(chain: Any, head: int, count: int, width: int, length: int) -> int:
    """The new start of `count` shift registers of `length` in rows of `width`, moved by one place.

    Where the row has no room left, all values move to its end. Oracle: tests/oracles/array.py.
    """
    if head > 0:
        return head - 1
    for line in range(count):
        copy(chain, line * width, (line + 1) * width - length, length)
    return width - length - 1
