"""Small Machines that tests of the engine share."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import strategies as st

from simulator.kernels.plan import Plan, mapped
from simulator.machine import Level, Machine
from simulator.mapping import ORDERS, Mapping
from simulator.natives import Natives
from simulator.pattern import Pattern
from tests.simulator.array_cases import cores_up_to
from tests.strategies import patterns_up_to

DATAFLOWS = ("weight_stationary", "input_stationary", "output_stationary")
SPARSE = Machine(
    name="small sparse core",
    clock_hz=10**9,
    cores=2,
    dataflow="output_stationary",
    rows=4,
    columns=2,
    lanes=(("bf16", 4), ("int8", 8)),
    natives=Natives(listed=(Pattern(kept=2, group=4), Pattern(kept=1, group=4))),
    decode_format="coordinate",
    decode_groups_per_cycle=8,
    fan_in=4,
    feed_bits_per_cycle=256,
    vector_ops_per_cycle=4,
    levels=(
        Level(name="dram", instances=1, capacity_bytes=2**30, bandwidth_numerator=7, bandwidth_denominator=3),
        Level(name="l1", instances=2, capacity_bytes=2**16, bandwidth_numerator=128, bandwidth_denominator=1),
    ),
)
DENSE = replace(
    SPARSE, name="small dense core", natives=Natives(), decode_format="", decode_groups_per_cycle=0, fan_in=0
)

rates = st.integers(1, 12)
levels = st.builds(
    Level,
    name=st.just("dram"),
    instances=st.just(1),
    capacity_bytes=st.just(2**30),
    bandwidth_numerator=st.integers(1, 500),
    bandwidth_denominator=st.integers(1, 9),
)
sparse_machines = st.builds(
    replace,
    st.just(SPARSE),
    cores=rates,
    rows=rates,
    columns=rates,
    lanes=st.integers(1, 8).map(lambda lanes: (("bf16", lanes),)),
    dataflow=st.sampled_from(DATAFLOWS),
    decode_groups_per_cycle=rates,
    decode_at=st.sampled_from(["pe", "column", "core"]),
    decode_format=st.sampled_from(["coordinate", "bitmask", "combinatorial"]),
    feed_bits_per_cycle=st.none() | st.integers(1, 2000),
    natives=st.sampled_from([Natives(listed=(Pattern(kept=2, group=4),)), Natives(group_max=8)]),
    levels=levels.map(lambda level: (level,)),
)


few = st.integers(1, 10)


@st.composite
def plans(
    draw: st.DrawFn,
    *,
    sides: st.SearchStrategy[int] = few,
    depths: st.SearchStrategy[int] = few,
    lone: bool = False,
) -> Plan:
    """Small products under any mapping, on any clusters of cores or on one core; units are small and odd."""
    pattern = draw(st.none() | patterns_up_to(6))
    count = st.integers(1, 1 if lone else 3)
    base = Plan(
        batch=draw(st.integers(1, 3)),
        m=draw(sides),
        n=draw(sides),
        full_k=draw(depths),
        cores=0,
        clusters=1 if lone else draw(st.integers(1, 6)),
        cluster_m=draw(count),
        cluster_n=draw(count),
        accumulators=0,
        buffers=2,
        kept=pattern.kept if pattern else 0,
        group=pattern.group if pattern else 0,
        a_units=3,
        b_units=5,
        meta_units=7 if pattern else 0,
        c_units=11,
        b_bits=draw(st.sampled_from([8, 16])),
        beat_meta_bits=draw(st.integers(0, 40)) if pattern else 0,
    )
    base = base._replace(cores=base.clusters * base.cluster_m * base.cluster_n)
    whole = pattern.group if pattern else 1
    tile_m, tile_n = draw(st.integers(1, base.m)), draw(st.integers(1, base.n))
    tile_k = draw(st.integers(1, min(14, base.full_k)).map(lambda size: -(-size // whole) * whole))
    tile_k = min(tile_k, base.full_k)
    order, band, split = draw(st.integers(0, 3)), draw(st.integers(1, 5)), draw(st.integers(1, 3))
    return Plan(*mapped(base, tile_m, tile_n, tile_k, order, band, split))


small_cores = cores_up_to(4, 5)


def level_tables(cluster_m: int, cluster_n: int, clusters: int) -> st.SearchStrategy[list[list[int]]]:
    """One to four levels as the kernels read them, shared from the outside in, then private to a cluster."""
    shared = st.tuples(
        st.integers(1, 40), st.integers(0, 7), st.integers(0, 9), st.integers(1, 4), st.just(0)
    )

    def rows(levels: list[tuple[int, ...]], common: int) -> list[list[int]]:
        cores = clusters * cluster_m * cluster_n
        many = [cores > 1 and place >= max(1, common) for place in range(len(levels))]
        return [
            [*level, 0 if own else 1, cluster_m if own else 1, cluster_n if own else 1]
            for level, own in zip(levels, many, strict=True)
        ]

    return st.builds(rows, st.lists(shared, min_size=1, max_size=4), st.integers(1, 4))


@st.composite
def memories(draw: st.DrawFn, cores: int) -> tuple[Level, ...]:
    """One to four levels that nest; the outermost serves all cores, and those inside it all, some or one."""
    shares = [cores]
    for _ in range(draw(st.sampled_from([3, 2, 1, 0]))):
        shares.append(
            draw(st.sampled_from([per for per in range(1, shares[-1] + 1) if shares[-1] % per == 0]))
        )
    return tuple(
        Level(
            name=f"level{place}",
            instances=cores // per,
            capacity_bytes=draw(st.integers(8, 64)) * 2 ** draw(st.integers(1, 12)),
            bandwidth_numerator=draw(st.integers(1, 300)),
            bandwidth_denominator=draw(st.integers(0, 9)),
            latency=draw(st.sampled_from([0, 0, 1, 30])),
            buffers=draw(st.integers(1, 3)) if place else 2,
        )
        for place, per in enumerate(shares)
    )


@st.composite
def tiled_machines(draw: st.DrawFn) -> Machine:
    """Small machines of every dataflow and decoder, with levels of memory, accumulators, and clock shares."""
    cores = draw(st.sampled_from([1, 1, 2, 3, 4, 6, 12]))
    clocks = st.sampled_from([Fraction(1), Fraction(93, 100), Fraction(2, 3)])
    accumulators = st.none() | st.integers(4, 64).map(lambda sums: 4 * sums**2)
    core: Machine = draw(sparse_machines)
    return replace(
        core,
        cores=cores,
        decode_latency=draw(st.integers(0, 4)),
        overlap=draw(st.booleans()),
        levels=draw(memories(cores)),
        accumulator_bytes=draw(accumulators),
        accumulator_buffers=draw(st.integers(1, 2)),
        dense_clock=draw(clocks),
        sparse_clock=draw(clocks),
        launch=draw(st.sampled_from([0, 100])),
    )


tile_sides = st.integers(1, 8) | st.integers(1, 24)
mappings = st.builds(
    Mapping,
    tile_m=tile_sides,
    tile_n=tile_sides,
    tile_k=tile_sides,
    order=st.sampled_from(ORDERS),
    band=st.integers(1, 4),
    split_k=st.sampled_from([1, 1, 2, 3]),
)
"""All of a mapping pinned; pieces of k need not be whole groups yet."""
