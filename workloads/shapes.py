"""A Trace from shapes alone: what a training run would multiply, for networks too large to train here."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from simulator.errors import InputError, lookup, placed, shown
from simulator.gemm import DTYPES
from simulator.pattern import Pattern
from simulator.trace import Trace
from workloads.networks import load_network
from workloads.networks.layer import Role
from workloads.training.face import DENSE
from workloads.training.load import load_recipe
from workloads.training.recipe import Recipe
from workloads.training.unroll import SPARSE_ROLES, Targets, inference_steps, training_steps
from workloads.training.unstructured import Target, Unstructured, parse_target
from workloads.training.upkeep import OPTIMIZERS

STEPS_MAX = 10**9


def trace_network(
    network: str | Path,
    *,
    recipe: str | Path | Recipe = "dense",
    pattern: Targets | str | None = None,
    steps: int = 1,
    batch: int | None = None,
    seq: int | None = None,
    image: int | None = None,
    dtype: str = "bf16",
    sparse: Iterable[Role] | str = SPARSE_ROLES,
    optimizer: str = "adamw",
    inference: bool = False,
) -> Trace:
    """The Trace of `steps` training steps of `network` with `recipe` towards `pattern`, from shapes alone.

    `network` and `recipe` are names or paths. `pattern` is N:M or a share of each layer's weights ("2:4",
    "10 %"). Layers whose role is in `sparse` ("ff,qkv", or Roles) follow the recipe; a pattern for each role
    ("ff=1:8,qkv=1:4", or a mapping) says by itself which do. With `inference` the trace is one forward pass
    of the trained network. A problem is placed at the parameter that it is about, or at a line of the file.
    """
    _check_steps(steps, inference=inference)
    lookup(DTYPES, dtype, kind="dtype", where="dtype")
    rule = lookup(OPTIMIZERS, optimizer, kind="optimizer", where="optimizer")
    shapes = load_network(network, batch=batch, seq=seq, image=image)
    way = load_recipe(recipe)
    if way.rebuilds:
        what = f"recipe {way.name} trains another network than {shapes.name}"
        raise InputError.of(what, "train it: `nmsim train`", where="recipe")
    target, roles = followed(way, pattern, sparse)
    if inference:
        made = inference_steps(shapes, way, target, dtype=dtype, sparse=roles)
    else:
        made = training_steps(shapes, way, target, steps, dtype=dtype, sparse=roles, optimizer=rule)
    provenance = {
        "from": "shapes",
        "network": shapes.name,
        "network_sha256": shapes.digest or None,
        "sizes": dict(shapes.sizes),
        "recipe": way.name,
        "recipe_sha256": way.digest or None,
        "pattern": None if target is None else targets_text(target),
        "steps": steps,
        "dtype": dtype,
        "sparse": sorted(roles),
        "optimizer": None if inference else optimizer,
        "inference": inference,
    }
    return Trace(steps=tuple(made), provenance=provenance)


def followed(
    recipe: Recipe, pattern: Targets | str | None, sparse: Iterable[Role] | str
) -> tuple[Targets | None, frozenset[Role]]:
    """What `recipe` aims at, and the roles that follow it, or what is wrong with either."""
    with placed("sparse"):
        roles = parse_roles(sparse)
    with placed("pattern"):
        target = _target(pattern)
        if target is not None and recipe.face == DENSE:
            right = "leave it out, or choose a recipe that does"
            raise InputError.of(f"recipe {recipe.name} uses none", right)
    return target, _roles_of(target, roles) if isinstance(target, Mapping) else roles


def parse_roles(roles: Iterable[str] | str) -> frozenset[Role]:
    """The roles of those names, or of a text that separates them by commas ("ff,qkv"); each may be sparse."""
    names = [name.strip() for name in roles.split(",")] if isinstance(roles, str) else roles
    return frozenset(_role(name) for name in names)


def _target(pattern: Targets | str | None) -> Targets | None:
    """The target or targets that are given or written."""
    if pattern is None or isinstance(pattern, Pattern | Unstructured | Mapping):
        return pattern
    return parse_targets(pattern)


def parse_targets(text: str) -> Targets:
    """The target that `text` writes ("2:4", "10 %"), or the one of each role ("ff=1:8,qkv=1:4")."""
    if not isinstance(text, str) or "=" not in text:
        return parse_target(text)
    targets: dict[Role, Target] = {}
    for part in text.split(","):
        name, equals, written = part.partition("=")
        if not equals:
            raise InputError.of(f"{shown(part)} names no role", "write role=pattern, as in ff=1:8,qkv=1:4")
        role = _role(name.strip())
        if role in targets:
            raise InputError.of(f"{role} has two patterns", "give each role one")
        targets[role] = parse_target(written.strip())
    return targets


def targets_text(targets: Targets) -> str:
    """The same as text, which `parse_targets` reads; the roles in order of their names."""
    if not isinstance(targets, Mapping):
        return str(targets)
    return ",".join(f"{role}={target}" for role, target in sorted(targets.items()))


def _roles_of(targets: Mapping[Role, Target | None], sparse: frozenset[Role]) -> frozenset[Role]:
    """The roles that have a target; `sparse` is left at its default, or names the same ones."""
    with placed("pattern"):
        roles = parse_roles(targets)
        if not roles:
            raise InputError.of("no role has a pattern", "write role=pattern, as in ff=1:8,qkv=1:4")
    if sparse not in (roles, SPARSE_ROLES):
        what = f"{', '.join(sorted(sparse))} follow the recipe, and {', '.join(sorted(roles))} have a pattern"
        raise InputError.of(what, "leave sparse out", where="sparse")
    return roles


def _role(name: str) -> Role:
    """The role of that name, if its layers may be sparse."""
    allowed = {str(role): role for role in Role if role.may_be_sparse}
    if name in set(Role) - set(allowed):
        raise InputError.of(f"{shown(name)} layers stay dense", f"roles that may: {', '.join(allowed)}")
    return lookup(allowed, name, kind="role of layers that may be sparse")


def _check_steps(steps: int, *, inference: bool) -> None:
    """Refuse a number of training steps that no run has."""
    if type(steps) is not int or not 1 <= steps <= STEPS_MAX:
        right = f"write a whole number from 1 to {STEPS_MAX}"
        raise InputError.of(f"{shown(steps)} is no number of steps", right, where="steps")
    if inference and steps != 1:
        raise InputError.of("an inference is one forward pass", "leave steps out", where="steps")
