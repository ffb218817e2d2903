"""The parts of a machine as a person writes them: the core, its array and decoder, a level of memory."""

from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simulator.errors import InputError, Problem
from simulator.natives import FAN_IN_MAX
from simulator.quantities import (
    BitWidth,
    Buffers,
    Capacity,
    Cycles,
    Factor,
    FeedBits,
    Lanes,
    Latency,
    LevelName,
    NativePatterns,
    Per,
    Rate,
    Share,
    Side,
    Speed,
)
from simulator.spec import Written

FIELD_MAX = 16
BANKS_MAX = 2**20
HOPS_MAX = 64
KIND = "^[a-z][a-z0-9_]{0,39}$"
SRAM = "sram"


class Array(Written):
    """The grid of processing elements (PEs) of one core."""

    rows: Side = Field(examples=[8], description="PEs along k; along m if output_stationary")
    columns: Side = Field(examples=[4], description="PEs along n; along m if input_stationary")


class Decode(Written):
    """What turns metadata into select signals."""

    format: Literal["coordinate", "bitmask", "combinatorial"] = Field(
        examples=["coordinate"], description="the metadata format that it reads"
    )
    groups_per_cycle: Rate = Field(examples=[64], description="groups decoded a cycle by one decoder")
    at: Literal["pe", "column", "core"] = Field(
        default="core", examples=["core"], description="where decoders sit: one in each of these"
    )
    latency: Cycles = Field(default=0, examples=[2], description="cycles from metadata to select signals")
    prefetch: bool = Field(
        default=True,
        examples=[True],
        description="whether metadata are fetched ahead; else each decode waits for the innermost level",
    )
    bits: Annotated[int, Field(ge=1, le=FIELD_MAX)] | None = Field(
        default=None, examples=[2], description="width of a coordinate field; absent: ceil(log2 group)"
    )
    straddle: bool = Field(
        default=True, examples=[False], description="whether a coordinate field may cross a byte"
    )

    @model_validator(mode="after")
    def _fields_of_coordinates(self) -> Self:
        if self.format != "coordinate":
            problems = [
                Problem(where=key, what=f"{self.format} metadata have no such fields", right="leave it out")
                for key in ("bits", "straddle")
                if key in self.model_fields_set
            ]
            if problems:
                raise InputError(problems)
        return self


class Select(Written):
    """What brings each lane its dense operand."""

    fan_in: Annotated[int, Field(ge=1, le=FAN_IN_MAX)] = Field(
        examples=[4], description="candidates that a lane picks from; no native group is larger"
    )


class Vector(Written):
    """What runs optimizer, mask selection and compression, beside the array."""

    ops_per_cycle: Rate = Field(examples=[32], description="streaming operations a cycle in one core")


class Accumulators(Written):
    """Where the partial sums of a core's tile stay, 32 bits each."""

    capacity: Capacity = Field(examples=["64 KiB"], description="of one core, all buffers together")
    buffers: Buffers = Field(
        default=2, examples=[2], description="1: results leave before the next tile begins; 2: meanwhile"
    )


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
    overlap: bool = Field(
        default=True,
        examples=[True],
        description="whether a fold loads while the one before runs, and folds follow without a gap",
    )
    fetch_ahead: bool = Field(
        default=True,
        examples=[False],
        description="whether tiles for the next results are fetched while those before leave; not where "
        "a kernel starts a block for each",
    )
    gate_zeros: bool = Field(
        default=False,
        examples=[True],
        description="whether a multiply by a stored zero is gated: it takes its cycle and less energy",
    )
    accumulators: Accumulators | None = Field(
        default=None,
        examples=[{"capacity": "64 KiB"}],
        description="where partial sums stay; absent: in the innermost level of memory",
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
    bandwidth: Speed = Field(
        examples=["1555 GB/s"], description="of one instance, per second or per cycle, or `unlimited`"
    )
    efficiency: Share | None = Field(
        default=None, examples=["90 %"], description="share of the bandwidth that is reached; absent: all"
    )
    latency: Latency | None = Field(
        default=None,
        examples=["400 ns"],
        description="from asking to the first byte, or `30 cycles`; absent: 0",
    )
    buffers: Buffers = Field(
        default=2, examples=[2], description="tiles that it holds of what arrives: 1 no overlap, 2 double"
    )
    kind: Annotated[str, Field(pattern=KIND)] | None = Field(
        default=None,
        examples=["hbm2e"],
        description="a kind of dram in a component table, or sram; absent: sram, if not the first",
    )
    banks: Annotated[int, Field(ge=1, le=BANKS_MAX)] = Field(
        default=1, examples=[32], description="equal parts of one instance; an access opens one"
    )
    width: BitWidth = Field(default=128, examples=[256], description="bits of one access of a bank")
    hops: Annotated[int, Field(ge=0, le=HOPS_MAX)] = Field(
        default=0, examples=[4], description="hops of the network that what it serves or takes passes"
    )
    per: Per | None = Field(
        default=None,
        examples=["4 cores"],
        description="the cores that share one instance; divides `cores`; absent: all of them",
    )

    def per_cycle(self, clock_hz: int) -> Fraction:
        """Bytes a cycle that one instance reaches; 0 stands for no limit."""
        written = self.bandwidth.per_cycle(clock_hz) if self.bandwidth else Fraction(0)
        return written * (self.efficiency or 1)


class Load(Written):
    """What is left of the clock while the core multiplies, as power and issue allow."""

    dense: Share = Field(examples=["93 %"], description="in products that run dense")
    sparse: Share = Field(examples=["80 %"], description="in products that skip zeros")


class Scaling(Written):
    """The step from the nearest node of the published factors to the machine's, which lies beyond them."""

    energy: Factor = Field(examples=[0.7], description="energy there over energy at the nearest node")
    area: Factor = Field(examples=[0.55], description="area there over area at the nearest node")
