"""Optimizers: how a gradient moves every trained number of a model, and the state that they keep."""

from dataclasses import dataclass

from simulator.errors import InputError, lookup, shown
from workloads.kernels.optimizer import adamw, sgd
from workloads.models.parameters import Array, Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a user chooses of an optimizer; `name` is one of OPTIMIZERS of workloads.training.upkeep."""

    name: str = "adamw"
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    momentum: float = 0.9
    decay: float = 0.01

    def __post_init__(self) -> None:
        lookup(MOMENTS, self.name, kind="optimizer", where="optimizer")
        for name, least, below in (
            ("beta1", 0, 1),
            ("beta2", 0, 1),
            ("momentum", 0, 1),
            ("epsilon", 0, 1),
            ("decay", 0, 1e6),
        ):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not least <= value < below:
                right = f"a number from {least} to below {below:g}"
                raise InputError.of(f"{shown(value)} is no {name}", right, where=name)


MOMENTS = {"adamw": 2, "sgd": 1}
"""Vectors of state beside the trained values."""


class Optimizer:
    """AdamW (Loshchilov, Hutter, arXiv:1711.05101) or SGD with momentum, as torch has them.

    Weight decay is applied to the slots that are `decayed`, which come first in the vector.
    """

    def __init__(self, settings: Settings, parameters: Parameters) -> None:
        self.settings = settings
        self.moments = tuple(parameters.zeros() for _ in range(MOMENTS[settings.name]))
        self.updates = 0
        self._parts = [(0, parameters.decayed, settings.decay), (parameters.decayed, parameters.size, 0.0)]

    def update(self, values: Array, gradient: Array, rate: float, *, frozen: bool = False) -> None:
        """Move `values` by one step; `frozen` keeps Adam's variance as it is (STEP)."""
        self.updates += 1
        chosen = self.settings
        for first, last, decay in self._parts:
            part = slice(first, last)
            arrays = [values[part], gradient[part], *(moment[part] for moment in self.moments)]
            if chosen.name == "sgd":
                sgd(*arrays, 1.0, rate, chosen.momentum, decay)
                continue
            beta2 = 1.0 if frozen else chosen.beta2
            epsilon = chosen.epsilon**0.75 if frozen else chosen.epsilon
            corrections = [1 - beta**self.updates if beta < 1 else 1.0 for beta in (chosen.beta1, beta2)]
            adamw(*arrays, 1.0, rate, chosen.beta1, beta2, epsilon, decay, *corrections)
