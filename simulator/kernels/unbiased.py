"""Unbiased sparsification of groups: with which probability each value is kept, and one draw for each group.

values is (outer, length, inner) of float32 or float64; group `at` is the one at / groups, and at % groups
along length, of every inner. Probabilities and sums are float64.
"""

import math

import numpy as np

from simulator.kernels.compile import kernel

NEAR_OVERFLOW = 1e300  # a sum of 64 magnitudes above it may be infinite
SCALE = 2.0**-7


@kernel
def sparsify(values, uniforms, kept, group, approximate, first, last, out):  # type: ignore[no-untyped-def]
    """Write a / p for the values that are drawn and 0 for the others, in groups [first, last).

    uniforms (outer, groups, inner) in [0, 1); out like values. Oracle: tests/oracles/unbiased.py.
    """
    length, inner = values.shape[1], values.shape[2]
    groups = (length + group - 1) // group
    sizes, chances, taken = np.zeros(group), np.zeros(group), np.zeros(group, np.bool_)
    for at in range(first, last):
        outer, start = at // groups, at % groups * group
        size = min(group, length - start)
        for i in range(inner):
            for j in range(size):
                sizes[j] = abs(values[outer, start + j, i])
            fill_chances(sizes[:size], kept, approximate, chances[:size])
            draw(chances[:size], uniforms[outer, at % groups, i], taken)
            for j in range(size):
                value = values[outer, start + j, i]
                if not taken[j]:
                    out[outer, start + j, i] = 0
                elif chances[j] == 1.0:
                    out[outer, start + j, i] = value
                else:
                    out[outer, start + j, i] = np.float64(value) / chances[j]


@kernel
def write_chances(values, kept, group, approximate, first, last, out):  # type: ignore[no-untyped-def]
    """Write the probability with which each value is kept, in groups [first, last).

    out is float64 in the shape of values. Oracle: tests/oracles/unbiased.py.
    """
    length, inner = values.shape[1], values.shape[2]
    groups = (length + group - 1) // group
    sizes, chances = np.zeros(group), np.zeros(group)
    for at in range(first, last):
        outer, start = at // groups, at % groups * group
        size = min(group, length - start)
        for i in range(inner):
            for j in range(size):
                sizes[j] = abs(values[outer, start + j, i])
            fill_chances(sizes[:size], kept, approximate, chances[:size])
            for j in range(size):
                out[outer, start + j, i] = chances[j]


@kernel
def fill_chances(sizes, kept, approximate, chances):  # type: ignore[no-untyped-def]
    """The probabilities of one group of magnitudes, which are scaled on the way.

    What is not finite takes its places first, by lowest index; what is left is shared among the finite
    values. Oracle: tests/oracles/unbiased.py.
    """
    left, some, most = kept, 0, 0.0
    for j in range(sizes.size):
        chances[j] = 0.0
        if not math.isfinite(sizes[j]):
            chances[j] = 1.0 if left > 0 else 0.0
            left -= left > 0
            sizes[j] = 0.0
        elif sizes[j] > 0.0:
            some += 1
            most = max(most, sizes[j])
    if most > NEAR_OVERFLOW:
        for j in range(sizes.size):
            sizes[j] *= SCALE
    if some <= left:
        for j in range(sizes.size):
            if sizes[j] > 0.0:
                chances[j] = 1.0
    elif approximate and left == 2:
        fill_successive(sizes, chances)
    else:
        fill_least_variance(sizes, left, chances)


@kernel
def fill_least_variance(sizes, left, chances):  # type: ignore[no-untyped-def]
    """Probabilities min(1, c |a|) with the c that makes them add up to `left`.

    Whatever the largest share takes above 1 goes to the others, until no share is above 1.
    Oracle: tests/oracles/unbiased.py.
    """
    while left > 0:
        total = 0.0
        for j in range(sizes.size):
            if chances[j] < 1.0:
                total += sizes[j]
        full = 0
        for j in range(sizes.size):
            if chances[j] < 1.0 and sizes[j] > 0.0:
                chances[j] = sizes[j] / total * left
                if chances[j] >= 1.0:
                    chances[j] = 1.0
                    full += 1
        if full == 0:
            return
        left -= full
    for j in range(sizes.size):
        if chances[j] < 1.0:
            chances[j] = 0.0


@kernel
def fill_successive(sizes, chances):  # type: ignore[no-untyped-def]
    """The chance to be among two that are drawn one after the other, each in proportion to what is left.

    p_i = t_i + sum over j != i of t_j a_i / (S - a_j), with t = a / S. Oracle: tests/oracles/unbiased.py.
    """
    total = 0.0
    for j in range(sizes.size):
        total += sizes[j]
    for j in range(sizes.size):
        if sizes[j] > 0.0:
            rest = 0.0  # not total - sizes[j]: that loses small ones beside a large one
            for i in range(sizes.size):
                if i != j:
                    rest += sizes[i]
            chances[j] += sizes[j] / total
            for i in range(sizes.size):
                if i != j:
                    chances[i] += sizes[j] / total * (sizes[i] / rest)
    for j in range(sizes.size):
        chances[j] = min(1.0, chances[j])


@kernel
def draw(chances, uniform, taken):  # type: ignore[no-untyped-def]
    """Systematic sampling: take each value whose stretch of the summed chances holds u + a whole number.

    A chance of 1 is taken without a draw, and what rounding leaves over goes to the last. Oracle:
    tests/oracles/unbiased.py.
    """
    total, last = 0.0, -1
    for j in range(chances.size):
        taken[j] = chances[j] == 1.0
        if 0.0 < chances[j] < 1.0:
            total += chances[j]
            last = j
    count = round(total)
    reached, found = 0.0, 0
    for j in range(chances.size):
        if 0.0 < chances[j] < 1.0 and found < count:
            reached += chances[j]
            if reached > uniform + found or (j == last):
                taken[j] = True
                found += 1
