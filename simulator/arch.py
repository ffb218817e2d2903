"""Arch: a machine as a person writes it in YAML; a key comes in with the model that reads it."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema, model_validator

from simulator.errors import InputError, Problem, lookup, shown
from simulator.gemm import DTYPES
from simulator.natives import FAN_IN_MAX, Natives, parse_natives
from simulator.spec import Loaded, Name, Text, Written, is_path, load_spec
from simulator.units import Bandwidth, Dimension, parse_bandwidth, parse_count, parse_quantity

CORES_MAX = 2**20
SIDE_MAX = 2**16
RATE_MAX = 2**20
LEVELS_MAX = 8
CLOCK_MAX = 10**12
CAPACITY_MAX = 2**60
BANDWIDTH_MAX = 2**60
RATIO_MAX = 2**40
RESOURCES = frozenset({"accumulate", "compute", "decode", "drain", "feed", "load", "multiply", "vector"})
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


def _bandwidth(text: object) -> Bandwidth:
    bandwidth = parse_bandwidth(text)
    if bandwidth.bytes > BANDWIDTH_MAX:
        raise InputError.of("this is too large", f"it is at most {BANDWIDTH_MAX} B")
    return bandwidth


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


Side = Annotated[int, Field(ge=1, le=SIDE_MAX)]
Rate = Annotated[int, Field(ge=1, le=RATE_MAX)]
Clock = Annotated[int, PlainValidator(_clock), _text("1.41 GHz")]
Capacity = Annotated[int, PlainValidator(_capacity), _text("40 MiB")]
FeedBits = Annotated[int, PlainValidator(_feed_bits), _text("32 B/cycle")]
Speed = Annotated[Bandwidth, PlainValidator(_bandwidth), _text("1555 GB/s")]
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


class Array(Written):
    """The grid of processing elements (PEs) of one core."""

    rows: Side = Field(examples=[8], description="PEs along k; along m if output_stationary")
    columns: Side = Field(examples=[4], description="PEs along n; along m if input_stationary")


class Decode(Written):
    """What turns metadata into select signals, one such decoder in each core."""

    format: Literal["coordinate", "bitmask", "combinatorial"] = Field(
        examples=["coordinate"], description="the metadata format that it reads"
    )
    groups_per_cycle: Rate = Field(examples=[64], description="groups decoded a cycle in one core")


class Select(Written):
    """What brings each lane its dense operand."""

    fan_in: Annotated[int, Field(ge=1, le=FAN_IN_MAX)] = Field(
        examples=[4], description="candidates that a lane picks from; no native group is larger"
    )


class Vector(Written):
    """What runs optimizer, mask selection and compression, beside the array."""

    ops_per_cycle: Rate = Field(examples=[32], description="streaming operations a cycle in one core")


class Core(Written):
    """One core: an array with its feeds, and a decoder and selectors if it skips zeros."""

    dataflow: Literal["weight_stationary", "input_stationary", "output_stationary"] = Field(
        examples=["output_stationary"], description="which operand stays in the array"
    )
    array: Array = Field(examples=[{"rows": 8, "columns": 4}], description="the grid of PEs")
    lanes: Lanes = Field(
        examples=[{"bf16": 8, "int8": 16}],
        description="multiply-adds a cycle of one PE, for each dtype that the core multiplies",
    )
    patterns: NativePatterns | None = Field(
        default=None,
        examples=[["2:4"]],
        description="what it skips zeros of: a list of patterns, or the rule `group <= 16`; absent: nothing",
    )
    decode: Decode | None = Field(
        default=None,
        examples=[{"format": "coordinate", "groups_per_cycle": 64}],
        description="the metadata decoder; needed with `patterns`, refused without",
    )
    select: Select | None = Field(
        default=None,
        examples=[{"fan_in": 4}],
        description="operand selection; needed with `patterns`, refused without",
    )
    feed: FeedBits | None = Field(
        default=None,
        examples=["32 B/cycle"],
        description="dense-operand data that each row receives; absent: unlimited",
    )
    vector: Vector = Field(examples=[{"ops_per_cycle": 32}], description="the vector unit")

    @model_validator(mode="after")
    def _patterns_decoded(self) -> Self:
        problems = []
        for key in ("decode", "select"):
            if (getattr(self, key) is None) == (self.patterns is not None):
                what = "missing" if self.patterns else "there are no `patterns` that it could serve"
                right = "a core with `patterns` needs it" if self.patterns else "leave it out"
                problems.append(Problem(where=key, what=what, right=right))
        if self.patterns and self.select and self.patterns.widest > self.select.fan_in:
            what = f"a fan-in of {self.select.fan_in} cannot reach all of a group of {self.patterns.widest}"
            right = f"it is at least {self.patterns.widest} for the patterns {self.patterns}"
            problems.append(Problem(where="select.fan_in", what=what, right=right))
        if problems:
            raise InputError(problems)
        return self


class MemoryLevel(Written):
    """One level of memory."""

    name: LevelName = Field(examples=["dram"], description="what reports call it; unique")
    capacity: Capacity = Field(
        examples=["40 MiB"], description="size of one instance; the fidelity `bound` does not use it"
    )
    bandwidth: Speed = Field(examples=["1555 GB/s"], description="of one instance, per second or per cycle")
    per: Per | None = Field(
        default=None,
        examples=["4 cores"],
        description="the cores that share one instance; divides `cores`; absent: all of them",
    )


class Arch(Written):
    """A machine: cores that share a clock and the levels of memory around them."""

    name: Name = Field(examples=["my machine"], description="what reports call it")
    source: Text = Field(
        examples=["the vendor's whitepaper"], description="one sentence: what the description rests on"
    )
    clock: Clock = Field(examples=["1.41 GHz"], description="the clock of the cores")
    cores: Annotated[int, Field(ge=1, le=CORES_MAX)] = Field(examples=[432], description="how many there are")
    core: Core = Field(description="what one core is")
    memory: Annotated[tuple[MemoryLevel, ...], Field(min_length=1, max_length=LEVELS_MAX)] = Field(
        examples=[[{"name": "dram", "capacity": "40 GiB", "bandwidth": "1555 GB/s"}]],
        description="the levels, from the outside in; the first serves the whole machine",
    )

    @model_validator(mode="after")
    def _levels_nest(self) -> Self:
        if problems := list(self._level_problems()):
            raise InputError(problems)
        return self

    def _level_problems(self) -> Iterator[Problem]:
        """What is wrong between the levels: a name twice, a `per` that does not nest, a clumsy bandwidth."""
        named: Counter[str] = Counter()
        outside, around = self.cores, ""
        for index, level in enumerate(self.memory):
            named[level.name] += 1
            if named[level.name] > 1:
                what = f"another level is called `{level.name}` too"
                yield Problem(where=f"memory.{index}.name", what=what, right="names are unique")
            if level.name.endswith("_metadata"):
                what = f"`{level.name}` reads like the metadata of a level in a report's columns"
                yield Problem(where=f"memory.{index}.name", what=what, right="choose another name")
            share, where = level.per or self.cores, f"memory.{index}.per"
            if index == 0 and level.per is not None:
                what = "the outermost level serves the whole machine"
                yield Problem(where=where, what=what, right="leave `per` out")
            elif self.cores % share:
                what = f"{self.cores} cores are not shared evenly by {share}"
                yield Problem(where=where, what=what, right="it divides `cores`")
            elif outside % share:
                what = f"one serves {share} cores, and `{around}` outside it {outside}"
                yield Problem(where=where, what=what, right="levels are listed from the outside in and nest")
            else:
                outside, around = share, level.name
                ratio = level.bandwidth.per_cycle(self.clock) * (self.cores // share)
                if max(ratio.as_integer_ratio()) > RATIO_MAX:
                    what = f"all of `{level.name}` over the clock is {ratio} bytes a cycle"
                    right = "write rounder numbers: the terms of that ratio are at most 2^40"
                    yield Problem(where=f"memory.{index}.bandwidth", what=what, right=right)


def arch_names() -> tuple[str, ...]:
    """The machines that come with the program, by name."""
    found = (Path(entry.name) for entry in files("arch_configs").iterdir())
    return tuple(sorted(path.stem for path in found if path.suffix == ".yaml"))


def load_arch(name_or_path: str | Path, *, settings: Sequence[str] = ()) -> Loaded[Arch]:
    """A machine by name or by path (`spec.is_path`); `settings` override."""
    if is_path(name_or_path):
        return load_spec(name_or_path, Arch, settings=settings)
    name = lookup({name: name for name in arch_names()}, str(name_or_path), kind="machine")
    with as_file(files("arch_configs") / f"{name}.yaml") as path:
        return replace(load_spec(path, Arch, settings=settings), name=name)
