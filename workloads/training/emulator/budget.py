"""Iso-FLOPs: how many steps of a recipe a budget of FLOPs pays for."""

import re
from fractions import Fraction

from simulator.errors import InputError, lookup, shown
from workloads.networks.layer import Network
from workloads.training.flops import CONVENTIONS, ledger
from workloads.training.recipe import Recipe
from workloads.training.recipes import RECIPES
from workloads.training.unroll import Targets, training_steps

PREFIXES = {"": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18, "Z": 21}
WRITTEN = r"([0-9]{1,30}(?:\.[0-9]{1,30})?(?:e[0-9]{1,2})?) *(k|M|G|T|P|E|Z|)(?:FLOPs?)?"
BEYOND = 32
RIGHT = "write FLOPs, as in `2.5 PFLOP` or `1e15`, or `1000 dense steps`"


def parse_budget(text: str, network: Network) -> int:
    """FLOPs that `text` writes, or what so many dense steps of `network` take."""
    dense = re.fullmatch(r"([0-9]{1,9}) dense steps?", text)
    if dense and int(dense[1]):
        return int(dense[1]) * flops_of(network, RECIPES["dense"], None, 1, "algorithmic")
    match = re.fullmatch(WRITTEN, text)
    if match is None or not Fraction(match[1]):
        raise InputError.of(f"{shown(text)} is no budget", RIGHT, where="budget")
    return int(Fraction(match[1]) * 10 ** PREFIXES[match[2]])


def flops_of(network: Network, recipe: Recipe, targets: Targets | None, steps: int, convention: str) -> int:
    """FLOPs of a run of `steps`, exactly, as its trace will have them."""
    return ledger(training_steps(network, recipe, targets, steps), convention).total


def steps_within(
    budget: int, network: Network, recipe: Recipe, targets: Targets | None, *, convention: str, most: int
) -> int:
    """The most steps, up to `most`, that take no more than `budget` FLOPs: all phases scale with the run.

    Windows are whole steps, so that a run may be cheaper than one that is a little shorter: so many steps
    beyond the first that is too dear are looked at as well.
    """
    lookup(CONVENTIONS, convention, kind="convention", where="convention")
    if flops_of(network, recipe, targets, 1, convention) > budget:
        one = flops_of(network, recipe, targets, 1, convention)
        raise InputError.of(f"a budget of {budget} pays for no step", f"one step takes {one}", where="budget")
    low, high = 1, 2
    while high <= most and flops_of(network, recipe, targets, high, convention) <= budget:
        low, high = high, 2 * high
    high = min(high, most + 1)
    while high - low > 1:
        middle = (low + high) // 2
        if flops_of(network, recipe, targets, middle, convention) <= budget:
            low = middle
        else:
            high = middle
    if low >= most:
        right = f"a run has at most {most} steps"
        raise InputError.of(f"a budget of {budget} pays for more than {most} steps", right, where="budget")
    beyond = range(min(low + BEYOND, most), low, -1)
    return next((n for n in beyond if flops_of(network, recipe, targets, n, convention) <= budget), low)
