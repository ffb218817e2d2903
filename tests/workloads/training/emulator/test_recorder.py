"""The recorder against a plain list of what every step did; going on in the middle changes nothing."""

from collections import Counter
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.gemm import Pass, Step
from simulator.pattern import Pattern
from tests.strategies import examples
from tests.workloads.training.emulator.cases import recipe
from tests.workloads.training.emulator.recorded import Run, trainer_of
from workloads.models.registry import build_model
from workloads.networks.layer import Network, Role
from workloads.tasks.teacher import Teacher
from workloads.training.emulator.parts import parts
from workloads.training.emulator.recorder import Recorder, States
from workloads.training.face import DENSE, Face, Phase
from workloads.training.flops import CONVENTIONS, ledger
from workloads.training.recipes.dynamic import RIGL_FACE
from workloads.training.recipes.fst import FST
from workloads.training.recipes.ste import STRAIGHT_THROUGH
from workloads.training.spans import OTHER
from workloads.training.unroll import training_steps
from workloads.training.works import Manner, State, layer_works, other_works

TARGETS = [Pattern(kept=2, group=4), Pattern(kept=1, group=4)]
MANNER = Manner()


@cache
def network() -> Network:
    task = Teacher(features=4, width=4, outputs=2, variant=0)
    return build_model("mlp", task.shape, width=4, depth=1, inner=8, heads=1, batch=4).network


def phase(face: Face, pattern: Pattern | None) -> Phase:
    return Phase(face=face, pattern=pattern, steps=9)


def states_of(own: State) -> States:
    """A layer of feed-forward parts has its own state, the others train dense."""
    dense = State(phase=phase(DENSE, None), updated=own.updated)
    return tuple(own if layer.role is Role.FF else dense for layer in network().layers)


KINDS: list[States] = [states_of(State(phase=phase(DENSE, None)))] + [
    states_of(state)
    for target in TARGETS
    for state in (
        State(phase=phase(STRAIGHT_THROUGH, target), selected="magnitude"),
        State(phase=phase(FST.face, target)),
        State(phase=phase(FST.face, target), selected="transposable"),
        State(phase=phase(RIGL_FACE, target)),
        State(phase=phase(RIGL_FACE, target), selected="grow_gradient", dense_wgrad=True, updated=False),
    )
]
"""What steps may do, each of them one object."""
runs = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 4)), min_size=1, max_size=12).map(
    lambda drawn: [states for states, times in drawn for _ in range(times)]
)
beats = st.tuples(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4), st.integers(1, 8)).map(
    lambda drawn: drawn[0] * drawn[1]
)


def recorded(done: list[States], *, stops: frozenset[int] = frozenset()) -> Recorder:
    """A record of the steps, begun again from its own Steps before each of `stops`."""
    recorder = Recorder(network(), MANNER)
    for step, states in enumerate(done):
        if step in stops:
            before, recorder = recorder.steps(), Recorder(network(), MANNER)
            recorder.restore(before)
        recorder.record(step, states)
    return recorder


def happened(steps: list[Step]) -> Counter[object]:
    return Counter(
        (step.when.step_of(at), step.layer, step.pass_, step.work)
        for step in steps
        for at in range(step.when.count)
    )


@given(runs | beats)
@examples(30)
def test_every_work_of_every_step_is_written_down_once(done: list[States]) -> None:
    found, right = recorded(done), Counter[object]()
    for step, states in enumerate(done):
        for layer, state in zip(network().layers, states, strict=True):
            right.update((step, layer.name, *work) for work in layer_works(layer, state, MANNER))
        updated = all(state.updated for state in states)
        right.update((step, OTHER, *work) for work in other_works(network(), MANNER, updated=updated))
    assert happened(found.steps()) == right
    for name in CONVENTIONS:
        assert found.flops[name] == ledger(found.steps(), name).total


@given(runs | beats, st.data())
@examples(60)
def test_going_on_in_the_middle_gives_the_same_steps(done: list[States], data: st.DataObject) -> None:
    stops = frozenset(data.draw(st.sets(st.integers(0, len(done) - 1), max_size=4)))
    whole, again = recorded(done), recorded(done, stops=stops)
    assert again.steps() == whole.steps()
    assert again.flops == whole.flops


@given(runs | beats)
@examples(30)
def test_looking_in_between_changes_nothing(done: list[States]) -> None:
    recorder = Recorder(network(), MANNER)
    for step, states in enumerate(done):
        recorder.record(step, states)
        recorder.steps()
    assert recorder.steps() == recorded(done).steps()


@given(runs | beats)
@examples(30)
def test_equal_states_need_not_be_one_object(done: list[States]) -> None:
    """One object for equal ones is quicker, and no more than that."""
    copies = [tuple(replace(state) for state in states) for states in done]
    assert recorded(copies).steps() == recorded(done).steps()


PERIODS = {"rigl": {"dense_wgrad_every": 7}, "set": {"select_every": 9}, "bi_mask": {"second_every": 8}}


@pytest.mark.parametrize("name", ["dense", "sr_ste", "ac_dc", "gradual", "rigl", "set", "bi_mask", "fst"])
@pytest.mark.parametrize("stop", [1, 37, 59])
def test_a_run_that_was_stopped_has_the_trace_that_shapes_tell(name: str, stop: int) -> None:
    chosen = recipe(name, dict(PERIODS.get(name, {})))
    run = Run(recipe=chosen, pattern=None if name == "dense" else "2:4", steps=60, dtype="float32")
    with parts() as running:
        trainer = trainer_of(run, running)
        recorder = Recorder(trainer.model.network, MANNER)
        for step in range(60):
            if step == stop:
                before, recorder = recorder.steps(), Recorder(trainer.model.network, MANNER)
                recorder.restore(before)
            recorder.record(step, trainer.states(trainer.advance()))
    planned = training_steps(trainer.model.network, chosen, {Role.FF: run.target}, 60)
    assert recorder.steps() == planned
    assert recorder.flops == {each: ledger(planned, each).total for each in CONVENTIONS}
    assert any(step.pass_ is Pass.UPDATE for step in planned)
