"""Intervals: what the mean of a few seeds is worth, and the mean of paired differences.

Student: mean +- t(n - 1) s / sqrt(n), s^2 = sum (x - mean)^2 / (n - 1), and p = P(|T| >= |mean| sqrt(n) / s).
Bootstrap (Efron): quantiles of the means of `RESAMPLES` draws of n out of the n, with replacement, and p is
twice the smaller share of them on either side of 0, counting one more than there are, but never below
2^(1 - n), the least that the signs of n differences can show. Holm (1979): of m p-values in rising order the
i-th is multiplied by m - i, i from 0, and none is below the one before it, nor above 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, sqrt

import numpy as np
from scipy.stats import t as student

CONFIDENCE = 0.95
RESAMPLES = 9999
SEED = 20260101
"""Of the bootstrap: its draws are the same for every comparison of as many pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean of `count` values, the interval around it, the p of a mean of 0; None where it is unknown."""

    count: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None


def t_interval(values: Sequence[float]) -> Interval:
    """The mean with its t interval; one value has none, and of equal ones it is a point."""
    count = len(values)
    if not count:
        return Interval(count=0)
    mean = _mean(values)
    if count == 1:
        return Interval(count=1, mean=mean)
    if max(values) == min(values):
        return _point(values)
    error = sqrt(fsum((value - mean) ** 2 for value in values) / (count - 1) / count)
    half = float(student.ppf((1 + CONFIDENCE) / 2, count - 1)) * error
    p = 2 * float(student.sf(abs(mean) / error, count - 1))
    return Interval(count=count, mean=mean, low=mean - half, high=mean + half, p=p)


def bootstrap_interval(values: Sequence[float]) -> Interval:
    """The mean with its percentile interval, drawn by a seed of its own."""
    count = len(values)
    if count < 2 or max(values) == min(values):
        return t_interval(values)
    drawn = np.random.default_rng([SEED, count]).integers(0, count, (RESAMPLES, count))
    means = np.array(values, dtype=np.float64)[drawn].mean(axis=1)
    low, high = np.quantile(means, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
    side = min(int((means <= 0).sum()), int((means >= 0).sum()))
    p = min(1.0, max(2 * (side + 1) / (RESAMPLES + 1), 2.0 ** (1 - count)))
    return Interval(count=count, mean=_mean(values), low=float(low), high=float(high), p=p)


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """The p-values, corrected for how many there are; those that are None do not count."""
    order = sorted((p, index) for index, p in enumerate(ps) if p is not None)
    corrected: list[float | None] = [None] * len(ps)
    least = 0.0
    for rank, (p, index) in enumerate(order):
        least = max(least, min(1.0, (len(order) - rank) * p))
        corrected[index] = least
    return corrected


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)


def _point(values: Sequence[float]) -> Interval:
    """Of equal values: no spread to test with, so that only a mean of 0 has a p."""
    value = values[0]
    return Interval(count=len(values), mean=value, low=value, high=value, p=None if value else 1.0)


METHODS = {"paired t": t_interval, "paired bootstrap": bootstrap_interval}
"""How differences that are paired by seed are judged."""


def method_text(method: str, compared: int) -> str:
    """The method as a table states it."""
    how = method if method == "paired t" else f"{method} of {RESAMPLES} draws"
    return f"{how}, {CONFIDENCE:.0%} intervals, p by Holm over {compared}"
