"""Task: what is learnt. Training batches follow from a Generator alone, the held-out ones never change."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from simulator.errors import InputError
from workloads.tasks.batch import Batch
from workloads.tasks.metric import Metric
from workloads.tasks.setting import Setting
from workloads.tasks.shape import Shape

FIXED_SAMPLES = 2048
"""Samples of a fixed part, where there is no end of them: a few training steps' worth of work."""


class Task(ABC):
    """One task with its data in memory; the class says what can be known of it without them.

    `reads` says what the path of the user's data names, and is empty for a task that takes none. `digest` is
    the sha256 of the data and the settings. Inputs are int64 tokens or float32 values.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    metric: ClassVar[Metric]
    default_model: ClassVar[str]
    reads: ClassVar[str] = ""
    settings: ClassVar[tuple[Setting, ...]] = ()
    shape: Shape
    digest: str

    @abstractmethod
    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        """A training batch of `size` samples, drawn by `rng` alone: equal states give equal batches."""

    @abstractmethod
    def all_held_out(self) -> Batch:
        """Every sample that is measured and never trained on, in an order that never changes."""

    @abstractmethod
    def some_trained(self) -> Batch:
        """Fixed samples of the training data."""

    def held_out(self, size: int) -> list[Batch]:
        """The held-out samples as whole batches of `size`, the same for every run; a rest is left out."""
        return self._cut(self.all_held_out(), size, "held-out samples")

    def training_sample(self, size: int) -> list[Batch]:
        """Fixed training samples as whole batches of `size`, for a training loss without noise."""
        return self._cut(self.some_trained(), size, "fixed training samples")

    def _cut(self, samples: Batch, size: int, what: str) -> list[Batch]:
        count = len(samples.inputs)
        if not 1 <= size <= count:
            raise InputError.of(
                f"task {self.name} has {count} {what}, which are no batch of {size}",
                f"write a batch of 1 to {count}",
                where="batch",
            )
        starts = range(0, count - size + 1, size)
        return [Batch(*(part[start : start + size] for part in samples)) for start in starts]


def evenly(count: int, most: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """At most `most` of the indices 0 to `count` - 1, evenly spaced."""
    kept = min(count, most)
    return np.arange(kept, dtype=np.int64) * count // max(kept, 1)
