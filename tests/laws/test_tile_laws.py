"""What holds of fidelity `tile` on any machine and any product."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from simulator.bound import Priced, product_traffic
from simulator.bound import price as least_of_any
from simulator.errors import InputError
from simulator.gemm import Product
from simulator.least import price as least
from simulator.lowering import Lowered, lower
from simulator.machine import Level, Machine
from simulator.mapping import Chosen, Mapping
from simulator.pattern import Pattern
from simulator.tile import best, price, run
from tests.simulator.machines import SPARSE, mappings, tiled_machines
from tests.simulator.steps import product, products_with_b
from tests.strategies import TWO_OF_FOUR, examples

works = products_with_b(side=40, batch=3)
CORE = ("multiply", "feed", "load", "decode")
REFUSED = (
    "no tile of it fits",
    "the pinned mapping does not fit",
    "mapping: a machine of one level has nowhere",
)


def priced(work: Lowered, machine: Machine) -> Priced:
    """The cost, or no example at all where not even the smallest tile fits."""
    try:
        return price(work, machine)
    except InputError as error:
        reject_unless(str(error).startswith(REFUSED), error)
        raise


def reject_unless(fits_not: bool, error: InputError) -> None:
    """Another example, if that is why there is none."""
    if not fits_not:
        raise error
    assume(False)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Lowered, Machine]:
    """A product on a machine that chooses the mapping, or under any that fits."""
    machine, work = draw(tiled_machines()), draw(works)
    lowered, pins = lower(work, machine), draw(st.none() | mappings)
    if pins is None:
        return lowered, machine
    whole = lowered.native.group if lowered.native else 1
    pins = pins.model_copy(update={"tile_k": -(-(pins.tile_k or 1) // whole) * whole})
    return lowered, replace(machine, mapping=pins)


def pinned(machine: Machine, chosen: Chosen | None) -> Machine:
    """The same machine with all of a mapping pinned."""
    assert chosen is not None
    return replace(machine, mapping=Mapping(**chosen._asdict()))


@examples(100)
@given(cases())
def test_no_bound_is_above_it(case: tuple[Lowered, Machine]) -> None:
    lowered, machine = case
    found = priced(lowered, machine)
    assert least_of_any(lowered, machine).cost.cycles <= found.cost.cycles
    fixed = pinned(machine, found.mapping)
    assert least(lowered, fixed).cost.cycles <= price(lowered, fixed).cost.cycles


@examples(100)
@given(cases())
def test_every_cycle_is_multiplying_or_has_a_cause(case: tuple[Lowered, Machine]) -> None:
    lowered, machine = case
    cost = priced(lowered, machine).cost
    assert cost.cycles == cost.compute_cycles + sum(cost.stalls)
    assert min(cost.stalls) >= 0, cost.stalls
    assert lowered.multiplies <= cost.compute_cycles * lowered.peak
    assert cost.stalls.launch == machine.launch


@examples(100)
@given(cases())
def test_no_level_moves_less_than_it_must(case: tuple[Lowered, Machine]) -> None:
    lowered, machine = case
    found = priced(lowered, machine)
    assert found.mapping is not None
    must, gemm = product_traffic(lowered), lowered.gemm
    assert [name for name, _ in found.cost.traffic] == [level.name for level in machine.levels]
    for _, moved in found.cost.traffic:
        assert moved.read >= must.read
        assert moved.metadata_read >= must.metadata_read
    for _, moved in found.cost.traffic[:-1]:
        assert moved.write >= must.write
        if found.mapping.order in ("mnk", "nmk") and found.mapping.split_k == 1:
            assert moved.write == lowered.batch * gemm.m * gemm.n * 2


@examples(100)
@given(cases())
def test_a_pinned_mapping_is_what_runs(case: tuple[Lowered, Machine]) -> None:
    lowered, machine = case
    found = priced(lowered, machine)
    assert price(lowered, pinned(machine, found.mapping)) == found
    assert price(lowered, machine) == found


@examples(100)
@given(cases())
def test_jumps_change_nothing(case: tuple[Lowered, Machine]) -> None:
    lowered, machine = case
    priced(lowered, machine)
    tiled, walked = best(lowered, machine)
    plain = run(tiled, machine, jumps=False)
    assert (plain.cycles, plain.busy) == (walked.cycles, walked.busy)
    assert (plain.totals == walked.totals).all()


def with_levels(machine: Machine, change: Callable[[Level], Level]) -> Machine:
    return replace(machine, levels=tuple(map(change, machine.levels)))


def wider(machine: Machine) -> Machine:
    return with_levels(
        machine, lambda level: replace(level, bandwidth_numerator=3 * level.bandwidth_numerator)
    )


def unlimited(machine: Machine) -> Machine:
    return with_levels(machine, lambda level: replace(level, bandwidth_numerator=1, bandwidth_denominator=0))


def nearer(machine: Machine) -> Machine:
    return with_levels(machine, lambda level: replace(level, latency=level.latency // 2))


def deeper(machine: Machine) -> Machine:
    """One buffer more in each level, and room for it."""
    return with_levels(
        machine,
        lambda level: replace(level, buffers=level.buffers + 1, capacity_bytes=3 * level.capacity_bytes),
    )


def larger(machine: Machine) -> Machine:
    return with_levels(machine, lambda level: replace(level, capacity_bytes=16 * level.capacity_bytes))


def more_accumulators(machine: Machine) -> Machine:
    room = machine.accumulator_bytes and 3 * machine.accumulator_bytes
    return replace(
        larger(machine), accumulator_bytes=room, accumulator_buffers=machine.accumulator_buffers + 1
    )


def full_clock(machine: Machine) -> Machine:
    return replace(machine, dense_clock=Fraction(1), sparse_clock=Fraction(1))


def better_core(machine: Machine) -> Machine:
    return replace(
        machine,
        decode_latency=0,
        decode_groups_per_cycle=2 * machine.decode_groups_per_cycle,
        feed_bits_per_cycle=machine.feed_bits_per_cycle and 2 * machine.feed_bits_per_cycle,
    )


MORE = (wider, unlimited, nearer, deeper, larger, more_accumulators, full_clock, better_core)


@examples(50)
@given(cases())
@pytest.mark.parametrize("more", MORE, ids=lambda more: str(more.__name__))
def test_more_of_a_resource_is_never_slower(
    more: Callable[[Machine], Machine], case: tuple[Lowered, Machine]
) -> None:
    """With all of the mapping pinned."""
    lowered, machine = case
    machine = pinned(machine, priced(lowered, machine).mapping)
    slow, fast = price(lowered, machine), price(lowered, more(machine))
    assert fast.cost.cycles <= slow.cost.cycles, (slow.cost, fast.cost)


@given(works, tiled_machines(), st.integers(1, 8))
def test_group_of_group_is_dense(work: Product, machine: Machine, group: int) -> None:
    dense = replace(work, b=work.a, mask=None)
    whole = replace(dense, b=replace(work.a, pattern=Pattern(kept=group, group=group)))
    found = priced(lower(dense, machine), machine)
    assert price(lower(whole, machine), machine) == found


FREE_TILES = {"tile_m": 8, "tile_n": 8, "tile_k": 16, "order": "mnk", "band": 2, "split_k": 2}


@given(works, tiled_machines(), st.sets(st.sampled_from(sorted(FREE_TILES))))
def test_what_is_pinned_is_what_the_report_shows(work: Product, machine: Machine, keys: set[str]) -> None:
    """A size or a band as far as the product has it, and as many parts of k as there are whole groups."""
    pins: dict[str, Any] = {key: FREE_TILES[key] for key in sorted(keys)}
    lowered = lower(work, machine)
    assume(lowered.native is None or 16 % lowered.native.group == 0 or "tile_k" not in keys)
    chosen = priced(lowered, replace(machine, mapping=Mapping(**pins))).mapping
    assert chosen is not None
    most = {"tile_m": work.gemm.m, "tile_n": work.gemm.n, "tile_k": work.gemm.k, "split_k": work.gemm.k}
    for key in keys - {"tile_k", "split_k", "band"}:
        expected = min(pins[key], most[key]) if key in most else pins[key]
        assert getattr(chosen, key) == expected
    assert chosen.tile_k <= pins.get("tile_k", chosen.tile_k)
    assert chosen.split_k <= pins.get("split_k", chosen.split_k)
    assert chosen.band <= pins.get("band", chosen.band)


def refusal(work: Product, machine: Machine) -> str:
    with pytest.raises(InputError) as refused:
        price(lower(work, machine), machine)
    return str(refused.value)


def test_a_product_that_is_too_large_is_refused() -> None:
    side = 2**17
    assert refusal(product(m=side, n=side, k=side), SPARSE) == (
        f"{side**3} multiplies of one product; at most {2**50} at this fidelity; `bound` takes any"
    )


@pytest.mark.parametrize("side", [2**14, 2**15, 2**16])
def test_a_slow_core_takes_its_time_or_is_refused(side: int) -> None:
    """Ticks of up to 2^50 cycles need not fit into 64 bits."""
    levels = SPARSE.levels[0], replace(SPARSE.levels[1], instances=1, capacity_bytes=2**34)
    slow = replace(SPARSE, cores=1, rows=1, columns=1, lanes=(("bf16", 1),), levels=levels)
    lowered = lower(product(m=side, n=side, k=side), slow)
    try:
        cost = price(lowered, slow).cost
    except InputError:
        return
    assert cost.cycles >= side**3
    assert min(cost.stalls) >= 0


def test_what_does_not_fit_is_refused() -> None:
    small = with_levels(SPARSE, lambda level: replace(level, capacity_bytes=8))
    right = "give one of them more capacity, or pin smaller tiles"
    assert refusal(product(), small) == f"no tile of it fits into l1, accumulators; {right}"
    tiles = replace(SPARSE, mapping=Mapping(tile_m=4096, tile_k=4096))
    work = product(m=4096, n=8, k=4096)
    assert refusal(work, tiles) == f"the pinned mapping does not fit into l1, accumulators; {right}"


def test_a_piece_of_k_is_whole_groups() -> None:
    machine = replace(SPARSE, mapping=Mapping(tile_k=6))
    text = "mapping.tile_k: tile_k is 6; whole groups of 4, or all of k"
    assert refusal(product(k=16, pattern=TWO_OF_FOUR), machine) == text
    assert price(lower(product(k=6, pattern=TWO_OF_FOUR), machine), machine).mapping is not None


def test_a_clumsy_bandwidth_is_refused() -> None:
    slow = replace(SPARSE.levels[0], bandwidth_numerator=2**39, bandwidth_denominator=2**40 - 1)
    machine = replace(SPARSE, levels=(slow, SPARSE.levels[1]))
    assert refusal(product(m=512, n=512, k=512), machine) == (
        "a bandwidth over the clock is a ratio of too large numbers for this fidelity; "
        "write rounder numbers, or use `bound`"
    )
