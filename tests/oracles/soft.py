"""Soft thresholding of one value after another, from the definition."""

import math
import struct

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
