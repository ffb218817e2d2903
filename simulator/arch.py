"""Arch: a machine as a person writes it in YAML; a key comes in with the model that reads it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from simulator.errors import InputError, Problem, lookup
from simulator.mapping import Mapping
from simulator.nodes import covered
from simulator.parts import Core, Load, MemoryLevel, Scaling
from simulator.quantities import Clock, Node, Seconds, Voltage
from simulator.spec import Loaded, Name, Text, Written, is_path, read_spec

CORES_MAX = 2**20
LEVELS_MAX = 8
TABLES_MAX = 8
RATIO_MAX = 2**40


class Arch(Written):
    """A machine: cores that share a clock and the levels of memory around them."""

    name: Name = Field(examples=["my machine"], description="what reports call it")
    source: Text = Field(
        examples=["the vendor's whitepaper"], description="one sentence: what the description rests on"
    )
    clock: Clock = Field(examples=["1.41 GHz"], description="the clock of the cores")
    cores: Annotated[int, Field(ge=1, le=CORES_MAX)] = Field(examples=[432], description="how many there are")
    core: Core = Field(description="what one core is")
    clock_under_load: Load | None = Field(
        default=None,
        examples=[{"dense": "93 %", "sparse": "80 %"}],
        description="shares of the clock that the core keeps while it multiplies; absent: all of it",
    )
    launch: Seconds | None = Field(
        default=None, examples=["3 us"], description="time before each product or stream starts; absent: 0"
    )
    mapping: Mapping | None = Field(
        default=None,
        examples=[{"tile_m": 128}],
        description="pins what the tiler would choose; absent: it chooses all",
    )
    components: Annotated[tuple[Name, ...], Field(min_length=1, max_length=TABLES_MAX)] | None = Field(
        default=None,
        examples=[["cmos", "sram_cacti"]],
        description="component tables by name or path; of several the last one that has a row counts; "
        "absent: no energy and no area",
    )
    node: Node | None = Field(
        default=None, examples=["7 nm"], description="technology; needed with `components`, refused without"
    )
    voltage: Voltage | None = Field(
        default=None, examples=["0.8 V"], description="supply; absent: energies scale with the node alone"
    )
    scaling: Scaling | None = Field(
        default=None,
        examples=[{"energy": 0.7, "area": 0.55}],
        description="factors beyond the published ones; needed where `node` lies beyond, else refused",
    )
    memory: Annotated[tuple[MemoryLevel, ...], Field(min_length=1, max_length=LEVELS_MAX)] = Field(
        examples=[[{"name": "dram", "capacity": "40 GiB", "bandwidth": "1555 GB/s"}]],
        description="the levels, from the outside in; the first serves the whole machine",
    )

    @model_validator(mode="after")
    def _levels_nest(self) -> Self:
        if problems := [*self._level_problems(), *self._table_problems()]:
            raise InputError(problems)
        return self

    def _table_problems(self) -> Iterator[Problem]:
        """A node without tables or tables without a node, and factors where none or none other apply."""
        if self.components is None:
            for key in ("node", "voltage", "scaling"):
                if getattr(self, key) is not None:
                    what = "there are no `components` that it could scale"
                    yield Problem(where=key, what=what, right="leave it out, or name component tables")
            return
        if self.node is None:
            yield Problem(where="node", what="missing", right="with `components` it is needed, as in 7 nm")
        elif covered(self.node) == (self.scaling is not None):
            what = "the published factors reach this node" if self.scaling else "missing"
            right = (
                "leave it out"
                if self.scaling
                else f"none are published to {float(self.node):g} nm: give yours"
            )
            yield Problem(where="scaling", what=what, right=right)
        if self.memory[0].kind is None:
            right = "name a kind of dram, such as hbm2, since `components` are given"
            yield Problem(where="memory.0.kind", what="missing", right=right)

    def _level_problems(self) -> Iterator[Problem]:
        """What is wrong between the levels: a name twice, a `per` that does not nest, a clumsy bandwidth."""
        named: Counter[str] = Counter()
        outside, around = self.cores, ""
        for index, level in enumerate(self.memory):
            named[level.name] += 1
            if named[level.name] > 1:
                what = f"another level is called `{level.name}` too"
                yield Problem(where=f"memory.{index}.name", what=what, right="names are unique")
            if index == 0 and "buffers" in level.model_fields_set:
                where, what = f"memory.{index}.buffers", "nothing arrives in the outermost level"
                yield Problem(where=where, what=what, right="leave it out")
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
                ratio = level.per_cycle(self.clock) * (self.cores // share)
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
    return ArchFamily(name_or_path).load(settings)


class ArchFamily:
    """One machine under any settings: its files are read once, when the family is made."""

    def __init__(self, name_or_path: str | Path) -> None:
        if is_path(name_or_path):
            self._content = read_spec(name_or_path)
            return
        name = lookup({name: name for name in arch_names()}, str(name_or_path), kind="machine")
        with as_file(files("arch_configs") / f"{name}.yaml") as path:
            self._content = replace(read_spec(path), name=name)

    def load(self, settings: Sequence[str] = ()) -> Loaded[Arch]:
        """The machine with `settings` laid over it, exactly as `load_arch` has it."""
        return self._content.load(Arch, settings=settings)
