"""Masks of training recipes for one matrix (outputs x inputs), group after group, from their definitions.

Everything is float64. Groups are consecutive, a tail of r values keeps min(kept, r), of equal magnitudes the
lowest index is kept, and what is drawn at random is given by the caller.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from simulator.pattern import Pattern
from workloads.training.unstructured import Target, Unstructured

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def groups(shape: tuple[int, int], group: int, axis: int) -> Iterator[list[tuple[int, int]]]:
    """The places of each group of a matrix: axis 1 groups along the inputs, axis 0 along the outputs."""
    for line in range(shape[1 - axis]):
        for start in range(0, shape[axis], group):
            along = range(start, min(start + group, shape[axis]))
            yield [(line, at) if axis == 1 else (at, line) for at in along]


def largest(places: Sequence[tuple[int, int]], scores: Array, count: int) -> list[tuple[int, int]]:
    """The `count` places of the largest magnitude, of equals the first."""
    return sorted(places, key=lambda at: (-abs(scores[at]), at))[:count]


def rooms(shape: tuple[int, int], target: Target, axis: int) -> Iterator[tuple[list[tuple[int, int]], int]]:
    """The places of each group and how many of them are kept; without groups all places are one."""
    if isinstance(target, Unstructured):
        yield list(np.ndindex(*shape)), target.kept_of(shape[0] * shape[1])
        return
    for places in groups(shape, target.group, axis):
        yield places, min(target.kept, len(places))


def magnitude(scores: Array, target: Target, axis: int = 1) -> Mask:
    """The `kept` largest of every group."""
    mask = np.zeros(scores.shape, np.bool_)
    for places, kept in rooms(scores.shape, target, axis):
        for at in largest(places, scores, kept):
            mask[at] = True
    return mask


def obeys(mask: Mask, target: Target, axis: int = 1, *, exactly: bool = True) -> bool:
    """Whether every group keeps min(kept, its length), or no more than that."""
    counts = [
        (sum(bool(mask[at]) for at in places), room) for places, room in rooms(mask.shape, target, axis)
    ]
    return all(kept == room if exactly else kept <= room for kept, room in counts)


def within(scores: Array, first: Mask, pattern: Pattern) -> Mask:
    """Of every group along the outputs, the `kept` largest of those that `first` keeps (double pruning)."""
    mask = np.zeros(scores.shape, np.bool_)
    for places in groups(scores.shape, pattern.group, 0):
        for at in largest([at for at in places if first[at]], scores, pattern.kept):
            mask[at] = True
    return mask


def within_permuted(scores: Array, first: Mask, pattern: Pattern, tried: Sequence[Sequence[int]]) -> Mask:
    """`within` after the outputs are permuted, and back: of those tried, the first that keeps the most."""
    best: Mask | None = None
    for permutation in tried:
        order = list(permutation)
        permuted = within(scores[order], first[order], pattern)
        mask = np.zeros(scores.shape, np.bool_)
        for here, row in enumerate(order):
            mask[row] = permuted[here]
        if best is None or mask.sum() > best.sum():
            best = mask
    assert best is not None, "at least one permutation is tried"
    return best


def transposable(scores: Array, pattern: Pattern) -> Mask:
    """In every block of group x group, `kept` in each row and column with the largest sum of magnitudes."""
    size = pattern.group
    assert all(length % size == 0 for length in scores.shape), "whole blocks only"
    solve = best_by_force if size <= 4 else best_by_program
    mask = np.zeros(scores.shape, np.bool_)
    for top in range(0, scores.shape[0], size):
        for left in range(0, scores.shape[1], size):
            block = np.abs(scores[top : top + size, left : left + size])
            mask[top : top + size, left : left + size] = solve(block, pattern)
    return mask


def valid_blocks(pattern: Pattern) -> list[Mask]:
    """All masks of one block with `kept` in each row and each column; 90 for 2:4."""
    rows = [
        [at in kept for at in range(pattern.group)]
        for kept in combinations(range(pattern.group), pattern.kept)
    ]
    masks = [np.array(chosen) for chosen in product(rows, repeat=pattern.group)]
    return [mask for mask in masks if (mask.sum(axis=0) == pattern.kept).all()]


def best_by_force(block: Array, pattern: Pattern) -> Mask:
    """The first of the best of `valid_blocks`."""
    masks = valid_blocks(pattern)
    return masks[int(np.argmax([block[mask].sum() for mask in masks]))]


def best_by_program(block: Array, pattern: Pattern) -> Mask:
    """The best vertex of the linear relaxation, whose matrix is totally unimodular: its vertices are 0/1."""
    size = pattern.group
    sums = np.zeros((2 * size, size * size))
    for row, column in product(range(size), repeat=2):
        sums[row, row * size + column] = 1
        sums[size + column, row * size + column] = 1
    found = linprog(-block.ravel(), A_eq=sums, b_eq=np.full(2 * size, pattern.kept), bounds=(0, 1))
    assert found.success, found.message
    values = found.x.reshape(size, size)
    assert np.abs(values - np.round(values)).max() < 1e-6, "a vertex is a mask"
    return np.asarray(np.round(values) == 1)


def soft(weights: Array, pattern: Pattern) -> Array:
    """sign(w) max(|w| - t, 0), t the (length - kept)-th smallest |w| of the group; 0 if none is dropped."""
    result = np.zeros(weights.shape)
    for places in groups(weights.shape, pattern.group, 1):
        sizes = sorted(abs(weights[at]) for at in places)
        drops = len(sizes) - min(pattern.kept, len(sizes))
        threshold = sizes[drops - 1] if drops else 0.0
        for at in places:
            result[at] = np.sign(weights[at]) * max(abs(weights[at]) - threshold, 0.0)
    return result


def soft_scale(weights: Array, thresholded: Array) -> float:
    """beta = <W, S> / <S, S>."""
    return float((weights * thresholded).sum() / (thresholded * thresholded).sum())


def chances(sizes: Sequence[float], kept: int) -> list[float]:
    """p = min(1, c a) with the sum min(kept, non-zeros): the largest are sure until the rest share evenly."""
    some = [at for at, size in enumerate(sizes) if size > 0]
    result = [0.0] * len(sizes)
    sure: list[int] = []
    while some:
        room, rest = kept - len(sure), sum(sizes[at] for at in some)
        full = [at for at in some if len(some) <= room or room * sizes[at] >= rest]
        if not full:
            for at in some:
                result[at] = room * sizes[at] / rest
            break
        sure += full
        some = [at for at in some if at not in full]
        if len(sure) >= kept:
            break
    for at in sure:
        result[at] = 1.0
    return result


def sampled(values: Sequence[float], kept: int, uniform: float) -> list[float]:
    """Systematic sampling: i is kept, as a / p, where uniform + an integer lies in [P_i-1, P_i)."""
    chance = chances([abs(value) for value in values], kept)
    result, before = [0.0] * len(values), 0.0
    for at, value in enumerate(values):
        after = before + chance[at]
        if chance[at] == 1.0 or ceil(after - uniform) > ceil(before - uniform):
            result[at] = value / chance[at]
        before = after
    return result


def unbiased(gradient: Array, pattern: Pattern, uniforms: Array) -> Array:
    """MVUE of an output gradient (tokens x outputs) along the tokens; uniforms are groups x outputs."""
    result = np.zeros(gradient.shape)
    for column in range(gradient.shape[1]):
        for number, start in enumerate(range(0, gradient.shape[0], pattern.group)):
            part = gradient[start : start + pattern.group, column]
            drawn = sampled(part.tolist(), pattern.kept, float(uniforms[number, column]))
            result[start : start + pattern.group, column] = drawn
    return result


def drop_and_grow_in_groups(
    mask: Mask, weights: Array, growth: Array, target: Target, count: Callable[[int], int]
) -> Mask:
    """In each group by itself the least kept weights go, and as many of the largest growth come.

    `count` says how many, of how many that the group keeps. What was just dropped may come back at once
    (RigL's rule: it grows among all that are not active).
    """
    result = mask.copy()
    for places, _ in rooms(mask.shape, target, 1):
        kept = [at for at in places if mask[at]]
        result = _exchanged(result, places, kept, weights, growth, count(len(kept)))
    return result


def drop_anywhere_and_grow_in_groups(
    mask: Mask, weights: Array, growth: Array, target: Target, count: int
) -> Mask:
    """The `count` least kept weights of all go; each group grows as many as it has lost."""
    places = list(np.ndindex(*mask.shape))
    kept = [at for at in places if mask[at]]
    dropped = set(kept) - set(largest(kept, weights, len(kept) - count))
    result = mask.copy()
    for group, _ in rooms(mask.shape, target, 1):
        lost = sum(at in dropped for at in group)
        held = [at for at in group if mask[at]]
        result = _exchanged(result, group, held, weights, growth, lost)
    return result


def _exchanged(
    mask: Mask,
    places: Sequence[tuple[int, int]],
    kept: Sequence[tuple[int, int]],
    weights: Array,
    growth: Array,
    count: int,
) -> Mask:
    """`mask` after `count` of `kept` go and as many of `places` come."""
    stays = largest(kept, weights, len(kept) - count)
    comes = largest([at for at in places if at not in set(stays)], growth, count)
    result = mask.copy()
    for at in places:
        result[at] = at in stays or at in comes
    return result
