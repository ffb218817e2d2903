"""Component tables: what each component's actions take, as a person writes it; every row has its source."""

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema, model_validator

from simulator.errors import InputError, Problem, lookup, shown, suggestion
from simulator.formats import FORMATS
from simulator.gemm import DTYPES
from simulator.parts import SRAM
from simulator.quantities import BitWidth, Capacity, Node, Voltage
from simulator.spec import Loaded, Name, Text, Written, is_path, load_spec
from simulator.units import Dimension, parse_quantity

FOLDER = "components"
ROWS_MAX = 4096
VALUE_MAX = 10**15
FACTOR_MAX = 1000
AREA, LEAK = "area", "leak"
ROLES = ("stationary", "moving", "sum")
BY_BIT = ("register", "select", "decode", "dram", "memory", "network")
MOVES = ("read", "write", "metadata_read", "metadata_write")
LEAKING = (SRAM, "memory", "leakage")


class Component(NamedTuple):
    """What a component is: its actions, what a row's `of` tells apart, and which names that may be."""

    what: str
    actions: tuple[str, ...]
    of: str = ""
    known: tuple[str, ...] = ()
    area: bool = True


COMPONENTS: dict[str, Component] = {
    "multiply_add": Component("one lane", ("multiply", "gated", "skipped"), "dtype", tuple(DTYPES)),
    "add": Component("one adder, of a fold's sum to the sum so far", ("add",), "dtype", tuple(DTYPES)),
    "register": Component("flip-flops of a PE; without `of`, all of them", ("read", "write"), "role", ROLES),
    "select": Component("the operand mux of a lane", ("select",), "fan-in"),
    "decode": Component("the metadata decoder", ("decode",), "format", tuple(FORMATS)),
    "sram": Component("a bank of `size` with accesses of `width`", ("read", "write")),
    "dram": Component("memory off the chip", ("read", "write"), "kind", (), False),
    "memory": Component("a level of memory, or the accumulators, by name", MOVES, "level"),
    "network": Component("a hop between a level and the next", ("hop",), "", (), False),
    "vector": Component("an operation of the vector unit", ("op",)),
    "leakage": Component("a square millimetre of logic", (), "", (), False),
}
"""Every component that a table may have rows of."""

_ID = re.compile(r"[a-z][a-z0-9_]{0,59}")


def _values(written: object) -> dict[str, Fraction]:
    """Energy in pJ by action, `area` in um^2, `leak` in uW."""
    if not isinstance(written, dict) or not written:
        raise InputError.of(f"{shown(written)} is no mapping of values", "write {read: 6.1 pJ, area: 2 um^2}")
    kinds = {AREA: Dimension.AREA, LEAK: Dimension.POWER}
    found: dict[str, Fraction] = {}
    problems: list[Problem] = []
    for name, text in written.items():
        try:
            found[name] = parse_quantity(text, kinds.get(name, Dimension.ENERGY), zero=True)
        except InputError as error:
            problems += error.at(str(name)).problems
            continue
        if found[name] > VALUE_MAX:
            problems.append(Problem(where=str(name), what="this is too large", right="look at its unit"))
    if problems:
        raise InputError(problems)
    return found


def _bound(written: object) -> Fraction | dict[str, Fraction]:
    """A share of each value, such as 70 %, or a mapping of bounds by name."""
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?) ?%", written) if isinstance(written, str) else None
    if match is None:
        if isinstance(written, dict):
            return _values(written)
        raise InputError.of(
            f"{shown(written)} is no bound", "write a share of the value, as in 70 %, or a mapping"
        )
    share = Fraction(match[1]) / 100
    if share > FACTOR_MAX:
        raise InputError.of(f"{shown(written)} is too large", f"at most {100 * FACTOR_MAX} %")
    return share


def _of(written: object) -> str:
    if isinstance(written, bool) or not isinstance(written, str | int):
        raise InputError.of(f"{shown(written)} names nothing", "write a name, or a whole number for a fan-in")
    return str(written)


def _row_id(name: str) -> str:
    if not _ID.fullmatch(name):
        right = "small letters, digits and _, a letter first"
        raise InputError.of(f"{shown(name)} cannot name a row or a source", right)
    return name


_MAPPING = WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1})
Values = Annotated[dict[str, Fraction], PlainValidator(_values), _MAPPING]
Bound = Annotated[
    Fraction | dict[str, Fraction],
    PlainValidator(_bound),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": "%$"}, {"type": "object"}]}),
]
Of = Annotated[str, PlainValidator(_of), WithJsonSchema({"type": ["string", "integer"]})]
Id = Annotated[str, AfterValidator(_row_id)]


class Row(Written):
    """What one component's actions take, at the node and voltage of its source."""

    component: str = Field(examples=["multiply_add"], description="what the row is about")
    of: Of | None = Field(default=None, examples=["fp16"], description="which one: a dtype, a kind, a level")
    size: Capacity | None = Field(default=None, examples=["32 KiB"], description="of an sram's bank")
    width: BitWidth | None = Field(default=None, examples=[64], description="bits of an sram's access")
    bits: BitWidth | None = Field(
        default=None,
        examples=[8],
        description="bits that the values are for; needed by what is counted in bits",
    )
    node: Node | None = Field(default=None, examples=["45 nm"], description="absent: does not scale")
    voltage: Voltage | None = Field(default=None, examples=["0.9 V"], description="absent: 0.8 V")
    value: Values = Field(
        examples=[{"read": "6.14 pJ", "area": "26300 um^2"}],
        description="energy of each action, `area` and `leak`, in pJ, um^2 and uW or multiples",
    )
    low: Bound = Field(examples=["70 %"], description="at least: a share of each value, or a mapping")
    high: Bound = Field(examples=["150 %"], description="at most: a share of each value, or a mapping")
    source: Id = Field(examples=["cacti7"], description="the source of the values, one of `sources`")
    note: Text | None = Field(default=None, examples=["multiply and add"], description="what to know")
    unverified: bool = Field(default=False, examples=[True], description="not read in its source")

    @model_validator(mode="after")
    def _checked(self) -> Self:
        if problems := [*self._shape_problems(), *self._bits_problems(), *self._bound_problems()]:
            raise InputError(problems)
        return self

    def _shape_problems(self) -> Iterator[Problem]:
        """An `of`, a size or a value that such a component does not have."""
        about = lookup(COMPONENTS, self.component, kind="component", where="component")
        names = (*about.actions, *((AREA,) if about.area else ()), *((LEAK,) if self.leaks else ()))
        for name in self.value:
            if name not in names:
                right = suggestion(name, names)
                yield Problem(where=f"value.{name}", what=f"{self.component} has no such value", right=right)
        if self.of is not None and not about.of:
            yield Problem(where="of", what=f"there is one kind of {self.component}", right="leave it out")
        elif self.of is None and about.of and self.component != "register":
            yield Problem(where="of", what="missing", right=f"name the {about.of}")
        elif self.of is not None and about.known and self.of not in about.known:
            right = suggestion(self.of, about.known)
            yield Problem(where="of", what=f"{shown(self.of)} is no {about.of}", right=right)
        elif self.component == "select" and not re.fullmatch("[1-9][0-9]{0,3}", self.of or ""):
            yield Problem(
                where="of", what=f"{shown(self.of)} is no fan-in", right="write a whole number, such as 4"
            )
        if self.component == SRAM and set(self.value) != set(names):
            yield Problem(where="value", what="it lacks some", right=f"an sram has {', '.join(names)}")
        for key in ("size", "width"):
            if (getattr(self, key) is not None) != (self.component == SRAM):
                what = "missing" if self.component == SRAM else f"{self.component} has no {key}"
                yield Problem(where=key, what=what, right=f"an sram has a {key}, and nothing else")

    @property
    def whole(self) -> bool:
        """Whether it gives the area and the leakage of a memory alone, which are those of all of it."""
        return self.component == "memory" and set(self.value) <= {AREA, LEAK}

    @property
    def leaks(self) -> bool:
        """Whether such a row may say how much leaks."""
        return self.component in LEAKING

    def _bits_problems(self) -> Iterator[Problem]:
        """Bits where actions are whole ones, or none where they are of bits."""
        by_bit = self.component in BY_BIT
        if (self.bits is not None) != (by_bit and not self.whole):
            what = "missing" if self.bits is None else f"{self.component} is counted in whole actions"
            right = "say for how many bits the values are" if self.bits is None else "leave it out"
            yield Problem(where="bits", what=what, right=right)

    def _bound_problems(self) -> Iterator[Problem]:
        """Bounds of other values than the row's, or on the wrong side of them."""
        for side in ("low", "high"):
            written = getattr(self, side)
            if isinstance(written, dict) and set(written) != set(self.value):
                yield Problem(
                    where=side, what="its names are not those of `value`", right="bound each of them"
                )
                continue
            for name, value in self.value.items():
                bound = self.bound(side, name)
                if (bound > value) if side == "low" else (bound < value):
                    where = f"{side}.{name}" if isinstance(written, dict) else side
                    what = f"the {side} bound of {name} lies on the other side of its value"
                    yield Problem(where=where, what=what, right="low <= value <= high")

    def bound(self, side: str, name: str) -> Fraction:
        """The low or the high bound of the value `name`."""
        written: Fraction | dict[str, Fraction] = getattr(self, side)
        return written[name] if isinstance(written, dict) else written * self.value[name]

    @property
    def kind(self) -> tuple[str, str | None, int | None, int | None]:
        """What the row is about, but for its node: component, of, size and width."""
        return self.component, self.of, self.size, self.width


class Table(Written):
    """A table of components: sources by id, and rows by id."""

    name: Name = Field(examples=["CMOS, 45 nm"], description="what reports call it")
    sources: Annotated[dict[Id, Text], Field(min_length=1)] = Field(
        description="where values are from, by id"
    )
    rows: Annotated[dict[Id, Row], Field(min_length=1, max_length=ROWS_MAX)] = Field(
        description="rows, by id"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = []
        seen: dict[object, str] = {}
        for name, row in self.rows.items():
            if row.source not in self.sources:
                right = suggestion(row.source, self.sources)
                where = f"rows.{name}.source"
                problems.append(
                    Problem(where=where, what=f"there is no source {shown(row.source)}", right=right)
                )
            for value in row.value:
                other = seen.setdefault((row.kind, row.node, value), name)
                if other != name:
                    what = f"row `{other}` gives {value} of the same at the same node"
                    problems.append(Problem(where=f"rows.{name}", what=what, right="keep one of them"))
        if problems:
            raise InputError(problems)
        return self


def table_names() -> tuple[str, ...]:
    """The component tables that come with the program, by name."""
    found = (Path(entry.name) for entry in (files("arch_configs") / FOLDER).iterdir())
    return tuple(sorted(path.stem for path in found if path.suffix == ".yaml"))


def load_table(name_or_path: str | Path, *, beside: Path = Path()) -> Loaded[Table]:
    """A table by name or by path (`spec.is_path`); a relative path starts at the folder `beside`."""
    if is_path(name_or_path):
        return load_spec(beside / name_or_path, Table)
    return _shipped(lookup({name: name for name in table_names()}, str(name_or_path), kind="component table"))


@cache
def _shipped(name: str) -> Loaded[Table]:
    """A table that comes with the program: it is read once."""
    with as_file(files("arch_configs") / FOLDER / f"{name}.yaml") as path:
        return replace(load_spec(path, Table), name=name)
