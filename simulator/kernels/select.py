"""Magnitude selection over whole arrays, eight groups at a time, made for one pattern, dtype and result.

`scores`, `values` and `out` are flat arrays of the bits of their values. Oracle: tests/oracles/magnitude.py.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numba

from simulator.kernels.compile import kernel
from simulator.kernels.lanes import LANES, select_lanes

COMPILES = not numba.config.DISABLE_JIT  # vector code cannot run as plain Python


@cache
def contiguous(kept: int, group: int, infinity: int, result: int) -> Callable[..., None]:
    """A kernel for groups one behind the other; it serves groups [first, last), a multiple of LANES."""

    @kernel
    def select_contiguous(scores: Any, values: Any, out: Any, factor: float, first: int, last: int) -> None:
        for at in range(first, last, LANES):
            select_lanes(scores, values, out, at, 1, factor, kept, group, infinity, result)

    return select_contiguous  # type: ignore[no-any-return]


@cache
def side_by_side(kept: int, group: int, infinity: int, result: int) -> Callable[..., None]:
    """A kernel for groups whose values lie `inner` apart, as along the first axis of a matrix.

    It serves rows of groups [first, last), the first `columns` of each, a multiple of LANES. A row of groups
    is `group` rows of values; each block of `length` rows holds as many as go into it whole.
    """

    @kernel
    def select_side_by_side(
        scores: Any,
        values: Any,
        out: Any,
        factor: float,
        length: int,
        inner: int,
        columns: int,
        first: int,
        last: int,
    ) -> None:
        whole = length // group
        for row in range(first, last):
            start = (row // whole * length + row % whole * group) * inner
            for column in range(0, columns, LANES):
                select_lanes(
                    scores, values, out, start + column, inner, factor, kept, group, infinity, result
                )

    return select_side_by_side  # type: ignore[no-any-return]
