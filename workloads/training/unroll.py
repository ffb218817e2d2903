"""From shapes alone to the Steps of a whole run: what every layer computes, and at which training steps."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from simulator.errors import InputError
from simulator.gemm import Span, Step
from workloads.networks.layer import Network, Role
from workloads.training.face import DENSE, Phase
from workloads.training.placed import Placed
from workloads.training.recipe import Recipe
from workloads.training.selectors import RANDOM, SELECTORS
from workloads.training.spans import OTHER, Spans
from workloads.training.unstructured import Target
from workloads.training.upkeep import OPTIMIZERS, Optimizer
from workloads.training.works import (
    Manner,
    Part,
    State,
    forward,
    input_gradient,
    optimizing,
    other_works,
    pruning,
    selecting,
    selecting_second,
    weight_gradient,
)

SPARSE_ROLES = frozenset({Role.FF, Role.CONV})
"""Roles that recipes make sparse unless told otherwise, as most published runs do."""
Targets = Target | Mapping[Role, Target | None]
"""One target for all layers that follow the recipe, or one for each role whose layers do, if it needs one."""
Moments = list[tuple[State, Span]]


def training_steps(
    network: Network,
    recipe: Recipe,
    pattern: Targets | None,
    steps: int,
    *,
    dtype: str = "bf16",
    sparse: frozenset[Role] = SPARSE_ROLES,
    optimizer: Optimizer = OPTIMIZERS["adamw"],
) -> list[Step]:
    """The Steps of `steps` training steps with `recipe`, in the order in which they first happen.

    Layers whose role is in `sparse` follow the recipe, the others train dense. Their order within a training
    step is forward, backward from the last layer to the first, update. Where `pattern` has a target for each
    role, those roles follow the recipe and `sparse` says nothing.
    """
    timelines = {
        role: Timeline(recipe.phases(target, steps)) for role, target in by_role(pattern, sparse).items()
    }
    dense = Timeline([Phase(face=DENSE, pattern=None, steps=steps)])
    used = [timelines[layer.role] for layer in network.layers if layer.role in timelines]
    pauses = _pauses(used)
    manner = Manner(dtype=dtype, optimizer=optimizer)
    spans = Spans(layer.name for layer in network.layers)
    for layer in network.layers:
        for part, moments in timelines.get(layer.role, dense).parts(pauses):
            for state, when in moments:
                spans.add(layer.name, part(layer, state, manner), when)
    for state, when in dense.updates(pauses):
        spans.add(OTHER, other_works(network, manner, updated=state.updated), when)
    return spans.steps()


def inference_steps(
    network: Network,
    recipe: Recipe,
    pattern: Targets | None,
    *,
    dtype: str = "bf16",
    sparse: frozenset[Role] = SPARSE_ROLES,
) -> list[Step]:
    """FWD of the trained network once, with the weights that the recipe leaves on its last step."""
    phases = {role: recipe.last_phase(target) for role, target in by_role(pattern, sparse).items()}
    dense, manner = Phase(face=DENSE, pattern=None, steps=1), Manner(dtype=dtype)
    return [
        Step(layer=layer.name, pass_=pass_, work=work)
        for layer in network.layers
        for pass_, work in forward(layer, State(phase=phases.get(layer.role, dense)), manner)
    ]


def by_role(pattern: Targets | None, sparse: Iterable[Role]) -> Mapping[Role, Target | None]:
    """The target of each role that follows the recipe: its own, or the one for all of `sparse`."""
    return pattern if isinstance(pattern, Mapping) else dict.fromkeys(sparse, pattern)


class Timeline:
    """The phases of a run, one after the other from step 0, and when each part of a training step changes."""

    def __init__(self, phases: Iterable[Phase]) -> None:
        self.placed: list[Placed] = []
        start, before = 0, None
        for phase in phases:
            self.placed.append(Placed.after(before, phase, start))
            start, before = start + phase.steps, phase.pattern

    def parts(self, pauses: tuple[Span, ...]) -> list[tuple[Part, Moments]]:
        """Each part of a training step, with the States that it differs by and when they were in force."""
        return [
            (forward, self.whole),
            (input_gradient, self.whole),
            (weight_gradient, self.gradients),
            (optimizing, self.updates(pauses)),
            (selecting, self.selections),
            (selecting_second, self.seconds),
            (pruning, self.gradients),
        ]

    @cached_property
    def whole(self) -> Moments:
        """Each phase."""
        return [(State(phase=one.phase), one.whole) for one in self.placed]

    @cached_property
    def gradients(self) -> Moments:
        """When weight gradients are as the face says, and when they are dense instead."""
        return [
            (State(phase=one.phase, dense_wgrad=dense), when)
            for one in self.placed
            for when, dense in _among(one.whole, one.dense_gradients)
        ]

    def updates(self, pauses: tuple[Span, ...]) -> Moments:
        """When the optimizer updates, and when it does not, which is at the steps of `pauses`."""
        return [
            (State(phase=one.phase, updated=not paused), when)
            for one in self.placed
            for when, paused in _among(one.whole, *pauses)
        ]

    @cached_property
    def selections(self) -> Moments:
        """When masks are selected, and how; where a selector moves masks, the first are drawn at random."""
        return [moment for one in self.placed for moment in _selections(one)]

    @cached_property
    def seconds(self) -> Moments:
        """When second masks are selected."""
        return [
            (State(phase=one.phase, second=True), when)
            for one in self.placed
            if (when := one.seconds) is not None
        ]


def _pauses(timelines: Iterable[Timeline]) -> tuple[Span, ...]:
    """The steps at which masks move and nothing is updated (Evci et al., arXiv:1911.11134, algorithm 1)."""
    found = {
        tuple(when for one in timeline.placed if (when := one.dense_gradients) is not None)
        for timeline in timelines
    }
    if len(found) > 1:
        raise InputError.of(
            "masks move by dense gradients at other steps in some layers than in others",
            "let all layers that follow the recipe have the same phases",
        )
    return next(iter(found), ())


def _among(whole: Span, *beats: Span | None) -> Iterator[tuple[Span, bool]]:
    """Consecutive steps cut by regular ones: Spans between the `beats` (False), and at them (True)."""
    start, stop = whole.first_step, whole.first_step + whole.count
    for beat in filter(None, beats):
        first = beat.first_step + -(-max(0, start - beat.first_step) // beat.period) * beat.period
        last = min(beat.last_step, first + (stop - 1 - first) // beat.period * beat.period)
        if last < first:
            continue
        if first > start:
            yield Span(first_step=start, count=first - start), False
        times = (last - first) // beat.period + 1
        yield Span(first_step=first, count=times, period=beat.period), True
        if times > 1:
            run = beat.period - 1
            between = Span(first_step=first + 1, count=(times - 1) * run, run=run, period=beat.period)
            yield between, False
        start = last + 1
    if start < stop:
        yield Span(first_step=start, count=stop - start), False


def _selections(placed: Placed) -> Iterator[tuple[State, Span]]:
    """When the masks of a phase are selected, and by which selector."""
    face, when = placed.phase.face, placed.selections
    chosen = State(phase=placed.phase, selected=face.selector)
    if when is not None and placed.fresh and SELECTORS[face.selector].moves_a_mask:
        yield replace(chosen, selected=RANDOM), Span(first_step=when.first_step)
        if when.count > 1:
            yield chosen, replace(when, first_step=when.step_of(1), count=when.count - 1)
    elif when is not None:
        yield chosen, when
    if (dense := placed.dense_gradients) is not None:
        yield replace(chosen, dense_wgrad=True, updated=False), dense
