"""A Trace from shapes alone: what a training run would multiply, for networks too large to train here."""

from pathlib import Path

from simulator.errors import InputError, lookup, placed, shown
from simulator.gemm import DTYPES, check_count
from simulator.pattern import Pattern
from simulator.trace import Trace
from workloads.networks import load_network
from workloads.networks.layer import Role
from workloads.training.face import DENSE
from workloads.training.load import load_recipe
from workloads.training.unroll import SPARSE_ROLES, inference_steps, training_steps
from workloads.training.upkeep import OPTIMIZERS

STEPS_MAX = 10**9


def trace_network(
    network: str | Path,
    *,
    recipe: str | Path = "dense",
    pattern: Pattern | str | None = None,
    steps: int = 1,
    batch: int | None = None,
    seq: int | None = None,
    image: int | None = None,
    dtype: str = "bf16",
    sparse: frozenset[Role] = SPARSE_ROLES,
    optimizer: str = "adamw",
    inference: bool = False,
) -> Trace:
    """The Trace of `steps` training steps of `network` with `recipe` towards `pattern`, from shapes alone.

    `network` and `recipe` are names or paths. Layers whose role is in `sparse` follow the recipe. With
    `inference` the trace is one forward pass of the trained network.
    """
    check_count("steps", steps, most=STEPS_MAX)
    lookup(DTYPES, dtype, kind="dtype", where="dtype")
    lookup(OPTIMIZERS, optimizer, kind="optimizer", where="optimizer")
    with placed("pattern"):
        target = Pattern.parse(pattern) if isinstance(pattern, str) else pattern
    shapes = load_network(network, batch=batch, seq=seq, image=image)
    way = load_recipe(recipe)
    if target is not None and way.face == DENSE:
        right = "leave it out, or name a recipe with --recipe"
        raise InputError.of(f"recipe {way.name} uses no pattern", right, where="pattern")
    if inference:
        made = inference_steps(shapes, way, target, dtype=dtype, sparse=sparse)
    else:
        made = training_steps(shapes, way, target, steps, dtype=dtype, sparse=sparse, optimizer=optimizer)
    provenance = {
        "from": "shapes",
        "network": shapes.name,
        "network_sha256": shapes.digest or None,
        "sizes": dict(shapes.sizes),
        "recipe": way.name,
        "recipe_sha256": way.digest or None,
        "pattern": None if target is None else str(target),
        "steps": 1 if inference else steps,
        "dtype": dtype,
        "sparse": sorted(sparse),
        "optimizer": None if inference else optimizer,
        "inference": inference,
    }
    return Trace(steps=tuple(made), provenance=provenance)


def parse_roles(text: str) -> frozenset[Role]:
    """The roles that `text` names, separated by commas: "ff,qkv"."""
    allowed = {str(role): role for role in Role if role.may_be_sparse}
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name in set(Role) - set(allowed):
            raise InputError.of(f"{shown(name)} layers stay dense", f"roles that may: {', '.join(allowed)}")
    return frozenset(lookup(allowed, name, kind="role of layers that may be sparse") for name in names)
