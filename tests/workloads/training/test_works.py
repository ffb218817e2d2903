"""Works: a run told step by step, without knowing the future, is the run that shapes alone give."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.gemm import Gemm, Pass, Product, Span, Step, Stream
from tests.strategies import TWO_OF_FOUR, examples
from tests.workloads.training.shaped import SHAPED
from workloads.networks.layer import Layer, Network, Role
from workloads.training.face import DENSE, Phase
from workloads.training.load import DeclaredRecipe, WrittenPhase
from workloads.training.recipe import Recipe, Window
from workloads.training.recipes import RECIPES
from workloads.training.recipes.dynamic import RIGL_FACE
from workloads.training.selectors import RANDOM, SELECTORS
from workloads.training.spans import OTHER, Spans
from workloads.training.unroll import training_steps
from workloads.training.unstructured import Target
from workloads.training.works import Manner, State, layer_works, other_works

NETWORK = Network(
    name="small",
    layers=(
        Layer(name="stem", role=Role.STEM, gemm=Gemm(m=9, n=8, k=27), input_values=100, input_gradient=False),
        Layer(name="square", role=Role.ATTENTION, gemm=Gemm(m=4, n=4, k=4), batch=2),
        Layer(name="fc", role=Role.FF, gemm=Gemm(m=6, n=8, k=12)),
        Layer(name="out", role=Role.FF, gemm=Gemm(m=6, n=12, k=8)),
    ),
    other_parameters=7,
    source="made up",
)
DENSELY = Phase(face=DENSE, pattern=None, steps=1)


def states(recipe: Recipe, steps: int) -> Iterator[tuple[State, State]]:
    """What is in force for a layer that follows the recipe, and for a dense one, at each step in turn."""
    before = None
    for phase in recipe.phases(TWO_OF_FOUR, steps):
        face, fresh = phase.face, phase.pattern != before
        for since in range(phase.steps):
            sparse = face.dense_wgrad_every
            dense = sparse is not None and since % (sparse + 1) == sparse
            due = since == 0 and fresh if face.select_every is None else since % face.select_every == 0
            first = since == 0 and fresh and SELECTORS[face.selector].moves_a_mask
            selects = phase.pattern is not None and (due or dense)
            every = face.second_every
            yield (
                State(
                    phase=phase,
                    selected=(RANDOM if first else face.selector) if selects else None,
                    second=face.second_selector is not None
                    and (since == 0 and fresh if every is None else since % every == 0),
                    dense_wgrad=dense,
                    updated=not dense,
                ),
                State(phase=DENSELY, updated=not dense),
            )
        before = phase.pattern


def told(recipe: Recipe, steps: int) -> list[Step]:
    """The Steps of a run that is told step by step."""
    spans, manner = Spans(layer.name for layer in NETWORK.layers), Manner()
    for step, (sparse, dense) in enumerate(states(recipe, steps)):
        when = Span(first_step=step)
        for layer in NETWORK.layers:
            state = sparse if layer.role is Role.FF else dense
            spans.add(layer.name, layer_works(layer, state, manner), when)
        spans.add(OTHER, other_works(NETWORK, manner, updated=dense.updated), when)
    return spans.steps()


faces: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"pattern": st.sampled_from(["target", "1:4", "4:4"])},
    optional={
        "forward": st.booleans(),
        "dgrad": st.sampled_from(["dense", "inputs", "outputs"]),
        "wgrad": st.sampled_from(["dense", "gradient", "kept"]),
        "dense_wgrad_every": st.integers(1, 7),
        "select_every": st.integers(1, 7),
        "selector": st.sampled_from(sorted(SELECTORS)),
        "second_every": st.integers(1, 7),
        "second_selector": st.sampled_from(sorted(SELECTORS)),
        "kept_state": st.booleans(),
    },
)


@st.composite
def written(draw: st.DrawFn) -> Recipe:
    """Any recipe of up to four equal windows, dense ones among them."""
    phases = []
    count = draw(st.integers(1, 4))
    for keys in draw(st.lists(faces, min_size=count, max_size=count)):
        try:
            phases.append(WrittenPhase(share=f"1/{count}", **keys))
        except ValueError:  # a face that there is not
            phases.append(WrittenPhase(share=f"1/{count}", pattern="dense"))
    sparse = [face for phase in phases if (face := phase.face()) != DENSE]
    face = sparse[-1] if sparse else DENSE
    return DeclaredRecipe(name="any", summary="", paper="", face=face, written=tuple(phases))


@given(st.sampled_from(SHAPED) | written(), st.integers(1, 150))
@examples(40)
def test_a_run_told_step_by_step_is_the_run_unrolled(recipe: Recipe | str, steps: int) -> None:
    made = RECIPES[recipe] if isinstance(recipe, str) else recipe
    assert told(made, steps) == training_steps(NETWORK, made, TWO_OF_FOUR, steps)


@pytest.mark.parametrize("name", ["rigl", "set", "bi_mask", "ac_dc"])
def test_a_longer_run_told_step_by_step_is_the_run_unrolled(name: str) -> None:
    assert told(RECIPES[name], 450) == training_steps(NETWORK, RECIPES[name], TWO_OF_FOUR, 450)


def ops(layer: Layer, state: State) -> list[str]:
    return [
        str(pass_) if isinstance(work, Product) else work.op
        for pass_, work in layer_works(layer, state, Manner())
    ]


def test_what_one_layer_computes_in_one_step() -> None:
    (phase, *_) = RECIPES["rigl"].phases(TWO_OF_FOUR, 1000)
    stem, square, fc, _ = NETWORK.layers
    plain = State(phase=phase)
    moving = State(phase=phase, selected="grow_gradient", dense_wgrad=True, updated=False)
    assert ops(fc, plain) == ["FWD", "DGRAD", "WGRAD", "adamw"]
    assert ops(fc, replace(plain, selected="random")) == ["FWD", "DGRAD", "WGRAD", "adamw", "select"]
    assert ops(fc, moving) == ["FWD", "DGRAD", "WGRAD", "select", "copy"]
    assert ops(stem, State(phase=DENSELY, updated=False)) == ["FWD", "WGRAD"]
    assert ops(square, State(phase=DENSELY)) == ["FWD", "DGRAD", "DGRAD"]
    (both,) = RECIPES["bi_mask"].phases(TWO_OF_FOUR, 10)
    chosen = State(phase=both, selected="magnitude", second=True)
    assert ops(fc, chosen)[3:] == ["adamw", "select", "select_second"]


def test_where_masks_move_unupdated_copies_are_written_anew() -> None:
    (phase, *_) = RECIPES["rigl"].phases(TWO_OF_FOUR, 1000)
    state = State(phase=phase, selected="grow_gradient", dense_wgrad=True, updated=False)
    weights, kept = 12 * 8, 6 * 8
    works = [work for _, work in layer_works(NETWORK.layers[2], state, Manner())]
    (copy,) = [work for work in works if isinstance(work, Stream) and work.op == "copy"]
    assert copy == Stream(
        op="copy",
        elements=weights,
        read_bits=kept * 32,  # the weights that are held
        write_bits=(kept + weights) * 16,  # packed for FWD, all of them for DGRAD
        metadata_read_bits=weights,
    )


def test_masks_move_at_the_same_steps_in_all_layers() -> None:
    class Uneven(Recipe):
        __slots__ = ()

        def windows(self, target: Target, steps: int) -> list[Window]:
            share = target.density
            face = replace(RIGL_FACE, dense_wgrad_every=3)
            return [Window(share=1 - share), Window(share=share, face=face, pattern=target)]

    uneven = Uneven(name="uneven", summary="", paper="", face=RIGL_FACE)
    network = replace(NETWORK, layers=(NETWORK.layers[2], replace(NETWORK.layers[3], role=Role.QKV)))
    one_of_four = replace(TWO_OF_FOUR, kept=1)
    with pytest.raises(InputError) as refused:
        training_steps(network, uneven, {Role.FF: TWO_OF_FOUR, Role.QKV: one_of_four}, 40)
    assert str(refused.value) == (
        "masks move by dense gradients at other steps in some layers than in others; "
        "let all layers that follow the recipe have the same phases"
    )
    same = training_steps(network, uneven, {Role.FF: TWO_OF_FOUR, Role.QKV: TWO_OF_FOUR}, 40)
    assert {step.layer for step in same if step.pass_ is Pass.FWD} == {"fc", "out"}
