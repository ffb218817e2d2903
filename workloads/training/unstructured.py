"""Unstructured: keep a share of each layer's weights, anywhere; and what a recipe may aim at."""

import re
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from simulator.errors import InputError, shown
from simulator.pattern import Pattern
from simulator.units import parse_share

DIGITS_MAX = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Unstructured:
    """The share `density` of each layer's weights is kept, above 0 and up to 1, anywhere: without groups."""

    density: Fraction

    def __post_init__(self) -> None:
        if not isinstance(self.density, Fraction) or not 0 < self.density <= 1:
            raise InputError.of(
                f"the density is {shown(self.density)}", "a density is a Fraction above 0 and up to 1"
            )

    def __str__(self) -> str:
        percent = 100 * self.density
        scaled = percent * 10**DIGITS_MAX
        if scaled.denominator != 1:
            return str(self.density)
        whole, rest = divmod(int(scaled), 10**DIGITS_MAX)
        decimals = f"{rest:0{DIGITS_MAX}}".rstrip("0")
        return f"{whole}.{decimals}%" if decimals else f"{whole}%"

    @property
    def dense(self) -> bool:
        """Whether every weight is kept, as under 4:4."""
        return self.density == 1

    def kept_of(self, weights: int) -> int:
        """Weights kept of a layer's `weights`: floor(density * weights + 1/2), and at least 1."""
        return max(1, floor(self.density * weights + Fraction(1, 2)))


Target = Pattern | Unstructured
"""What the masks of a layer obey."""


def parse_target(text: str) -> Target:
    """The target that `text` writes: kept:group, as in "2:4", or a share of each layer, as in "10 %"."""
    if isinstance(text, str) and re.fullmatch(r" *[0-9.]+ *%| *[0-9]+/[0-9]+", text):
        try:
            return Unstructured(density=parse_share(text))
        except InputError:
            right = "write a share above 0 % and up to 100 %, or kept:group, as in 2:4"
            raise InputError.of(f"{shown(text)} is no share of the weights", right) from None
    if isinstance(text, str) and ":" in text:
        return Pattern.parse(text)
    right = "write kept:group, as in 2:4, or a share of each layer, as in 10 %"
    raise InputError.of(f"{shown(text)} is not a pattern", right)
