"""A space of designs as a person writes it in YAML."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainValidator, StringConstraints, WithJsonSchema, model_validator

from analysis.sweep.metrics import ALIASES, METRICS
from analysis.sweep.values import KEYS, Value, parse_values
from analysis.sweep.wanted import (
    CONSTRAINTS_MAX,
    Constraint,
    Objective,
    parse_constraint,
    parse_objectives,
    parse_reference,
)
from simulator.errors import InputError, Problem
from simulator.spec import Name, Written

AXES_MAX = 32
POINTS_MAX = 10**6
SEARCH_MAX = 10**5
SEED_MAX = 2**32 - 1
GENERATION = 32
GENERATION_MAX = 4096
WORKLOAD = "workload."
DRAWN = ("sobol", "nsga2", "tpe")
"""Ways to choose that take a number of points; the others take all that there are."""
SEARCHES = ("nsga2", "tpe")

_KEY = r"^[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+){0,15}$"
_SCALAR = {"anyOf": [{"type": "number"}, {"type": "string"}]}
_METRIC = {"enum": [*METRICS, *ALIASES]}
_GOALS = {"type": "object", "propertyNames": _METRIC, "additionalProperties": {"enum": ["min", "max"]}}

Key = Annotated[str, StringConstraints(pattern=_KEY, max_length=200)]
Values = Annotated[
    tuple[Value, ...],
    PlainValidator(parse_values),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "minItems": 1, "uniqueItems": True},
                {
                    "type": "object",
                    "properties": {
                        **dict.fromkeys(("from", "to", "step"), _SCALAR),
                        "points": {"type": "integer", "minimum": 2},
                        "times": {"type": "number", "exclusiveMinimum": 1},
                        "scale": {"enum": ["linear", "log"]},
                    },
                    "propertyNames": {"enum": list(KEYS)},
                    "required": ["from", "to"],
                },
            ]
        }
    ),
]
Objectives = Annotated[
    tuple[Objective, ...],
    PlainValidator(parse_objectives),
    WithJsonSchema({"anyOf": [{"type": "array", "items": {"anyOf": [_METRIC, _GOALS]}}, _GOALS]}),
]
Limit = Annotated[
    Constraint, PlainValidator(parse_constraint), WithJsonSchema({"type": "string", "pattern": "[<>]="})
]
Reference = Annotated[
    Mapping[str, float],
    PlainValidator(parse_reference),
    WithJsonSchema({"type": "object", "propertyNames": _METRIC, "additionalProperties": _SCALAR}),
]
Count = Annotated[int, Field(ge=1, le=POINTS_MAX)]


class WrittenWorkload(Written):
    """What every design runs: a network's training from shapes alone, or a trace that is at hand."""

    network: Name | None = Field(default=None, examples=["vit_b16"], description="a network's name or file")
    trace: Name | None = Field(
        default=None, examples=["runs/first"], description="directory of a trace or of a training run"
    )
    recipe: Name | None = Field(default=None, examples=["sr_ste"], description="absent: dense")
    pattern: Name | None = Field(default=None, examples=["2:4"], description="what the recipe prunes to")
    steps: int | None = Field(default=None, examples=[1], description="training steps; absent: 1")
    batch: int | None = Field(default=None, examples=[64], description="samples a step")
    seq: int | None = Field(default=None, examples=[1024], description="tokens a sample")
    image: int | None = Field(default=None, examples=[224], description="pixels along a side")
    dtype: Name | None = Field(default=None, examples=["bf16"], description="of the products; absent: bf16")
    sparse: Name | None = Field(
        default=None, examples=["ff,qkv"], description="layers that follow the recipe; absent: ff,conv"
    )
    optimizer: Name | None = Field(
        default=None, examples=["sgd"], description="what UPDATE streams; absent: adamw"
    )
    inference: bool | None = Field(default=None, examples=[True], description="one forward pass, as trained")

    @property
    def given(self) -> dict[str, Any]:
        """The keys that are written, without `trace`: arguments of `trace_network`."""
        return {name: value for name, value in self if value is not None and name != "trace"}


class WrittenSpace(Written):
    """A space of designs: a machine and a workload, the axes along which they vary, and what is wanted."""

    name: Name = Field(examples=["arrays for ViT"], description="what results call it")
    arch: Name = Field(examples=["a100"], description="a machine's name, or its file, relative to this one")
    workload: WrittenWorkload = Field(
        examples=[{"network": "vit_b16", "recipe": "sr_ste", "pattern": "2:4"}], description="what it runs"
    )
    fidelity: Literal["bound", "tile", "cycle"] = Field(default="tile", description="how time is modelled")
    axes: Annotated[dict[Key, Values], Field(min_length=1, max_length=AXES_MAX)] = Field(
        examples=[{"core.array.rows": [4, 8, 16]}],
        description="keys of the machine as --set writes them, and workload.KEY: a list or a range",
    )
    choose: Literal["grid", "one_at_a_time", "sobol", "nsga2", "tpe"] = Field(
        default="grid",
        description="which points: all, the machine as written and each value alone, drawn, or searched for",
    )
    points: Count | None = Field(
        default=None,
        examples=[256],
        description="how many different ones are drawn or searched; none with the first two",
    )
    seed: Annotated[int, Field(ge=0, le=SEED_MAX)] = Field(default=0, description="of what is drawn")
    generation: Annotated[int, Field(ge=2, le=GENERATION_MAX)] | None = Field(
        default=None, examples=[GENERATION], description="points that a search asks for at a time; absent: 32"
    )
    objectives: Objectives = Field(
        examples=[["seconds", "area_mm2"]], description="metrics, or {metric: min or max}"
    )
    constraints: Annotated[tuple[Limit, ...], Field(max_length=CONSTRAINTS_MAX)] = Field(
        default=(), examples=[["area <= 4 mm^2"]], description="what a point must meet"
    )
    reference: Reference | None = Field(
        default=None,
        examples=[{"seconds": "5 ms", "area": "10 mm^2"}],
        description="up to where the hypervolume reaches; absent: 1.1 times the worst feasible",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        """Refuse keys that the way to choose does not take, and a reference that is not of the objectives."""
        problems = []
        if self.choose in DRAWN and self.points is None:
            problems.append(Problem(where="points", what="missing", right=f"{self.choose} takes a number"))
        if self.choose not in DRAWN and self.points is not None:
            what = f"{self.choose} takes all points there are"
            problems.append(Problem(where="points", what=what, right="leave it out, or choose sobol"))
        if self.choose not in SEARCHES and self.generation is not None:
            what = f"{self.choose} asks for nothing"
            problems.append(
                Problem(where="generation", what=what, right="leave it out, or choose nsga2 or tpe")
            )
        if self.choose in SEARCHES and (self.points or 0) > SEARCH_MAX:
            what = f"{self.points} points are more than a search asks for"
            problems.append(Problem(where="points", what=what, right=f"it is at most {SEARCH_MAX}"))
        wanted = {one.name for one in self.objectives}
        if self.reference is not None and set(self.reference) != wanted:
            right = f"write one value for each of {', '.join(sorted(wanted))}"
            problems.append(
                Problem(where="reference", what="it is not a point among the objectives", right=right)
            )
        if problems:
            raise InputError(problems)
        return self
