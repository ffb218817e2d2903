"""Folds: how long one core's array takes for a Gemm and what happens in it, in closed form: docs/array.md."""

from typing import NamedTuple

from simulator.activity import Activity
from simulator.kernels import activity as kernels
from simulator.kernels.folds import SKEW, array_time
from simulator.machine import Machine
from simulator.pattern import Pattern

DATAFLOWS = ("weight_stationary", "input_stationary", "output_stationary")
DECODERS = ("pe", "column", "core")


class Core(NamedTuple):
    """One core's array as integers, for one dtype: what docs/array.md calls R, C, L, feed, bits and so on.

    `dataflow` and `decode_at` are places in DATAFLOWS and DECODERS. `feed_bits` and `decode_rate` (groups a
    cycle of one decoder) are 0 where they never bind; `value_bits` are those of a value of A.
    """

    dataflow: int
    rows: int
    columns: int
    lanes: int
    overlap: bool = True
    feed_bits: int = 0
    value_bits: int = 16
    decode_at: int = 2
    decode_rate: int = 0
    decode_latency: int = 0


def core_of(machine: Machine, *, lanes: int, value_bits: int, group: int) -> Core:
    """A machine's array at `lanes` lanes and values of A of so many bits; `group` is 0 if it runs dense."""
    return Core(
        dataflow=DATAFLOWS.index(machine.dataflow),
        rows=machine.rows,
        columns=machine.columns,
        lanes=lanes,
        overlap=machine.overlap,
        feed_bits=machine.feed_bits_per_cycle or 0,
        value_bits=value_bits,
        decode_at=DECODERS.index(machine.decode_at),
        decode_rate=machine.decode_groups_per_cycle,
        decode_latency=machine.decode_latency if group else 0,
    )


def array_cycles(core: Core, m: int, n: int, k: int, pattern: Pattern | None = None) -> int:
    """Cycles of a Gemm in one array, alone, with memory that never makes it wait."""
    kept, group = (pattern.kept, pattern.group) if pattern else (0, 0)
    first, rest, _ = array_time(core, kept, group, m, n, k, SKEW)
    return int(first) + int(rest)


def array_activity(core: Core, m: int, n: int, k: int, pattern: Pattern | None = None) -> Activity:
    """What happens in one array for a Gemm of any size, padding multiplied like any other value."""
    kept, group = (pattern.kept, pattern.group) if pattern else (0, 0)
    # Uncompiled, since counts of a product that is not cut into tiles may pass 64 bits.
    exact = getattr(kernels.array_activity, "py_func", kernels.array_activity)
    return Activity(*exact(core, kept, group, m, n, k))
