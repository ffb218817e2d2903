"""Learning-rate schedules: a warm-up, then a curve over the rest of the run."""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, sqrt

from simulator.errors import InputError, lookup, shown

Curve = Callable[[float, float], float]


def _constant(_share: float, _floor: float) -> float:
    return 1.0


def _cosine(share: float, floor: float) -> float:
    return floor + (1 - floor) / 2 * (1 + cos(pi * share))


def _step(share: float, floor: float) -> float:
    return max(floor, 0.1 ** sum(share >= fall for fall in (0.5, 0.75)))


CURVES: dict[str, Curve] = {"constant": _constant, "cosine": _cosine, "step": _step}
"""The learning rate as a share of its peak, from the share of the run after warm-up; `rsqrt` is apart.

`cosine` falls to the floor, `step` to a tenth at half of what the warm-up leaves of the run and to a
hundredth at three quarters of it. `constant` and `rsqrt` know no floor.
"""
RSQRT = "rsqrt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """The learning rate at each step of a run of `steps`: it rises to `peak` over the share `warmup`.

    Then it follows `schedule`. `rsqrt` falls as sqrt(warm-up steps / step) (Vaswani et al.,
    arXiv:1706.03762). `floor` is a share of the peak.
    """

    peak: float
    schedule: str = "cosine"
    warmup: float = 0.05
    floor: float = 0.02

    def __post_init__(self) -> None:
        lookup(dict.fromkeys([*CURVES, RSQRT]), self.schedule, kind="schedule", where="schedule")
        for name, least, most in (("peak", 0.0, 1e6), ("warmup", 0.0, 1.0), ("floor", 0.0, 1.0)):
            value = getattr(self, name)
            if (
                not isinstance(value, int | float)
                or not least <= value <= most
                or (name == "peak" and not value)
            ):
                right = (
                    "a number above 0, up to 1e6" if name == "peak" else f"a share from {least:g} to {most:g}"
                )
                where = {"peak": "rate"}.get(name, name)
                raise InputError.of(f"{shown(value)} is no {where}", right, where=where)

    def at(self, step: int, steps: int) -> float:
        """The learning rate of `step`, counted from 0."""
        rising = self.warmup * steps
        if step < rising:
            return self.peak * (step + 1) / (rising + 1)
        if self.schedule == RSQRT:
            return self.peak * sqrt(max(rising, 1.0) / max(step, 1.0, rising))
        share = (step - rising) / max(steps - rising, 1.0)
        return self.peak * CURVES[self.schedule](share, self.floor)
