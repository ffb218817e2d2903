"""What a wave of tiles moves: jobs dealt to clusters of cores in order, band after band.

A job is one cluster's tile of results. Jobs go through the elements of a batch (and the parts of a split k),
in each through bands of `band` tiles along the outer axis, in each band along the inner axis, and across the
band fastest. A wave is one job for each cluster. `plan` is a Plan. Units are 1/1024 bit.
"""

import numpy as np

from simulator.kernels.compile import kernel
from simulator.kernels.folds import INPUT, SKEW, WEIGHT, array_time, groups_of_runs, places
from simulator.kernels.plan import PARTIAL_UNITS

A, B, META, BACK, OUT, SPILL = 0, 1, 2, 3, 4, 5
KINDS = 6
BAND, ALL, SUMS = 1, 2, 4
NUM, DEN, LATENCY, BUFFERS, CAPACITY, SHARED, CORES_M, CORES_N = 0, 1, 2, 3, 4, 5, 6, 7


@kernel
def ceil_div(a, b):  # type: ignore[no-untyped-def]
    """A / b, rounded up. Oracle: tests/oracles/tiles.py."""
    return (a + b - 1) // b


@kernel
def jobs_of(plan):  # type: ignore[no-untyped-def]
    """Tiles along the outer and the inner axis, and jobs in all. Oracle: tests/oracles/tiles.py."""
    outer, inner = ceil_div(plan.outer, plan.job_outer), ceil_div(plan.inner, plan.job_inner)
    return outer, inner, plan.elements * outer * inner


@kernel
def place_of(plan, job):  # type: ignore[no-untyped-def]
    """Element, band, column within the band, row within the band, and rows of that band, of a job.

    Oracle: tests/oracles/tiles.py.
    """
    outer, inner, _ = jobs_of(plan)
    element, rest = job // (outer * inner), job % (outer * inner)
    band = rest // (plan.band * inner)
    rest -= band * plan.band * inner
    rows = min(plan.band, outer - band * plan.band)
    return element, band, rest // rows, rest % rows, rows


@kernel
def before(plan, job):  # type: ignore[no-untyped-def]
    """Sums over the jobs before one: their extents along the outer and the inner axis, and their results.

    Oracle: tests/oracles/tiles.py.
    """
    outer, inner, _ = jobs_of(plan)
    element, band, column, row, rows = place_of(plan, job)
    start = band * plan.band * plan.job_outer
    high = min(plan.outer, start + rows * plan.job_outer) - start
    wide = min(plan.inner, column * plan.job_inner)
    width = min(plan.inner - wide, plan.job_inner)
    part = min(row * plan.job_outer, high)
    along_outer = element * inner * plan.outer + start * inner + column * high + part
    along_inner = element * outer * plan.inner + band * plan.band * plan.inner + wide * rows + row * width
    area = element * plan.outer * plan.inner + start * plan.inner + high * wide + part * width
    return along_outer, along_inner, area


@kernel
def columns_before(plan, pair):  # type: ignore[no-untyped-def]
    """Extent along the inner axis of the columns before column `pair`, counted through all bands.

    Oracle: tests/oracles/tiles.py.
    """
    _, inner, _ = jobs_of(plan)
    return pair // inner * plan.inner + min(pair % inner * plan.job_inner, plan.inner)


@kernel
def first_columns_before(plan, pair):  # type: ignore[no-untyped-def]
    """The same, of columns in the first band of each element. Oracle: tests/oracles/tiles.py."""
    outer, inner, _ = jobs_of(plan)
    bands = ceil_div(outer, plan.band)
    element, rest = pair // (bands * inner), pair % (bands * inner)
    return element * plan.inner + min(rest * plan.job_inner, plan.inner)


@kernel
def bands_before(plan, band):  # type: ignore[no-untyped-def]
    """Extent along the outer axis of the bands before `band`, counted through all elements.

    Oracle: tests/oracles/tiles.py.
    """
    outer, _, _ = jobs_of(plan)
    bands = ceil_div(outer, plan.band)
    return band // bands * plan.outer + min(band % bands * plan.band * plan.job_outer, plan.outer)


@kernel
def rows_before(plan, job):  # type: ignore[no-untyped-def]
    """Extent along the outer axis of what the jobs before one touch, each band's rows once.

    Oracle: tests/oracles/tiles.py.
    """
    outer, _, _ = jobs_of(plan)
    element, band, column, row, _ = place_of(plan, job)
    start = bands_before(plan, element * ceil_div(outer, plan.band) + band)
    high = bands_before(plan, element * ceil_div(outer, plan.band) + band + 1) - start
    return start + (high if column > 0 else min(row * plan.job_outer, high))


@kernel
def distinct(plan, first, last, keeps_band, keeps_all):  # type: ignore[no-untyped-def]
    """Extents along outer and inner axis that jobs [first, last) bring into a memory that all share.

    `keeps_band`: it still has the operand of the outer axis from the wave before; `keeps_all`: it has all of
    the operand of the inner axis from the first band on. What is not kept is never counted too low: a column
    counts once for each band that it is touched in, and a band of which several columns are touched as whole.
    Oracle: tests/oracles/tiles.py.
    """
    outer, inner, _ = jobs_of(plan)
    bands = ceil_div(outer, plan.band)
    element, band, column, _, rows = place_of(plan, first)
    from_band = element * bands + band
    from_pair = from_band * inner + column
    element, band, column, _, _ = place_of(plan, last - 1)
    to_band = element * bands + band
    to_pair = to_band * inner + column
    old_band, old_pair = -1, -1
    if first > 0:
        element, band, column, _, _ = place_of(plan, first - 1)
        old_band = element * bands + band
        old_pair = old_band * inner + column
    if keeps_band:
        along_outer = rows_before(plan, last) - rows_before(plan, first)
    elif from_band == to_band and last - first < rows:
        high = bands_before(plan, to_band + 1) - bands_before(plan, to_band)
        along_outer = min(high, (last - first) * plan.job_outer)
    else:
        along_outer = bands_before(plan, to_band + 1) - bands_before(plan, from_band)
    if keeps_all:
        start = max(from_pair, old_pair + 1)
        along_inner = first_columns_before(plan, to_pair + 1) - first_columns_before(plan, start)
    else:
        along_inner = columns_before(plan, to_pair + 1) - columns_before(plan, from_pair)
    return along_outer, along_inner


@kernel
def wave_units(plan, levels, keeps, first, last, tile, units):  # type: ignore[no-untyped-def]
    """What each level but the innermost serves to the next for jobs [first, last) in tile `tile` of k.

    keeps[level] holds the bits BAND, ALL and SUMS, set where this level or one inside it keeps the band, all
    of the inner operand, or partial sums. An inner level that several have is asked once for what its
    cores have in common. `units` is (levels, KINDS). Returns the units of the results.
    Oracle: tests/oracles/tiles.py.
    """
    sides = np.zeros((levels.shape[0], 2), np.int64)
    area = wave_sides(plan, levels, keeps, first, last, sides)
    return tile_units(plan, keeps, sides, area, tile, units)


@kernel
def wave_sides(plan, levels, keeps, first, last, sides):  # type: ignore[no-untyped-def]
    """Rows of A and columns of B that each level but the innermost serves for jobs [first, last).

    `sides` is (levels, 2). Returns the results of these jobs. Oracle: tests/oracles/tiles.py.
    """
    old_outer, old_inner, old_area = before(plan, first)
    new_outer, new_inner, new_area = before(plan, last)
    for level in range(levels.shape[0] - 1):
        into = level + 1
        if levels[into, SHARED]:
            along_outer, along_inner = distinct(
                plan, first, last, keeps[into] & BAND != 0, keeps[into] & ALL != 0
            )
        else:
            again_m = plan.cluster_n // levels[into, CORES_N]
            again_n = plan.cluster_m // levels[into, CORES_M]
            along_outer = (new_outer - old_outer) * (again_n if plan.by_n else again_m)
            along_inner = (new_inner - old_inner) * (again_m if plan.by_n else again_n)
        sides[level, 0] = along_inner if plan.by_n else along_outer
        sides[level, 1] = along_outer if plan.by_n else along_inner
    return new_area - old_area


@kernel
def tile_units(plan, keeps, sides, area, tile, units):  # type: ignore[no-untyped-def]
    """What each level but the innermost serves for a wave of such sides in tile `tile` of k, by kind.

    Returns the units of the results. Oracle: tests/oracles/tiles.py.
    """
    length = min(plan.tile_k, plan.k - tile * plan.tile_k)
    last_k = (tile + 1) * plan.tile_k >= plan.k
    kept = places(plan.kept, plan.group, length)
    for level in range(units.shape[0] - 1):
        rows, columns = sides[level, 0], sides[level, 1]
        spills = plan.k_outer and keeps[level + 1] & SUMS == 0
        units[level, A] = rows * length * plan.a_units
        units[level, B] = columns * kept * plan.b_units
        units[level, META] = columns * kept * plan.meta_units
        units[level, BACK] = area * PARTIAL_UNITS if spills and tile > 0 else 0
        units[level, OUT] = area * plan.out_units if last_k else 0
        units[level, SPILL] = area * PARTIAL_UNITS if spills and not last_k else 0
    return area * plan.out_units if last_k else 0


@kernel
def window_values(core, kept, group, runs):  # type: ignore[no-untyped-def]
    """Dense-operand values that `runs` runs of L places reach, each a whole window.

    Oracle: tests/oracles/tiles.py.
    """
    if group == 0:
        return runs * core.lanes
    return groups_of_runs(kept, group, runs * core.lanes, core.lanes) * group


@kernel
def array_bits(core, plan, m, n, k):  # type: ignore[no-untyped-def]
    """Bits of A, of B and of metadata that the innermost level brings into one array for a tile, whole folds.

    A ragged fold reads what a full one does, since a row of the memory is read whole.
    Oracle: tests/oracles/tiles.py.
    """
    depth = core.rows * core.lanes
    most = places(plan.kept, plan.group, k)
    if core.dataflow == WEIGHT or core.dataflow == INPUT:
        folds = ceil_div(most, depth)
        values = window_values(core, plan.kept, plan.group, folds * core.rows)
        if core.dataflow == WEIGHT:
            across = ceil_div(n, core.columns)
            held = across * folds
            return (
                across * m * values * core.value_bits,
                held * depth * core.columns * plan.b_bits,
                held * plan.beat_meta_bits,
            )
        down = ceil_div(m, core.columns)
        passed = down * n * folds
        return (
            down * core.columns * values * core.value_bits,
            passed * depth * plan.b_bits,
            passed * plan.beat_meta_bits,
        )
    steps = ceil_div(most, core.lanes)
    tiles = ceil_div(m, core.rows) * ceil_div(n, core.columns)
    values = window_values(core, plan.kept, plan.group, steps)
    return (
        tiles * core.rows * values * core.value_bits,
        tiles * steps * core.lanes * core.columns * plan.b_bits,
        tiles * steps * plan.beat_meta_bits,
    )


@kernel
def job_sides(plan, first):  # type: ignore[no-untyped-def]
    """The m and n of the core's tile that the slowest of a wave from job `first` on has.

    A lone core's ragged tile is as small as it is; among several one is taken to be whole.
    Oracle: tests/oracles/tiles.py.
    """
    if not plan.lone:
        return min(plan.m, plan.tile_m), min(plan.n, plan.tile_n)
    _, band, column, row, _ = place_of(plan, first)
    start = (band * plan.band + row) * plan.job_outer
    high = min(plan.outer - start, plan.job_outer)
    wide = min(plan.inner - column * plan.job_inner, plan.job_inner)
    return (wide, high) if plan.by_n else (high, wide)


@kernel
def even_work(plan, core, effects):  # type: ignore[no-untyped-def]
    """Cycles of all tiles in all cores, and bits of A, of B and of metadata that enter the arrays.

    Every core that works starts once and then goes on from tile to tile.
    Oracle: tests/oracles/tiles.py.
    """
    total, count = 0, 0
    a, b, meta = 0, 0, 0
    for m, times_m in cuts(plan.m, plan.tile_m):
        for n, times_n in cuts(plan.n, plan.tile_n):
            for k, times_k in cuts(plan.k, plan.tile_k):
                times = times_m * times_n * times_k * plan.elements
                if times == 0:
                    continue
                work, more, _ = core_work(plan, core, m, n, k, effects)
                total, count = total + times * (work + more), count + times
                bits = array_bits(core, plan, m, n, k)
                a, b, meta = a + times * bits[0], b + times * bits[1], meta + times * bits[2]
    return total - first_loads(plan, core, effects, min(count, plan.cores)), a, b, meta


@kernel
def first_loads(plan, core, effects, starts):  # type: ignore[no-untyped-def]
    """The `starts` longest of what tiles take more where another follows: a core's first follows none.

    Oracle: tests/oracles/tiles.py.
    """
    total, left, below = 0, starts, -1
    while left > 0:
        longest, many = 0, 0
        for m, times_m in cuts(plan.m, plan.tile_m):
            for n, times_n in cuts(plan.n, plan.tile_n):
                for k, times_k in cuts(plan.k, plan.tile_k):
                    times = times_m * times_n * times_k * plan.elements
                    if times == 0:
                        continue
                    _, more, _ = core_work(plan, core, m, n, k, effects)
                    if (below < 0 or more < below) and more > longest:
                        longest, many = more, 0
                    if more == longest:
                        many += times
        if longest == 0:
            return total
        many = min(many, left)
        total, left, below = total + many * longest, left - many, longest
    return total


@kernel
def cuts(extent, size):  # type: ignore[no-untyped-def]
    """The sizes of pieces of an extent, and how many there are of each. Oracle: tests/oracles/tiles.py."""
    return ((size, extent // size), (extent % size, 1 if extent % size else 0))


@kernel
def core_work(plan, core, m, n, k, effects):  # type: ignore[no-untyped-def]
    """A core's cycles for a tile, those more if another follows, and the first load, at ideal memory.

    Oracle: tests/oracles/tiles.py.
    """
    first, rest, stream = array_time(core, plan.kept, plan.group, m, n, k, effects)
    if not core.overlap:
        return first + rest, 0, 0
    skew = core.rows + core.columns - 2 if effects >= SKEW else 0
    return rest - skew, max(0, first - stream), first
