"""Does a mask obey its pattern, where does it not, and which patterns does an array obey?

Wherever a mask is asked for, values do as well: what is not zero counts as kept, NaN and denormals too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.gemm import check_count
from simulator.kernels import conform as kernels
from simulator.kernels.threads import spread
from simulator.mask.dtypes import INFINITY, Array, magnitude_bits
from simulator.mask.layout import (
    check_axis_of,
    check_mask,
    check_pattern,
    check_scores,
    grouped,
)
from simulator.pattern import GROUP_MAX, Pattern

PLACES = 3  # broken groups that are named; the rest are counted
DETECTED_MAX = 256  # the largest group that `obeyed` looks for
BLOCK = 4096  # values whose running counts stay in the nearest cache
BLOCK_GROUPS = 512  # groups whose counts and values do


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenGroup:
    """A group that breaks its pattern: group `group` of the vector at index `vector`, which keeps `kept`.

    `vector` is an index into all axes but the grouped one; `where` is the group as numpy writes it.
    """

    vector: tuple[int, ...]
    group: int
    kept: int
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaks:
    """The `count` of `groups` groups along `axis` that break `pattern`, true if there are any.

    `places` names the first few, by vector and then by group.
    """

    pattern: Pattern
    axis: int
    exactly: bool
    groups: int
    count: int
    places: tuple[BrokenGroup, ...]

    def __bool__(self) -> bool:
        return self.count > 0

    def __str__(self) -> str:
        rule = f"exactly {self.pattern}" if self.exactly else str(self.pattern)
        what = f"{self.count} of {self.groups} groups along axis {self.axis} break {rule}"
        named = [f"{place.where} keeps {place.kept}" for place in self.places]
        more = self.count - len(named)
        return f"{what}{': ' if named else ''}{', '.join(named)}{f', and {more} more' if more else ''}"


class BreaksBoth(NamedTuple):
    """Where a matrix breaks a pattern along its rows, and where along its columns, true if either does."""

    rows: Breaks
    columns: Breaks

    def __bool__(self) -> bool:
        return bool(self.rows or self.columns)

    def __str__(self) -> str:
        return f"{self.rows}\n{self.columns}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Obeyed:
    """A pattern that every group of an array along `axis` obeys."""

    axis: int
    pattern: Pattern

    def __str__(self) -> str:
        return f"{self.pattern} along axis {self.axis}"


def breaks(mask: Array, pattern: Pattern, *, axis: int = -1, exactly: bool = False) -> Breaks:
    """Where `mask`, or values, keeps more than `pattern` allows along `axis`; with `exactly`, or fewer.

    A group keeps at most `kept`, and exactly min(kept, tail) of a tail where `exactly` is asked for.
    """
    check_pattern(pattern)
    counts = count_kept(mask, pattern.group, axis=axis)
    at = axis % mask.ndim
    broken = counts > pattern.kept
    if exactly:
        broken = counts != _allowed(pattern, mask.shape[at])[:, np.newaxis]
    return Breaks(
        pattern=pattern,
        axis=at,
        exactly=exactly,
        groups=counts.size,
        count=int(np.count_nonzero(broken)),
        places=tuple(islice(_places(broken, counts, pattern, mask.shape, at), PLACES)),
    )


def breaks_transposable(weights: Array, pattern: Pattern, *, exactly: bool = False) -> BreaksBoth:
    """Where `weights`, or a mask, breaks `pattern` along its last axis, and where its transpose does.

    `rows` holds the groups along the last axis, `columns` those along the one before it. False, as it is for
    a transposable mask (Hubara et al., 2021, arXiv 2102.08124), means that W and its transpose both run as
    sparse.
    """
    mask = occupied(weights)
    if mask.ndim < 2:
        raise InputError.of(f"the weights have shape {mask.shape}", "a transpose takes at least two axes")
    rows, columns = (breaks(mask, pattern, axis=axis, exactly=exactly) for axis in (-1, -2))
    return BreaksBoth(rows=rows, columns=columns)


def obeyed(values: Array, *, axis: int | None = None, group_max: int = 64) -> list[Obeyed]:
    """The patterns that `values`, or a mask, obeys, along every axis or along `axis`.

    For each group of 2 to `group_max` values, no longer than the axis, `kept` is the most that any group
    holds. What says nothing is left out: a pattern that keeps all of its group, and one that another pattern
    of the same axis implies (Pattern.conforms_to). In the order of axes, then density, then group. An array
    without a non-zero obeys every pattern, so none is reported. One without a structure obeys a few loose
    patterns such as 48:63 by chance; measures.kept_per_group tells whether groups keep as much as they may.
    """
    check_count("group_max", group_max, least=2, most=DETECTED_MAX)
    mask = occupied(values)
    axes = range(mask.ndim) if axis is None else [check_axis_of(mask, axis)]
    return [
        Obeyed(axis=at, pattern=pattern)
        for at in axes
        for pattern in _informative(_most_kept(mask, at, group_max).tolist())
    ]


def occupied(values: Array) -> NDArray[np.bool_]:
    """Which of `values` are kept, those that are not zero; a mask is given back, of bytes 0 and 1."""
    if isinstance(values, np.ndarray) and values.dtype == np.bool_:
        return check_mask(values)
    if isinstance(values, np.ndarray) and values.dtype not in INFINITY:
        raise InputError.of(
            f"values has dtype {values.dtype}",
            "bool, float32, float64, float16, or uint16 that holds the bits of bfloat16",
        )
    values = check_scores(values, what="values")
    # Compared as bits, a denormal is not zero even where the processor was told to flush them.
    bits = np.ascontiguousarray(values).view(f"u{values.dtype.itemsize}").reshape(-1)
    return occupied_bits(bits, magnitude_bits(bits.dtype)).view(np.bool_).reshape(values.shape)


def occupied_bits(bits: NDArray[np.unsignedinteger], magnitude: int) -> NDArray[np.uint8]:
    """1 where a row of unsigned `bits` has one of `magnitude` set, else 0."""
    every, out = bits.dtype.type(magnitude), np.empty(bits.size, np.uint8)
    spread(
        lambda first, last: kernels.occupied(bits, every, out, first, last),
        bits.size,
        values=bits.size,
        step=64,
    )
    return out


def count_kept(mask: Array, group: int, *, axis: int = -1) -> NDArray[np.uint16]:
    """The values kept in each group along `axis`, as (outer, groups, inner), a short last one too."""
    check_count("the group", group, most=GROUP_MAX)
    laid = grouped(occupied(mask), axis).view(np.uint8)
    outer, length, inner = laid.shape
    groups = -(-length // group)
    counts = np.empty((outer, groups, inner), np.uint16)
    if inner > 1 or counts.size == 0:
        spread(
            lambda first, last: kernels.count_across(laid, group, counts, first, last),
            outer * groups if counts.size else 0,
            values=laid.size,
        )
        return counts
    # Without tails the groups of all vectors follow each other as those of one.
    vectors = outer if length % group else 1
    rows, out = laid.reshape(vectors, -1), counts.reshape(vectors, -1)
    spread(
        lambda first, last: kernels.count_along(rows, group, BLOCK_GROUPS, out, first, last),
        vectors * -(-out.shape[1] // BLOCK_GROUPS),
        values=rows.size,
    )
    return counts


def name_group(
    vector: tuple[int, ...], group: int, pattern: Pattern, *, shape: tuple[int, ...], axis: int
) -> str:
    """A group as numpy writes it, such as "[1, 4:8]": an index into an array of `shape`."""
    stop = min((group + 1) * pattern.group, shape[axis])
    slices = [str(index) for index in vector]
    slices.insert(axis, f"{group * pattern.group}:{stop}")
    return f"[{', '.join(slices)}]"


def _allowed(pattern: Pattern, length: int) -> NDArray[np.int64]:
    """The values that each group along `length` keeps: min(kept, tail) in the last."""
    starts = np.arange(0, length, pattern.group)
    return np.minimum(np.minimum(length - starts, pattern.group), pattern.kept)


def _places(
    broken: NDArray[np.bool_], counts: NDArray[np.uint16], pattern: Pattern, shape: tuple[int, ...], axis: int
) -> Iterator[BrokenGroup]:
    """The broken groups, by vector and then by group."""
    others = shape[:axis] + shape[axis + 1 :]
    for vector in np.flatnonzero(broken.any(axis=1)).tolist():
        outer, inner = divmod(vector, broken.shape[2])
        index = tuple(int(i) for i in np.unravel_index(vector, others))
        for group in np.flatnonzero(broken[outer, :, inner]).tolist():
            yield BrokenGroup(
                vector=index,
                group=group,
                kept=int(counts[outer, group, inner]),
                where=name_group(index, group, pattern, shape=shape, axis=axis),
            )


def _most_kept(mask: NDArray[np.bool_], axis: int, group_max: int) -> NDArray[np.int64]:
    """The most values in one group along `axis`, by group, from 2 to `group_max` or the axis's length."""
    outer, length, inner = (laid := grouped(mask, axis)).shape
    rows = np.ascontiguousarray(laid.transpose(0, 2, 1)).reshape(outer * inner, length).view(np.uint8)
    found = [np.zeros(min(group_max, length) + 1, np.int64)]

    def run(first: int, last: int) -> None:
        most = np.zeros_like(found[0])
        before = np.empty(BLOCK + most.size, np.int32)
        kernels.most_kept(rows, BLOCK, before, most, first, last)
        found.append(most)

    spread(run, outer * inner * -(-length // BLOCK), values=rows.size)
    most: NDArray[np.int64] = np.max(found, axis=0)
    return most


def _informative(most: list[int]) -> list[Pattern]:
    """The patterns most[group]:group that leave something out and that no other of them implies."""
    patterns = [Pattern(kept=kept, group=group) for group, kept in enumerate(most) if 0 < kept < group]
    told: list[Pattern] = []
    # What implies a pattern is no denser, and of the same density has no larger group: it comes first. What
    # implies the implying one implies the pattern as well: it is enough to ask those that were told.
    for pattern in sorted(patterns, key=lambda pattern: (pattern.density, pattern.group)):
        if not any(other.conforms_to(pattern) for other in told):
            told.append(pattern)
    return told
