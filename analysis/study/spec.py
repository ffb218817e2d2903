"""A study as a person writes it: what is crossed with what, how all of it trains, what is compared."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema, model_validator
from pydantic_core import CoreSchema

from simulator.errors import InputError, shown
from simulator.spec import Name, Text, Written

AXIS_MAX, SEEDS_MAX, RUNS_MAX = 200, 1000, 10_000
STEPS, STEPS_MAX, SEED_MAX = 1000, 10**7, 2**63 - 1


def _setting(value: object) -> object:
    """A value of KEY: VALUE as text, which is how recipes and machines read settings."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _items(value: object) -> object:
    """A list as a tuple: what a validator has touched is no JSON any more, in which they are one."""
    return tuple(value) if isinstance(value, list) else value


def _one_or_more(value: object) -> object:
    """A list, or the one thing that it would hold."""
    return _items(value) if isinstance(value, list | tuple) else (value,)


def _seeds(value: object) -> object:
    """The seeds from 0 on, so many of them, or those of a list."""
    if not isinstance(value, int) or isinstance(value, bool):
        return _items(value)
    if not 1 <= value <= SEEDS_MAX:
        raise InputError.of(f"{shown(value)} is no number of seeds", f"write one from 1 to {SEEDS_MAX}")
    return tuple(range(value))


def _or_list(kind: str) -> WithJsonSchema:
    """The schema of one thing or several."""
    return WithJsonSchema({"anyOf": [{"type": kind}, {"type": "array", "items": {"type": kind}}]})


Setting = Annotated[Text, BeforeValidator(_setting)]
Patterns = Annotated[tuple[Name, ...], BeforeValidator(_items), Field(max_length=AXIS_MAX)]
Length = Annotated[int, Field(ge=1, le=STEPS_MAX)]
Seed = Annotated[int, Field(ge=0, le=SEED_MAX)]


class WrittenTraining(Written):
    """How runs train, where it is not what `nmsim train` does by itself: options of the same names."""

    sparse: Name | None = Field(default=None, examples=["ff,conv"])
    width: int | None = None
    depth: int | None = None
    inner: int | None = None
    heads: int | None = None
    activation: Name | None = None
    batch: int | None = None
    rate: float | None = Field(default=None, examples=[5e-3])
    schedule: Name | None = None
    warmup: float | None = Field(default=None, ge=0, le=1)
    floor: float | None = Field(default=None, ge=0, le=1)
    optimizer: Name | None = None
    decay: float | None = None
    momentum: float | None = None
    beta2: float | None = None
    clip: float | None = None
    smoothing: float | None = None
    dtype: Name | None = None
    probes: int | None = None

    @property
    def chosen(self) -> dict[str, Any]:
        """What is written."""
        return self.model_dump(exclude_unset=True)


class Entry(Written):
    """An item of an axis: its name alone, or a mapping with more."""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        """A text stands for a mapping of the first key alone."""
        first = next(iter(cls.model_fields))
        return {first: value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, handler(core)]}


class TaskEntry(Entry):
    """A task, with data and sizes of its own."""

    task: Name = Field(examples=["teacher"])
    name: Name | None = Field(default=None, description="what tables call it; left out: the task")
    data: Text | None = Field(default=None, description="of a task that reads yours; relative to this file")
    sizes: dict[Name, int] = Field(default={}, max_length=100)
    train: WrittenTraining = WrittenTraining()


class ModelEntry(Entry):
    """A model, with sizes of its own."""

    model: Name = Field(examples=["mlp"])
    name: Name | None = Field(default=None, description="what tables call it; left out: the model")
    train: WrittenTraining = WrittenTraining()


class RecipeEntry(Entry):
    """A recipe, with parameters of its own, and patterns in place of the study's."""

    recipe: Text = Field(examples=["sr_ste"])
    name: Name | None = Field(default=None, description="what tables call it; left out: recipe, parameters")
    parameters: dict[Name, Setting] = Field(
        default={}, alias="with", max_length=100, examples=[{"strength": 1e-3}]
    )
    patterns: Patterns | None = Field(default=None, min_length=1, examples=[["2:4"]])
    train: WrittenTraining = WrittenTraining()

    @property
    def settings(self) -> tuple[str, ...]:
        """The parameters as a run takes them."""
        return tuple(f"{name}={value}" for name, value in self.parameters.items())


class MachineEntry(Entry):
    """A machine, with keys of its own laid over its file."""

    arch: Text = Field(examples=["a100"])
    name: Name | None = Field(default=None, description="what tables call it; left out: the machine")
    settings: Annotated[tuple[Text, ...], BeforeValidator(_items)] = Field(
        default=(), alias="set", max_length=100, examples=[["core.array.rows=32"]]
    )


class WrittenStudy(Written):
    """A study file: every task with every model, recipe, pattern, length, seed and machine."""

    name: Name = Field(examples=["decaying masks"], description="a directory takes no study of another name")
    summary: Text | None = None
    tasks: tuple[TaskEntry, ...] = Field(min_length=1, max_length=AXIS_MAX, examples=[["teacher"]])
    models: tuple[ModelEntry, ...] = Field(
        default=(), max_length=AXIS_MAX, description="left out: that of each task"
    )
    recipes: tuple[RecipeEntry, ...] = Field(
        min_length=1, max_length=AXIS_MAX, examples=[["dense", "sr_ste"]]
    )
    patterns: tuple[Name, ...] = Field(
        default=(), max_length=AXIS_MAX, examples=[["2:4"]], description="of the recipes that take one"
    )
    seeds: Annotated[tuple[Seed, ...], BeforeValidator(_seeds), _or_list("integer")] = Field(
        default=(0,),
        min_length=1,
        max_length=SEEDS_MAX,
        examples=[6],
        description="how many, from 0 on; or a list of them",
    )
    steps: Annotated[tuple[Length, ...], BeforeValidator(_one_or_more), _or_list("integer")] = Field(
        default=(STEPS,), min_length=1, max_length=AXIS_MAX, examples=[[1000, 3000]]
    )
    budget: Annotated[tuple[Name, ...], BeforeValidator(_one_or_more), _or_list("string")] = Field(
        default=(),
        max_length=AXIS_MAX,
        examples=["1000 dense steps"],
        description="FLOPs of a run in place of its steps",
    )
    convention: Name = Field(default="algorithmic", description="how the budget counts FLOPs")
    train: WrittenTraining = WrittenTraining()
    machines: tuple[MachineEntry, ...] = Field(default=(), max_length=AXIS_MAX, examples=[["a100"]])
    baseline: Name | None = Field(
        default=None, examples=["dense"], description="the recipe, as tables call it; left out: the first"
    )
    comparisons: Literal["paired t", "paired bootstrap"] = "paired t"
    measures: Annotated[
        tuple[Literal["losses", "entropy", "flips", "noise"], ...], BeforeValidator(_items)
    ] = Field(
        default=(),
        max_length=AXIS_MAX,
        examples=[["flips"]],
        description="what measures.csv compares beside the metric; noise takes `probes`",
    )
    pairs: tuple[tuple[Name, Name], ...] = Field(
        default=(),
        max_length=AXIS_MAX,
        examples=[[["mdgf_linear", "sr_ste"]]],
        description="recipes that are compared beside each with the baseline",
    )

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        """Refuse steps and a budget at once."""
        if self.budget and "steps" in self.model_fields_set:
            raise InputError.of("steps are given too", "leave one of the two out", where="budget")
        return self
