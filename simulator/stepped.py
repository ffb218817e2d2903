"""Fidelity `cycle`: as `tile`, with each size of tile stepped through the array, register by register."""

from itertools import product as pairs

import numpy as np

from simulator.bound import Priced
from simulator.cycle import simulate_array
from simulator.folds import array_activity, array_cycles
from simulator.gemm import Stream
from simulator.kernels.activity import cuts_of_k
from simulator.kernels.plan import Plan
from simulator.kernels.tiles import cuts
from simulator.lowering import Lowered
from simulator.machine import Machine
from simulator.tile import best, priced
from simulator.tile import price as price_tiles
from simulator.tiling import Tiled


def price(work: Lowered | Stream, machine: Machine) -> Priced:
    """What `tile` says, once the array has been stepped through each size of tile and did just that.

    It takes as many cycles, and counts the same activity; values change neither, so zeros are stepped.
    InputError where a tile is too large to step.
    """
    if isinstance(work, Stream):
        return price_tiles(work, machine)
    tiled, walked = best(work, machine)
    step(tiled, work)
    return priced(work, machine, tiled, walked)


def step(tiled: Tiled, work: Lowered) -> None:
    """Step the array through each size of tile; an AssertionError is a fault of ours."""
    for m, n, k in sizes(tiled.plan):
        stepped = simulate_array(
            np.zeros((m, k), np.float32), np.zeros((k, n), np.float32), tiled.core, pattern=work.native
        )
        closed = array_cycles(tiled.core, m, n, k, work.native)
        assert stepped.cycles == closed, (
            f"{tiled.plan}: {stepped.cycles} cycles stepped, {closed} by the formula"
        )
        happened = array_activity(tiled.core, m, n, k, work.native)
        assert stepped.activity == happened, (
            f"{tiled.plan}: {stepped.activity} stepped, {happened} by the formula"
        )


def sizes(plan: Plan) -> list[tuple[int, int, int]]:
    """Each size m, n, k that tiles have, once."""
    along = cuts(plan.m, plan.tile_m), cuts(plan.n, plan.tile_n), cuts_of_k(plan)
    return sorted(pairs(*({size for size, times in cut if times} for cut in along)))
