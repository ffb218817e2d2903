"""Trainer: one training run in memory, a step at a time.

The order within a step: masks are selected and copies written; each part of the batch runs forward and
backward; gradients are added, changed as the recipe says, clipped, and changed once more; the optimizer.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from math import sqrt
from typing import NamedTuple

import numpy as np

from simulator.mask import sparsify_unbiased
from workloads.kernels.optimizer import gather_gradients
from workloads.kernels.reduction import square_sum
from workloads.models.model import Model
from workloads.models.parameters import Array, Parameters, Slot
from workloads.models.shard import Shard
from workloads.tasks.batch import Batch
from workloads.tasks.metric import Tally
from workloads.tasks.task import Task
from workloads.training.emulator.bundle import Bundle
from workloads.training.emulator.line import Due, Line
from workloads.training.emulator.losses import asked, loss_of, parts_of
from workloads.training.emulator.optimizers import Optimizer
from workloads.training.emulator.parts import PARTS, Parts
from workloads.training.emulator.plan import Plan
from workloads.training.emulator.recorder import States
from workloads.training.emulator.weight import Mask, Weight
from workloads.training.face import DENSE, Phase
from workloads.training.moment import Moment, numbers
from workloads.training.selectors import RANDOM, SELECTORS
from workloads.training.works import State


class Stepped(NamedTuple):
    """What a training step came to: the tally of its batch, the gradient's norm before clipping, the rate.

    `updated` is False where masks moved in place of an update.
    """

    tally: Tally
    norm: float
    rate: float
    updated: bool
    due: dict[str, Due]


class Trainer:
    """A model that trains on a task as a Plan says; `values` is the vector of everything that is trained."""

    def __init__(self, model: Model, task: Task, plan: Plan, parts: Parts) -> None:
        self.model, self.task, self.plan, self.parts = model, task, plan, parts
        follow = [slot for slot in model.parameters.slots.values() if slot.role in plan.targets]
        beside = {slot.name: plan.recipe.beside(slot) for slot in follow}
        slots = [*model.parameters.slots.values(), *(each for some in beside.values() for each in some)]
        self.parameters = Parameters(slots, dtype=model.parameters.dtype)
        self.values, self.gradient = self.parameters.initial(plan.seed), self.parameters.zeros()
        self.optimizer = Optimizer(plan.optimizer, self.parameters)
        self.step = self._draw = 0
        self.masks: dict[str, Mask | None] = {}
        self.lines = {role: Line(plan.recipe, target, plan.steps) for role, target in plan.targets.items()}
        self.weights = self._weights(follow, beside)
        self._by_line = list(self._grouped())
        self._gradients = [self.parameters.zeros() for _ in range(PARTS)]
        self.forward = self.parameters.views(self.values)
        self.backward = dict(self.forward)
        self.shards = [
            Shard(
                forward=self.forward,
                backward=self.backward,
                gradients=self.parameters.views(gradient),
                prune={},
            )
            for gradient in self._gradients
        ]

    def advance(self, due: dict[str, Due] | None = None) -> Stepped:
        """Train one step; `due` is what `prepare` returned for it, where that was called already."""
        due = self.prepare() if due is None else due
        tally = self.passes(self.task.batch(self.rng("batch"), self.plan.batch))
        self.collect()
        updates = not any(each.dense_wgrad for each in due.values())
        with np.errstate(all="ignore"):
            norm = self._update() if updates else self._norm()
        for weight in self.weights:
            if due[weight.name].dense_wgrad:
                self.plan.recipe.select(weight, self.at(weight.line))
        if self.weights and self.plan.recipe.ends_phase(self.weights, self.at(self.weights[0].line)):
            for line in self.lines.values():
                line.end_phase(self.step)
        stepped = Stepped(tally=tally, norm=norm, rate=self.rate, updated=updates, due=due)
        self.step += 1
        return stepped

    def states(self, stepped: Stepped) -> States:
        """What was in force for each layer at the step that was just taken."""
        own = {weight.name: self._state(weight, stepped) for weight in self.weights}
        dense = State(phase=Phase(face=DENSE, pattern=None, steps=self.plan.steps), updated=stepped.updated)
        return tuple(own.get(f"{layer.name}.weight", dense) for layer in self.model.network.layers)

    def _state(self, weight: Weight, stepped: Stepped) -> State:
        due, phase = stepped.due[weight.name], weight.line.phase
        face = phase.face
        first = due.fresh and SELECTORS[face.selector].moves_a_mask
        return State(
            phase=self.plan.recipe.in_force(weight, phase),
            selected=RANDOM if first else face.selector if due.select or due.dense_wgrad else None,
            second=due.second,
            dense_wgrad=due.dense_wgrad,
            updated=stepped.updated,
        )

    @property
    def rate(self) -> float:
        """The learning rate of the step."""
        return self.plan.rate.at(self.step, self.plan.steps)

    def at(self, line: Line) -> Moment:
        """Where the weights of a line stand."""
        optimizer = self.plan.optimizer
        return Moment(
            step=self.step,
            steps=self.plan.steps,
            phase=line.phase,
            start=line.start,
            seed=self.plan.seed,
            rate=self.rate,
            beta2=optimizer.beta2,
            epsilon=optimizer.epsilon,
        )

    def rng(self, *names: str) -> np.random.Generator:
        """The random numbers of one purpose at this step."""
        return numbers(self.plan.seed, self.step, 0, *names)

    def prepare(self) -> dict[str, Due]:
        """Select the masks that are due and write what the products read; what was due, by weight.

        Once for each step: a selection may change weights.
        """
        due: dict[str, Due] = {}
        for line, weights, bundle in self._by_line:
            line.go_to(self.step)
            now = line.due(self.step)
            due |= dict.fromkeys((weight.name for weight in weights), now)
            self._prepare(weights, bundle, self.at(line), now)
        self.masks = {weight.name: weight.mask for weight in self.weights}
        return due

    def _prepare(self, weights: list[Weight], bundle: Bundle | None, at: Moment, due: Due) -> None:
        """The same for the weights of one line."""
        recipe = self.plan.recipe
        if due.fresh or at.phase.pattern is None:
            for weight in weights:
                weight.mask = weight.second = None
        if bundle is not None and bundle.takes(recipe, at):
            if due.select:
                bundle.select(recipe.pattern_of(at.target))
            bundle.write(recipe.factor(at))
        else:
            for weight in weights:
                self._prepare_alone(weight, at, due)
        prunes = at.phase.face.wgrad == "gradient" and not due.dense_wgrad
        for weight in weights:
            self.forward[weight.name], self.backward[weight.name] = weight.forward, weight.backward
            for part, shard in enumerate(self.shards):
                shard.prune.pop(weight.name, None)
                if prunes:
                    shard.prune[weight.name] = self._pruner(weight, replace(at, part=part))

    def _prepare_alone(self, weight: Weight, at: Moment, due: Due) -> None:
        recipe = self.plan.recipe
        if due.select:
            recipe.select(weight, at)
        if due.second:
            recipe.select_second(weight, at)
        recipe.write(weight, at)
        # For recipes that select from inputs: what is pruned already is so for the layers behind.
        self.forward[weight.name], self.backward[weight.name] = weight.forward, weight.backward

    def passes(self, batch: Batch, *, draw: int = 0) -> Tally:
        """Run every part of a batch forward and backward; sums over all of it.

        What is drawn on the way is that of the training step where `draw` is 0, else other numbers.
        """
        self._draw = draw
        return self._run(batch, backward=True)

    def measure(self, *sets: Iterable[Batch], served: bool = False) -> list[Tally]:
        """Run sets of batches forward with the network as it stands, or as it is `served`; a tally for each.

        Where masks are selected at every step they are selected now as well, and training goes on as if
        nothing had been measured. The served network has the masks of the recipe's last phase.
        """
        kept = [(weight.mask, weight.second) for weight in self.weights]
        for weight in self.weights:
            self._look(weight, served=served)
        found = [sum((self._run(batch, backward=False) for batch in each), Tally()) for each in sets]
        if not served:
            for weight, masks in zip(self.weights, kept, strict=True):
                weight.mask, weight.second = masks
        return found

    def _look(self, weight: Weight, *, served: bool) -> None:
        """Write what FWD reads of a weight after the last step."""
        recipe, at = self.plan.recipe, self.at(weight.line)
        last = recipe.last_phase(weight.line.target) if served else at.phase
        if (last.pattern, last.face.forward) != (at.phase.pattern, at.phase.face.forward):
            weight.mask = weight.second = None
            at = replace(at, phase=last, start=at.step)
        if at.phase.pattern is not None and (weight.mask is None or at.phase.face.select_every == 1):
            recipe.select(weight, at)
            if at.phase.face.second_selector is not None:
                recipe.select_second(weight, at)
        recipe.write(weight, at)
        self.forward[weight.name] = weight.forward

    def _run(self, batch: Batch, *, backward: bool) -> Tally:
        loss, parted = self.task.metric.loss, parts_of(batch)
        count, smoothing = asked(batch, loss), self.plan.smoothing if backward else 0.0

        def run(index: int) -> Tally:
            part, shard = parted[index], self.shards[index]
            with np.errstate(all="ignore"):  # a run that diverges is told by its loss
                outputs = self.model.forward(self._inputs(part), shard)
                wanted: Array = shard.room("d_outputs", outputs.shape, outputs)
                tally = loss_of(loss, outputs, part, wanted, count=count, smoothing=smoothing)
                if backward:
                    self.model.backward(wanted, shard)
            return tally

        return sum(self.parts.run(run), Tally())

    def _inputs(self, part: Batch) -> Array:
        """The inputs of a part; values in the dtype that the model computes in."""
        if part.inputs.dtype.kind == "f":
            return part.inputs.astype(self.parameters.dtype, copy=False)
        return part.inputs

    def _seen(self, name: str, samples: int) -> Array:
        """The inputs of the product of one weight on training samples, with the network as it stands."""
        batches = self.task.training_sample(self.plan.batch)
        seen: list[Array] = []
        for batch in batches[: -(-samples // self.plan.batch)]:
            for part, shard in zip(parts_of(batch), self.shards, strict=True):
                shard.seen = {}
                self.model.forward(self._inputs(part), shard)
                seen.append(shard.seen[name].copy())
                shard.seen = None
        return np.concatenate(seen)

    def collect(self) -> None:
        """Add the gradients of all parts, in their order."""
        first, *others = self._gradients
        for other in others:
            gather_gradients(first, other, self.gradient)
            first = self.gradient

    def _norm(self) -> float:
        """The norm of the gradient, summed in float64 in an order of our own."""
        return sqrt(square_sum(self.gradient[np.newaxis], 0, self.gradient.size))

    def _update(self) -> float:
        """Change the gradient as the recipe says, clip it, and let the optimizer move what is trained."""
        recipe = self.plan.recipe
        now = [(weight, self.at(weight.line)) for weight in self.weights]
        for weight, at in now:
            recipe.gradient(weight, at)
        norm = self._norm()
        if 0 < self.plan.clip < norm:
            np.multiply(self.gradient, self.gradient.dtype.type(self.plan.clip / norm), out=self.gradient)
        for weight, at in now:
            recipe.clipped(weight, at)
        frozen = any(recipe.freezes(at) for _, at in now)
        self.optimizer.update(self.values, self.gradient, self.rate, frozen=frozen)
        for weight, at in now:
            recipe.updated(weight, at)
        return norm

    def _grouped(self) -> Iterator[tuple[Line, list[Weight], Bundle | None]]:
        """Each line with its weights, and their bundle if they are one."""
        for line in self.lines.values():
            weights = [weight for weight in self.weights if weight.line is line]
            yield line, weights, Bundle.of(weights, self.parameters, self.values)

    def _weights(self, follow: Sequence[Slot], beside: dict[str, list[Slot]]) -> list[Weight]:
        """The weights that follow the recipe, as its hooks see them."""
        values, gradients, *moments = (
            self.parameters.views(vector) for vector in (self.values, self.gradient, *self.optimizer.moments)
        )
        found = []
        for slot in follow:
            assert slot.role is not None
            weight = Weight(
                slot,
                line=self.lines[slot.role],
                values=values[slot.name],
                gradient=gradients[slot.name],
                moments=tuple(moment[slot.name] for moment in moments),
                inputs=partial(self._seen, slot.name),
            )
            weight.beside = {
                each.name.rpartition(".")[2]: (values[each.name], gradients[each.name])
                for each in beside[slot.name]
            }
            found.append(weight)
        return found

    def _pruner(self, weight: Weight, at: Moment) -> Callable[[Array], Array]:
        """What makes the output gradient of one part N:M along its rows, without bias (MVUE)."""
        pattern = self.plan.recipe.pattern_of(at.target)

        def prune(gradient: Array) -> Array:
            names = ("prune", str(self._draw)) if self._draw else ("prune",)
            return sparsify_unbiased(gradient, pattern, at.rng(weight.name, *names), axis=0)

        return prune
