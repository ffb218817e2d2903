"""Choices: what a person says of a training run, and what follows from it."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from simulator.errors import InputError, lookup, placed, shown
from simulator.gemm import DTYPES
from simulator.pattern import Pattern
from simulator.version import __version__
from workloads.models.feed_forward import Activation
from workloads.models.linear import Linear
from workloads.models.model import Model
from workloads.models.registry import build_model
from workloads.networks.layer import Role
from workloads.shapes import followed
from workloads.tasks import Task, load_task
from workloads.training.emulator.budget import parse_budget, steps_within
from workloads.training.emulator.optimizers import Settings
from workloads.training.emulator.parts import PARTS
from workloads.training.emulator.plan import STEPS_MAX, Plan
from workloads.training.emulator.rates import Rate
from workloads.training.face import DENSE
from workloads.training.flops import CONVENTIONS
from workloads.training.load import load_recipe
from workloads.training.recipe import Recipe
from workloads.training.recipes import RECIPES
from workloads.training.settings import parameters, with_settings
from workloads.training.unroll import by_role
from workloads.training.unstructured import Target
from workloads.training.upkeep import OPTIMIZERS
from workloads.training.works import Manner

STEPS = 1000
PROBES_MAX = 1000
TRAINED_MAX, ACTIVE_MAX = 1 << 25, 1 << 28
"""Trained numbers, in six vectors or more, and the values that products of one step read and write."""
RATES = {"adamw": 5e-3, "sgd": 0.1}
"""Peak learning rates where none is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A training run in a person's words; `nmsim train --help` says what each means.

    `settings` are the recipe's parameters (KEY=VALUE), `sizes` the task's. `dtype` is what the trace says of
    the products, as a machine would run them; the emulator computes in float32 whatever it says.
    """

    task: str
    recipe: str | Path | Recipe = "dense"
    pattern: str | None = None
    settings: tuple[str, ...] = ()
    sparse: str = "ff,conv"
    model: str | None = None
    width: int = 64
    depth: int = 2
    inner: int | None = None
    heads: int = 4
    activation: Activation = "gelu"
    data: str | Path | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    batch: int = 64
    steps: int | None = None
    budget: str | None = None
    convention: str = "algorithmic"
    longer: int = 1
    rate: float | None = None
    schedule: str = "cosine"
    warmup: float = 0.05
    floor: float = 0.02
    optimizer: str = "adamw"
    decay: float = 0.01
    momentum: float = 0.9
    beta2: float = 0.999
    clip: float = 1.0
    smoothing: float = 0.0
    seed: int = 0
    dtype: str = "bf16"
    probes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A run that can begin, and `provenance`: all that decided it, as its trace carries it."""

    task: Task
    model: Model
    plan: Plan
    manner: Manner
    provenance: dict[str, Any]


def resolve(choices: Choices) -> Resolved:
    """Load the task, build the model and settle every number; or say what is wrong with a choice."""
    recipe = with_settings(load_recipe(choices.recipe), choices.settings)
    targets = targets_of(choices, recipe)
    lookup(DTYPES, choices.dtype, kind="dtype", where="dtype")
    lookup(CONVENTIONS, choices.convention, kind="convention", where="convention")
    lookup(RATES, choices.optimizer, kind="optimizer", where="optimizer")
    if type(choices.longer) is not int or not 1 <= choices.longer <= 1000:
        raise InputError.of(shown(choices.longer), "a whole number from 1 to 1000", where="longer")
    if recipe.needs_variance and choices.optimizer != "adamw":
        what = f"recipe {recipe.name} needs the variance of Adam"
        raise InputError.of(what, "the optimizer adamw", where="optimizer")
    probes = choices.probes
    if type(probes) is not int or not (probes == 0 or 2 <= probes <= PROBES_MAX):
        raise InputError.of(shown(probes), f"0, or batches from 2 to {PROBES_MAX}", where="probes")
    peak = RATES[choices.optimizer] if choices.rate is None else choices.rate
    rate = Rate(peak=peak, schedule=choices.schedule, warmup=choices.warmup, floor=choices.floor)
    optimizer = Settings(
        name=choices.optimizer, decay=choices.decay, momentum=choices.momentum, beta2=choices.beta2
    )
    manner = Manner(dtype=choices.dtype, optimizer=OPTIMIZERS[choices.optimizer])
    with placed("data"):
        task = load_task(choices.task, path=choices.data, settings=choices.sizes)
    model = _model(choices, task, recipe, targets)
    plan = Plan(
        recipe=recipe,
        targets=targets,
        steps=_steps(choices, task, model, recipe, targets),
        batch=choices.batch,
        rate=rate,
        optimizer=optimizer,
        clip=choices.clip,
        smoothing=choices.smoothing,
        seed=choices.seed,
    )
    _check_size(model)
    _check_follows(choices, model, targets)
    _check_groups(model, recipe, targets, plan.steps)
    _check_rows(model, recipe, targets, plan.steps)
    return Resolved(
        task=task, model=model, plan=plan, manner=manner, provenance=_provenance(choices, task, model, plan)
    )


def targets_of(choices: Choices, recipe: Recipe) -> Mapping[Role, Target | None]:
    """The target of each role that follows the recipe."""
    target, roles = followed(recipe, choices.pattern, choices.sparse)
    return {} if recipe.face == DENSE else by_role(target, sorted(roles))


def _model(choices: Choices, task: Task, recipe: Recipe, targets: Mapping[Role, Target | None]) -> Model:
    """The model of the task, rebuilt where the recipe asks for it."""
    name = choices.model or task.default_model
    inner = 4 * choices.width if choices.inner is None else choices.inner
    sizes = {"width": choices.width, "depth": choices.depth, "inner": inner, "heads": choices.heads}
    make_map = None
    if recipe.rebuilds:
        one = set(targets.values())
        target = one.pop()
        if one or target is None:
            what = f"recipe {recipe.name} needs one pattern for all layers"
            raise InputError.of(what, "write the target, as in 2:4 or 25 %", where="pattern")
        sizes, make_map = recipe.sizes(name, sizes, target), recipe.maps(target)
    return build_model(
        name,
        task.shape,
        width=sizes["width"],
        depth=sizes["depth"],
        inner=sizes["inner"],
        heads=sizes["heads"],
        batch=choices.batch,
        activation=choices.activation,
        make_map=make_map or Linear,
    )


def _check_size(model: Model) -> None:
    """Refuse a model that takes more memory than a small one may."""
    trained = model.parameters.size
    active = sum(layer.batch * layer.gemm.m * (layer.gemm.n + layer.gemm.k) for layer in model.network.layers)
    for found, most, what, where in (
        (trained, TRAINED_MAX, "trained numbers", "width"),
        (active, ACTIVE_MAX, "activations", "batch"),
    ):
        if found > most:
            right = f"the emulator is for small models: at most {most}; `nmsim trace` takes large ones"
            raise InputError.of(f"{model.name} of these sizes has {found} {what}", right, where=where)


def _check_follows(choices: Choices, model: Model, targets: Mapping[Role, Target | None]) -> None:
    """Refuse a recipe that no layer follows."""
    roles = {layer.role for layer in model.network.layers}
    if targets and not roles & targets.keys():
        may = ", ".join(sorted(role for role in roles if role.may_be_sparse))
        what = f"no layer of {model.name} is {' or '.join(sorted(targets))}"
        where = "pattern" if choices.pattern is not None and "=" in choices.pattern else "sparse"
        raise InputError.of(what, f"those that may be sparse are {may}", where=where)


def _check_groups(model: Model, recipe: Recipe, targets: Mapping[Role, Target | None], steps: int) -> None:
    """Refuse layers whose inputs are no whole groups, for a recipe that needs them."""
    for role, target in targets.items() if recipe.whole_groups else ():
        patterns = {phase.pattern for phase in recipe.longest(target, steps)}
        for layer in (layer for layer in model.network.layers if layer.role is role):
            for pattern in patterns:
                if isinstance(pattern, Pattern) and layer.gemm.k % pattern.group:
                    what = f"{layer.name} has {layer.gemm.k} inputs, no whole groups of {pattern}"
                    raise InputError.of(what, f"recipe {recipe.name} needs them", where="pattern")


def _check_rows(model: Model, recipe: Recipe, targets: Mapping[Role, Target | None], steps: int) -> None:
    """Refuse parts of a batch whose rows are no whole groups, where output gradients are N:M along them."""
    for role, target in targets.items():
        patterns = {p.pattern for p in recipe.longest(target, steps) if p.face.wgrad == "gradient"}
        for layer in (layer for layer in model.network.layers if layer.role is role):
            for pattern in patterns:
                rows = layer.gemm.m // PARTS
                if isinstance(pattern, Pattern) and rows % pattern.group:
                    what = (
                        f"each of {PARTS} parts has {rows} rows of {layer.name}, no whole groups of {pattern}"
                    )
                    right = f"a batch whose parts have a multiple of {pattern.group} rows"
                    raise InputError.of(what, right, where="batch")


def _steps(
    choices: Choices, task: Task, model: Model, recipe: Recipe, targets: Mapping[Role, Target | None]
) -> int:
    """The steps that are asked for, or those that the budget pays for."""
    if choices.budget is None:
        return (STEPS if choices.steps is None else choices.steps) * choices.longer
    if choices.steps is not None:
        raise InputError.of("steps are given too", "leave one of the two out", where="budget")
    plain = model if not recipe.rebuilds else _model(choices, task, RECIPES["dense"], {})
    budget = parse_budget(choices.budget, plain.network) * choices.longer
    dearest = recipe.dearest()
    return steps_within(
        budget, model.network, dearest, targets, convention=choices.convention, most=STEPS_MAX
    )


def _provenance(choices: Choices, task: Task, model: Model, plan: Plan) -> dict[str, Any]:
    rate, optimizer = plan.rate, plan.optimizer
    return {
        "from": "training",
        "nmsim": __version__,
        "task": task.name,
        "task_sha256": task.digest,
        "network": model.name,
        "sizes": dict(model.network.sizes),
        "activation": choices.activation,
        "recipe": plan.recipe.name,
        "recipe_sha256": plan.recipe.digest or None,
        "parameters": {name: _plain(value) for name, value in parameters(plan.recipe).items()},
        "pattern": choices.pattern,
        "targets": {
            str(role): None if target is None else str(target) for role, target in plan.targets.items()
        },
        "steps": plan.steps,
        "batch": plan.batch,
        "optimizer": {"name": optimizer.name, "decay": optimizer.decay, "momentum": optimizer.momentum}
        | {"beta1": optimizer.beta1, "beta2": optimizer.beta2, "epsilon": optimizer.epsilon},
        "rate": {"peak": rate.peak, "schedule": rate.schedule, "warmup": rate.warmup, "floor": rate.floor},
        "clip": plan.clip,
        "smoothing": plan.smoothing,
        "seed": plan.seed,
        "probes": choices.probes,
        "dtype": choices.dtype,
        "computed_in": str(model.parameters.dtype),
        "parts": PARTS,
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numba", "numpy")},
        "blas": _blas(),
    }


def _plain(value: object) -> object:
    """A parameter as JSON has it."""
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _blas() -> dict[str, object]:
    """The library of numpy that multiplies matrices, and the threads that each part of a batch gives it."""
    loaded = [info for info in threadpool_info() if info.get("user_api") == "blas"]
    own = [info for info in loaded if "numpy" in info["filepath"]] or loaded
    names = {
        f"{info['internal_api']} {info['version']} {info.get('architecture', '')}".strip() for info in own
    }
    return {"libraries": sorted(names), "threads_a_part": 1}
