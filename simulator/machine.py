"""Machine: an Arch resolved to integers, where symbols and units end."""

from dataclasses import dataclass
from fractions import Fraction

from simulator.arch import Arch, MemoryLevel
from simulator.errors import lookup
from simulator.natives import Natives
from simulator.pattern import Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level of memory: `instances` of `capacity_bytes` each.

    bandwidth_numerator / bandwidth_denominator are the bytes per machine cycle of all instances together, in
    lowest terms.
    """

    name: str
    instances: int
    capacity_bytes: int
    bandwidth_numerator: int
    bandwidth_denominator: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the models compute with: `cores` equal cores of `rows` x `columns` PEs around `levels` of memory.

    Rates are per cycle and per core. `lanes` pairs each dtype with the multiply-adds of one PE.
    `feed_bits_per_cycle`, of one row, is None where it never binds. A dense machine has an empty
    `decode_format`, and 0 for `decode_groups_per_cycle` and `fan_in`.
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
    return Machine(
        name=arch.name,
        clock_hz=arch.clock,
        cores=arch.cores,
        dataflow=core.dataflow,
        rows=core.array.rows,
        columns=core.array.columns,
        lanes=tuple(sorted(core.lanes.items())),
        natives=core.patterns or Natives(),
        decode_format=core.decode.format if core.decode else "",
        decode_groups_per_cycle=core.decode.groups_per_cycle if core.decode else 0,
        fan_in=core.select.fan_in if core.select else 0,
        feed_bits_per_cycle=core.feed,
        vector_ops_per_cycle=core.vector.ops_per_cycle,
        levels=tuple(_level(level, arch) for level in arch.memory),
    )


def _level(level: MemoryLevel, arch: Arch) -> Level:
    """One level; bytes per cycle = instances * (bytes per second / clock, or bytes per cycle as written)."""
    instances = arch.cores // (level.per or arch.cores)
    bandwidth: Fraction = instances * level.bandwidth.per_cycle(arch.clock)
    return Level(
        name=level.name,
        instances=instances,
        capacity_bytes=level.capacity,
        bandwidth_numerator=bandwidth.numerator,
        bandwidth_denominator=bandwidth.denominator,
    )
