"""Masks that move: the least of the kept weights are dropped, and as many positions grow elsewhere."""

from math import prod

import numpy as np

from simulator.errors import InputError
from simulator.gemm import check_count
from simulator.kernels.drop_grow import exchange, first_uneven
from simulator.kernels.threads import spread
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
    _check(mask, weights, growth)
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
    _check(mask, weights, growth)
    at = check_axis_of(mask, axis)
    check_count("count", count, least=0, most=check_pattern(pattern).kept)
    kept = grouped(mask, at)
    uneven = int(first_uneven(kept, pattern.kept, pattern.group))
    if uneven >= 0:
        raise InputError.of(*_uneven(mask, uneven, pattern, at))
    out = np.empty_like(kept)
    bits = [grouped(each, at).view(f"u{each.dtype.itemsize}") for each in (weights, growth)]
    limits = tuple(limit for each in (weights, growth) for limit in _limits(each))

    def run(first: int, last: int) -> None:
        exchange(kept, bits[0], bits[1], limits, pattern.kept, pattern.group, count, first, last, out)

    spread(run, kept.shape[0] * pattern.groups_along(kept.shape[1]), values=kept.size)
    return out.reshape(mask.shape)


def _check(mask: Mask, weights: Array, growth: Array) -> None:
    """Refuse arrays of the wrong kind, or of different shapes."""
    check_scores(weights, what="weights")
    check_scores(growth, what="growth")
    check_mask(mask, shape=weights.shape)
    check_like(growth, weights.shape, what="growth")


def _limits(values: Array) -> tuple[np.uint64, np.uint64]:
    """The bits of a magnitude, and those of infinity."""
    return np.uint64(magnitude_bits(values.dtype)), np.uint64(INFINITY[values.dtype])


def _uneven(mask: Mask, flat: int, pattern: Pattern, axis: int) -> tuple[str, str]:
    """What is wrong with the group that begins at index `flat`, and what would be right."""
    inner = prod(mask.shape[axis + 1 :])
    place = [int(index) for index in np.unravel_index(flat, mask.shape)]
    stop = min(place[axis] + pattern.group, mask.shape[axis])
    group = mask.reshape(-1)[flat : flat + (stop - place[axis]) * inner : inner]
    right = min(pattern.kept, stop - place[axis])
    where = ", ".join(f"{index}" if at != axis else f"{index}:{stop}" for at, index in enumerate(place))
    return f"the mask keeps {np.count_nonzero(group)} at [{where}]", f"{pattern} keeps {right} there"
