"""Small Machines that tests of the engine share."""

from dataclasses import replace

from hypothesis import strategies as st

from simulator.machine import Level, Machine
from simulator.natives import Natives
from simulator.pattern import Pattern

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
    decode_format=st.sampled_from(["coordinate", "bitmask", "combinatorial"]),
    feed_bits_per_cycle=st.none() | st.integers(1, 2000),
    natives=st.sampled_from([Natives(listed=(Pattern(kept=2, group=4),)), Natives(group_max=8)]),
    levels=levels.map(lambda level: (level,)),
)
