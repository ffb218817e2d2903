"""Magnitude masks and what is done with them, value by value, from the definition."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.pattern import Pattern


def as_float(value: Any) -> float:
    """The number that a value stands for; 16 unsigned bits are the upper half of a float32."""
    if isinstance(value, np.uint16):
        return float(np.array(int(value) << 16, np.uint32).view(np.float32))
    return float(value)


def rank(value: Any) -> float:
    """Larger is kept first: the magnitude, and for NaN less than any."""
    number = as_float(value)
    return -1.0 if math.isnan(number) else abs(number)


def select(scores: NDArray[Any], pattern: Pattern, axis: int) -> NDArray[np.bool_]:
    """In each group, those that fewer than `kept` go before: larger ones, and equal ones of a lower index."""
    lines = np.moveaxis(scores, axis, -1)
    mask = np.zeros(lines.shape, np.bool_)
    for line in np.ndindex(lines.shape[:-1]):
        for start in range(0, lines.shape[-1], pattern.group):
            ranks = [rank(value) for value in lines[line][start : start + pattern.group]]
            for here, mine in enumerate(ranks):
                before = sum(
                    other > mine or (other == mine and there < here) for there, other in enumerate(ranks)
                )
                mask[(*line, start + here)] = before < pattern.kept
    return np.moveaxis(mask, -1, axis)


def masked(weights: NDArray[Any], mask: NDArray[np.bool_], fade: float) -> NDArray[Any]:
    """The weight, times `fade` where it is not kept, rounded once; 0 where `fade` is 0."""
    result = np.zeros(weights.shape, weights.dtype)
    with np.errstate(all="ignore"):
        for at in np.ndindex(weights.shape):
            if mask[at]:
                result[at] = weights[at]
            elif fade:
                result[at] = weights[at] * weights.dtype.type(fade)
    return result


def masked_decay(
    gradient: NDArray[Any], weights: NDArray[Any], mask: NDArray[np.bool_], strength: float
) -> NDArray[Any]:
    """The gradient, plus `strength` times the weight where that is not kept; product and sum round apart."""
    result = gradient.copy()
    with np.errstate(all="ignore"):
        for at in np.ndindex(weights.shape):
            if not mask[at]:
                result[at] = gradient[at] + weights[at] * weights.dtype.type(strength)
    return result
