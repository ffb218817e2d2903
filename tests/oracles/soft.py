"""Soft thresholding of one value after another, from the definition."""

import math
import struct

from scipy.integrate import quad
from scipy.special import erf, erfc

from simulator.pattern import Pattern


def soft_threshold(line: list[float], pattern: Pattern) -> list[float]:
    """sign(w) max(|w| - t, 0), t the (length - kept)-th smallest |w| of the group, in the given numbers.

    NaN is the smallest: as t it is 0, dropped it is 0, kept it is NaN.
    """
    result: list[float] = []
    for start in range(0, len(line), pattern.group):
        group = line[start : start + pattern.group]
        drops = len(group) - min(pattern.kept, len(group))
        ranked = sorted(range(len(group)), key=lambda at: (rank(group[at]), -at))
        threshold = max(0.0, rank(group[ranked[drops - 1]])) if drops else 0.0
        for at, value in enumerate(group):
            if math.isnan(value):
                result.append(value if at in ranked[drops:] else 0.0)
            elif abs(value) > threshold:
                result.append(math.copysign(abs(value) - threshold, value))
            else:
                result.append(0.0)
    return result


def gaussian_scale(pattern: Pattern) -> float:
    """E<W, S> / E<S, S> of Gaussian weights: 1 / E(1 + t^2 - t f(t) / Q(t)) over the threshold t.

    f and Q are the density of |w| and its tail. t is the order statistic of group - kept; the kept are above
    it and else independent, so that E(|w| (|w| - t)) = 1 and E((|w| - t)^2) = 1 + t^2 - t f(t) / Q(t).
    """
    drops = pattern.group - pattern.kept
    ways = pattern.group * math.comb(pattern.group - 1, drops - 1)

    def squares(t: float) -> float:
        below, above = erf(t / math.sqrt(2)), erfc(t / math.sqrt(2))
        density = math.sqrt(2 / math.pi) * math.exp(-t * t / 2)
        chance = ways * below ** (drops - 1) * above**pattern.kept * density
        return float(chance * (1 + t * t - t * density / above))

    return 1 / float(quad(squares, 0, 9, epsabs=1e-10)[0])


def rank(value: float) -> float:
    """The magnitude, and for NaN less than any."""
    return -1.0 if math.isnan(value) else abs(value)


def to_bfloat16(value: float) -> int:
    """The bits of the nearest bfloat16, ties to even: 8 significant bits, steps of 2^-133 at the least."""
    if not math.isfinite(value):
        return as_upper_half(value)
    step = 2.0 ** max(math.frexp(value)[1] - 8, -133)
    rounded = round(value / step) * step
    return as_upper_half(rounded if abs(rounded) < 2.0**128 else math.copysign(math.inf, value))


def as_upper_half(value: float) -> int:
    """The upper 16 bits of a float32."""
    bits: int = struct.unpack("<I", struct.pack("<f", value))[0]
    return bits >> 16
