"""Area: what each part of a machine takes on the chip, and what sparsity adds to it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce

from simulator.components import AREA, LEAK, ROLES
from simulator.errors import placed
from simulator.formats import bits_to_name, group_bits
from simulator.gemm import DTYPES
from simulator.machine import Level, Machine
from simulator.natives import Natives
from simulator.parts import SRAM
from simulator.pattern import Pattern
from simulator.scaled import Scaled, Value

SUM_BITS = 32
WIDEST_ACCESS = 1024  # bits of a bank: the most in the component table sram_cacti
UM2_PER_MM2 = 10**6
ACCUMULATORS = "accumulators"
LOGIC = ("multiply_add", "add", "register", "select", "decode", "vector")
"""The parts that are logic, which leaks by its area."""
METADATA = "metadata_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """`instances` of a part, each of `each` um^2 that leaks `leak` uW."""

    part: str
    instances: int
    each: Value
    leak: Value | None = None

    @property
    def total(self) -> Value:
        """Of all instances, in um^2."""
        return self.each * self.instances


def areas(scaled: Scaled, machine: Machine) -> tuple[Area, ...]:
    """Every part of a machine that lies on the chip, logic first; InputError where the tables lack a row."""
    return (*logic(scaled, machine), *memories(scaled, machine))


def logic(scaled: Scaled, machine: Machine) -> Iterator[Area]:
    """The parts of the cores that are logic."""
    pes = machine.cores * machine.rows * machine.columns
    lanes = max(
        (scaled.value("multiply_add", AREA, dtype) * count for dtype, count in machine.lanes),
        key=lambda value: value.value,
    )
    for part, instances, each in (
        ("multiply_add", pes, lanes),
        ("add", machine.cores * machine.columns, scaled.value("add", AREA, widest_sum(machine))),
        ("register", pes, _registers(scaled, machine)),
        *_sparse(scaled, machine, pes),
        ("vector", machine.cores * machine.vector_ops_per_cycle, scaled.value("vector", AREA)),
    ):
        yield Area(part=part, instances=instances, each=each, leak=_leak_of_logic(scaled, each))


def _registers(scaled: Scaled, machine: Machine) -> Value:
    """The flip-flops of a PE."""
    bits = zip(ROLES, register_bits(machine), strict=True)
    return reduce(Value.__add__, (scaled.value("register", AREA, role) * count for role, count in bits))


def _sparse(scaled: Scaled, machine: Machine, pes: int) -> Iterator[tuple[str, int, Value]]:
    """Operand muxes and decoders: a mux for each lane, as wide as its value."""
    if not machine.natives:
        return
    yield "select", pes, scaled.select(AREA, machine.fan_in) * value_bits(machine)
    decoders = {"pe": pes, "column": machine.cores * machine.columns, "core": machine.cores}[
        machine.decode_at
    ]
    yield "decode", decoders, scaled.value("decode", AREA, machine.decode_format) * decoded_bits(machine)


def value_bits(machine: Machine) -> int:
    """Bits of the values that the lanes of a PE take at once: those of the dtype that takes most."""
    return max(count * DTYPES[dtype] for dtype, count in machine.lanes)


def patterns(machine: Machine) -> tuple[Pattern, ...]:
    """The native patterns; under a rule the ones that ask most of a window, and of metadata."""
    most = machine.natives.group_max
    listed = machine.natives.listed
    return listed or (Pattern(kept=1, group=most), Pattern(kept=most // 2, group=most))


def decoded_bits(machine: Machine) -> int:
    """Metadata that a decoder takes in a cycle, in bits: those of its groups, each the largest."""
    form = machine.metadata_form
    return machine.decode_groups_per_cycle * max(group_bits(form, one) for one in patterns(machine))


def window_bits(machine: Machine) -> int:
    """The widest window of a PE, in bits: whole groups of the dense operand."""
    return max(
        DTYPES[dtype] * max(one.groups_of_run(lanes) * one.group for one in patterns(machine))
        for dtype, lanes in machine.lanes
    )


def register_bits(machine: Machine) -> tuple[int, int, int]:
    """Flip-flops of a PE by role: of stationary operands, of what moves past, and of sums.

    A stationary PE holds its operand, twice with overlap, and with selects where that is B; the other one, as
    a whole window where that is A, moves past it, and a sum moves down. An output-stationary PE holds its
    sum, twice with overlap, and both operands move past.
    """
    values, twice = value_bits(machine), 2 if machine.overlap else 1
    lanes = max(count for _, count in machine.lanes)
    selects = lanes * bits_to_name(machine.fan_in) if machine.natives else 0
    window = max(values, window_bits(machine)) if machine.natives else values
    if machine.dataflow == "output_stationary":
        return 0, window + values + selects, twice * SUM_BITS
    if machine.dataflow == "weight_stationary":
        return twice * (values + selects), window, SUM_BITS
    return twice * window, values + selects, SUM_BITS


def sum_dtype(dtype: str) -> str:
    """What products of a dtype are summed in."""
    return "int32" if dtype.startswith("int") else "fp64" if dtype == "fp64" else "fp32"


def widest_sum(machine: Machine) -> str:
    """What the adders of a machine's array add: the widest of what its dtypes are summed in."""
    sums = [sum_dtype(dtype) for dtype, _ in machine.lanes]
    return next(dtype for dtype in ("fp64", "fp32", "int32") if dtype in sums)


def memories(scaled: Scaled, machine: Machine) -> Iterator[Area]:
    """The accumulators and the levels on the chip."""
    if machine.accumulator_bytes is not None:
        each, leak = (of_accumulators(scaled, machine, name) for name in (AREA, LEAK))
        yield Area(part=ACCUMULATORS, instances=machine.cores, each=each, leak=leak)
    for level in machine.levels:
        if level.kind == SRAM:
            each, leak = (of_level(scaled, level, name) for name in (AREA, LEAK))
            yield Area(part=level.name, instances=level.instances, each=each, leak=leak)


def of_accumulators(scaled: Scaled, machine: Machine, name: str) -> Value:
    """A value of one core's accumulators: their own row, else banks that move the sums of a row of PEs."""
    own = scaled.find("memory", name, ACCUMULATORS)
    if own is not None:
        return own
    bits = machine.columns * SUM_BITS
    banks = -(-bits // WIDEST_ACCESS)
    size = (machine.accumulator_bytes or 0) // banks
    found = scaled.sram(name, size, bits // banks)
    return found * banks if name in (AREA, LEAK) else found


def of_level(scaled: Scaled, level: Level, name: str) -> Value:
    """A value of one instance of a level, energies for a bit: its own row, else its kind's.

    Metadata cost what values do where no row says otherwise.
    """
    plain = name.removeprefix(METADATA)
    own = scaled.find("memory", name, level.name) or scaled.find("memory", plain, level.name)
    if own is not None:
        return own
    if level.kind != SRAM:
        return scaled.value("dram", plain, level.kind)
    with placed(f"memory.{level.name}"):
        found = scaled.sram(plain, level.capacity_bytes // level.banks, level.width)
    return found * level.banks if name in (AREA, LEAK) else found


def _leak_of_logic(scaled: Scaled, each: Value) -> Value:
    """The leakage of so much logic: that of a square millimetre, times its area."""
    return scaled.value("leakage", LEAK).times(each * Fraction(1, UM2_PER_MM2))


def without_sparsity(machine: Machine) -> Machine:
    """The same array without patterns, decoder and selection."""
    return replace(
        machine,
        natives=Natives(),
        decode_format="",
        decode_form=None,
        decode_groups_per_cycle=0,
        fan_in=0,
    )
