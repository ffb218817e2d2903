"""Metric: one number for how well a model does, from sums over batches, which add up in any order."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from math import log
from typing import Literal, Self

Loss = Literal["cross_entropy", "squared_error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Sums over the targets of some batches, those that are not asked for left out.

    `count` is of targets; `nats` the sum of cross-entropies, `right` the number of targets with the largest
    logit, `entropy` the sum of the entropies of the outputs, in nats; of a regression, `squared_errors` and
    `squared_targets` are sums of squares over all outputs.
    """

    count: int = 0
    nats: float = 0.0
    right: int = 0
    entropy: float = 0.0
    squared_errors: float = 0.0
    squared_targets: float = 0.0

    def __add__(self, other: Self) -> "Tally":
        return Tally(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What a task measures, in which unit, and by which loss a model is trained for it."""

    name: str
    unit: str
    loss: Loss
    lower_is_better: bool
    measure: Callable[[Tally], float]

    def of(self, tally: Tally) -> float:
        """The number for the batches that `tally` sums; NaN where a sum is, so a diverged run is seen."""
        return self.measure(tally)


def _bits(tally: Tally) -> float:
    return tally.nats / tally.count / log(2)


def _accuracy(tally: Tally) -> float:
    return tally.right / tally.count


def _unexplained(tally: Tally) -> float:
    return tally.squared_errors / tally.squared_targets


BITS_PER_CHARACTER = Metric(
    name="bits per character", unit="bit", loss="cross_entropy", lower_is_better=True, measure=_bits
)
BITS_PER_SYMBOL = Metric(
    name="bits per symbol", unit="bit", loss="cross_entropy", lower_is_better=True, measure=_bits
)
ACCURACY = Metric(name="accuracy", unit="", loss="cross_entropy", lower_is_better=False, measure=_accuracy)
TOKEN_ACCURACY = Metric(
    name="accuracy per token", unit="", loss="cross_entropy", lower_is_better=False, measure=_accuracy
)
UNEXPLAINED_VARIANCE = Metric(
    name="unexplained variance", unit="", loss="squared_error", lower_is_better=True, measure=_unexplained
)
