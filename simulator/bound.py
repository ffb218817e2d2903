"""Fidelity `bound`: the largest of the times that each resource needs on its own.

No schedule of the Step alone, in its orientation, is faster.
"""

from dataclasses import dataclass

from simulator.cost import Cost, Traffic, overlapped
from simulator.gemm import Stream
from simulator.lowering import Lowered
from simulator.machine import Level, Machine
from simulator.mapping import Chosen

Use = tuple[str, Cost]
"""A resource by name, and what the work costs on it alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What work costs, the resource that binds, and the mapping if one was chosen."""

    cost: Cost
    bound_by: str
    mapping: Chosen | None = None


def price(work: Lowered | Stream, machine: Machine) -> Priced:
    """The least that work costs, under any mapping."""
    return bound(stream_uses(work, machine) if isinstance(work, Stream) else product_uses(work, machine))


def bound(uses: tuple[Use, ...]) -> Priced:
    """The cost of work whose uses of resources all overlap, and the resource that binds (first of equals)."""
    binding = max(uses, key=lambda use: use[1].cycles)
    return Priced(cost=overlapped(tuple(cost for _, cost in uses)), bound_by=binding[0])


def product_uses(work: Lowered, machine: Machine) -> tuple[Use, ...]:
    """What a Product needs of each resource."""
    return (
        ("multiply", Cost.computing(multiply_cycles(work, machine))),
        ("feed", Cost.waiting("feed", feed_cycles(work, machine))),
        ("load", Cost.waiting("load", load_cycles(work, machine))),
        ("decode", Cost.waiting("decode", decode_cycles(work, machine))),
        *memory_uses(product_traffic(work), product_bits(work), machine, written=work.c.value_bits),
    )


def stream_uses(stream: Stream, machine: Machine) -> tuple[Use, ...]:
    """What a streaming operation of UPDATE needs of each resource."""
    traffic = Traffic(
        read=_bytes(stream.read_bits),
        write=_bytes(stream.write_bits),
        metadata_read=_bytes(stream.metadata_read_bits),
        metadata_write=_bytes(stream.metadata_write_bits),
    )
    cycles = -(-stream.ops // (machine.cores * machine.vector_ops_per_cycle))
    bits = stream.read_bits + stream.write_bits + stream.metadata_read_bits + stream.metadata_write_bits
    return ("vector", Cost.computing(cycles)), *memory_uses(traffic, bits, machine)


def product_traffic(work: Lowered) -> Traffic:
    """The compulsory bytes: every distinct value of A and B in once, every wanted value of C out once."""
    return Traffic(
        read=_bytes(work.a.value_bits + work.b.value_bits),
        write=_bytes(work.c.value_bits),
        metadata_read=_bytes(work.b.metadata_bits),
    )


def multiply_cycles(work: Lowered, machine: Machine) -> int:
    """Cycles of the array: whole folds, ragged ones in full, shared evenly by the cores.

    A fold holds R*L kept values in each of C columns and takes a cycle for each vector that passes. Where
    B is stationary that is ceil(n/C) * ceil(K_kept/(R*L)) * m in all; where A is, m and n change places.
    Where the result is stationary, each R x C of it takes ceil(K_kept/L) cycles.
    """
    gemm, deep = work.gemm, machine.rows * work.lanes
    folds = {
        "weight_stationary": -(-gemm.n // machine.columns) * -(-work.k_kept // deep) * gemm.m,
        "input_stationary": -(-gemm.m // machine.columns) * -(-work.k_kept // deep) * gemm.n,
        "output_stationary": -(-gemm.m // machine.rows)
        * -(-gemm.n // machine.columns)
        * -(-work.k_kept // work.lanes),
    }[machine.dataflow]
    return -(-work.batch * folds // machine.cores)


def feed_cycles(work: Lowered, machine: Machine) -> int:
    """Cycles of the row feeds, each of F = feed bits / value bits values a cycle.

    Where B is stationary or C is, A streams past each of the ceil(n/C) folds of columns: that is
    batch * m * k * ceil(n/C) values over cores * R feeds. A stationary A is loaded (`load_cycles`).
    """
    if machine.feed_bits_per_cycle is None or machine.dataflow == "input_stationary":
        return 0
    gemm = work.gemm
    values = work.batch * gemm.m * gemm.k * -(-gemm.n // machine.columns)
    return -(-values * work.a_bits // (machine.cores * machine.rows * machine.feed_bits_per_cycle))


def load_cycles(work: Lowered, machine: Machine) -> int:
    """Cycles of the buses that fill the stationary operand, C of them in each core, L places a cycle and bus.

    Weight-stationary: batch * n * K_kept kept values. Input-stationary: batch * m * K_kept places, and A
    enters as whole windows, F values a cycle and bus, batch * m * k in all.
    """
    gemm, buses = work.gemm, machine.cores * machine.columns
    if machine.dataflow == "output_stationary":
        return 0
    if machine.dataflow == "weight_stationary":
        return -(-work.batch * gemm.n * work.k_kept // (buses * work.lanes))
    places = -(-work.batch * gemm.m * work.k_kept // (buses * work.lanes))
    if machine.feed_bits_per_cycle is None:
        return places
    bits = work.batch * gemm.m * gemm.k * work.a_bits
    return max(places, -(-bits // (buses * machine.feed_bits_per_cycle)))


def decode_cycles(work: Lowered, machine: Machine) -> int:
    """Cycles of the decoders: each group of B once where B is stationary, else once for each fold it passes.

    An output-stationary fold takes R of m, an input-stationary one C. Decoders beside each column or PE share
    the work of a core as far as their groups differ.
    """
    if work.native is None:
        return 0
    folds = {
        "weight_stationary": 1,
        "output_stationary": -(-work.gemm.m // machine.rows),
        "input_stationary": -(-work.gemm.m // machine.columns),
    }[machine.dataflow]
    decoders = {
        "weight_stationary": {"pe": machine.rows * machine.columns, "column": machine.columns},
        "output_stationary": {"pe": machine.columns, "column": machine.columns},
        "input_stationary": {"pe": machine.rows},
    }[machine.dataflow].get(machine.decode_at, 1)
    return -(-work.groups * folds // (machine.cores * decoders * machine.decode_groups_per_cycle))


def product_bits(work: Lowered) -> int:
    """The compulsory bits of a product, all kinds together."""
    return work.a.value_bits + work.b.bits + work.c.value_bits


def memory_uses(traffic: Traffic, bits: int, machine: Machine, *, written: int = 0) -> tuple[Use, ...]:
    """The same `bits` through every level; the outermost level's time is dram's, an inner one's is load's.

    The `written` ones of a product's results do not pass the innermost level where accumulators take them.
    """
    inside = machine.levels[-1] if len(machine.levels) > 1 and machine.accumulator_bytes is not None else None
    return tuple(
        (
            level.name,
            Cost.waiting(
                "load" if index else "dram",
                level_cycles(bits - (written if level is inside else 0), level),
                traffic=((level.name, _through(traffic, index, inside=level is inside and written > 0)),),
            ),
        )
        for index, level in enumerate(machine.levels)
    )


def _through(traffic: Traffic, index: int, *, inside: bool) -> Traffic:
    """The traffic of level `index`: what it reads fills it, unless it is the outermost, and so outwards.

    Results do not pass the level `inside` of which accumulators take them.
    """
    moved = traffic._replace(write=0) if inside else traffic
    if index == 0:
        return moved
    return moved._replace(
        fill=moved.read,
        drain=moved.write,
        metadata_fill=moved.metadata_read,
        metadata_drain=moved.metadata_write,
    )


def level_cycles(bits: int, level: Level) -> int:
    """ceil(bytes / bandwidth), the bandwidth a rational number of bytes a cycle, the bytes not rounded."""
    return -(-bits * level.bandwidth_denominator // (8 * level.bandwidth_numerator))


def _bytes(bits: int) -> int:
    return -(-bits // 8)
