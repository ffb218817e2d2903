"""Magnitude masks: of each group the largest are kept, for any pattern, axis, shape and score.

Order is that of dtypes.order: -0 equals 0, NaN is kept last, infinity first, and on equal magnitude the
lowest index is kept. A tail shorter than the group keeps min(kept, tail).
"""

import numpy as np
from numpy.typing import NDArray

from simulator.kernels.lanes import DRAWN, FADED, LANES, MASK, VALUES
from simulator.mask.dtypes import Array
from simulator.mask.layout import (
    check_axis_of,
    check_factor,
    check_like,
    check_out,
    check_pattern,
    check_real,
    check_scores,
)
from simulator.mask.write import Work, pack_bits, write
from simulator.pattern import Pattern


def select(scores: Array, pattern: Pattern, *, axis: int = -1, out: Array | None = None) -> NDArray[np.bool_]:
    """The mask that keeps the largest magnitudes of each group along `axis`: bool, shaped like `scores`."""
    scores, pattern = check_scores(scores), check_pattern(pattern)
    mask = check_out(out, shape=scores.shape, dtype=np.dtype(np.bool_), reads=(scores,))
    write(Work(scores=scores, values=scores, out=mask, pattern=pattern, result=MASK), axis)
    return mask


def select_bits(scores: Array, pattern: Pattern, *, axis: int = -1) -> NDArray[np.uint8]:
    """The same mask as bits: eight values along the last axis to a byte, the first lowest.

    It equals numpy.packbits(select(...), axis=-1, bitorder="little").
    """
    scores, pattern = check_scores(scores), check_pattern(pattern)
    last = check_axis_of(scores, axis) == scores.ndim - 1
    if last and scores.shape[-1] % LANES == 0 and scores.shape[-1] % pattern.group == 0:
        return pack_bits(scores, pattern)
    return np.packbits(select(scores, pattern, axis=axis), axis=-1, bitorder="little")


def prune(
    weights: Array,
    pattern: Pattern,
    *,
    scores: Array | None = None,
    fade: float = 0.0,
    axis: int = -1,
    out: Array | None = None,
) -> Array:
    """W * (mask + (1 - mask) * fade), the mask made on the way: what is not kept fades.

    With `scores`, these are ranked in place of the weights. A fade of 0 writes 0, for NaN and infinity too;
    any other takes float32 or float64. `out` may be `weights` itself.
    """
    weights, pattern = check_scores(weights, what="weights"), check_pattern(pattern)
    scores = weights if scores is None else check_like(check_scores(scores), weights.shape, what="scores")
    fade = check_factor(fade, "fade", weights)
    pruned = check_out(out, shape=weights.shape, dtype=weights.dtype, reads=(weights, scores))
    wanted = FADED if fade else VALUES
    write(Work(scores=scores, values=weights, out=pruned, pattern=pattern, result=wanted, factor=fade), axis)
    return pruned


def prune_decay(
    gradient: Array,
    weights: Array,
    pattern: Pattern,
    *,
    strength: float,
    axis: int = -1,
    out: Array | None = None,
) -> Array:
    """Gradient + strength * (1 - mask) * weights, the mask made on the way: SR-STE (arXiv 2102.04010).

    `out` may be `gradient` itself.
    """
    weights, pattern = check_real(weights, what="weights"), check_pattern(pattern)
    gradient = check_like(check_real(gradient, what="gradient"), weights.shape, what="gradient", like=weights)
    strength = check_factor(strength, "strength", weights)
    result = check_out(out, shape=weights.shape, dtype=weights.dtype, reads=(weights, gradient))
    write(
        Work(scores=weights, values=gradient, out=result, pattern=pattern, result=DRAWN, factor=strength),
        axis,
    )
    return result
