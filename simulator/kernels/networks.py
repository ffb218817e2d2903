"""Selection networks: which pairs to compare so that the largest values come out in order.

A network is straight-line: no branch depends on a value. So one description serves plain numbers, as in the
tests, and vectors whose lanes are many groups at once (simulator/kernels/lanes.py).
"""

from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")
Exchange = Callable[[Value, Value], tuple[Value, Value]]  # two values, the larger one first


def largest(values: list[Value], count: int, exchange: Exchange[Value]) -> list[Value]:
    """The `count` largest of `values`, in descending order; of fewer values, all of them.

    Halves are sorted and merged, and what cannot be among the `count` largest is dropped on the way up.
    """
    if len(values) < 2:
        return values
    half = (len(values) + 1) // 2
    first, second = (largest(part, count, exchange) for part in (values[:half], values[half:]))
    return _merged(first, second, exchange)[:count]


def _merged(first: list[Value], second: list[Value], exchange: Exchange[Value]) -> list[Value]:
    """Two descending lists as one: Batcher's odd-even merge (AFIPS 1968), for any two lengths.

    The even places of both lists are merged, and the odd ones; then each odd value meets the next even one.
    """
    if not first or not second:
        return first + second
    if len(first) == len(second) == 1:
        return list(exchange(first[0], second[0]))
    even = _merged(first[0::2], second[0::2], exchange)
    odd = _merged(first[1::2], second[1::2], exchange)
    result = [even[0]]
    for low, high in zip(odd, even[1:], strict=False):
        result += exchange(low, high)
    pairs = min(len(odd), len(even) - 1)
    return result + odd[pairs:] + even[1 + pairs :]
