"""A whole run as Steps: every training step is covered once, in order, by few Steps."""

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.gemm import Gemm, Pass, Product, Step, Stream
from simulator.pattern import Pattern
from tests.strategies import TWO_OF_FOUR
from tests.workloads.training.shaped import GROUPED, PAUSING, SHAPED
from tests.workloads.training.vit import VIT_B16
from workloads.networks.layer import Layer, Network, Role
from workloads.training.recipes import RECIPES
from workloads.training.unroll import inference_steps, training_steps

SMALL = Network(
    name="small",
    layers=(
        Layer(name="stem", role=Role.STEM, gemm=Gemm(m=9, n=8, k=27), input_values=100, input_gradient=False),
        Layer(name="scores", role=Role.ATTENTION, gemm=Gemm(m=6, n=6, k=4), batch=2),
        Layer(name="fc", role=Role.FF, gemm=Gemm(m=6, n=8, k=12)),
    ),
    other_parameters=7,
    source="made up",
)
NAMES = st.sampled_from(SHAPED)


def happenings(steps: Iterable[Step], layer: str, pass_: Pass) -> list[tuple[Product | Stream, list[int]]]:
    """Each work of a layer in a pass with the list of training steps at which it happened."""
    return [
        (step.work, [step.when.step_of(i) for i in range(step.when.count)])
        for step in steps
        if (step.layer, step.pass_) == (layer, pass_)
    ]


def op_of(work: Product | Stream) -> str:
    return work.op if isinstance(work, Stream) else ""


def mask_of(work: Product | Stream) -> Pattern | None:
    return work.mask if isinstance(work, Product) else None


def steps_of(name: str, steps: int) -> list[Step]:
    return training_steps(SMALL, RECIPES[name], TWO_OF_FOUR, steps)


def selections(name: str, steps: int, op: str = "select") -> list[int]:
    run = steps_of(name, steps)
    return sorted(t for work, when in happenings(run, "fc", Pass.UPDATE) if op_of(work) == op for t in when)


@given(NAMES, st.integers(1, 700))
@settings(deadline=None)
def test_every_pass_of_every_layer_happens_once_at_every_training_step(name: str, steps: int) -> None:
    run = steps_of(name, steps)
    expected = {
        ("stem", Pass.FWD): 1,
        ("stem", Pass.WGRAD): 1,
        ("scores", Pass.FWD): 1,
        ("scores", Pass.DGRAD): 2,
        ("fc", Pass.FWD): 1,
        ("fc", Pass.DGRAD): 1,
        ("fc", Pass.WGRAD): 1,
    }
    seen = Counter((step.layer, step.pass_) for step in run if step.pass_ is not Pass.UPDATE)
    assert seen.keys() == expected.keys()
    for (layer, pass_), times in expected.items():
        when = sorted(t for _, steps_seen in happenings(run, layer, pass_) for t in steps_seen)
        assert when == sorted(list(range(steps)) * times)


@given(NAMES, st.integers(1, 700))
@settings(deadline=None)
def test_the_optimizer_runs_at_every_step_but_those_of_a_dense_gradient_of_rigl(
    name: str, steps: int
) -> None:
    # Evci et al., arXiv:1911.11134, algorithm 1: masks move, else weights are updated; here in 3/4 of the run
    paused = set(range(100, 3 * steps // 4, 101)) if name in PAUSING else set()
    run = steps_of(name, steps)
    for layer in ("stem", "fc", "other_parameters"):
        updates = [when for work, when in happenings(run, layer, Pass.UPDATE) if op_of(work) == "adamw"]
        assert sorted(t for when in updates for t in when) == sorted(set(range(steps)) - paused)
    assert selections(name, steps, "copy") == sorted(paused)


@given(st.sampled_from(GROUPED), st.integers(1, 700))
@settings(deadline=None)
def test_each_product_follows_the_phase_of_its_training_step(name: str, steps: int) -> None:
    masks = [phase.mask for phase in RECIPES[name].phases(TWO_OF_FOUR, steps) for _ in range(phase.steps)]
    for pass_ in (Pass.FWD, Pass.DGRAD, Pass.WGRAD):
        for work, when in happenings(steps_of(name, steps), "fc", pass_):
            assert {masks[t] for t in when} == {mask_of(work)}


@given(NAMES, st.integers(1, 700))
@settings(deadline=None)
def test_steps_come_in_the_order_in_which_they_first_happen(name: str, steps: int) -> None:
    first = [step.when.first_step for step in steps_of(name, steps)]
    assert first == sorted(first)


def test_a_training_step_goes_forward_then_backward_then_updates() -> None:
    names = [(step.layer, str(step.pass_)) for step in steps_of("dense", 3)]
    assert names == [
        ("stem", "FWD"),
        ("scores", "FWD"),
        ("fc", "FWD"),
        ("fc", "DGRAD"),
        ("fc", "WGRAD"),
        ("scores", "DGRAD"),
        ("scores", "DGRAD"),
        ("stem", "WGRAD"),
        ("stem", "UPDATE"),
        ("fc", "UPDATE"),
        ("other_parameters", "UPDATE"),
    ]


@pytest.mark.parametrize(
    ("name", "steps", "expected"),
    [
        ("dense", 200, []),
        ("static", 200, [0]),
        ("slope", 300, [0]),
        ("one_shot", 200, [100]),
        ("sr_ste", 5, [0, 1, 2, 3, 4]),
        ("mdgf_exp", 5, [0, 1, 2, 3, 4]),
        ("transposable", 100, [0, 40, 80]),
        ("fst", 120, [0, 40, 80]),  # the last 20 steps are dense
        ("set", 400, [0, 100, 200]),
        ("rigl", 400, [0, 100, 201]),  # once at the start, then with each dense gradient
        ("sdgf_stepwise", 20, list(range(20))),
        ("ac_dc", 100, [10, 20, 30, 40, 50, 60, 70, 85]),
        ("kao_mask", 1000, list(range(50, 1000, 5))),
    ],
)
def test_when_masks_are_selected(name: str, steps: int, expected: list[int]) -> None:
    assert selections(name, steps) == expected


@pytest.mark.parametrize("name", ["slope", "bi_mask"])
def test_when_second_masks_are_selected(name: str) -> None:
    assert selections(name, 250, "select_second") == [0, 100, 200]


@pytest.mark.parametrize(
    ("name", "steps", "expected"), [("fst", 12, range(10)), ("s_ste", 3, range(3)), ("ste", 3, [])]
)
def test_when_gradients_are_pruned(name: str, steps: int, expected: Iterable[int]) -> None:
    assert selections(name, steps, "prune_gradient") == list(expected)


def test_rigl_has_one_dense_weight_gradient_after_each_hundred() -> None:
    products = dict(happenings(steps_of("rigl", 400), "fc", Pass.WGRAD))
    dense = [
        t
        for work, when in products.items()
        if isinstance(work, Product) and work.c.pattern is None
        for t in when
    ]
    assert dense == [100, 201]
    assert all(mask_of(work) == TWO_OF_FOUR for work in products)


@pytest.mark.parametrize(
    ("name", "later", "read", "ops"), [("rigl", [100, 201], 64, 4), ("set", [100, 200], 32, 5)]
)
def test_the_first_mask_is_random_and_reads_nothing(name: str, later: list[int], read: int, ops: int) -> None:
    update = happenings(steps_of(name, 400), "fc", Pass.UPDATE)
    drawn, grown = [(work, when) for work, when in update if op_of(work) == "select"]
    weights = 8 * 12
    bits = {"metadata_write_bits": weights}
    assert drawn == (Stream(op="select", elements=weights, ops=3 * weights, **bits), [0])
    bits |= {"read_bits": read * weights, "metadata_read_bits": weights}
    assert grown == (Stream(op="select", elements=weights, ops=ops * weights, **bits), later)


@pytest.mark.parametrize("name", ["rigl", "set"])
@pytest.mark.parametrize("steps", [1, 2, 99])
def test_a_run_too_short_to_move_its_masks_draws_them_once(name: str, steps: int) -> None:
    assert selections(name, steps) == [0]


def test_only_the_roles_asked_for_are_sparse() -> None:
    for sparse, roles in (
        (frozenset({Role.FF}), {Role.FF}),
        (frozenset({Role.QKV, Role.PROJ}), {Role.QKV, Role.PROJ}),
    ):
        run = training_steps(VIT_B16, RECIPES["sr_ste"], TWO_OF_FOUR, 2, sparse=sparse)
        masked = {step.layer for step in run if mask_of(step.work) is not None}
        assert masked == {layer.name for layer in VIT_B16.layers if layer.role in roles}


def test_work_that_goes_on_through_phases_is_one_step() -> None:
    kao = steps_of("kao_mask", 1000)  # dense, then fading: the same products
    dense, sparse = happenings(kao, "fc", Pass.FWD)
    assert (len(dense[1]), len(sparse[1])) == (90, 910)


def test_work_that_comes_back_regularly_is_one_step() -> None:
    forward = [s.when for s in steps_of("ac_dc", 2000) if (s.layer, s.pass_) == ("fc", Pass.FWD)]
    spans = [(span.first_step, span.count, span.run, span.period) for span in forward]
    assert spans == [
        (0, 200, 1, 1),
        (200, 700, 100, 200),
        (300, 600, 100, 200),
        (1500, 200, 1, 1),
        (1700, 300, 1, 1),
    ]


@pytest.mark.parametrize("name", SHAPED)
def test_a_long_run_of_a_large_network_is_a_small_trace(name: str) -> None:
    assert len(training_steps(VIT_B16, RECIPES[name], Pattern(kept=1, group=16), 300_000)) < 1200


def test_the_network_is_served_as_the_last_step_leaves_it() -> None:
    served = {name: inference_steps(SMALL, RECIPES[name], TWO_OF_FOUR) for name in ("sdgf_stepwise", "fst")}
    assert [str(step.pass_) for step in served["fst"]] == ["FWD"] * 3
    assert [mask_of(step.work) for step in served["sdgf_stepwise"]] == [None, None, TWO_OF_FOUR]
    assert [mask_of(step.work) for step in served["fst"]] == [None, None, None]
    assert all(step.when.count == 1 for step in served["fst"])
