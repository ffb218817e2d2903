"""Roofs: the most that a machine reaches, by dtype and pattern, and by bytes of each memory level."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from analysis.roofline.bandwidth import FLOPS_PER_MAC, rate_of
from simulator.gemm import DTYPES
from simulator.machine import Machine
from simulator.pattern import Pattern

DENSE = "dense"


class Roof(NamedTuple):
    """The most operations a second for products that run as `pattern`, and the `resource` that sets it."""

    pattern: str
    resource: str
    ops: Fraction

    @property
    def name(self) -> str:
        """What tables and figures call it."""
        return self.pattern if self.resource == "multiply" else f"{self.pattern}, {self.resource}"


class Slope(NamedTuple):
    """The roof of a memory level: bytes a second, None where it is unlimited."""

    level: str
    rate: Fraction | None

    def ridge(self, roof: Roof) -> Fraction | None:
        """The intensity at which both roofs meet, in operations a byte."""
        return None if self.rate is None else roof.ops / self.rate


def roofs(machine: Machine, dtype: str, natives: Sequence[Pattern] = ()) -> tuple[Roof, ...]:
    """The dense roof, then that of each of `natives`, the sparsest last; each with a lower one if there is.

    The peak is 2 * peak_macs * clock, over kept / group for a pattern: only kept values are multiplied. The
    clock is the whole one: what it loses under load, and launches, lower points and no roof.
    """
    found = []
    peak = FLOPS_PER_MAC * machine.peak_macs(dtype) * machine.clock_hz
    for native in (None, *sorted(set(natives), key=lambda one: (-one.density, one.group))):
        name = str(native or DENSE)
        top = Roof(name, "multiply", peak / (native.density if native else Fraction(1)))
        found.append(top)
        lower = min(ceilings(machine, dtype, native), key=lambda roof: roof.ops, default=top)
        if lower.ops < top.ops:
            found.append(lower)
    return tuple(found)


def ceilings(machine: Machine, dtype: str, native: Pattern | None) -> Iterator[Roof]:
    """What feed and decoder allow for a product so large that loads, ragged folds and tails vanish.

    They are `bound.feed_cycles` and `bound.decode_cycles` in dense multiply-adds a cycle. A value that a feed
    carries meets C columns: cores * R * F * C. A decoded group meets R of m where results are stationary, C
    where A is: cores * decoders * groups_per_cycle * group * R (C). A stationary A is fed once, and a
    stationary B decoded once, so that neither binds a large product.
    """
    name, whole = str(native or DENSE), FLOPS_PER_MAC * machine.clock_hz * machine.cores
    if machine.feed_bits_per_cycle is not None and machine.dataflow != "input_stationary":
        values = Fraction(machine.feed_bits_per_cycle, DTYPES[dtype])
        yield Roof(name, "feed", whole * values * machine.rows * machine.columns)
    if native is None or machine.dataflow == "weight_stationary":
        return
    if machine.dataflow == "output_stationary":
        decoders, meets = 1 if machine.decode_at == "core" else machine.columns, machine.rows
    else:
        decoders, meets = machine.rows if machine.decode_at == "pe" else 1, machine.columns
    groups = decoders * machine.decode_groups_per_cycle
    yield Roof(name, "decode", Fraction(whole * groups * native.group * meets))


def slopes(machine: Machine) -> tuple[Slope, ...]:
    """The roof of each memory level, from the outside in, its efficiency included."""
    rates = ((level.name, rate_of(level)) for level in machine.levels)
    return tuple(Slope(name, None if rate is None else rate * machine.clock_hz) for name, rate in rates)
