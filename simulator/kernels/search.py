"""The tiler's search: the best of every mapping of a bounded set, by the scores of simulator.kernels.score.

`base` is a Plan without its mapping; `pins` are 0 where the search is free, an order is pinned as 1 more.
Whatever could not be among the best is left out before it is scored: pairs of tile_m and tile_n by what they
take at least, and under a pair pieces of k and bands likewise.
"""

import numpy as np

from simulator.kernels.compile import kernel
from simulator.kernels.folds import OUTPUT, WEIGHT, places
from simulator.kernels.pipeline import UNITS_PER_BYTE
from simulator.kernels.plan import KMN, PARTIAL_UNITS, mapped
from simulator.kernels.score import ENDLESS, even_tile, fits, fits_private, level_units, scored
from simulator.kernels.tiles import (
    BUFFERS,
    DEN,
    LATENCY,
    NUM,
    SHARED,
    SUMS,
    ceil_div,
)

SIZES_MAX = 64
LEVELS_MAX = 8
FACTS = 6  # columns of a mapping: tile_m, tile_n, tile_k, order, band, split_k
SPLIT_WAVES = 4
NEARLY = 1 - 2.0**-40  # sums of floats in another order are a little off


@kernel
def sizes(extent, quantum, pin, out):  # type: ignore[no-untyped-def]
    """Tile sizes to try: the pin, or even cuts into about powers of two and their triples of quanta.

    Oracle: tests/oracles/search.py.
    """
    if pin > 0:
        out[0] = min(pin, extent)
        return 1
    count, step = 0, quantum
    while step < extent and count < SIZES_MAX - 2:
        for size in (step, step * 3 // 2):
            if size < extent and size % quantum == 0:
                even = ceil_div(ceil_div(extent, ceil_div(extent, size)), quantum) * quantum
                if even < extent and (count == 0 or out[count - 1] != even):
                    out[count] = even
                    count += 1
        step *= 2
    out[count] = extent
    return count + 1


@kernel
def best_mappings(base, levels, core, pins, quanta, found, scores):  # type: ignore[no-untyped-def]
    """The mappings of the lowest scores, best first, and how many; rows of `found` are of FACTS columns.

    `quanta` are what tiles are multiples of, along m, n and k, where they do not reach to the end. Pairs of
    tile_m and tile_n are gone through from the least that they could take on; where that is more than the
    last of the best takes, no other could be among them.
    Oracle: tests/oracles/search.py.
    """
    along = np.empty((3, SIZES_MAX), np.int64)
    rows = sizes(base.m, quanta[0], pins[0], along[0])
    columns = sizes(base.n, quanta[1], pins[1], along[1])
    pieces = along[2, : sizes(base.full_k, quanta[2], pins[2], along[2])]
    limits, deepest, count = np.empty((rows * columns, 2)), 0, 0
    for pair in range(rows * columns):
        tile = along[0, pair // columns], along[1, pair % columns]
        deepest = pieces_that_fit(
            base, levels, pins, tile, pieces, deepest if pair % columns else pieces.size
        )
        limits[pair] = np.inf, 0.0
        if deepest > 0:
            limits[pair] = limits_of_pair(base, levels, core, pins, tile, pieces[deepest - 1])
    while True:
        pair, least = 0, np.inf
        for other in range(rows * columns):
            total = limits[other, 0] + limits[other, 1]
            if total < least:
                pair, least = other, total
        if least == np.inf or hopeless(least, found, scores, count):
            return count
        tile = along[0, pair // columns], along[1, pair % columns]
        count = try_pair(base, levels, core, pins, tile, pieces, found, scores, count)
        limits[pair, 0] = np.inf


@kernel
def hopeless(least, found, scores, count):  # type: ignore[no-untyped-def]
    """Whether what takes `least` or more cannot be among the best, sums of floats being a little off.

    Oracle: tests/oracles/search.py.
    """
    return count == found.shape[0] and min(least, ENDLESS) * NEARLY >= scores[count - 1, 0] + 1


@kernel
def pieces_that_fit(base, levels, pins, tile, pieces, most):  # type: ignore[no-untyped-def]
    """How many of the first `most` pieces of k fit beside tiles of a tile_m and a tile_n.

    Oracle: tests/oracles/search.py.
    """
    sums = tile[0] * tile[1] * PARTIAL_UNITS * base.buffers
    if base.accumulators > 0 and sums > base.accumulators:
        return 0
    k = mapped(base, tile[0], tile[1], 1, 0, 1, max(1, pins[5])).k
    while most > 0 and not fits_private(base, levels, tile[0], tile[1], min(k, pieces[most - 1])):
        most -= 1
    return most


@kernel
def limits_of_pair(base, levels, core, pins, tile, tile_k):  # type: ignore[no-untyped-def]
    """Cycles that a tile_m and a tile_n take at least: of the slowest resource, and beside it.

    No piece of k is longer than `tile_k`. A split of k, which counts whole waves of parts, may fill the last
    wave. Oracle: tests/oracles/search.py.
    """
    plan = mapped(base, tile[0], tile[1], tile_k, 0, 1, 1)
    jobs = base.batch * ceil_div(plan.outer, plan.job_outer) * ceil_div(plan.inner, plan.job_inner)
    waves = jobs / base.clusters
    if 2 * jobs > SPLIT_WAVES * base.clusters and pins[5] <= 1:
        waves = float(ceil_div(jobs, base.clusters))
    items, inside = waves * ceil_div(base.full_k, plan.tile_k), levels.shape[0] - 1
    slowest, fill, leaving = waves * least_work(base, core, tile[0], tile[1]), 0.0, 0.0
    out = base.batch * base.m * base.n * min(base.c_units, PARTIAL_UNITS)
    behind = levels[inside, LATENCY]
    for level in range(inside - 1, -1, -1):
        rate = levels[level, DEN] / (UNITS_PER_BYTE * levels[level, NUM])
        units = compulsory(plan) if levels[level + 1, SHARED] else level_units(plan, levels, 0, level + 1)
        units += out - plan.elements * plan.m * plan.n * plan.out_units
        turn = items * ((levels[level, LATENCY] + behind) / levels[level + 1, BUFFERS])
        slowest, behind = max(slowest, units * rate, turn), 0
        fill += levels[level, LATENCY]
        leaving = max(leaving, out * rate)
    fill += levels[inside, LATENCY]
    held = base.buffers == 1 or not base.ahead
    return slowest, fill * (1 if base.ahead else waves) + (leaving if held else 0)


@kernel
def least_work(base, core, tile_m, tile_n):  # type: ignore[no-untyped-def]
    """Cycles of a core for all of k in a tile, however k is cut: beats, feeds and decoders that never wait.

    Oracle: tests/oracles/search.py.
    """
    m, n = min(base.m, tile_m), min(base.n, tile_n)
    kept = places(base.kept, base.group, base.full_k)
    fed = base.full_k * core.value_bits / core.feed_bits if core.feed_bits > 0 else 0.0
    decoded = 0.0
    if base.group > 0 and core.decode_rate > 0:
        decoded = ceil_div(base.full_k, base.group) / core.decode_rate
    if core.dataflow == OUTPUT:
        beats = max(ceil_div(kept, core.lanes), fed, decoded)
        return float(ceil_div(m, core.rows) * ceil_div(n, core.columns)) * beats
    folds = ceil_div(kept, core.rows * core.lanes)
    if core.dataflow == WEIGHT:
        return float(ceil_div(n, core.columns) * m) * max(folds, fed / core.rows)
    return float(ceil_div(m, core.columns) * n) * folds


@kernel
def compulsory(plan):  # type: ignore[no-untyped-def]
    """Units of both operands and of the results, once. Oracle: tests/oracles/search.py."""
    kept = places(plan.kept, plan.group, plan.k)
    return plan.elements * (
        plan.m * plan.k * plan.a_units
        + plan.n * kept * (plan.b_units + plan.meta_units)
        + plan.m * plan.n * plan.out_units
    )


@kernel
def try_pair(base, levels, core, pins, tile, pieces, found, scores, count):  # type: ignore[no-untyped-def]
    """Try all mappings with a tile_m and a tile_n; how many mappings are found by then.

    Splits are the pin; or 1, and powers of two while there are few jobs for the clusters.
    Oracle: tests/oracles/search.py.
    """
    jobs = base.batch * ceil_div(base.m, base.cluster_m * tile[0])
    jobs *= ceil_div(base.n, base.cluster_n * tile[1])
    split = max(1, pins[5])
    even, moved = np.empty((pieces.size, 2)), np.zeros((pieces.size, levels.shape[0]), np.int64)
    while split == 1 or levels.shape[0] > 1:
        most = pieces.size
        while split > 1 and pins[5] == 0 and most > 0 and split * pieces[most - 1] > base.full_k:
            most -= 1
        bar = scores[count - 1, 0] if count == found.shape[0] else int(ENDLESS)
        alive = least_of_pieces(base, levels, core, (*tile, split), pieces[:most], bar, even, moved)
        for order in range(4):
            if alive.size > 0 and tried(base, levels, pins, order):
                facts = (*tile, order, split)
                count = try_bands(base, levels, pins, facts, pieces, alive, even, moved, found, scores, count)
        split *= 2
        if most == 0 or pins[5] > 0 or base.clusters == 1 or split * jobs > SPLIT_WAVES * base.clusters:
            break
    return count


@kernel
def tried(base, levels, pins, order):  # type: ignore[no-untyped-def]
    """Whether an order is tried: with k outside only on one cluster, and where sums can be put.

    Oracle: tests/oracles/search.py.
    """
    if order >= KMN and levels.shape[0] == 1:
        return False
    return order == pins[3] - 1 if pins[3] > 0 else order < KMN or base.clusters == 1


@kernel
def least_of_pieces(base, levels, core, facts, pieces, bar, even, moved):  # type: ignore[no-untyped-def]
    """The places of those pieces of k that fit and might score no more than `bar`.

    `even` gets their `even_tile`, and `moved` what is brought into each level at least.
    Oracle: tests/oracles/search.py.
    """
    alive, left = np.empty(pieces.size, np.int64), 0
    tile_m, tile_n, split = facts
    for piece in range(pieces.size):
        cut = mapped(base, tile_m, tile_n, pieces[piece], 0, 1, split)
        if not fits_private(cut, levels, tile_m, tile_n, cut.tile_k):
            break
        even[piece] = even_tile(cut, levels, core)
        for level in range(1, levels.shape[0]):
            shared = levels[level, SHARED]
            moved[piece, level] = compulsory(cut) if shared else level_units(cut, levels, 0, level)
        if scored(cut, levels, moved[piece], even[piece, 0], even[piece, 1])[0] <= bar:
            alive[left] = piece
            left += 1
    return alive[:left]


@kernel
def try_bands(  # type: ignore[no-untyped-def]
    base, levels, pins, facts, pieces, alive, even, moved, found, scores, count
):
    """Try every band with the pieces of k that are `alive`; how many mappings are found by then.

    `moved` is what is brought into each level at least, for each piece. A band of which the smallest piece
    does not fit holds none; and where no piece can move less, no band that follows is better.
    Oracle: tests/oracles/search.py.
    """
    keeps, least, seen = np.zeros(levels.shape[0], np.int64), moved.copy(), np.full(moved.shape, -1, np.int64)
    tile_m, tile_n, order, split = facts
    plan, band = mapped(base, tile_m, tile_n, pieces[alive[0]], order, 1, split), 1
    most = min(ceil_div(plan.outer, plan.job_outer), base.clusters)
    while band > 0:
        band = pins[4] if pins[4] > 0 else min(band, most)
        first = mapped(base, tile_m, tile_n, pieces[alive[0]], order, band, split)
        if fits(first, levels, keeps):
            for level in range(1, levels.shape[0]):
                if levels[level, SHARED]:
                    least[:, level] = level_units(first, levels, keeps[level] | SUMS, level)
            for piece in alive:
                if order < KMN or pieces[piece] < base.full_k or pins[3] > 0:
                    asked = (tile_m, tile_n, pieces[piece], order, band, split)
                    count = try_piece(
                        base, levels, asked, even[piece], least[piece], seen[piece], found, scores, count
                    )
        band = band * 2 if band < most and pins[4] == 0 and not as_few(moved, seen, alive) else 0
    return count


@kernel
def as_few(moved, seen, alive):  # type: ignore[no-untyped-def]
    """Whether every piece that is alive moves as little as it can. Oracle: tests/oracles/search.py."""
    few = True
    for piece in alive:
        few = few and no_less(moved[piece], seen[piece])
    return few


@kernel
def try_piece(base, levels, facts, even, least, seen, found, scores, count):  # type: ignore[no-untyped-def]
    """Try one mapping; how many are found by then.

    Not if it moves no less than was `seen` with a narrower band, or takes more than the last of the best.
    Oracle: tests/oracles/search.py.
    """
    if no_less(least, seen):
        return count
    plan = mapped(base, facts[0], facts[1], facts[2], facts[3], facts[4], facts[5])
    time, _, _ = scored(plan, levels, least, even[0], even[1])
    keeps = np.zeros(levels.shape[0], np.int64)
    if (count == found.shape[0] and time > scores[count - 1, 0]) or not fits(plan, levels, keeps):
        return count
    for level in range(1, levels.shape[0]):
        least[level] = level_units(plan, levels, keeps[level], level)
    if no_less(least, seen):
        return count
    for level in range(levels.shape[0]):
        seen[level] = least[level]
    return keep_best(found, scores, count, facts, scored(plan, levels, least, even[0], even[1]))


@kernel
def no_less(units, others):  # type: ignore[no-untyped-def]
    """Whether no level gets less than under `others`, if there are any. Oracle: tests/oracles/search.py."""
    less = False
    for level in range(units.size):
        less = less or others[level] < 0 or units[level] < others[level]
    return not less


@kernel
def keep_best(found, scores, count, facts, marks):  # type: ignore[no-untyped-def]
    """Insert a mapping among the best, lowest marks first, of equal tiles one band; how many there are.

    Oracle: tests/oracles/search.py.
    """
    for other in range(count):
        if same_but_band(found[other], facts):
            if not better(facts, marks, found[other], scores[other]):
                return count
            for at in range(other, count - 1):
                scores[at], found[at] = scores[at + 1], found[at + 1]
            count -= 1
            break
    most = found.shape[0]
    if count == most and not better(facts, marks, found[most - 1], scores[most - 1]):
        return count
    at = min(count, most - 1)
    while at > 0 and better(facts, marks, found[at - 1], scores[at - 1]):
        scores[at], found[at] = scores[at - 1], found[at - 1]
        at -= 1
    scores[at], found[at] = marks, facts
    return min(count + 1, most)


@kernel
def better(facts, marks, others, score):  # type: ignore[no-untyped-def]
    """Whether a mapping has lower marks than another, or as low ones and is tried before it.

    Oracle: tests/oracles/search.py.
    """
    for mark in range(3):
        if marks[mark] != score[mark]:
            return marks[mark] < score[mark]
    mine = facts[0], facts[1], facts[2], facts[5], facts[3], facts[4]
    return mine < (others[0], others[1], others[2], others[5], others[3], others[4])


@kernel
def same_but_band(one, other):  # type: ignore[no-untyped-def]
    """Whether two mappings differ in their band alone, if at all. Oracle: tests/oracles/search.py."""
    same = one[5] == other[5]
    for fact in range(4):
        same = same and one[fact] == other[fact]
    return same
