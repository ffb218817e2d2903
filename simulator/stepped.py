"""Fidelity `cycle`: as `tile`, with each size of tile stepped through the array, register by register."""

from itertools import product as pairs

import numpy as np

from simulator.bound import Priced
from simulator.cycle import simulate_array
from simulator.folds import array_cycles
from simulator.gemm import Stream
from simulator.kernels.tiles import cuts
from simulator.lowering import Lowered
from simulator.machine import Machine
from simulator.tile import best, priced
from simulator.tile import price as price_tiles
from simulator.tiling import Tiled


def price(work: Lowered | Stream, machine: Machine) -> Priced:
    """What `tile` says, once the array has been stepped through each size of tile and took just those cycles.

    Values do not change the time: zeros are stepped. InputError where a tile is too large to step.
    """
    if isinstance(work, Stream):
        return price_tiles(work, machine)
    tiled, walked = best(work, machine)
    step(tiled, work)
    return priced(work, machine, tiled, walked)


def step(tiled: Tiled, work: Lowered) -> None:
    """Step the array through each size of tile; an AssertionError is a fault of ours."""
    plan = tiled.plan
    for sides in pairs(*(cuts(*along) for along in _cut(tiled))):
        (m, n, k), times = zip(*sides, strict=True)
        if min(times) == 0:
            continue
        stepped = simulate_array(
            np.zeros((m, k), np.float32), np.zeros((k, n), np.float32), tiled.core, pattern=work.native
        )
        closed = array_cycles(tiled.core, m, n, k, work.native)
        assert stepped.cycles == closed, f"{plan}: {stepped.cycles} cycles stepped, {closed} by the formula"


def _cut(tiled: Tiled) -> tuple[tuple[int, int], ...]:
    plan = tiled.plan
    return (plan.m, plan.tile_m), (plan.n, plan.tile_n), (plan.k, plan.tile_k)
