"""Provable filter pruning: whole channels are kept by chance, the likelier the more they may matter."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, log
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.pattern import Pattern
from workloads.training.moment import Moment
from workloads.training.recipe import ONE, Recipe, Window, ranged, worded
from workloads.training.recipes.static import FIXED
from workloads.training.unstructured import Target

if TYPE_CHECKING:
    from workloads.training.emulator.weight import Weight

Vector = NDArray[np.float64]
MODES = {"rand": "channels are sampled, and reweighted", "top": "the most sensitive channels are kept"}
CONSTANT = 3.0
"""K of the paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSampling(Recipe):
    """Train dense for the share `dense`, keep a share of the input channels of each layer, train on.

    A channel of a hidden layer is a filter of the layer before it. In mode `rand` as many samples are drawn
    as keep the target's share of channels on average.
    """

    dense: Fraction = Fraction(1, 2)
    samples: int = ranged(128, 1, 1 << 20)
    mode: str = worded("rand", MODES)

    def windows(self, target: Target, steps: int) -> Iterable[Window]:
        """A dense window, then fewer channels."""
        if isinstance(target, Pattern):
            what, right = f"recipe {self.name} keeps whole channels", "write a share of them, as in 50 %"
            raise InputError.of(what, right, where="pattern")
        return [Window(share=self.dense), Window(share=ONE - self.dense, face=self.face, pattern=target)]

    def select(self, weight: "Weight", at: Moment) -> None:
        """Keep channels: columns of the weight."""
        shares = sensitivities(
            weight.values.astype(np.float64), weight.inputs(self.samples).astype(np.float64)
        )
        kept = max(1, floor(at.target.density * shares.size + Fraction(1, 2)))
        if self.mode == "top":
            weight.mask = np.zeros(weight.values.shape, np.bool_)
            weight.mask[:, np.argsort(-shares, kind="stable")[:kept]] = True
        else:
            counts, chances, draws = sampled(shares, kept, at.rng(weight.name, "channels"))
            weight.mask = np.broadcast_to(counts > 0, weight.values.shape).copy()
            weight.values *= np.where(counts > 0, counts / np.maximum(draws * chances, 1e-300), 0.0)
        weight.forget_pruned()


def sensitivities(values: NDArray[np.float64], inputs: NDArray[np.float64]) -> Vector:
    """s_j = the most that channel j makes up of any output's positive, or negative, part on any row."""
    most = np.zeros(values.shape[1])
    for row in inputs:
        parts = values * row
        for signed in (np.maximum(parts, 0), np.maximum(-parts, 0)):
            sums = signed.sum(axis=1, keepdims=True)
            most = np.maximum(
                most, np.divide(signed, sums, out=np.zeros_like(signed), where=sums > 0).max(axis=0)
            )
    return most


def sampled(shares: Vector, kept: int, rng: np.random.Generator) -> tuple[Vector, Vector, int]:
    """How often each channel was drawn, its chance, and how many draws there were: `kept` on average."""
    chances = shares / shares.sum() if shares.sum() > 0 else np.full(shares.size, 1 / shares.size)
    wanted = min(kept, int(np.count_nonzero(chances)) - 0.5)
    low, high = 1, 1
    while expected(chances, high) < wanted and high < 1 << 40:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if expected(chances, middle) < wanted else (low, middle)
    counts = rng.multinomial(high, chances).astype(np.float64)
    return counts, chances, high


def expected(chances: Vector, draws: int) -> float:
    """Channels that are drawn at least once, on average: the sum of 1 - (1 - p)^draws."""
    return float((1 - (1 - chances) ** draws).sum())


def sample_size(shares: Vector, *, epsilon: float, delta: float, outputs: int, patches: int = 1) -> int:
    """Draws after which outputs are within `epsilon`, but for a chance of `delta`.

    ceil(K (6 + 2 epsilon) S / epsilon^2) with S = 2 C log(8 (patches + 1) k / delta) sum(s), C = 1 and k
    outputs, as the paper bounds it.
    """
    total = 2 * log(8 * (patches + 1) * outputs / delta) * float(shares.sum())
    return ceil(CONSTANT * (6 + 2 * epsilon) * total / epsilon**2)


PFP = ChannelSampling(
    name="pfp",
    summary="dense, then channels sampled by how much they may matter, then trained on",
    paper="Liebenwein et al.: Provable Filter Pruning for Efficient Neural Networks, arXiv:1911.07412",
    face=FIXED,
)
