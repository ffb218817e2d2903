"""Masks: which values are kept, what is done with them, and what is known of them.

from simulator.mask import breaks, prune, select

mask = select(weights, Pattern.parse("2:4"))
"""

from simulator.mask.apply import masked, masked_decay
from simulator.mask.conform import (
    Breaks,
    BreaksBoth,
    BrokenGroup,
    Obeyed,
    breaks,
    breaks_transposable,
    obeyed,
)
from simulator.mask.diversity import count_masks, count_transposable_block, log10_masks
from simulator.mask.drop_grow import drop_and_grow, drop_and_grow_groups
from simulator.mask.magnitude import prune, prune_decay, select, select_bits
from simulator.mask.measures import KeptPerGroup, flip_rate, kept_per_group, sad
from simulator.mask.second import PermutedMask, select_second, select_second_permuted
from simulator.mask.soft import soft_scale, soft_threshold
from simulator.mask.spectra import Spectrum, spectrum
from simulator.mask.transposable import select_transposable
from simulator.mask.unbiased import inclusion, sparsify_unbiased
from simulator.mask.unstructured import select_above, select_largest, select_largest_of, select_random

__all__ = [
    "Breaks",
    "BreaksBoth",
    "BrokenGroup",
    "KeptPerGroup",
    "Obeyed",
    "PermutedMask",
    "Spectrum",
    "breaks",
    "breaks_transposable",
    "count_masks",
    "count_transposable_block",
    "drop_and_grow",
    "drop_and_grow_groups",
    "flip_rate",
    "inclusion",
    "kept_per_group",
    "log10_masks",
    "masked",
    "masked_decay",
    "obeyed",
    "prune",
    "prune_decay",
    "sad",
    "select",
    "select_above",
    "select_bits",
    "select_largest",
    "select_largest_of",
    "select_random",
    "select_second",
    "select_second_permuted",
    "select_transposable",
    "soft_scale",
    "soft_threshold",
    "sparsify_unbiased",
    "spectrum",
]
