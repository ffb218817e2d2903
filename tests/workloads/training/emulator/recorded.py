"""A small run of the emulator, with all that it read and wrote at every step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from workloads.models.linear import Linear
from workloads.models.parameters import Array
from workloads.models.registry import build_model
from workloads.networks.layer import Role
from workloads.tasks import load_task
from workloads.tasks.batch import Batch
from workloads.tasks.metric import Tally
from workloads.training.emulator.line import Due
from workloads.training.emulator.optimizers import Settings
from workloads.training.emulator.parts import Parts, parts
from workloads.training.emulator.plan import Plan
from workloads.training.emulator.rates import Rate
from workloads.training.emulator.trainer import Trainer
from workloads.training.emulator.weight import Mask
from workloads.training.face import Phase
from workloads.training.moment import Moment
from workloads.training.recipe import Recipe
from workloads.training.unstructured import Target, parse_target

ADAM = Settings(decay=0.05)
SGD = Settings(name="sgd", decay=0.05)
RATE = Rate(peak=0.02)
SIZES = {
    "teacher": {"features": 6, "width": 8, "outputs": 3},
    "grammar": {"symbols": 8, "length": 8},
    "digits": {},
}
TRIES = 7
"""Random permutations of Bi-Mask in these runs: a hundred take the oracle seconds."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What decides a run: feed-forward weights alone follow the recipe; the clip is low enough to clip."""

    recipe: Recipe
    pattern: str | None
    steps: int = 12
    optimizer: Settings = ADAM
    rate: Rate = RATE
    width: int = 8
    inner: int = 16
    depth: int = 1
    batch: int = 8
    clip: float = 0.8
    seed: int = 5
    dtype: str = "float64"
    task: str = "teacher"
    model: str = "mlp"
    roles: tuple[Role, ...] = (Role.FF,)

    @property
    def target(self) -> Target | None:
        return None if self.pattern is None else parse_target(self.pattern)

    @property
    def by_hand(self) -> bool:
        """Whether `mlp_by_hand` is its model."""
        return self.model == "mlp" and getattr(self.recipe, "member", "wide") == "wide"


@dataclass(kw_only=True)
class Taken:
    """One step: the batch, what FWD and DGRAD read, masks, output gradients as MVUE left them, and after it.

    `pruned` has (before, after) by weight, of each part. `values` and `moments` are of everything trained,
    after the step. `gradients` are the sums over parts, as they were before any hook. `due` and `at` are by
    weight.
    """

    batch: Batch
    forward: dict[str, Array]
    backward: dict[str, Array]
    masks: dict[str, Mask | None]
    seconds: dict[str, Mask | None]
    at: dict[str, Moment]
    started: dict[str, Array]
    gradients: dict[str, Array] = field(default_factory=dict)
    pruned: dict[str, list[tuple[Array, Array]]] = field(default_factory=dict)
    due: dict[str, Due] = field(default_factory=dict)
    values: dict[str, Array] = field(default_factory=dict)
    moments: list[dict[str, Array]] = field(default_factory=list)
    norm: float = 0.0
    rate: float = 0.0


class Watched(Trainer):
    """A Trainer that remembers what it read."""

    taken: Taken

    def passes(self, batch: Batch, *, draw: int = 0) -> Tally:
        self.taken = Taken(
            batch=batch,
            forward=copied(self.forward),
            backward=copied(self.backward),
            masks={w.name: None if w.mask is None else w.mask.copy() for w in self.weights},
            seconds={w.name: None if w.second is None else w.second.copy() for w in self.weights},
            at={w.name: self.at(w.line) for w in self.weights},
            started=copied(self.parameters.views(self.values)),
        )
        for shard in self.shards:
            assert isinstance(shard.prune, dict)
            for name, prune in list(shard.prune.items()):
                shard.prune[name] = partial(self._pruned, name, prune)
        return super().passes(batch, draw=draw)

    def collect(self) -> None:
        super().collect()
        self.taken.gradients = copied(self.parameters.views(self.gradient))

    def _pruned(self, name: str, prune: Callable[[Array], Array], gradient: Array) -> Array:
        thin = prune(gradient)
        self.taken.pruned.setdefault(name, []).append((gradient.copy(), thin.copy()))
        return thin

    def take(self) -> Taken:
        """Train one step."""
        stepped = self.advance()
        taken = self.taken
        taken.due, taken.norm, taken.rate = stepped.due, stepped.norm, stepped.rate
        taken.values = copied(self.parameters.views(self.values))
        taken.moments = [copied(self.parameters.views(moment)) for moment in self.optimizer.moments]
        return taken


@dataclass(kw_only=True)
class Recorded:
    """A run that has ended, and what became of its network when it was served."""

    run: Run
    trainer: Watched
    start: dict[str, Array]
    taken: list[Taken]
    phases: list[Phase]
    measured: Tally
    served: dict[str, Array]
    served_masks: dict[str, Mask | None]

    @property
    def followers(self) -> list[str]:
        """The weights that follow the recipe."""
        return [weight.name for weight in self.trainer.weights]


def copied(views: dict[str, Array]) -> dict[str, Array]:
    return {name: np.array(view) for name, view in views.items()}


def parted(batch: Batch) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """(inputs, targets) of the two equal parts of a batch."""
    half = len(batch.inputs) // 2
    inputs, targets = (np.asarray(each, np.float64) for each in batch)
    return [(inputs[:half], targets[:half]), (inputs[half:], targets[half:])]


def trainer_of(run: Run, running: Parts) -> Watched:
    task = load_task(run.task, settings=SIZES[run.task])
    sizes, maps = {"width": run.width, "inner": run.inner}, None
    if run.target is not None:
        sizes, maps = run.recipe.sizes(run.model, sizes, run.target), run.recipe.maps(run.target)
    model = build_model(
        run.model,
        task.shape,
        width=sizes["width"],
        depth=run.depth,
        inner=sizes["inner"],
        heads=2,
        batch=run.batch,
        dtype=run.dtype,
        make_map=maps or Linear,
    )
    plan = Plan(
        recipe=run.recipe,
        targets=dict.fromkeys(run.roles, run.target),
        steps=run.steps,
        batch=run.batch,
        rate=run.rate,
        optimizer=run.optimizer,
        clip=run.clip,
        seed=run.seed,
    )
    return Watched(model, task, plan, running)


@contextmanager
def few_permutations() -> Iterator[Parts]:
    """Parts to run on, while Bi-Mask tries no more than TRIES."""
    with parts() as running, patch("workloads.training.emulator.weight.PERMUTATIONS", TRIES):
        yield running


@cache
def recorded(run: Run) -> Recorded:
    """The run, trained once however many tests look at it."""
    with few_permutations() as running:
        trainer = trainer_of(run, running)
        start = copied(trainer.parameters.views(trainer.values))
        taken = [trainer.take() for _ in range(run.steps)]
        phases = list(trainer.lines[run.roles[0]].phases)
        (measured,) = trainer.measure(trainer.task.held_out(run.batch)[:1], served=True)
        return Recorded(
            run=run,
            trainer=trainer,
            start=start,
            taken=taken,
            phases=phases,
            measured=measured,
            served={weight.name: np.array(weight.forward) for weight in trainer.weights},
            served_masks={weight.name: weight.mask for weight in trainer.weights},
        )
