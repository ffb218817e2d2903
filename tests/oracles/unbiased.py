"""Unbiased sparsification from its definitions: fractions for probabilities, an integral for their error.

The draw itself is held by its law: which groups come out, over all u, with which chance.
"""

from fractions import Fraction
from itertools import permutations
from math import erf, erfc, exp, inf, pi, sqrt

from scipy.integrate import dblquad


def least_variance(sizes: list[Fraction], kept: int) -> list[Fraction]:
    """The p = min(1, c a) with the sum min(kept, non-zeros): each number of them that have p = 1 is tried."""
    some = sorted((size for size in sizes if size), reverse=True)
    if len(some) <= kept:
        return [Fraction(1 if size else 0) for size in sizes]
    for full in range(kept + 1):
        rest = sum(some[full:], Fraction(0))
        factor = Fraction(kept - full) / rest
        chances = [min(Fraction(1), factor * size) for size in sizes]
        if sum(chances) == kept:
            return chances
    raise AssertionError("the probabilities have a sum for some number of full ones")


def two_successive(sizes: list[Fraction]) -> list[Fraction]:
    """The chance to be among two drawn one after the other in proportion to size: over ordered pairs."""
    if sum(1 for size in sizes if size) <= 2:
        return [Fraction(1 if size else 0) for size in sizes]
    total = sum(sizes, Fraction(0))
    chances = [Fraction(0)] * len(sizes)
    for first, second in permutations(range(len(sizes)), 2):
        chance = sizes[first] / total * sizes[second] / (total - sizes[first])
        chances[first] += chance
        chances[second] += chance
    return chances


def pairs_of_four(sizes: list[float]) -> dict[tuple[int, int], float]:
    """The probability of each pair of four ascending magnitudes: the closed form, its second case mended.

    Case 2 has p24 over S, not over 2 S as one published code does: its probabilities would not add up to 1.
    """
    a1, a2, a3, a4 = sizes
    total = sum(sizes)
    if 2 * a1 + a3 > a4:
        return {
            (0, 2): (2 * a1 + a3 - a4) / (2 * total),
            (0, 3): (2 * a1 - a3 + a4) / (2 * total),
            (1, 2): (2 * a2 + a3 - a4) / (2 * total),
            (1, 3): (2 * a2 - a3 + a4) / (2 * total),
            (2, 3): (a3 + a4 - a1 - a2) / total,
        }
    if a1 + a2 + a3 > a4:
        return {
            (0, 3): 2 * a1 / total,
            (1, 2): (a1 + a2 + a3 - a4) / total,
            (1, 3): (-a1 + a2 - a3 + a4) / total,
            (2, 3): (a3 + a4 - a1 - a2) / total,
        }
    rest = a1 + a2 + a3
    return {(0, 3): a1 / rest, (1, 3): a2 / rest, (2, 3): a3 / rest}


def gaussian_error_of_two_of_four() -> float:
    """E(squared error) / E(squares) of the least variance, for four Gaussian values.

    With a group's sum S of magnitudes, the largest x and the others' sum R, sum a^2 / p is S^2 / 2, and more
    by (x - R)^2 / 2 where x > R. Each of the four may be that one; s + y stands for R, s the sum of two.
    """

    def density(s: float, y: float) -> float:
        return 2 / sqrt(pi) * exp(-s * s / 4) * erf(s / 2) * sqrt(2 / pi) * exp(-y * y / 2)

    def beyond(r: float) -> float:
        return (1 + r * r) * erfc(r / sqrt(2)) - r * sqrt(2 / pi) * exp(-r * r / 2)

    excess = dblquad(lambda s, y: density(s, y) * beyond(s + y), 0, inf, 0, inf, epsabs=1e-9)[0]
    squares = (4 + 12 * 2 / pi) / 2 + 4 * float(excess) / 2
    return squares / 4 - 1
