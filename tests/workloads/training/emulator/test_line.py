"""What is due at each step, against a plain enumeration of every step; phases that end early; going on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from simulator.pattern import Pattern
from tests.strategies import examples
from workloads.training.emulator.line import Due, Line
from workloads.training.face import DENSE, Face, Phase
from workloads.training.recipe import Recipe
from workloads.training.unroll import Timeline
from workloads.training.unstructured import Target

PATTERNS = [Pattern(kept=2, group=4), Pattern(kept=1, group=4), Pattern(kept=1, group=8)]
periods = st.none() | st.integers(1, 7)


@st.composite
def sparse_faces(draw: st.DrawFn) -> Face:
    select_every = draw(periods)
    dense_every = None if select_every is not None else draw(periods)
    face = Face(forward=True, dgrad="outputs", select_every=select_every)
    if dense_every is not None:
        face = replace(face, wgrad="kept", dense_wgrad_every=dense_every, selector="grow_gradient")
    if draw(st.booleans()):
        face = replace(face, second_selector="magnitude", second_every=draw(periods))
    return face


sparse = st.builds(Phase, face=sparse_faces(), pattern=st.sampled_from(PATTERNS), steps=st.integers(1, 20))
dense = st.builds(Phase, face=st.just(DENSE), pattern=st.none(), steps=st.integers(1, 9))
plans = st.lists(sparse | dense, min_size=1, max_size=5).map(tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned(Recipe):
    """Given phases."""

    plan: tuple[Phase, ...]

    def phases(self, target: Target | None, steps: int) -> tuple[Phase, ...]:
        return self.plan


def line_of(plan: Sequence[Phase]) -> Line:
    recipe = Planned(name="planned", summary="", paper="", plan=tuple(plan))
    return Line(recipe, PATTERNS[0], sum(phase.steps for phase in plan))


Plan = tuple[Phase, ...]


class Place(NamedTuple):
    phase: int
    start: int
    due: Due


def round_again(every: int | None, since: int, first: bool) -> bool:
    return first if every is None else since in range(0, since + 1, every)


def enumerated(plan: Sequence[Phase]) -> list[Place]:
    """Every step of every phase, with counters that a person could keep."""
    found: list[Place] = []
    before: Target | None = None
    for index, phase in enumerate(plan):
        start, face = len(found), phase.face
        brings = phase.pattern is not None and phase.pattern != before
        sparse_gradients = 0
        for since in range(phase.steps):
            first = since == 0 and brings
            dense_wgrad = face.dense_wgrad_every is not None and sparse_gradients == face.dense_wgrad_every
            sparse_gradients = 0 if dense_wgrad else sparse_gradients + 1
            select = phase.pattern is not None and round_again(face.select_every, since, first)
            second = face.second_selector is not None and round_again(face.second_every, since, first)
            due = Due(fresh=first, select=select, second=second, dense_wgrad=dense_wgrad)
            found.append(Place(phase=index, start=start, due=due))
        before = phase.pattern
    return found


@given(plans)
@examples(100)
def test_every_step_is_due_what_counting_says(plan: tuple[Phase, ...]) -> None:
    line = line_of(plan)
    for step, place in enumerate(enumerated(plan)):
        line.go_to(step)
        assert (line.index, line.start) == (place.phase, place.start)
        assert line.phase == plan[place.phase]
        assert line.due(step) == place.due


@given(plans)
@examples(100)
def test_selections_are_at_the_steps_that_shapes_tell(plan: tuple[Phase, ...]) -> None:
    """The Trace of a run that only shapes are known of is unrolled elsewhere, by other code."""
    line, timeline = line_of(plan), Timeline(plan)
    found: dict[str, set[int]] = {"select": set(), "second": set(), "dense_wgrad": set()}
    for step in range(line.steps):
        line.go_to(step)
        due = line.due(step)
        for name, steps in found.items():
            if getattr(due, name) or (name == "select" and due.dense_wgrad):
                steps.add(step)
    told = {
        "select": {at for _, when in timeline.selections for at in map(when.step_of, range(when.count))},
        "second": {at for _, when in timeline.seconds for at in map(when.step_of, range(when.count))},
        "dense_wgrad": {
            at
            for state, when in timeline.gradients
            if state.dense_wgrad
            for at in map(when.step_of, range(when.count))
        },
    }
    assert found == told


@given(plans, st.data())
@examples(100)
def test_a_phase_that_ends_early_leaves_its_time_to_the_last(plan: Plan, data: st.DataObject) -> None:
    line = line_of(plan)
    step = data.draw(st.integers(0, line.steps - 1))
    line.go_to(step)
    index, start, steps = line.index, line.start, line.steps
    line.end_phase(step)
    assert sum(phase.steps for phase in line.phases) == steps
    if index == len(plan) - 1:
        assert line.phases == list(plan), "the last one goes on"
        return
    assert line.phases[:index] == list(plan[:index])
    assert line.phases[index] == replace(plan[index], steps=step + 1 - start)
    assert line.phases[index + 1 : -1] == list(plan[index + 1 : -1])
    assert line.phase == line.phases[index], "still in force at this step"
    rest = enumerated(line.phases)
    for later in range(step + 1, steps):
        line.go_to(later)
        assert (line.index, line.start) == (rest[later].phase, rest[later].start)
        assert line.due(later) == rest[later].due


@given(plans, st.data())
@examples(100)
def test_a_restored_line_goes_on_as_if_it_had_never_stopped(plan: Plan, data: st.DataObject) -> None:
    line = line_of(plan)
    ends, step = data.draw(st.sets(st.integers(0, line.steps - 1), max_size=2)), 0
    step = data.draw(st.integers(0, line.steps - 1))
    for at in range(step + 1):
        line.go_to(at)
        if at in ends:
            line.end_phase(at)
    other = line_of(plan)
    other.restore(line.saved(), step)
    assert (other.index, other.start, other.phases) == (line.index, line.start, line.phases)
    for at in range(step + 1, line.steps):
        line.go_to(at)
        other.go_to(at)
        assert other.due(at) == line.due(at)
