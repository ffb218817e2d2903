"""The values that a machine's file may hold: each with its unit, its range and its place in the schema."""

import re
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from simulator.errors import InputError, lookup, shown
from simulator.gemm import DTYPES
from simulator.natives import Natives, parse_natives
from simulator.units import Bandwidth, Dimension, parse_bandwidth, parse_count, parse_quantity, parse_share

SIDE_MAX = 2**16
RATE_MAX = 2**20
CYCLES_MAX = 2**20
BUFFERS_MAX = 8
CLOCK_MAX = 10**12
CAPACITY_MAX = 2**60
BANDWIDTH_MAX = 2**60
SECONDS_MAX = 1
WIDTH_MAX = 2**16
NODE_MAX = 1000
VOLTAGE_RANGE = (Fraction(6, 10), Fraction(14, 10))
FACTOR_MAX = 1000
RESOURCES = frozenset(
    {
        *("accumulate", "accumulators", "add", "compute", "decode", "drain", "feed", "high", "leakage"),
        *("load", "low", "multiply", "multiply_add", "network", "register", "select", "vector"),
    }
)
"""Names that a report uses for the core's own resources, so that no memory level may take them."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def _whole(value: Fraction, most: int, unit: str) -> int:
    """A quantity that the model counts in whole units, at most `most` of them."""
    if value.denominator != 1:
        raise InputError.of(f"this is no whole number of {unit}", f"write a multiple of 1 {unit}")
    if value > most:
        raise InputError.of("this is too large", f"it is at most {most} {unit}")
    return value.numerator


def _clock(text: object) -> int:
    return _whole(parse_quantity(text, Dimension.FREQUENCY), CLOCK_MAX, "Hz")


def _capacity(text: object) -> int:
    return _whole(parse_quantity(text, Dimension.SIZE), CAPACITY_MAX, "B")


def _feed_bits(text: object) -> int:
    return _whole(parse_quantity(text, Dimension.CYCLE_RATE) * 8, RATE_MAX, "bit/cycle")


def _bandwidth(text: object) -> Bandwidth | None:
    if text == UNLIMITED:
        return None
    bandwidth = parse_bandwidth(text)
    if bandwidth.bytes > BANDWIDTH_MAX:
        raise InputError.of("this is too large", f"it is at most {BANDWIDTH_MAX} B, or {UNLIMITED}")
    return bandwidth


def _seconds(text: object) -> Fraction:
    seconds = parse_quantity(text, Dimension.TIME)
    if seconds > SECONDS_MAX:
        raise InputError.of("this is too large", f"it is at most {SECONDS_MAX} s")
    return seconds


def _latency(text: object) -> Fraction | int:
    """Seconds, or a whole number of cycles."""
    if isinstance(text, str) and text.endswith(("cycles", "cycle")):
        cycles = parse_count(text, "cycles")
        if cycles > CYCLES_MAX:
            raise InputError.of("this is too large", f"it is at most {CYCLES_MAX} cycles")
        return cycles
    return _seconds(text)


def _node(text: object) -> Fraction:
    node = parse_quantity(text, Dimension.LENGTH)
    if node > NODE_MAX:
        raise InputError.of("this is too large", f"it is at most {NODE_MAX} nm")
    return node


def _voltage(text: object) -> Fraction:
    """A voltage within the range in which the published equations of energy rise with it."""
    voltage, (low, high) = parse_quantity(text, Dimension.VOLTAGE), VOLTAGE_RANGE
    if not low <= voltage <= high:
        raise InputError.of(f"{shown(text)} is out of range", f"from {float(low)} to {float(high)} V")
    return voltage


def _factor(number: object) -> Fraction:
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 < number <= FACTOR_MAX:
        raise InputError.of(f"{shown(number)} is no factor", f"write a number above 0, at most {FACTOR_MAX}")
    return Fraction(str(number))


def _per(text: object) -> int:
    return parse_count(text, "cores")


def _level_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        right = "a name starts with a small letter and goes on with small letters, digits and _, as in l2"
        raise InputError.of(f"{shown(name)} cannot name a level", right)
    if name in RESOURCES:
        raise InputError.of(f"`{name}` is what reports call a part of the core", "choose another name")
    return name


def _lanes(lanes: dict[str, int]) -> dict[str, int]:
    for dtype in lanes:
        lookup(DTYPES, dtype, kind="dtype", where=dtype)
    return lanes


def _text(example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": r"^[+]?[0-9.]", "examples": [example]})


UNLIMITED = "unlimited"
Side = Annotated[int, Field(ge=1, le=SIDE_MAX)]
Rate = Annotated[int, Field(ge=1, le=RATE_MAX)]
Cycles = Annotated[int, Field(ge=0, le=CYCLES_MAX)]
Buffers = Annotated[int, Field(ge=1, le=BUFFERS_MAX)]
Clock = Annotated[int, PlainValidator(_clock), _text("1.41 GHz")]
Capacity = Annotated[int, PlainValidator(_capacity), _text("40 MiB")]
FeedBits = Annotated[int, PlainValidator(_feed_bits), _text("32 B/cycle")]
Speed = Annotated[
    Bandwidth | None,
    PlainValidator(_bandwidth),
    WithJsonSchema({"type": "string", "pattern": r"^([+]?[0-9.]|unlimited$)", "examples": ["1555 GB/s"]}),
]
Seconds = Annotated[Fraction, PlainValidator(_seconds), _text("3 us")]
Latency = Annotated[Fraction | int, PlainValidator(_latency), _text("400 ns")]
Share = Annotated[Fraction, PlainValidator(parse_share), _text("80 %")]
BitWidth = Annotated[int, Field(ge=1, le=WIDTH_MAX)]
Node = Annotated[Fraction, PlainValidator(_node), _text("7 nm")]
Voltage = Annotated[Fraction, PlainValidator(_voltage), _text("0.8 V")]
Factor = Annotated[
    Fraction, PlainValidator(_factor), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})
]
Per = Annotated[int, PlainValidator(_per), _text("4 cores")]
LevelName = Annotated[str, AfterValidator(_level_name)]
Lanes = Annotated[dict[str, Side], Field(min_length=1), AfterValidator(_lanes)]
NativePatterns = Annotated[
    Natives,
    PlainValidator(parse_natives),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": "string", "pattern": "^[0-9]+:[0-9]+$"}, "minItems": 1},
                {"type": "string", "pattern": "^group *<= *[0-9]+$"},
            ],
            "examples": [["2:4"], "group <= 16"],
        }
    ),
]
