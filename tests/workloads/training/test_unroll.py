"""A whole run as Steps: every training step is covered once, in order, by few Steps."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.gemm import Gemm, Pass
from simulator.pattern import Pattern
from tests.workloads.training.vit import VIT_B16
from workloads.networks.layer import Layer, Network, Role
from workloads.training.recipes import RECIPES
from workloads.training.unroll import inference_steps, training_steps

P24 = Pattern(kept=2, group=4)
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
NAMES = st.sampled_from(sorted(RECIPES))


def happenings(steps, layer, pass_):
    """Each work of a layer in a pass with the list of training steps at which it happened."""
    return [
        (step.work, [step.when.step_of(i) for i in range(step.when.count)])
        for step in steps
        if (step.layer, step.pass_) == (layer, pass_)
    ]


def steps_of(name, steps, **options):
    return list(training_steps(SMALL, RECIPES[name], P24, steps, **options))


@given(NAMES, st.integers(1, 700))
@settings(deadline=None)
def test_every_pass_of_every_layer_happens_once_at_every_training_step(name, steps):
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
def test_the_optimizer_runs_once_at_every_training_step(name, steps):
    run = steps_of(name, steps)
    for layer in ("stem", "fc", "other_parameters"):
        updates = [when for work, when in happenings(run, layer, Pass.UPDATE) if work.op == "adamw"]
        assert sorted(t for when in updates for t in when) == list(range(steps))


@given(NAMES, st.integers(1, 700))
@settings(deadline=None)
def test_each_product_follows_the_phase_of_its_training_step(name, steps):
    masks = [phase.mask for phase in RECIPES[name].phases(P24, steps) for _ in range(phase.steps)]
    for pass_ in (Pass.FWD, Pass.DGRAD, Pass.WGRAD):
        for work, when in happenings(steps_of(name, steps), "fc", pass_):
            assert {masks[t] for t in when} == {work.mask}


@given(NAMES, st.integers(1, 700))
@settings(deadline=None)
def test_steps_come_in_the_order_in_which_they_first_happen(name, steps):
    first = [step.when.first_step for step in steps_of(name, steps)]
    assert first == sorted(first)


def test_a_training_step_goes_forward_then_backward_then_updates():
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


def selections(name, steps, op="select"):
    run = steps_of(name, steps)
    return sorted(t for work, when in happenings(run, "fc", Pass.UPDATE) if work.op == op for t in when)


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
def test_when_masks_are_selected(name, steps, expected):
    assert selections(name, steps) == expected


@pytest.mark.parametrize("name", ["slope", "bi_mask"])
def test_when_second_masks_are_selected(name):
    assert selections(name, 250, "select_second") == [0, 100, 200]


@pytest.mark.parametrize(
    ("name", "steps", "expected"), [("fst", 12, range(10)), ("s_ste", 3, range(3)), ("ste", 3, [])]
)
def test_when_gradients_are_pruned(name, steps, expected):
    assert selections(name, steps, "prune_gradient") == list(expected)


def test_rigl_has_one_dense_weight_gradient_after_each_hundred():
    products = dict(happenings(steps_of("rigl", 400), "fc", Pass.WGRAD))
    dense = [t for work, when in products.items() if work.c.pattern is None for t in when]
    assert dense == [100, 201]
    assert all(work.mask == P24 for work in products)


def test_only_the_roles_asked_for_are_sparse():
    for sparse, roles in (
        (frozenset({Role.FF}), {Role.FF}),
        (frozenset({Role.QKV, Role.PROJ}), {Role.QKV, Role.PROJ}),
    ):
        run = training_steps(VIT_B16, RECIPES["sr_ste"], P24, 2, sparse=sparse)
        masked = {step.layer for step in run if getattr(step.work, "mask", None) is not None}
        assert masked == {layer.name for layer in VIT_B16.layers if layer.role in roles}


def test_work_that_goes_on_through_phases_is_one_step():
    kao = steps_of("kao_mask", 1000)  # dense, then fading: the same products
    dense, sparse = happenings(kao, "fc", Pass.FWD)
    assert (len(dense[1]), len(sparse[1])) == (90, 910)


def test_work_that_comes_back_regularly_is_one_step():
    forward = [s.when for s in steps_of("ac_dc", 2000) if (s.layer, s.pass_) == ("fc", Pass.FWD)]
    spans = [(span.first_step, span.count, span.run, span.period) for span in forward]
    assert spans == [
        (0, 200, 1, 1),
        (200, 700, 100, 200),
        (300, 600, 100, 200),
        (1500, 200, 1, 1),
        (1700, 300, 1, 1),
    ]


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_long_run_of_a_large_network_is_a_small_trace(name):
    assert len(list(training_steps(VIT_B16, name, Pattern(kept=1, group=16), 300_000))) < 1200


def test_the_network_is_served_as_the_last_step_leaves_it():
    served = {name: list(inference_steps(SMALL, name, P24)) for name in ("sdgf_stepwise", "fst")}
    assert [str(step.pass_) for step in served["fst"]] == ["FWD"] * 3
    assert [step.work.mask for step in served["sdgf_stepwise"]] == [None, None, P24]
    assert [step.work.mask for step in served["fst"]] == [None, None, None]
    assert all(step.when.count == 1 for step in served["fst"])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"optimizer": "adam"}, "no optimizer is called `adam`; did you mean `adamw`? known: adamw, sgd"),
        (
            {"dtype": "bf17"},
            "no dtype is called `bf17`; did you mean `bf16`? "
            "known: bf16, fp16, fp32, fp64, fp8, int32, int4, int8, tf32",
        ),
        (
            {"sparse": frozenset({Role.HEAD})},
            "role head cannot be sparse; sparse roles: ff, qkv, proj, conv",
        ),
    ],
)
def test_options_that_mean_nothing_are_refused_at_once(options, text):
    with pytest.raises(InputError) as error:
        training_steps(SMALL, RECIPES["ste"], P24, 10, **options)
    assert str(error.value) == text
