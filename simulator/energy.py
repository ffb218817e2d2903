"""Energy: the actions that work takes, counted, times the Charge of each."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import add
from typing import NamedTuple

from simulator.area import ACCUMULATORS, METADATA, SUM_BITS, sum_dtype
from simulator.cost import Cost, Traffic
from simulator.formats import BYTE, Coordinate, bits_to_name, group_bits
from simulator.gemm import Product, Stream
from simulator.lowering import Lowered
from simulator.machine import Machine
from simulator.pattern import Pattern
from simulator.tariff import MOVING, STATIONARY, SUM, Action, Tariff

Counts = dict[Action, int]


class Joules(NamedTuple):
    """An energy in zeptojoules (1e-21 J) between its bounds, each the sum of its charges' bounds."""

    low: int = 0
    value: int = 0
    high: int = 0


@dataclass(frozen=True, kw_only=True)
class Energy:
    """How often each Action happened, and what a Tariff charges for it."""

    counts: Mapping[Action, int]
    tariff: Tariff

    @cached_property
    def by_action(self) -> dict[Action, Joules]:
        """Count times charge of every action."""
        charges = self.tariff.charges
        return {
            action: Joules(
                count * charges[action].low, count * charges[action].value, count * charges[action].high
            )
            for action, count in self.counts.items()
        }

    @cached_property
    def by_part(self) -> dict[str, Joules]:
        """The energy of each part of the machine, in the tariff's order; those without any have none."""
        parts = dict.fromkeys(self.tariff.parts, Joules())
        for action, energy in self.by_action.items():
            parts[action.part] = Joules(*map(add, parts[action.part], energy))
        return parts

    @property
    def total(self) -> Joules:
        """The sum over all parts."""
        return Joules(*map(sum, zip(*self.by_part.values(), strict=True)))


class Kind(NamedTuple):
    """What of a product decides which actions it takes, and how many bits each moves."""

    dtype: str
    native: Pattern | None
    a_bits: int
    b_bits: int


class Done(NamedTuple):
    """Multiplies of products, skipped ones included and those that are wanted, and results."""

    dense: int
    effective: int
    results: int


def counted(work: Product | Stream, lowered: Lowered | None, cost: Cost, machine: Machine) -> Counts:
    """The actions that happen once for `work`, which cost `cost` on `machine`; none with a count of 0."""
    if isinstance(work, Stream):
        return counted_stream(work.ops, cost, machine)
    assert lowered is not None
    return counted_products(kind_of(lowered), done_by(work, lowered), cost, machine)


def kind_of(lowered: Lowered) -> Kind:
    """The kind of a product as a machine runs it."""
    return Kind(lowered.dtype, lowered.native, lowered.a_bits, lowered.b_bits)


def done_by(work: Product, lowered: Lowered) -> Done:
    """What one happening of a product does."""
    results = lowered.batch * lowered.gemm.m * lowered.gemm.n
    return Done(work.dense_macs, work.effective_macs, results)


def counted_stream(ops: int, cost: Cost, machine: Machine) -> Counts:
    """The actions of streams of `ops` operations that cost `cost` together."""
    return _summed([*_of_memory(cost, machine), *_of_time(cost), (Action("vector", "op"), ops)])


def counted_products(kind: Kind, done: Done, cost: Cost, machine: Machine) -> Counts:
    """The actions of products of one kind that do `done` and cost `cost` together."""
    array, sums = _of_array(kind, done, cost, machine), _of_sums(kind, done, cost, machine)
    return _summed([*_of_memory(cost, machine), *_of_time(cost), *array, *sums])


def _summed(pairs: Iterable[tuple[Action, int]]) -> Counts:
    """The counts of equal actions together, without those of 0."""
    found: Counts = {}
    for action, count in pairs:
        if count:
            found[action] = found.get(action, 0) + count
    return found


def _of_time(cost: Cost) -> Iterator[tuple[Action, int]]:
    """What happens in every cycle."""
    yield Action("leakage", "cycle"), cost.cycles


def _of_array(kind: Kind, done: Done, cost: Cost, machine: Machine) -> Iterator[tuple[Action, int]]:
    """What lanes, their registers, muxes and the decoders do.

    A multiply by a stored zero, or one whose result nobody wants, is gated where the machine gates zeros.
    Selects travel with the values of B.
    """
    activity, dtype = cost.activity, kind.dtype
    zeros = activity.multiplies - done.effective if machine.gate_zeros else 0
    yield Action("multiply_add", "multiply", dtype), activity.multiplies - zeros
    if machine.gate_zeros:
        yield Action("multiply_add", "gated", dtype), zeros
    yield Action("multiply_add", "skipped", dtype), done.dense - activity.multiplies
    select_bits = _select_bits(kind.native, machine)
    a, b = kind.a_bits, kind.b_bits
    if kind.native is not None:
        yield Action("select", "select"), activity.selects * a
        yield Action("decode", "decode"), activity.decoded * group_bits(machine.metadata_form, kind.native)
    write, read = Action("register", "write", STATIONARY), Action("register", "read", STATIONARY)
    moves = Action("register", "write", MOVING)
    if machine.dataflow == "weight_stationary":
        yield write, activity.loaded * (b + select_bits)
        yield read, activity.multiplies * (b + select_bits)
        yield moves, activity.hops * a
    elif machine.dataflow == "input_stationary":
        yield write, activity.loaded * a
        yield read, activity.multiplies * a
        yield moves, activity.hops * (b + select_bits)
    else:
        yield moves, activity.hops * a + activity.loaded * (b + select_bits)


def _select_bits(native: Pattern | None, machine: Machine) -> int:
    """Bits that travel with a kept value: a coordinate field, or what names a place in the group."""
    if native is None:
        return 0
    form = machine.metadata_form
    return form.field_bits(native) if isinstance(form, Coordinate) else bits_to_name(native.group)


def _of_sums(kind: Kind, done: Done, cost: Cost, machine: Machine) -> Iterator[tuple[Action, int]]:
    """What happens to sums: a register of a PE takes each part, and each result but a first is added to one.

    The accumulators write each result, and read each but the first of a place to add to it, and the last to
    send it on: as many reads as writes. Without accumulators that happens in the innermost level, of whose
    traffic the last of each place is part already.
    """
    activity, last = cost.activity, done.results
    yield Action("register", "write", SUM), activity.sums * SUM_BITS
    yield Action("add", "add", sum_dtype(kind.dtype)), activity.results - last
    beside = machine.accumulator_bytes is not None
    where = ACCUMULATORS if beside else machine.levels[-1].name
    moved = activity.results + (activity.returned if beside else -last)
    for name in ("read", "write"):
        yield Action(where, name), moved * SUM_BITS


def _of_memory(cost: Cost, machine: Machine) -> Iterator[tuple[Action, int]]:
    """Bits of each level: read towards the cores and outwards, written from both sides, and their hops."""
    levels = {level.name: level for level in machine.levels}
    for name, traffic in cost.traffic:
        for action, count in _moved(traffic).items():
            yield Action(name, action), count * BYTE
        if hops := levels[name].hops:
            yield Action("network", "hop"), traffic.total * BYTE * hops


def _moved(traffic: Traffic) -> dict[str, int]:
    """Bytes by what a level does."""
    return {
        "read": traffic.read + traffic.drain,
        "write": traffic.write + traffic.fill,
        f"{METADATA}read": traffic.metadata_read + traffic.metadata_drain,
        f"{METADATA}write": traffic.metadata_write + traffic.metadata_fill,
    }
