"""Soft thresholding within groups, and the scale that makes up for it: the weights of S-STE."""

from collections.abc import Callable

import numpy as np

from simulator.errors import InputError
from simulator.kernels.soft import shrink_columns, shrink_rows, stretches_along
from simulator.kernels.threads import spread
from simulator.mask.dtypes import Array, narrowed, widened
from simulator.mask.layout import (
    check_axis_of,
    check_like,
    check_pattern,
    check_scores,
    grouped,
)
from simulator.mask.magnitude import select
from simulator.pattern import Pattern


def soft_threshold(weights: Array, pattern: Pattern, *, axis: int = -1) -> Array:
    """The weights with each group's threshold t taken from their magnitudes: S = sign(w) max(|w| - t, 0).

    t is the (length - min(kept, length))-th smallest |w| of the group, a tail included, and 0 where that is
    the 0th. So at most `kept` values of a group are non-zero, fewer where magnitudes tie, and S is continuous
    in w (S-STE, Hu et al., arXiv 2409.09099). Same shape and dtype as the weights, correctly rounded; every
    zero is +0. NaN is below every magnitude: a group with more NaN than it drops has t = 0 and keeps the NaN
    of lowest index, else NaN becomes 0. Where t is infinity the group is 0, and an infinity above t stays
    one.
    """
    weights = check_scores(weights, what="weights")
    check_pattern(pattern)
    at = check_axis_of(weights, axis)
    values = grouped(widened(weights), at)
    mask = grouped(select(weights, pattern, axis=at), at)
    out = np.empty_like(values)
    if values.shape[2] != 1:
        units = values.shape[0] * pattern.groups_along(values.shape[1])
        _spread(shrink_columns, values, mask, pattern, out, units)
    else:
        whole = values.shape[1] % pattern.group == 0  # then the rows follow each other as if they were one
        rows = [each.reshape(1, -1) if whole else each[:, :, 0] for each in (values, mask, out)]
        units = rows[0].shape[0] * stretches_along(rows[0].shape[1], pattern.group)
        _spread(shrink_rows, rows[0], rows[1], pattern, rows[2], units)
    return narrowed(out, weights.dtype).reshape(weights.shape)


def soft_scale(weights: Array, soft: Array) -> float:
    """The beta that makes beta * soft nearest to the weights in squared error: <W, S> / <S, S>, in float64.

    S-STE takes it once, from the initial weights, and freezes it. Weights that soft thresholding makes all 0
    are as near under every beta; theirs is 1. Both arrays have the same shape, and finite values.
    """
    weights, soft = check_scores(weights, what="weights"), check_scores(soft, what="soft")
    check_like(soft, weights.shape, what="soft")
    with np.errstate(all="ignore"):
        first, second = (widened(each).astype(np.float64) for each in (weights, soft))
        for name, values in (("weights", first), ("soft", second)):
            if not np.isfinite(values).all():
                raise InputError.of(f"{name} holds NaN or infinity", "a scale is of finite values")
        tops = [float(np.abs(values).max(initial=0)) for values in (first, second)]
        if tops[1] == 0:
            return 1.0
        first /= tops[0] or 1.0  # or products would leave the range of a float64
        second /= tops[1]
        return tops[0] / tops[1] * float((first * second).sum() / (second * second).sum())


def _spread(
    shrink: Callable[..., None], values: Array, mask: Array, pattern: Pattern, out: Array, units: int
) -> None:
    def run(first: int, last: int) -> None:
        with np.errstate(invalid="ignore"):  # infinity less infinity, where the compiler is off
            shrink(values, mask, pattern.group, first, last, out)

    spread(run, units, values=values.size)
