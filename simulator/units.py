"""Quantities as people write them, `1.41 GHz` or `128 B/cycle`, converted exactly in this one place.

The table is closed and our own: general unit libraries read `B/cycle`, `Mb` and `mm^2` wrong.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from simulator.errors import InputError, shown, suggestion

EXPONENT_MAX = 30
TEXT_MAX = 60
_NUMBER = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]+))?(?=[ A-Za-z]|$)")


class Dimension(StrEnum):
    """What a quantity measures; its base unit is the first of its units in UNITS."""

    FREQUENCY = "frequency"
    TIME = "time"
    SIZE = "size"
    RATE = "bandwidth"
    CYCLE_RATE = "bandwidth per cycle"
    ENERGY = "energy"
    AREA = "area"
    POWER = "power"
    LENGTH = "length"
    VOLTAGE = "voltage"


_SIZES = {
    "B": Fraction(1),
    "kB": Fraction(10**3),
    "MB": Fraction(10**6),
    "GB": Fraction(10**9),
    "TB": Fraction(10**12),
    "KiB": Fraction(2**10),
    "MiB": Fraction(2**20),
    "GiB": Fraction(2**30),
    "TiB": Fraction(2**40),
    "bit": Fraction(1, 8),
    "kbit": Fraction(10**3, 8),
    "Mbit": Fraction(10**6, 8),
    "Gbit": Fraction(10**9, 8),
}
UNITS: dict[Dimension, dict[str, Fraction]] = {
    Dimension.FREQUENCY: {
        "Hz": Fraction(1),
        "kHz": Fraction(10**3),
        "MHz": Fraction(10**6),
        "GHz": Fraction(10**9),
    },
    Dimension.TIME: {
        "s": Fraction(1),
        "ms": Fraction(1, 10**3),
        "us": Fraction(1, 10**6),
        "ns": Fraction(1, 10**9),
        "ps": Fraction(1, 10**12),
    },
    Dimension.SIZE: _SIZES,
    Dimension.RATE: {f"{unit}/s": size for unit, size in _SIZES.items()},
    Dimension.CYCLE_RATE: {f"{unit}/cycle": size for unit, size in _SIZES.items()},
    Dimension.ENERGY: {
        "pJ": Fraction(1),
        "aJ": Fraction(1, 10**6),
        "fJ": Fraction(1, 10**3),
        "nJ": Fraction(10**3),
    },
    Dimension.AREA: {"um^2": Fraction(1), "mm^2": Fraction(10**6)},
    Dimension.POWER: {
        "uW": Fraction(1),
        "nW": Fraction(1, 10**3),
        "mW": Fraction(10**3),
        "W": Fraction(10**6),
    },
    Dimension.LENGTH: {"nm": Fraction(1)},
    Dimension.VOLTAGE: {"V": Fraction(1), "mV": Fraction(1, 10**3)},
}
"""Every unit that a file may use, as a multiple of the base: Hz, s, B, B/s, B/cycle, pJ, um^2, uW, nm, V."""

EXAMPLES: dict[Dimension, str] = {
    Dimension.FREQUENCY: "1.41 GHz",
    Dimension.TIME: "400 ns",
    Dimension.SIZE: "40 MiB",
    Dimension.RATE: "1555 GB/s",
    Dimension.CYCLE_RATE: "128 B/cycle",
    Dimension.ENERGY: "0.23 pJ",
    Dimension.AREA: "580 um^2",
    Dimension.POWER: "1.5 mW",
    Dimension.LENGTH: "7 nm",
    Dimension.VOLTAGE: "0.8 V",
}

_BITS_OR_BYTES = re.compile(r"([kKMGT]i?)b(ps|/s|/cycle)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bandwidth:
    """`bytes` per "second" or per "cycle" of the machine's clock."""

    bytes: Fraction
    per: str

    def per_cycle(self, clock_hz: int) -> Fraction:
        """Bytes per cycle of a clock, exactly."""
        return self.bytes if self.per == "cycle" else self.bytes / clock_hz


def parse_quantity(text: object, *dimensions: Dimension, zero: bool = False) -> Fraction:
    """The positive quantity that `text` writes as a number and a unit, in the base unit of its dimension.

    `text` may be of any of the `dimensions`; with `zero` it may be 0 as well.
    """
    return _parse(text, dimensions, zero)[0]


def parse_bandwidth(text: object) -> Bandwidth:
    """The bandwidth that `text` writes, per second or per cycle."""
    value, dimension = _parse(text, (Dimension.RATE, Dimension.CYCLE_RATE))
    return Bandwidth(bytes=value, per="cycle" if dimension is Dimension.CYCLE_RATE else "second")


def parse_count(text: object, noun: str) -> int:
    """The whole number that `text` writes before the plural `noun`, as in "4 cores" or "1 core"."""
    match = re.fullmatch(r"([0-9]{1,15}) *([A-Za-z]+)", text) if isinstance(text, str) else None
    if match is None or match[2] not in (noun, noun.removesuffix("s")) or int(match[1]) < 1:
        raise InputError.of(f"{shown(text)} is no number of {noun}", f"write one, such as 4 {noun}")
    return int(match[1])


def parse_share(text: object, of: str = "") -> Fraction:
    """The share that `text` writes, as in "12.5 %" or "5/6": 0 < share <= 1; `of` says of what."""
    written = text if isinstance(text, str) else ""
    percent = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,9})?) ?%", written)
    parts = re.fullmatch(r"([0-9]{1,9})/([1-9][0-9]{0,8})", written)
    share = Fraction(percent[1]) / 100 if percent else Fraction(written) if parts else None
    if share is None or not 0 < share <= 1:
        raise InputError.of(f"{shown(text)} is not a share{of}", "write one, as in 90 % or 5/6")
    return share


def _parse(text: object, dimensions: tuple[Dimension, ...], zero: bool = False) -> tuple[Fraction, Dimension]:
    """The value in base units, and which of the accepted dimensions it has."""
    kind = dimensions[0].value
    write = f"write {_one(kind)} such as {' or '.join(EXAMPLES[one] for one in dimensions)}"
    if isinstance(text, int | float) and not isinstance(text, bool):
        raise InputError.of(f"{shown(text)} has no unit", write)
    if not isinstance(text, str):
        raise InputError.of(f"{shown(text)} is no {kind}", write)
    if len(text) > TEXT_MAX:
        raise InputError.of(f"{shown(text)} has {len(text)} characters", write)
    number = _NUMBER.match(text)
    if number is None or not (unit := text[number.end() :].strip(" ")):
        what = "has no unit" if number else "does not start with a number"
        raise InputError.of(f"{shown(text)} {what}", write)
    value = _value(number, text)
    for dimension in dimensions:
        if unit in UNITS[dimension]:
            if value < 0 or (value == 0 and not zero):
                least = "0 or more" if zero else "more than 0"
                right = f"{_one(kind)} is {least}"
                raise InputError.of(f"{shown(text)} is not positive", right)
            return value * UNITS[dimension][unit], dimension
    raise _unit_error(text, unit, dimensions, write)


def _one(kind: str) -> str:
    """A kind of quantity with its article."""
    return f"{'an' if kind[0] in 'ae' else 'a'} {kind}"


def _value(number: re.Match[str], text: str) -> Fraction:
    """The number exactly; its exponent is capped before any power of ten is built."""
    sign, digits, exponent = number[1], number[2], int(number[3] or 0)
    if abs(exponent) > EXPONENT_MAX:
        right = f"exponents go from -{EXPONENT_MAX} to {EXPONENT_MAX}"
        raise InputError.of(f"{shown(text)} is too large or too small", right)
    return Fraction(sign + digits) * Fraction(10) ** exponent


def _unit_error(text: str, unit: str, dimensions: tuple[Dimension, ...], write: str) -> InputError:
    """Why `unit` is none of the units of `dimensions`: another dimension, bits or bytes, or unknown."""
    kind = dimensions[0].value
    for other, units in UNITS.items():
        if unit in units:
            return InputError.of(f"{shown(text)} is {_one(other.value)}, not {_one(kind)}", write)
    known = [name for dimension in dimensions for name in UNITS[dimension]]
    if bits := _BITS_OR_BYTES.fullmatch(unit):
        prefix, per = bits[1], (bits[2] or "").replace("ps", "/s")
        meant = [f"{prefix}{size}{per}" for size in ("B", "bit") if f"{prefix}{size}{per}" in known]
        return InputError.of(
            f"`{unit}` may mean bits or bytes", f"write {' or '.join(meant)}" if meant else write
        )
    same = [name for name in known if name.lower() == unit.lower()]
    right = f"did you mean `{same[0]}`? units tell upper from lower case" if same else suggestion(unit, known)
    return InputError.of(f"{shown(unit)} is no unit of {kind}", right)
