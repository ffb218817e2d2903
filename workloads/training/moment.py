"""Moment: where a training run stands, as the hooks of a recipe are told."""

from dataclasses import dataclass

import numpy as np

from workloads.training.face import Phase
from workloads.training.unstructured import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One training step of `steps`, in a `phase` that began at the step `start`; `rate` is the learning rate.

    `beta2` and `epsilon` are Adam's. `part` is the part of a batch that asks, for what each draws alone.
    """

    step: int
    steps: int
    phase: Phase
    start: int
    seed: int
    rate: float = 0.0
    beta2: float = 0.999
    epsilon: float = 1e-8
    part: int = 0

    @property
    def since(self) -> int:
        """Steps since the phase began."""
        return self.step - self.start

    @property
    def target(self) -> Target:
        """The pattern of the phase, which a selection of masks needs."""
        if self.phase.pattern is None:
            raise ValueError("a dense phase has no pattern")
        return self.phase.pattern

    def rng(self, *names: str) -> np.random.Generator:
        """The random numbers of one purpose at this step: the same however a run got here."""
        return numbers(self.seed, self.step, self.part, *names)


def numbers(seed: int, step: int, part: int, *names: str) -> np.random.Generator:
    """The random numbers of one purpose, which `names` say, at a step of a run, for a part of its batch."""
    words = [byte for name in names for byte in (*name.encode(), 256)]
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, step, part, *words])))
