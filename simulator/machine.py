"""Machine: an Arch resolved to integers, where symbols and units end."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from simulator.arch import Arch
from simulator.errors import lookup
from simulator.formats import FORMATS, Coordinate, Format
from simulator.mapping import Mapping
from simulator.natives import Natives
from simulator.parts import SRAM, Decode, MemoryLevel
from simulator.pattern import Pattern

FREE = Mapping()
"""A mapping that pins nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level of memory: `instances` of `capacity_bytes` each.

    bandwidth_numerator / bandwidth_denominator are the bytes per machine cycle that all instances together
    reach, in lowest terms; 1 / 0 is no limit. `latency` is in cycles, `buffers` the tiles it holds at a time.
    An access opens one of `banks` and moves `width` bits; what the level serves passes `hops` of a network.
    """

    name: str
    instances: int
    capacity_bytes: int
    bandwidth_numerator: int
    bandwidth_denominator: int
    latency: int = 0
    buffers: int = 2
    kind: str = SRAM
    banks: int = 1
    width: int = 128
    hops: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the models compute with: `cores` equal cores of `rows` x `columns` PEs around `levels` of memory.

    Rates are per cycle. `lanes` pairs each dtype with the multiply-adds of one PE, `vector_ops_per_cycle` is
    of one core, `decode_groups_per_cycle` of one decoder and `feed_bits_per_cycle` of one row, None where it
    never binds. A dense machine has an empty `decode_format`, and 0 for `decode_groups_per_cycle` and
    `fan_in`. `accumulator_bytes`, of one core, is None where partial sums lie in the innermost level. The
    shares of the clock are those kept under dense and under sparse load.
    """

    name: str
    clock_hz: int
    cores: int
    dataflow: str
    rows: int
    columns: int
    lanes: tuple[tuple[str, int], ...]
    natives: Natives
    decode_format: str
    decode_groups_per_cycle: int
    fan_in: int
    feed_bits_per_cycle: int | None
    vector_ops_per_cycle: int
    levels: tuple[Level, ...]
    overlap: bool = True
    fetch_ahead: bool = True
    decode_form: Format | None = None
    decode_at: str = "core"
    decode_latency: int = 0
    accumulator_bytes: int | None = None
    accumulator_buffers: int = 2
    dense_clock: Fraction = Fraction(1)
    sparse_clock: Fraction = Fraction(1)
    launch: int = 0
    gate_zeros: bool = False
    mapping: Mapping = FREE

    @property
    def metadata_form(self) -> Format:
        """The Format that the decoder reads."""
        return self.decode_form or FORMATS[self.decode_format]

    @property
    def patterns_text(self) -> str:
        """The native patterns as a person writes them."""
        return str(self.natives)

    def lanes_of(self, dtype: str) -> int:
        """Multiply-adds a cycle of one PE; InputError for a dtype that the machine does not multiply."""
        return lookup(dict(self.lanes), dtype, kind=f"dtype of {self.name}")

    def peak_macs(self, dtype: str) -> int:
        """Multiply-adds a cycle of the whole machine: cores * R * C * L.

        As NVIDIA's A100 whitepaper (2020) counts its peak: SMs times tensor cores times multiply-adds.
        """
        return self.cores * self.rows * self.columns * self.lanes_of(dtype)

    def native(self, pattern: Pattern) -> Pattern | None:
        """The native pattern that `pattern` runs as, or None where it runs dense."""
        return self.natives.tightest(pattern)


def resolve(arch: Arch) -> Machine:
    """`arch` in integers: hertz, bytes, and bytes per machine cycle as exact ratios."""
    core = arch.core
    levels = tuple(_level(level, arch) for level in arch.memory)
    load, results = arch.clock_under_load, core.accumulators
    return Machine(
        name=arch.name,
        clock_hz=arch.clock,
        cores=arch.cores,
        dataflow=core.dataflow,
        rows=core.array.rows,
        columns=core.array.columns,
        lanes=tuple(sorted(core.lanes.items())),
        natives=core.patterns or Natives(),
        **_decoder(core.decode, levels[-1].latency),
        fan_in=core.select.fan_in if core.select else 0,
        feed_bits_per_cycle=core.feed,
        vector_ops_per_cycle=core.vector.ops_per_cycle,
        levels=levels,
        overlap=core.overlap,
        fetch_ahead=core.fetch_ahead,
        accumulator_bytes=results.capacity if results else None,
        accumulator_buffers=results.buffers if results else levels[-1].buffers,
        dense_clock=load.dense if load else Fraction(1),
        sparse_clock=load.sparse if load else Fraction(1),
        launch=_cycles(arch.launch, arch.clock),
        gate_zeros=core.gate_zeros,
        mapping=arch.mapping or Mapping(),
    )


def _decoder(decode: Decode | None, wait: int) -> dict[str, Any]:
    """The decoder's fields of a Machine; without prefetch each decode waits `wait` cycles more."""
    if decode is None:
        return {"decode_format": "", "decode_groups_per_cycle": 0}
    form = FORMATS[decode.format]
    if decode.format == "coordinate":
        form = Coordinate(straddle=decode.straddle, bits=decode.bits)
    return {
        "decode_format": decode.format,
        "decode_form": form,
        "decode_groups_per_cycle": decode.groups_per_cycle,
        "decode_at": decode.at,
        "decode_latency": decode.latency + (0 if decode.prefetch else wait),
    }


def _level(level: MemoryLevel, arch: Arch) -> Level:
    """One level; bytes per cycle = instances * efficiency * (bytes per second / clock, or as written)."""
    instances = arch.cores // (level.per or arch.cores)
    bandwidth: Fraction = instances * level.per_cycle(arch.clock)
    return Level(
        name=level.name,
        instances=instances,
        capacity_bytes=level.capacity,
        bandwidth_numerator=bandwidth.numerator or 1,
        bandwidth_denominator=bandwidth.denominator if bandwidth else 0,
        latency=_cycles(level.latency, arch.clock),
        buffers=level.buffers,
        kind=level.kind or SRAM,
        banks=level.banks,
        width=level.width,
        hops=level.hops,
    )


def _cycles(time: Fraction | int | None, clock_hz: int) -> int:
    """A time in whole cycles, rounded up; a whole number is cycles already."""
    return time if isinstance(time, int) else ceil((time or 0) * clock_hz)
