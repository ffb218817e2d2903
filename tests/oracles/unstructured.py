"""Masks without groups, by sorting and by comparing one value at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.oracles.magnitude import as_float, rank


def largest(
    scores: Sequence[NDArray[Any]], count: int, among: Sequence[NDArray[np.bool_]] | None = None
) -> list[NDArray[np.bool_]]:
    """The masks of the `count` largest of all, NaN last; of equals the earlier tensor and lower index."""
    places = [
        (-rank(value), tensor, index)
        for tensor, each in enumerate(scores)
        for index, value in enumerate(each.ravel())
        if among is None or among[tensor].ravel()[index]
    ]
    masks = [np.zeros(each.shape, np.bool_) for each in scores]
    for _, tensor, index in sorted(places)[:count]:
        masks[tensor].reshape(-1)[index] = True
    return masks


def above(scores: NDArray[Any], thresholds: NDArray[Any], axis: int) -> NDArray[np.bool_]:
    """Whether each magnitude is above the threshold of its slice; a comparison with NaN is false."""
    mask = np.zeros(scores.shape, np.bool_)
    for at in np.ndindex(scores.shape):
        mask[at] = abs(as_float(scores[at])) > as_float(thresholds[at[axis]])
    return mask
