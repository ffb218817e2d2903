"""The best mappings of a product and their walks, and what of a mapping does not depend on a walk."""

import numpy as np

from simulator.kernels.activity import tiles_activity
from simulator.kernels.compile import kernel
from simulator.kernels.folds import DECODE, FEED, LOAD, MULTIPLY, SKEW
from simulator.kernels.pipeline import walk
from simulator.kernels.plan import mapped
from simulator.kernels.score import fits
from simulator.kernels.search import best_mappings
from simulator.kernels.tiles import array_bits, ceil_div, even_work, jobs_of


@kernel
def search(base, levels, core, pins, quanta, found, scores, keeps, shapes):  # type: ignore[no-untyped-def]
    """`best_mappings`, what the levels keep under each, and its tile's bits, waves, tiles of k and band.

    Oracle: tests/oracles/search.py.
    """
    count = best_mappings(base, levels, core, pins, quanta, found, scores)
    for at in range(count):
        facts = found[at]
        plan = mapped(base, facts[0], facts[1], facts[2], facts[3], facts[4], facts[5])
        fits(plan, levels, keeps[at])
        shapes[at, 0] = sum(array_bits(core, plan, plan.tile_m, plan.tile_n, plan.tile_k))
        shapes[at, 1] = ceil_div(jobs_of(plan)[2], plan.clusters)
        shapes[at, 2], shapes[at, 3] = ceil_div(plan.k, plan.tile_k), plan.band
    return count


@kernel
def walk_each(base, levels, core, found, keeps, share, ticks, totals):  # type: ignore[no-untyped-def]
    """Walk each mapping with all effects: `ticks` gets all ticks and the core's own, `totals` the units.

    Oracle: tests/oracles/pipeline.py.
    """
    no_log = np.zeros((0, 0, 0), np.int64)
    for at in range(found.shape[0]):
        facts = found[at]
        plan = mapped(base, facts[0], facts[1], facts[2], facts[3], facts[4], facts[5])
        ticks[at] = walk(plan, levels, keeps[at], core, SKEW, share, True, totals[at], no_log)


@kernel
def even_steps(plan, core):  # type: ignore[no-untyped-def]
    """Cycles of `even_work` with one effect after the other, what enters the arrays, and `tiles_activity`.

    Oracle: tests/oracles/tiles.py.
    """
    multiply, a, b, metadata = even_work(plan, core, MULTIPLY)
    cycles = (
        multiply,
        even_work(plan, core, FEED)[0],
        even_work(plan, core, LOAD)[0],
        even_work(plan, core, DECODE)[0],
        even_work(plan, core, SKEW)[0],
    )
    return cycles, (a, b, metadata), tiles_activity(plan, core)
