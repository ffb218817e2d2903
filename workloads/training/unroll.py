"""From shapes alone to the Steps of a whole run: what every layer computes, and at which training steps."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from simulator.gemm import Pass, Product, Span, Step, Stream
from simulator.pattern import Pattern
from workloads.networks.layer import Layer, Network, Role
from workloads.training.face import DENSE, Phase
from workloads.training.products import (
    attention_gradient_products,
    forward_product,
    input_gradient_product,
    weight_gradient_product,
)
from workloads.training.recipe import Recipe
from workloads.training.selectors import RANDOM, SELECTORS
from workloads.training.upkeep import (
    OPTIMIZERS,
    Optimizer,
    dense_optimizer_stream,
    gradient_stream,
    layer_optimizer_stream,
    selection_stream,
)

SPARSE_ROLES = frozenset({Role.FF, Role.CONV})
"""Roles that recipes make sparse unless told otherwise, as most published runs do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A Phase at its first training step; `fresh` says that its pattern is not that of the phase before."""

    phase: Phase
    first_step: int
    fresh: bool

    @property
    def whole(self) -> Span:
        """Every step of the phase."""
        return Span(first_step=self.first_step, count=self.phase.steps)


def training_steps(
    network: Network,
    recipe: Recipe,
    pattern: Pattern | None,
    steps: int,
    *,
    dtype: str = "bf16",
    sparse: frozenset[Role] = SPARSE_ROLES,
    optimizer: Optimizer = OPTIMIZERS["adamw"],
) -> list[Step]:
    """The Steps of `steps` training steps with `recipe`, in the order in which they first happen.

    Layers whose role is in `sparse` follow the recipe, the others train dense. Their order within a training
    step is forward, backward from the last layer to the first, update.
    """
    follows = _placed(recipe.phases(pattern, steps))
    dense = _placed([Phase(face=DENSE, pattern=None, steps=steps)])
    timed = [(layer, follows if layer.role in sparse else dense) for layer in network.layers]
    order: Iterable[Step] = chain(
        (step for layer, line in timed for step in _joined(line, _forward(layer, dtype))),
        (step for layer, line in reversed(timed) for step in _joined(line, _backward(layer, dtype))),
        (step for layer, line in timed for step in _joined(line, _update(layer, optimizer, dtype))),
        _rest_update(network, optimizer, dtype, steps),
    )
    return sorted(order, key=lambda step: step.when.first_step)


def inference_steps(
    network: Network,
    recipe: Recipe,
    pattern: Pattern | None,
    *,
    dtype: str = "bf16",
    sparse: frozenset[Role] = SPARSE_ROLES,
) -> list[Step]:
    """FWD of the trained network once, with the weights that the recipe leaves on its last step."""
    (follows,) = _placed([recipe.last_phase(pattern)])
    (dense,) = _placed([Phase(face=DENSE, pattern=None, steps=1)])
    return [
        step
        for layer in network.layers
        for step in _forward(layer, dtype)(follows if layer.role in sparse else dense)
    ]


def _placed(phases: Iterable[Phase]) -> list[Placed]:
    """Phases one after the other from step 0."""
    timeline: list[Placed] = []
    start, before = 0, None
    for phase in phases:
        timeline.append(Placed(phase=phase, first_step=start, fresh=phase.pattern != before))
        start, before = start + phase.steps, phase.pattern
    return timeline


def _joined(timeline: Iterable[Placed], steps_of: Callable[[Placed], Iterable[Step]]) -> list[Step]:
    """The Steps of each phase in turn; work that goes on, or comes back regularly, stays one Step."""
    joined: list[Step] = []
    latest: dict[tuple[Pass, Product | Stream], int] = {}
    for step in (step for placed in timeline for step in steps_of(placed)):
        index = latest.get((step.pass_, step.work))
        whole = None if index is None else _together(joined[index].when, step.when)
        if index is None or whole is None:
            latest[step.pass_, step.work] = len(joined)
            joined.append(step)
        else:
            joined[index] = replace(joined[index], when=whole)
    return joined


def _together(before: Span, after: Span) -> Span | None:
    """The Span of the steps of both, if there is one: `after` is a run of steps later than `before`."""
    if (whole := before.followed_by(after)) is not None:
        return whole
    if not after.consecutive or after.first_step <= before.last_step:
        return None
    if before.consecutive:
        if before.count == after.count:
            period = after.first_step - before.first_step
            return replace(before, count=2 * before.count, run=before.count, period=period)
        return None
    regular = before.count % before.run == 0 and before.step_of(before.count) == after.first_step
    return (
        replace(before, count=before.count + after.count) if regular and after.count == before.run else None
    )


def _forward(layer: Layer, dtype: str) -> Callable[[Placed], Iterator[Step]]:
    """FWD of a layer."""

    def steps(placed: Placed) -> Iterator[Step]:
        work = forward_product(layer, placed.phase, dtype)
        yield Step(layer=layer.name, pass_=Pass.FWD, work=work, when=placed.whole)

    return steps


def _backward(layer: Layer, dtype: str) -> Callable[[Placed], Iterator[Step]]:
    """DGRAD of a layer, where its input needs a gradient, and WGRAD, where it has weights."""

    def steps(placed: Placed) -> Iterator[Step]:
        if layer.input_gradient and layer.role.has_weights:
            work = input_gradient_product(layer, placed.phase, dtype)
            yield Step(layer=layer.name, pass_=Pass.DGRAD, work=work, when=placed.whole)
        elif layer.input_gradient:
            for work in attention_gradient_products(layer, dtype):
                yield Step(layer=layer.name, pass_=Pass.DGRAD, work=work, when=placed.whole)
        if layer.role.has_weights:
            for when, dense in _weight_gradient_spans(placed):
                work = weight_gradient_product(layer, placed.phase, dtype, dense=dense)
                yield Step(layer=layer.name, pass_=Pass.WGRAD, work=work, when=when)

    return steps


def _weight_gradient_spans(placed: Placed) -> Iterator[tuple[Span, bool]]:
    """When weight gradients are as the face says (False), and when they are dense instead (True)."""
    run, first, steps = placed.phase.face.dense_wgrad_every, placed.first_step, placed.phase.steps
    if run is None:
        yield placed.whole, False
        return
    period = run + 1
    whole, rest = divmod(steps, period)
    yield Span(first_step=first, count=whole * run + rest, run=run, period=period), False
    if whole:
        yield Span(first_step=first + run, count=whole, period=period), True


def _update(layer: Layer, optimizer: Optimizer, dtype: str) -> Callable[[Placed], Iterator[Step]]:
    """UPDATE of a layer with weights."""

    def steps(placed: Placed) -> Iterator[Step]:
        if not layer.role.has_weights:
            return
        optimizing = layer_optimizer_stream(layer, placed.phase, optimizer, dtype)
        for work, when in ((optimizing, placed.whole), *_upkeep(layer, placed, dtype)):
            yield Step(layer=layer.name, pass_=Pass.UPDATE, work=work, when=when)

    return steps


def _upkeep(layer: Layer, placed: Placed, dtype: str) -> Iterator[tuple[Stream, Span]]:
    """What sparsity adds to UPDATE, and when: the selections of masks and the pruning of the gradient."""
    face, pattern = placed.phase.face, placed.phase.pattern
    if pattern is None:
        return
    yield from _mask_selections(layer, placed, pattern.group)
    gradients = list(_weight_gradient_spans(placed))
    if face.dense_wgrad_every is not None:
        growing = selection_stream(layer, face.selector, pattern.group)
        yield from ((growing, when) for when, dense in gradients if dense)
    if face.second_selector is not None:
        second = selection_stream(layer, face.second_selector, pattern.group, second=True)
        yield from ((second, when) for when in _selections(placed, face.second_every))
    if face.wgrad == "gradient":
        pruning = gradient_stream(layer, pattern, dtype)
        yield from ((pruning, when) for when, dense in gradients if not dense)


def _mask_selections(layer: Layer, placed: Placed, group: int) -> Iterator[tuple[Stream, Span]]:
    """The selections of masks; where one moves a mask and there is none yet, the first is drawn at random."""
    face = placed.phase.face
    selecting = selection_stream(layer, face.selector, group)
    for when in _selections(placed, face.select_every):
        if not (placed.fresh and SELECTORS[face.selector].moves_a_mask):
            yield selecting, when
            continue
        yield selection_stream(layer, RANDOM, group), Span(first_step=when.first_step)
        if when.count > 1:
            yield selecting, replace(when, first_step=when.step_of(1), count=when.count - 1)


def _selections(placed: Placed, every: int | None) -> Iterator[Span]:
    """When masks are selected: `every` so many steps, or once where the phase brings in a pattern."""
    if every is not None:
        yield Span(first_step=placed.first_step, count=-(-placed.phase.steps // every), period=every)
    elif placed.fresh:
        yield Span(first_step=placed.first_step)


def _rest_update(network: Network, optimizer: Optimizer, dtype: str, steps: int) -> Iterator[Step]:
    """The optimizer step of what is trained but multiplies no matrix."""
    weights = network.other_parameters
    if weights:
        work = dense_optimizer_stream(weights, optimizer, dtype)
        yield Step(layer="other_parameters", pass_=Pass.UPDATE, work=work, when=Span(count=steps))
