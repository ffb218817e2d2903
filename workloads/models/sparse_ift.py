"""Sparse-IFT: maps with sparse weights that take as many multiply-adds as the plain dense map they replace.

Thangarasa et al. 2023, arXiv:2303.11525. A maker takes the density of the sparse weights, 1 - s, and stands
where `Linear` does: with the role that it is given for weights that follow a recipe, and STAYS_DENSE for the
others. Sizes are counted exactly. A convolution is a map of its windows, so the same makers serve it.
"""

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor, isqrt, sqrt

from simulator.errors import InputError
from workloads.models.block import MakeMap, Map
from workloads.models.linear import Linear
from workloads.models.norms import LayerNorm
from workloads.models.sparse_maps import Doped, Factorized, Parallel
from workloads.networks.layer import Role

BRANCHES_MAX = 64
STAYS_DENSE = Role.LOW_RANK
"""The role of a dense weight inside a map."""


def branches_of(density: Fraction) -> int:
    """Branches of the parallel member, 1 / density to the nearest whole number, as in the authors' code."""
    branches = max(1, floor(1 / density + Fraction(1, 2)))
    if branches > BRANCHES_MAX:
        right = f"a density of 1/{BRANCHES_MAX} or above"
        raise InputError.of(f"each layer would be a sum of {branches} branches", right, where="pattern")
    return branches


def inner_of(inputs: int, outputs: int, density: Fraction) -> int:
    """Features between two sparse factors, as in the authors' code.

    ceil(inputs outputs / ((inputs + outputs) density)).
    """
    return ceil(Fraction(inputs * outputs, inputs + outputs) / density)


def rank_of(inputs: int, outputs: int, density: Fraction) -> int:
    """Rank of the dense part beside a sparse weight.

    floor((1 - density) inputs outputs / (inputs + outputs)).
    """
    return floor((1 - density) * Fraction(inputs * outputs, inputs + outputs))


def wide_channels(width: int, density: Fraction) -> int:
    """Channels of the wide member where both sides of every map grow: floor(width / sqrt(density))."""
    return isqrt(floor(width**2 / density))


def wide_inner(inner: int, density: Fraction) -> int:
    """Inner features of the wide member in a feed-forward part: floor(inner / density).

    The residual sum around the part fixes its outer width, so that the inner one takes the whole factor, and
    not its root.
    """
    return floor(inner / density)


def parallel(density: Fraction) -> MakeMap:
    """Maker of `Parallel` maps with `branches_of(density)` branches."""
    count = branches_of(density)

    def make(*, name: str, role: Role, inputs: int, outputs: int, scale: float = 1.0) -> Map:
        names = [f"{name}.branches.{at}" for at in range(count)]
        return Parallel(
            name=name,
            branches=tuple(
                Linear(name=each, role=role, inputs=inputs, outputs=outputs, biased=False) for each in names
            ),
            norms=tuple(LayerNorm(name=f"{each}.norm", width=outputs) for each in names),
            scale=scale,
        )

    return make


def factorized(density: Fraction) -> MakeMap:
    """Maker of `Factorized` maps with `inner_of(inputs, outputs, density)` features inside.

    V starts wider by sqrt(2), as relu halves the mean square of what it reads.
    """

    def make(*, name: str, role: Role, inputs: int, outputs: int, scale: float = 1.0) -> Map:
        inner = inner_of(inputs, outputs, density)
        return Factorized(
            name=name,
            u=Linear(name=f"{name}.u", role=role, inputs=inputs, outputs=inner),
            v=Linear(name=f"{name}.v", role=role, inputs=inner, outputs=outputs, scale=scale * sqrt(2)),
        )

    return make


def doped(density: Fraction) -> MakeMap:
    """Maker of `Doped` maps with factors of `rank_of` columns; of sparse plain maps where that is 0.

    V starts smaller by sqrt(1 - density): with a random mask on W, Y then starts as wide as a plain map's.
    """

    def make(*, name: str, role: Role, inputs: int, outputs: int, scale: float = 1.0) -> Map:
        rank = rank_of(inputs, outputs, density)
        w = Linear(name=f"{name}.sparse", role=role, inputs=inputs, outputs=outputs, scale=scale)
        if not rank:
            return w
        share = scale * sqrt(1 - density)
        return Doped(
            name=name,
            w=w,
            u=Linear(name=f"{name}.u", role=STAYS_DENSE, inputs=inputs, outputs=rank, biased=False),
            v=Linear(
                name=f"{name}.v", role=STAYS_DENSE, inputs=rank, outputs=outputs, scale=share, biased=False
            ),
        )

    return make


MAKERS: dict[str, Callable[[Fraction], MakeMap]] = {
    "parallel": parallel,
    "factorized": factorized,
    "doped": doped,
}
"""Members of the family that replace single maps, by name; the wide one changes sizes and keeps Linear."""
