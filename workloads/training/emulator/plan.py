"""Plan: everything that decides a training run, to the bit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.errors import InputError, shown
from workloads.networks.layer import Role
from workloads.training.emulator.optimizers import Settings
from workloads.training.emulator.parts import PARTS
from workloads.training.emulator.rates import Rate
from workloads.training.recipe import Recipe
from workloads.training.unstructured import Target

STEPS_MAX = 10**7
BATCH_MAX = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run of `steps` training steps with `recipe` towards `targets`: layers of other roles train dense.

    The gradient is clipped to the norm `clip`; 0 clips nothing. `smoothing` is that of labels.
    """

    recipe: Recipe
    targets: Mapping[Role, Target | None]
    steps: int
    batch: int
    rate: Rate
    optimizer: Settings = field(default_factory=Settings)
    clip: float = 1.0
    smoothing: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, most in (("steps", self.steps, STEPS_MAX), ("batch", self.batch, BATCH_MAX)):
            if type(value) is not int or not 1 <= value <= most:
                raise InputError.of(shown(value), f"a whole number from 1 to {most}", where=name)
        if type(self.seed) is not int or not 0 <= self.seed < 2**63:
            raise InputError.of(shown(self.seed), "a whole number from 0 to 2^63 - 1", where="seed")
        if self.batch % PARTS:
            what = f"a batch of {self.batch} has no {PARTS} equal parts"
            raise InputError.of(what, f"a multiple of {PARTS}", where="batch")
        for name, number, below in (("clip", self.clip, 1e9), ("smoothing", self.smoothing, 1.0)):
            if not isinstance(number, int | float) or not 0 <= number < below:
                raise InputError.of(shown(number), f"a number from 0 to below {below:g}", where=name)
