"""Selectors: how masks are chosen, and what one selection reads and compares for each weight."""

from collections.abc import Callable
from dataclasses import dataclass

PERMUTATIONS = 100
"""Random permutations that one selection of Bi-Mask tries (Zhang et al., arXiv:2302.06058)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """One way to choose a mask, as UPDATE pays for it.

    For each weight a selection reads `read_bits` of fp32 weights and gradients and `mask_read_bits` of the
    mask that it moves, writes one bit of mask and makes `compares(group)` operations. These are compares, as
    many as a merge sort makes at most, drawn numbers, and counts of what a permutation keeps; absolute
    values, moves of what is sorted and the packing of the mask are left out. A selection reads every weight,
    though those that a mask has pruned may be known to be 0.
    """

    name: str
    summary: str
    compares: Callable[[int], int]
    read_bits: int = 32
    mask_read_bits: int = 0

    @property
    def moves_a_mask(self) -> bool:
        """Whether it starts from an old mask; without one, the first is drawn at random."""
        return self.mask_read_bits > 0


def sorting(values: int) -> int:
    """Compares per value to sort `values` of them: ceil(log2(values))."""
    return (values - 1).bit_length()


RANDOM = "random"
SELECTORS = {
    "magnitude": Selector(
        name="magnitude", summary="sort |w| in each group, keep the largest", compares=sorting
    ),
    "transposable": Selector(
        name="transposable",
        summary="sort |w| in each block of group x group, keep greedily by row and column",
        compares=lambda group: sorting(group * group),
    ),
    "permuted": Selector(
        name="permuted",
        summary=f"select by magnitude under {PERMUTATIONS} random permutations, count each, keep the best",
        compares=lambda group: PERMUTATIONS * (sorting(group) + 1),
    ),
    RANDOM: Selector(
        name=RANDOM,
        summary="draw a number for each weight, keep the largest of each group",
        compares=lambda group: 1 + sorting(group),
        read_bits=0,
    ),
    "threshold": Selector(
        name="threshold",
        summary="compare |w| with the threshold of its output",
        compares=lambda _group: 1,
    ),
    "grow_gradient": Selector(
        name="grow_gradient",
        summary="drop by |w|, grow by |dense gradient|",
        compares=lambda group: 2 * sorting(group),
        read_bits=64,
        mask_read_bits=1,
    ),
    "grow_random": Selector(
        name="grow_random",
        summary="drop by |w|, grow at random",
        compares=lambda group: 1 + 2 * sorting(group),
        mask_read_bits=1,
    ),
}
"""Selectors by name.

What is greedy about `transposable` is not counted either: for each weight, of its row and of its column, a
compare with the number that may be kept and an increment.
"""
