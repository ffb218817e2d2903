"""How far two masks are apart, and how full the groups of one are."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.kernels import measures as kernels
from simulator.kernels.threads import spread
from simulator.mask.conform import count_kept
from simulator.mask.dtypes import Array
from simulator.mask.layout import check_mask

WORD = 8  # bytes that are compared at once


class KeptPerGroup(NamedTuple):
    """How many groups keep 0, 1, ... `group` values: whole groups, and apart from them shorter last ones.

    Both are int64 of length group + 1. A tail that keeps c of its few values is not as empty as a whole group
    that does, so they are not added up. The sum of c * (whole[c] + tails[c]) is the number of values kept.
    """

    whole: NDArray[np.int64]
    tails: NDArray[np.int64]


def sad(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> int:
    """The sparse architecture divergence of two masks, sum of |after - before|: how many positions differ.

    Zhou et al. (2021, arXiv 2102.04010), for two moments of a training.
    """
    before, after = check_mask(before), check_mask(after)
    if after.shape != before.shape:
        raise InputError.of(
            f"the masks have shapes {before.shape} and {after.shape}", "both masks have the same shape"
        )
    left, right = (np.ascontiguousarray(mask).reshape(-1) for mask in (before, after))
    whole = left.size // WORD * WORD
    words = [mask[:whole].view(np.uint64) for mask in (left, right)]
    parts = [int(np.count_nonzero(left[whole:] != right[whole:]))]
    spread(
        lambda first, last: parts.append(int(kernels.differing(*words, first, last))),
        whole // WORD,
        values=left.size,
    )
    return sum(parts)


def flip_rate(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> float:
    """The share of positions that differ between two masks, sad / size, from 0 to 1; 0 for empty masks.

    Hu et al. (2024, arXiv 2404.01847), for two steps of a training.
    """
    differing = sad(before, after)
    return differing / before.size if before.size else 0.0


def kept_per_group(mask: Array, group: int, *, axis: int = -1) -> KeptPerGroup:
    """How many groups of `group` values along `axis` of a mask, or of values, keep how many."""
    counts = count_kept(mask, group, axis=axis)
    whole = mask.shape[axis] // group
    return KeptPerGroup(whole=_tally(counts[:, :whole], group), tails=_tally(counts[:, whole:], group))


def _tally(counts: NDArray[np.uint16], group: int) -> NDArray[np.int64]:
    """How often each of 0, 1, ... `group` is in `counts`."""
    flat = np.ascontiguousarray(counts).reshape(-1)
    parts = [np.zeros(group + 1, np.int64)]

    def run(first: int, last: int) -> None:
        out = np.zeros(group + 1, np.int64)
        kernels.tally(flat, out, first, last)
        parts.append(out)

    spread(run, flat.size, values=flat.size)
    total: NDArray[np.int64] = np.sum(parts, axis=0)
    return total
