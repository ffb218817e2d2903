"""A second mask within a first one, so that both products of a layer with its weights are N:M.

The first mask groups weights along the inputs, for the forward product; the second along the outputs, for the
gradient to the input. What the second gives up is lost to that gradient alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.gemm import check_count
from simulator.mask.conform import count_kept
from simulator.mask.dtypes import INFINITY, Array, order
from simulator.mask.layout import check_axis_of, check_generator, check_mask, check_pattern, check_scores
from simulator.mask.magnitude import select
from simulator.pattern import Pattern

TRIES_MAX = 1_000_000


def select_second(
    scores: Array, first: NDArray[np.bool_], pattern: Pattern, *, axis: int
) -> NDArray[np.bool_]:
    """The N:M mask along `axis` of the largest magnitudes that `first` keeps: bool, a subset of `first`.

    A group keeps min(kept, how many of it `first` keeps): double pruning (SLoPe, arXiv 2405.16325). NaN is
    kept last, of equals the lowest index.
    """
    ranked, inside = check_scores(scores), check_mask(first, shape=scores.shape)
    obeyed, at = check_pattern(pattern), check_axis_of(ranked, axis)
    strange = inside & (order(ranked) < 0)
    chosen = select(_where(inside, ranked), obeyed, axis=at) & inside & ~strange
    if strange.any():
        # All outside `first` was NaN, and may have won over a NaN within: what is chosen stays, the rest is
        # ranked anew.
        again = np.where(chosen, np.float32(2), np.where(strange, np.float32(1), np.float32(0)))
        chosen = select(again, obeyed, axis=at) & (chosen | strange)
    return chosen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PermutedMask:
    """A mask that is N:M along an axis once that is permuted: mask.take(permutation, axis) obeys."""

    mask: NDArray[np.bool_]
    permutation: NDArray[np.int64]


def select_second_permuted(
    scores: Array,
    first: NDArray[np.bool_],
    pattern: Pattern,
    *,
    axis: int,
    tries: int,
    rng: np.random.Generator,
) -> PermutedMask:
    """The second mask under the permutation of `axis` that keeps the most (Bi-Mask, arXiv 2302.06058).

    The axis as it is comes first, then `tries` random permutations; the earliest of the best is taken, so
    that no fewer values are kept than by select_second. The search looks at `first` alone, which settles how
    many are kept.
    """
    ranked, inside = check_scores(scores), check_mask(first, shape=scores.shape)
    obeyed, at = check_pattern(pattern), check_axis_of(ranked, axis)
    check_count("tries", tries, least=0, most=TRIES_MAX)
    check_generator(rng)
    best = np.arange(ranked.shape[at], dtype=np.int64)
    most = _kept_within(inside, best, obeyed, at)
    for _ in range(tries):
        permutation = rng.permutation(len(best))
        found = _kept_within(inside, permutation, obeyed, at)
        if found > most:
            best, most = permutation, found
    permuted = select_second(ranked.take(best, axis=at), inside.take(best, axis=at), obeyed, axis=at)
    mask = np.empty_like(permuted)
    mask[(slice(None),) * at + (best,)] = permuted
    return PermutedMask(mask=mask, permutation=best)


def _kept_within(
    inside: NDArray[np.bool_], permutation: NDArray[np.int64], pattern: Pattern, axis: int
) -> int:
    """Values that the second mask keeps of `inside` in that order: of each group, at most `kept`."""
    counts = count_kept(inside.take(permutation, axis=axis), pattern.group, axis=axis)
    return int(np.minimum(counts, pattern.kept).sum(dtype=np.int64))


def _where(inside: NDArray[np.bool_], scores: Array) -> Array:
    """The scores within, NaN elsewhere: below every number."""
    nan = scores.dtype.type(INFINITY[scores.dtype] + 1 if scores.dtype == np.uint16 else np.nan)
    return np.where(inside, scores, nan)
