"""Masks that move: the least of the kept weights are dropped, and as many positions grow elsewhere."""

import numpy as np

from simulator.errors import InputError
from simulator.gemm import check_count
from simulator.kernels.drop_grow import exchange
from simulator.kernels.threads import spread
from simulator.mask.conform import breaks
from simulator.mask.dtypes import INFINITY, Array, magnitude_bits
from simulator.mask.layout import (
    check_axis_of,
    check_like,
    check_mask,
    check_pattern,
    check_scores,
    grouped,
)
from simulator.mask.unstructured import Mask, largest_among
from simulator.pattern import Pattern


def drop_and_grow(mask: Mask, weights: Array, growth: Array, count: int) -> Mask:
    """The mask after the `count` least kept weights are dropped, and as many of the largest growth kept.

    RigL (Evci et al., arXiv 1911.11134) grows by the magnitude of the dense gradient, SET by chance: growth
    is then rng.random(mask.shape). As in RigL's code, what was just dropped may grow again at once, so that
    there is always room, and fewer than `count` positions may have changed. On equal magnitude the lowest
    index is kept, or grown. A NaN weight is dropped before any number, a NaN growth grown after every number.
    """
    mask, weights, growth = _check(mask, weights, growth)
    held = int(np.count_nonzero(mask))
    check_count("count", count, least=0, most=held)
    stays = largest_among([weights], held - count, [mask])[0]
    stays |= largest_among([growth], count, [~stays])[0]
    return stays


def drop_and_grow_groups(
    mask: Mask, weights: Array, growth: Array, count: int, pattern: Pattern, *, axis: int = -1
) -> Mask:
    """The same within every group along `axis`: `count` is that of each group, which keeps to its pattern.

    The mask keeps exactly min(kept, tail) of each group, before and after. A tail that keeps fewer than
    `count` drops all that it keeps.
    """
    mask, weights, growth = _check(mask, weights, growth)
    at = check_axis_of(mask, axis)
    check_count("count", count, least=0, most=check_pattern(pattern).kept)
    if uneven := breaks(mask, pattern, axis=at, exactly=True).places:
        room = min(pattern.kept, mask.shape[at] - uneven[0].group * pattern.group)
        raise InputError.of(
            f"the mask keeps {uneven[0].kept} at {uneven[0].where}", f"{pattern} keeps {room} there"
        )
    kept = grouped(mask, at)
    out = np.empty_like(kept)
    bits = [grouped(each, at).view(f"u{each.dtype.itemsize}") for each in (weights, growth)]
    limits = tuple(
        np.uint64(limit)
        for each in (weights, growth)
        for limit in (magnitude_bits(each.dtype), INFINITY[each.dtype])
    )

    def run(first: int, last: int) -> None:
        exchange(kept, bits[0], bits[1], limits, pattern.kept, pattern.group, count, first, last, out)

    spread(run, kept.shape[0] * pattern.groups_along(kept.shape[1]), values=kept.size)
    return out.reshape(mask.shape)


def _check(mask: Mask, weights: Array, growth: Array) -> tuple[Mask, Array, Array]:
    """The same, or what is wrong with their kinds or shapes."""
    weights, growth = check_scores(weights, what="weights"), check_scores(growth, what="growth")
    mask = check_mask(mask, shape=weights.shape)
    return mask, weights, check_like(growth, weights.shape, what="growth")
