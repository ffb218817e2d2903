"""The tiler's search by brute force: all mappings in a list, what lies in each level as sets, one sort."""

from collections.abc import Iterator
from itertools import product as pairs

from simulator.kernels.plan import Plan, mapped
from tests.oracles.tiles import PARTIAL_UNITS, jobs, kept, pieces, waves

Facts = tuple[int, ...]  # tile_m, tile_n, tile_k, order, band, split_k
BAND, ALL, SUMS = 1, 2, 4


def sizes(extent: int, quantum: int, pin: int) -> list[int]:
    """The pin, or what evens out the cuts into quanta times 1, 3/2, 2, 3, 4, 6, ...; the whole at the end."""
    if pin:
        return [min(pin, extent)]
    found = []
    for power in range(extent.bit_length()):
        for halves in (2, 3):
            quanta, rest = divmod(halves * quantum * 2**power, 2 * quantum)
            if rest or quanta * quantum >= extent:
                continue
            cuts = len(pieces(extent, quanta * quantum))
            even = next(size for size in range(quantum, extent + quantum, quantum) if size * cuts >= extent)
            if even < extent and even not in found:
                found.append(even)
    return [*found, extent]


def candidates(base: Plan, quanta: list[int], pins: list[int]) -> Iterator[Facts]:
    """All mappings that are tried, in order."""
    extents = (base.m, base.n, base.full_k)
    along = (sizes(*of) for of in zip(extents, quanta, pins[:3], strict=True))
    for tile in pairs(*along):
        for split in splits(base, tile, pins[5]):
            for order in range(4):
                k_outer_pays = base.clusters == 1 and tile[2] < base.full_k
                if order != pins[3] - 1 if pins[3] else order >= 2 and not k_outer_pays:
                    continue
                rows = len(pieces(*((base.n, base.cluster_n * tile[1]) if order % 2 else
                                    (base.m, base.cluster_m * tile[0]))))  # fmt: skip
                for band in [pins[4]] if pins[4] else bands(min(rows, base.clusters)):
                    yield (*tile, order, band, split)


def bands(most: int) -> list[int]:
    """Powers of two below `most`, and `most`."""
    return [2**power for power in range(most.bit_length()) if 2**power < most] + [most]


def splits(base: Plan, tile: tuple[int, ...], pin: int) -> list[int]:
    """The pin; or 1, and powers of two while a part has a tile and there are up to 4 waves of them."""
    if pin:
        return [pin]
    whole = base.batch * len(pieces(base.m, base.cluster_m * tile[0]))
    whole *= len(pieces(base.n, base.cluster_n * tile[1]))
    more = [2**power for power in range(1, 40) if base.clusters > 1]
    return [1] + [
        parts for parts in more if parts * whole <= 4 * base.clusters and parts * tile[2] <= base.full_k
    ]


def plan_of(base: Plan, facts: Facts) -> Plan:
    return Plan(*mapped(base, *facts))


def touched_at_once(plan: Plan) -> tuple[int, int]:
    """The most of A and of B that one wave touches, with its first piece of k, in units."""
    most_a = most_b = 0
    for wave in waves(plan):
        outer = {(job.element, index) for job in wave for index in job.outer}
        inner = {(job.element, index) for job in wave for index in job.inner}
        rows, columns = (inner, outer) if plan.by_n else (outer, inner)
        most_a = max(most_a, len(rows) * plan.tile_k * plan.a_units)
        most_b = max(most_b, len(columns) * column_units(plan, plan.tile_k))
    return most_a, most_b


def column_units(plan: Plan, length: int) -> int:
    """Units of one column of B, its metadata included."""
    return kept(plan, range(length)) * (plan.b_units + plan.meta_units)


def kept_units(plan: Plan) -> tuple[int, int, int]:
    """Units of the largest band, of all of the inner operand, and of all partial sums of an element."""
    length = plan.tile_k if plan.k_outer else plan.k
    a, b = length * plan.a_units, column_units(plan, length)
    of_outer, of_inner = (b, a) if plan.by_n else (a, b)
    high: dict[tuple[int, int], set[int]] = {}
    for job in jobs(plan):
        high.setdefault((job.element, job.band), set()).update(job.outer)
    band = max(map(len, high.values())) * of_outer
    return band, plan.inner * of_inner, plan.m * plan.n * PARTIAL_UNITS
