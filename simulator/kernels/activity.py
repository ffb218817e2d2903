"""The array's activity in closed form: docs/array.md, summed over folds.

Counts are the first eight of a simulator.activity.Activity, `core` is a simulator.folds.Core, `kept` and
`group` are 0 without a pattern. The PEs down a column have, fold after fold, one run of `lanes` places after
another: a sum over the PEs of all folds is one over all runs.
"""

from simulator.kernels.compile import kernel
from simulator.kernels.folds import (
    AT_COLUMN,
    AT_PE,
    INPUT,
    OUTPUT,
    WEIGHT,
    groups_of_runs,
    places,
    windows_of_runs,
)
from simulator.kernels.tiles import ceil_div, cuts


@kernel
def array_activity(core, kept, group, m, n, k):  # type: ignore[no-untyped-def]
    """What happens in one array for a Gemm, in the same time for all sizes.

    No count is above m n k max(1, kept): a group of `kept` places is touched by `kept` runs at most, and each
    reaches its values once. Oracle: tests/oracles/activity.py.
    """
    most = places(kept, group, k)
    windows = windows_of_runs(kept, group, k, core.lanes)
    by_pe = groups_of_runs(kept, group, most, core.lanes)
    across = ceil_div(m if core.dataflow == INPUT else n, core.columns)
    multiplies, sums = m * n * most, m * n * ceil_div(most, core.lanes)
    selects = multiplies if group > 0 else 0
    if core.dataflow == OUTPUT:
        decoders = m if core.decode_at == AT_PE else ceil_div(m, core.rows)
        fed, hops, decoded = across * m * windows, m * n * windows, n * decoders * by_pe
        return multiplies, selects, fed, hops, multiplies, decoded, sums, m * n
    depth = core.rows * core.lanes
    results = m * n * ceil_div(most, depth)
    by_fold = groups_of_runs(kept, group, most, depth)
    share = by_pe if core.decode_at == AT_PE else by_fold
    if core.dataflow == WEIGHT:
        fed, hops = across * m * windows, m * n * windows
        return multiplies, selects, fed, hops, n * most, n * share, sums, results
    decoders = m if core.decode_at == AT_PE or core.decode_at == AT_COLUMN else across
    decoded = n * decoders * share
    return multiplies, selects, across * n * most, multiplies, m * windows, decoded, sums, results


@kernel
def tiles_activity(plan, core):  # type: ignore[no-untyped-def]
    """What happens in all arrays for all tiles.

    As no count of a tile is above its m n k max(1, kept), none here is above 2^62: a product of at most 2^50
    multiplies is tiled, and a pattern keeps at most 2^12. Oracle: tests/oracles/activity.py.
    """
    total = (0, 0, 0, 0, 0, 0, 0, 0)
    for m, times_m in cuts(plan.m, plan.tile_m):
        for n, times_n in cuts(plan.n, plan.tile_n):
            for k, times_k in cuts_of_k(plan):
                times = times_m * times_n * times_k
                if times > 0:
                    total = added(total, array_activity(core, plan.kept, plan.group, m, n, k), times)
    return total


@kernel
def cuts_of_k(plan):  # type: ignore[no-untyped-def]
    """The sizes of tiles along k, and how many there are of each, over all elements.

    The last part of a split k is as long as it is; in the time of tiles it counts as long as the others.
    Oracle: tests/oracles/activity.py.
    """
    last = plan.full_k - (plan.split - 1) * plan.k
    whole = (plan.split - 1) * (plan.k // plan.tile_k) + last // plan.tile_k
    rest, end = plan.k % plan.tile_k, last % plan.tile_k
    return (
        (plan.tile_k, plan.batch * whole),
        (rest, plan.batch * (plan.split - 1) if rest else 0),
        (end, plan.batch if end else 0),
    )


@kernel
def added(total, counts, times):  # type: ignore[no-untyped-def]
    """`total` and `times` times `counts`, count by count. Oracle: tests/oracles/activity.py."""
    return (
        total[0] + times * counts[0],
        total[1] + times * counts[1],
        total[2] + times * counts[2],
        total[3] + times * counts[3],
        total[4] + times * counts[4],
        total[5] + times * counts[5],
        total[6] + times * counts[6],
        total[7] + times * counts[7],
    )
