"""Fidelity `bound` against its oracle, and numbers that can be checked by hand."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulator.bound import (
    bound,
    level_cycles,
    memory_uses,
    product_bits,
    product_traffic,
    product_uses,
    stream_uses,
)
from simulator.gemm import Product, Stream
from simulator.lowering import lower
from simulator.machine import Level, Machine
from simulator.pattern import Pattern
from tests.oracles.bound import moved_bits, resource_cycles
from tests.oracles.folds import fastest
from tests.simulator.machines import DENSE, SPARSE, sparse_machines
from tests.simulator.steps import product, products_with_b
from tests.strategies import TWO_OF_FOUR, patterns

small = st.integers(1, 14)
small_products = st.builds(product, m=small, n=small, k=st.integers(1, 40), pattern=st.none() | patterns)
some_products = products_with_b(side=40, batch=3)


@given(some_products, sparse_machines)
def test_each_resource_equals_its_oracle(work: Product, machine: Machine) -> None:
    lowered = lower(work, machine)
    uses = dict(product_uses(lowered, machine))
    expected = resource_cycles(work, machine, lowered.native)
    assert {name: uses[name].cycles for name in expected} == expected


@given(some_products, sparse_machines)
def test_the_bytes_are_those_that_no_schedule_saves(work: Product, machine: Machine) -> None:
    machine = replace(machine, decode_format="coordinate")
    lowered = lower(work, machine)
    a, b, metadata, c = moved_bits(work, lowered.native, "coordinate")
    traffic = product_traffic(lowered)
    assert (traffic.read, traffic.metadata_read) == (-(-(a + b) // 8), -(-metadata // 8))
    assert (traffic.write, traffic.metadata_write) == (-(-c // 8), 0)
    for level, (_, cost) in zip(
        machine.levels, memory_uses(traffic, product_bits(lowered), machine), strict=True
    ):
        assert cost.traffic == ((level.name, traffic),)


@given(small_products, sparse_machines)
def test_no_schedule_of_folds_is_faster(work: Product, machine: Machine) -> None:
    lowered = lower(work, machine)
    core = [cost.cycles for name, cost in product_uses(lowered, machine) if name not in ("dram", "l1")]
    assert max(core) <= fastest(work, machine, lowered.native)


@given(some_products, sparse_machines)
def test_the_slowest_resource_is_the_time(work: Product, machine: Machine) -> None:
    uses = product_uses(lower(work, machine), machine)
    priced = bound(uses)
    cost = priced.cost
    assert cost.cycles == max(use.cycles for _, use in uses) == dict(uses)[priced.bound_by].cycles
    assert cost.compute_cycles == dict(uses)["multiply"].cycles
    lowered = lower(work, machine)
    assert cost.compute_cycles * lowered.peak >= lowered.multiplies >= work.effective_macs
    assert cost.cycles == cost.compute_cycles + sum(cost.stalls)


def test_a_product_by_hand() -> None:
    """64x64x64 bf16 on 2 cores of 4x2 PEs with 4 lanes: 64 multiply-adds a cycle; 2:4 multiplies 32 of 64."""
    work = product(m=64, n=64, k=64, pattern=TWO_OF_FOUR)
    uses = dict(product_uses(lower(work, SPARSE), SPARSE))
    assert uses["multiply"].cycles == 64 * 64 * 32 // 64
    assert uses["feed"].cycles == 64 * 64 * 32 * 16 // (2 * 4 * 256)  # 32 column folds, 16 values a cycle
    assert uses["decode"].cycles == 64 * 16 * 16 // (2 * 8)  # 16 groups a column, 16 row folds
    assert uses["load"].cycles == 0
    moved = 64 * 64 * 2 + 64 * 32 * 2 + 64 * 32 * 2 // 8 + 64 * 64 * 2  # A, B, two bits a kept value, C
    assert uses["dram"].cycles == -(-moved * 3 // 7)
    assert uses["l1"].cycles == moved // 128
    (level, traffic), *_ = uses["dram"].traffic
    assert (level, traffic.read, traffic.write) == ("dram", 64 * 64 * 2 + 64 * 32 * 2, 64 * 64 * 2)
    assert (traffic.metadata_read, traffic.metadata_write) == (512, 0)


def test_dense_pays_no_metadata() -> None:
    uses = dict(product_uses(lower(product(pattern=TWO_OF_FOUR), DENSE), DENSE))
    assert uses["decode"].cycles == 0
    assert uses["dram"].traffic[0][1].metadata_read == 0


def test_a_stream_by_hand() -> None:
    stream = Stream(op="adamw", elements=100, read_bits=100 * 128, write_bits=100 * 96, ops=1001)
    uses = dict(stream_uses(stream, SPARSE))
    assert uses["vector"].cycles == 126  # 1001 operations at 2 cores * 4
    assert uses["dram"].cycles == 1200  # 2800 bytes at 7/3 a cycle
    priced = bound(stream_uses(stream, SPARSE))
    cost = priced.cost
    assert (cost.cycles, cost.compute_cycles, cost.stalls.dram, priced.bound_by) == (1200, 126, 1074, "dram")


@given(st.integers(0, 10**9), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_rational_bandwidth_is_exact(moved: int, numerator: int, denominator: int) -> None:
    level = Level(
        name="dram",
        instances=1,
        capacity_bytes=1,
        bandwidth_numerator=numerator,
        bandwidth_denominator=denominator,
    )
    cycles = level_cycles(moved, level)
    assert cycles * 8 * numerator >= moved * denominator
    assert cycles == 0 or (cycles - 1) * 8 * numerator < moved * denominator


def richer(machine: Machine, name: str, times: int) -> Machine:
    """The same machine with `times` of a resource; 0 of the feed is a feed without limit."""
    if name == "lanes":
        return replace(machine, lanes=tuple((dtype, lanes * times) for dtype, lanes in machine.lanes))
    if name == "feed":
        feed = machine.feed_bits_per_cycle
        return replace(machine, feed_bits_per_cycle=feed * times if feed and times else None)
    if name == "bandwidth":
        level = machine.levels[0]
        wider = replace(level, bandwidth_numerator=level.bandwidth_numerator * times)
        return replace(machine, levels=(wider,))
    return replace(machine, **{name: getattr(machine, name) * times})


MORE = ("cores", "rows", "columns", "lanes", "decode_groups_per_cycle", "bandwidth")


@given(
    some_products,
    sparse_machines,
    st.tuples(st.sampled_from(MORE), st.integers(1, 5)) | st.tuples(st.just("feed"), st.integers(0, 5)),
)
def test_more_of_a_resource_is_never_slower(work: Product, machine: Machine, more: tuple[str, int]) -> None:
    """For a fixed path: the same native pattern."""
    rich = richer(machine, *more)
    slower = bound(product_uses(lower(work, machine), machine))
    faster = bound(product_uses(lower(work, rich), rich))
    assert faster.cost.cycles <= slower.cost.cycles


def test_a_convolution_reads_each_input_once() -> None:
    plain = product(m=100, n=8, k=9)
    conv = replace(plain, a=replace(plain.a, distinct=120))
    read = dict(product_uses(lower(conv, SPARSE), SPARSE))["dram"].traffic[0][1].read
    assert read == (120 + 8 * 9) * 2


@given(
    some_products, st.sampled_from(["am", "ak", "bk", "bn", "cm", "cn"]), st.integers(1, 8), sparse_machines
)
def test_group_of_group_is_dense(work: Product, place: str, group: int, machine: Machine) -> None:
    dense = replace(work, b=work.a)
    name, along = tuple(place)
    operand = replace(work.a, pattern=Pattern(kept=group, group=group), along=along)
    change: dict[str, Any] = {name: operand}
    whole = replace(dense, **change)
    assert product_uses(lower(whole, machine), machine) == product_uses(lower(dense, machine), machine)
