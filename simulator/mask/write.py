"""How a magnitude mask reaches memory: by vector code where groups come in eights, else by partition."""

import operator
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.kernels import select as kernels
from simulator.kernels.lanes import BITS, DRAWN, FADED, LANES, MASK
from simulator.kernels.threads import spread
from simulator.mask.dtypes import INFINITY, Array, order
from simulator.mask.layout import grouped
from simulator.pattern import Pattern

LONGEST_NETWORK = 64  # longer groups are partitioned: no network to compile
NARROW = 4 * LANES  # fewer groups side by side would be mostly remainder
WORTH_COMPILING = 1 << 16  # fewer values of tails are partitioned before a network is compiled
PIECE = 1 << 22  # values that are partitioned at once, which bounds the memory taken


class Work(NamedTuple):
    """Scores to rank, and the values and the factor from which `result` says what is written to `out`."""

    scores: Array
    values: Array
    out: Array
    pattern: Pattern
    result: int
    factor: float = 0.0

    def on(self, view: Callable[[Array], Array]) -> "Work":
        """The same work on a part of the arrays, or on another shape of them."""
        scores = view(self.scores)
        values = scores if self.values is self.scores else view(self.values)
        return self._replace(scores=scores, values=values, out=view(self.out))

    def bits(self) -> list[Array]:
        """The arrays as the kernels take them: flat, and of unsigned integers."""
        arrays = (self.scores, self.values, self.out)
        return [each.reshape(-1).view(f"u{each.dtype.itemsize}") for each in arrays]


def write(work: Work, axis: int) -> None:
    """Do the work for groups along `axis`; the arrays have one shape, and `out` is C-contiguous."""
    scores = grouped(work.scores, axis)
    values = scores if work.values is work.scores else grouped(work.values, axis)
    work = work._replace(scores=scores, values=values, out=work.out.reshape(scores.shape))
    length, inner = scores.shape[1:]
    group = work.pattern.group
    body = length - length % group
    if scores.size and body:
        if not _has_network(work.pattern):
            _partition(work.on(lambda array: _split(array[:, :body], group)))
        elif inner == 1 and body == length:
            _contiguous(work.on(lambda array: array.reshape(-1)))
        elif inner < NARROW:
            _moved(work.on(lambda array: array[:, :body]))
        else:
            _side_by_side(work)
    if body < length:
        _tails(work, body)


def pack_bits(scores: Array, pattern: Pattern) -> NDArray[np.uint8]:
    """The mask as bits, for rows of whole groups and whole bytes along the last axis."""
    flat = np.ascontiguousarray(scores).reshape(-1)
    bits = np.empty(flat.size // 8, np.uint8)
    eights = _in_eights(flat.size, pattern) if _has_network(pattern) else 0
    part = flat[:eights]
    _lanes(Work(scores=part, values=part, out=bits, pattern=pattern, result=BITS))
    rest = flat[eights:]
    mask = np.empty(rest.size, np.bool_)
    write(Work(scores=rest, values=rest, out=mask, pattern=pattern, result=MASK), 0)
    bits[eights // 8 :] = np.packbits(mask, bitorder="little")
    return bits.reshape(*scores.shape[:-1], scores.shape[-1] // 8)


def _has_network(pattern: Pattern) -> bool:
    return kernels.COMPILES and pattern.group <= LONGEST_NETWORK


def _in_eights(size: int, pattern: Pattern) -> int:
    """How many of `size` values make up whole eights of groups."""
    return size - size % (LANES * pattern.group)


def _tails(work: Work, body: int) -> None:
    """The values from `body` on: a group of its own length in each row."""
    tail = work.scores.shape[1] - body
    pattern = Pattern(kept=min(work.pattern.kept, tail), group=tail)
    ends = work.on(lambda array: array[:, body:])._replace(pattern=pattern)
    if _has_network(pattern) and ends.scores.size >= WORTH_COMPILING:
        _moved(ends)
    else:
        _partition(ends.on(lambda array: array[:, None]))


def _contiguous(work: Work) -> None:
    """Whole groups, one behind the other."""
    eights = _in_eights(work.scores.size, work.pattern)
    _lanes(work.on(lambda array: array[:eights]))
    if eights < work.scores.size:
        _partition(work.on(lambda array: array[eights:].reshape(1, -1, work.pattern.group, 1)))


def _lanes(work: Work) -> None:
    """Whole eights of groups, one behind the other."""
    if not work.scores.size:
        return
    run = kernels.contiguous(work.pattern.kept, work.pattern.group, INFINITY[work.scores.dtype], work.result)
    arrays, size = work.bits(), work.scores.size
    spread(
        lambda first, last: run(*arrays, work.factor, first, last),
        size // work.pattern.group,
        values=size,
        step=LANES,
    )


def _moved(work: Work) -> None:
    """Whole groups that are neither one behind the other nor many side by side: moved there, and back."""
    there = work.on(lambda array: np.ascontiguousarray(array.swapaxes(1, 2)))
    _contiguous(there.on(lambda array: array.reshape(-1)))
    work.out[...] = there.out.swapaxes(1, 2)


def _side_by_side(work: Work) -> None:
    """Groups along the middle axis: eight neighbours of the last axis at a time."""
    outer, length, inner = work.scores.shape
    group = work.pattern.group
    body, columns = length - length % group, inner - inner % LANES
    run = kernels.side_by_side(work.pattern.kept, group, INFINITY[work.scores.dtype], work.result)
    arrays = work.bits()
    spread(
        lambda first, last: run(*arrays, work.factor, length, inner, columns, first, last),
        outer * (body // group),
        values=work.scores.size,
    )
    _partition(work.on(lambda array: _split(array[:, :body, columns:], group)))


def _split(array: Array, group: int) -> Array:
    """A view as (outer, groups, group, inner)."""
    outer, length, inner = array.shape
    return array.reshape(outer, length // group, group, inner)


def _partition(work: Work) -> None:
    """The same by numpy, for groups along axis 2, in pieces of many groups, or of many rows of few."""
    if not work.scores.size:
        return
    outer, groups = work.scores.shape[:2]
    step = max(1, PIECE // (work.scores.size // (outer * groups)))
    rows = max(1, step // groups)
    for row in range(0, outer, rows):
        for first in range(0, groups, step):
            here = slice(row, row + rows), slice(first, first + step)
            _partition_piece(work.on(operator.itemgetter(here)))


def _partition_piece(work: Work) -> None:
    kept = min(work.pattern.kept, work.scores.shape[2])
    keys = order(work.scores)
    least = np.partition(keys, -kept, axis=2)[:, :, -kept, None]
    keep = keys > least
    room = kept - keep.sum(axis=2, keepdims=True)
    tied = keys == least
    keep |= tied & (tied.cumsum(axis=2) <= room)
    work.out[...] = keep if work.result == MASK else np.where(keep, work.values, _others(work))


def _others(work: Work) -> Array:
    """What stands where a value is not kept."""
    factor = work.values.dtype.type(work.factor)
    others: Array = np.zeros_like(work.values)
    with np.errstate(all="ignore"):
        if work.result == FADED:
            others = work.values * factor
        elif work.result == DRAWN:
            others = work.values + work.scores * factor
    return others
