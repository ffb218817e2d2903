"""AdamW and SGD as torch has them, in float64, one array at a time, and AdamW with STEP's frozen variance.

A state counts its own updates from 1, as torch's does: a step that leaves the weight out does not count.
"""

from collections.abc import Sequence
from math import exp, floor, log

import numpy as np

from tests.oracles.recipes_masks import Array, Mask


class AdamW:
    """w -= rate decay w; m = b1 m + (1-b1) g; v = b2 v + (1-b2) g^2; w -= rate (m/c1) / (sqrt(v/c2) + eps).

    c1 = 1 - b1^count, c2 = 1 - b2^count.
    """

    def __init__(
        self, *, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, decay: float = 0.0
    ) -> None:
        self.beta1, self.beta2, self.eps, self.decay = beta1, beta2, eps, decay
        self.count = 0
        self.m: Array = np.zeros(())
        self.v: Array = np.zeros(())

    def start(self, weight: Array) -> "AdamW":
        """A fresh state for another array, with the same settings."""
        fresh = AdamW(beta1=self.beta1, beta2=self.beta2, eps=self.eps, decay=self.decay)
        fresh.m, fresh.v = np.zeros(weight.shape), np.zeros(weight.shape)
        return fresh

    def updated(self, weight: Array, gradient: Array, rate: float) -> Array:
        """The weight after one update; the state moves on."""
        self.count += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * gradient
        self.v = self.beta2 * self.v + (1 - self.beta2) * gradient**2
        weight = weight - rate * self.decay * weight
        first = self.m / (1 - self.beta1**self.count)
        second = self.v / (1 - self.beta2**self.count)
        return np.asarray(weight - rate * first / (np.sqrt(second) + self.eps))

    def updated_frozen(self, weight: Array, gradient: Array, rate: float) -> Array:
        """STEP's second phase: v stands still and is not corrected, eps is eps^(3/4), m goes on."""
        self.count += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * gradient
        weight = weight - rate * self.decay * weight
        first = self.m / (1 - self.beta1**self.count)
        return np.asarray(weight - rate * first / (np.sqrt(self.v) + self.eps**0.75))

    def clear(self, where: Mask) -> None:
        """The state of these positions starts again from 0; the count goes on."""
        self.m, self.v = np.where(where, 0.0, self.m), np.where(where, 0.0, self.v)


class Sgd:
    """g += decay w; b = momentum b + g; w -= rate b."""

    def __init__(self, *, momentum: float = 0.9, decay: float = 0.0) -> None:
        self.momentum, self.decay = momentum, decay
        self.count = 0
        self.b: Array = np.zeros(())

    def start(self, weight: Array) -> "Sgd":
        """A fresh state for another array, with the same settings."""
        fresh = Sgd(momentum=self.momentum, decay=self.decay)
        fresh.b = np.zeros(weight.shape)
        return fresh

    def updated(self, weight: Array, gradient: Array, rate: float) -> Array:
        """The weight after one update; the state moves on."""
        self.count += 1
        self.b = self.momentum * self.b + gradient + self.decay * weight
        return weight - rate * self.b

    def clear(self, where: Mask) -> None:
        """The momentum of these positions starts again from 0."""
        self.b = np.where(where, 0.0, self.b)


def variance_change(before: Array, after: Array, *, option: int = 1) -> float:
    """STEP's Z of one step: mean |v_t - v_t-1|, or exp(mean log |v_t - v_t-1|)."""
    changes = [abs(float(b) - float(a)) for a, b in zip(before.ravel(), after.ravel(), strict=True)]
    if option == 1:
        return sum(changes) / len(changes)
    if not all(changes):
        return 0.0  # log 0 is -inf, and so is the mean
    return exp(sum(map(log, changes)) / len(changes))


def step_switch(changes: Sequence[float], steps: int, *, beta2: float = 0.999, eps: float = 1e-8) -> int:
    """How many dense steps STEP trains: the least t for which one of the two holds.

    t > 10 % of the steps, and the mean of the last floor(1 / (1 - beta2)) values of Z is below eps, all of
    them there; or t > 50 % of the steps. `changes[i]` is the Z of step i; t counts the steps that are done.
    """
    window = floor(1 / (1 - beta2) + 1e-9)  # 1 / (1 - 0.999) is 999.9999999999991 in float64
    for done in range(1, steps + 1):
        if done > steps / 2:
            return done
        full = done >= window and len(changes) >= done
        if full and done > steps / 10 and sum(changes[done - window : done]) / window < eps:
            return done
    return steps
