"""Masks without groups: the largest of one tensor or several, what is above a threshold, random positions."""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, shown
from simulator.gemm import check_count
from simulator.kernels.threads import spread
from simulator.kernels.unstructured import BINS, DIGIT, count_digits, mark_first, mark_within
from simulator.mask.dtypes import INFINITY, Array, magnitude_bits, widened
from simulator.mask.layout import check_axis_of, check_generator, check_scores

Mask = NDArray[np.bool_]
Bits = NDArray[np.unsignedinteger]

STRETCH = 1 << 18  # values that are counted together
STRETCHES_MAX = 256  # each needs a histogram of its own
VALUES_MAX = 1 << 28  # of a mask that is made from its shape alone
AXES_MAX = 32
DRAWN_TOGETHER = 1 << 16  # positions
EVERY = np.empty(0, np.bool_)


def select_largest(scores: Array, count: int) -> Mask:
    """The mask that keeps exactly the `count` values of largest magnitude of the whole tensor.

    Any shape; the mask has it too. On equal magnitude the lowest index, in C order, is kept, and NaN comes
    after every number. Takes time proportional to the number of values, whatever they are.
    """
    scores = check_scores(scores)
    check_count("count", count, least=0, most=scores.size)
    return largest_among([scores], count)[0]


def select_largest_of(scores: Sequence[Array], count: int) -> list[Mask]:
    """The masks that keep exactly `count` values in all, the largest in magnitude of several tensors.

    Global magnitude pruning, as in AC/DC (arXiv 2106.12379). Tensors may differ in shape and dtype;
    magnitudes are compared as the numbers that they are. On equal magnitude the earlier tensor is kept, then
    the lowest index.
    """
    if not isinstance(scores, list | tuple):
        raise InputError.of(f"scores is of type {type(scores).__name__}", "scores is a list of numpy arrays")
    scores = [check_scores(each, what=f"scores[{index}]") for index, each in enumerate(scores)]
    check_count("count", count, least=0, most=sum(each.size for each in scores))
    if len({each.dtype for each in scores}) > 1:
        floats = [widened(each) for each in scores]
        common = np.result_type(*floats)
        with np.errstate(invalid="ignore"):  # of a signalling NaN
            scores = [each.astype(common) for each in floats]
    return largest_among(scores, count)


def select_above(scores: Array, thresholds: Array, *, axis: int = 0) -> Mask:
    """The mask that keeps the values with |score| > thresholds[i] in slice i along `axis`, NaN never.

    One threshold for each output, as in dynamic sparse training (Liu et al., arXiv 2005.06870), so the number
    kept is whatever it comes to. Scores and thresholds may differ in dtype; they are compared as the numbers
    that they are.
    """
    scores, thresholds = check_scores(scores), check_scores(thresholds, what="thresholds")
    at = check_axis_of(scores, axis)
    if thresholds.shape != (scores.shape[at],):
        raise InputError.of(
            f"thresholds has shape {thresholds.shape}",
            f"axis {axis} of shape {scores.shape} has {scores.shape[at]} slices, each with one threshold",
        )
    limits = widened(thresholds)
    if (bad := np.flatnonzero(np.isnan(limits))).size:
        raise InputError.of(f"thresholds[{bad[0]}] is NaN", "a threshold is a number")
    shape = [1] * scores.ndim
    shape[at] = -1
    with np.errstate(invalid="ignore"):  # of a signalling NaN
        return np.ascontiguousarray(np.abs(widened(scores)) > limits.reshape(shape))


def select_random(shape: tuple[int, ...], count: int, rng: np.random.Generator) -> Mask:
    """A mask of `shape` with exactly `count` kept, every choice of positions equally likely.

    Where static sparse training and SET (Mocanu et al., arXiv 1707.04780) start.
    """
    check_generator(rng)
    if not isinstance(shape, tuple) or not 1 <= len(shape) <= AXES_MAX:
        raise InputError.of(f"shape is {shown(shape)}", f"a shape is a tuple of 1 to {AXES_MAX} lengths")
    for axis, length in enumerate(shape):
        check_count(f"shape[{axis}]", length, least=0, most=VALUES_MAX)
    size = prod(shape)
    check_count("the number of values", size, least=0, most=VALUES_MAX)
    check_count("count", count, least=0, most=size)
    mask = np.zeros(size, np.bool_)
    for first in range(0, size, DRAWN_TOGETHER):
        # How many of them all lie in this part is drawn first, so that memory and caches are spared.
        part = mask[first : first + DRAWN_TOGETHER]
        kept = int(rng.hypergeometric(count, size - first - count, part.size))
        part[rng.choice(part.size, kept, replace=False, shuffle=False)] = True
        count -= kept
    return mask.reshape(shape)


def largest_among(scores: Sequence[Array], count: int, among: Sequence[Mask] | None = None) -> list[Mask]:
    """The masks of the `count` largest magnitudes of tensors of one dtype, of the positions in `among`.

    `count` is at most the number of those positions.
    """
    masks = [np.zeros(each.shape, np.bool_) for each in scores]
    if count == 0:
        return masks
    bits = [np.ascontiguousarray(each).view(f"u{each.dtype.itemsize}") for each in scores]
    allowed = [np.ascontiguousarray(each) for each in among] if among else [EVERY] * len(bits)
    size = max(STRETCH, -(-sum(each.size for each in bits) // STRETCHES_MAX))
    stretches = [
        Stretch(*(whole[at : at + size] for whole in wholes))
        for wholes in zip(
            *([each.reshape(-1) for each in kind] for kind in (bits, allowed, masks)), strict=True
        )
        for at in range(0, wholes[0].size, size)
    ]
    _mark(stretches, _cut(stretches, count, INFINITY[scores[0].dtype]))
    return masks


class Stretch(NamedTuple):
    """Values that are counted and marked together: their bits, which may be kept (empty: all), their mask."""

    bits: Bits
    among: Mask
    out: Mask


class Cut(NamedTuple):
    """Kept are the keys with key >> known > prefix, and of the `equal` ones in a stretch the first `ties`."""

    known: int
    prefix: int
    equal: NDArray[np.int64]
    ties: NDArray[np.int64]
    infinity: int


def _cut(stretches: list[Stretch], count: int, infinity: int) -> Cut:
    """Where the `count` largest end: digit by digit from the top, until no value is left undecided."""
    known, prefix, left = infinity.bit_length(), 0, count
    while True:
        shift = max(0, known - DIGIT)
        found = _count(stretches, infinity, known, prefix, shift)
        total = found.sum(axis=0)
        reached = np.cumsum(total[::-1])[::-1]  # values with this digit or a larger one
        digit = int(np.flatnonzero(reached >= left)[-1])
        left -= int(reached[digit] - total[digit])
        prefix = prefix << (known - shift) | digit & ((1 << (known - shift)) - 1)
        known = shift
        if left == total[digit] or known == 0:
            equal = found[:, digit]
            ties = np.clip(left - (np.cumsum(equal) - equal), 0, equal)
            return Cut(known=known, prefix=prefix, equal=equal, ties=ties, infinity=infinity)


def _count(stretches: list[Stretch], infinity: int, known: int, prefix: int, shift: int) -> NDArray[np.int64]:
    """The histogram of each stretch by the digit at `shift`, of the keys with key >> known == prefix."""
    found = np.zeros((len(stretches), BINS), np.int64)

    def run(first: int, last: int) -> None:
        for (bits, among, _), out in zip(stretches[first:last], found[first:last], strict=True):
            count_digits(bits, among, _magnitude(bits), np.uint64(infinity), known, prefix, shift, out)

    spread(run, len(stretches), values=sum(each.bits.size for each in stretches))
    return found


def _magnitude(bits: Bits) -> np.unsignedinteger:
    return bits.dtype.type(magnitude_bits(bits.dtype))


def _mark(stretches: list[Stretch], cut: Cut) -> None:
    """Mark each stretch, by a plain comparison unless only some of its values on the cut are kept."""
    magnitude = _magnitude(stretches[0].bits)
    infinity = type(magnitude)(cut.infinity)
    on, above = (type(magnitude)(max(0, (cut.prefix + step << cut.known) - 1)) for step in (0, 1))
    most = infinity if cut.prefix else magnitude  # a cut at the very bottom keeps NaN as well

    def run(first: int, last: int) -> None:
        for index in range(first, last):
            bits, among, out = stretches[index]
            if cut.ties[index] == cut.equal[index]:
                mark_within(bits, among, magnitude, on, most, out)
            elif cut.ties[index] == 0:
                mark_within(bits, among, magnitude, above, infinity, out)
            else:
                known, prefix, ties = cut.known, cut.prefix, cut.ties[index]
                mark_first(bits, among, magnitude, np.uint64(infinity), known, prefix, ties, out)

    spread(run, len(stretches), values=sum(each.bits.size for each in stretches))
