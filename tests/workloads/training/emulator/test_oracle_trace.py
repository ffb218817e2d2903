"""The products that training performed are those that shapes tell, and cost what the closed form says."""

from dataclasses import replace
from fractions import Fraction
from functools import cache

import pytest

from simulator.errors import InputError
from simulator.gemm import Pass
from tests.workloads.training.emulator.cases import recipe
from tests.workloads.training.emulator.recorded import Run, recorded, trainer_of
from workloads.networks.layer import Network, Role
from workloads.training.emulator.choices import Choices, resolve
from workloads.training.emulator.optimizers import Settings
from workloads.training.emulator.parts import parts
from workloads.training.emulator.recorder import Recorder
from workloads.training.emulator.train import train
from workloads.training.face import Phase
from workloads.training.flops import CONVENTIONS, ledger, train_flops
from workloads.training.recipe import Recipe
from workloads.training.recipes import RECIPES
from workloads.training.unroll import training_steps
from workloads.training.upkeep import OPTIMIZERS
from workloads.training.works import Manner

UNKNOWN = {"dst", "step", "pfp"}
"""What shapes cannot tell: the density that training finds or draws, and when a variance settles."""
REBUILT = {name for name, each in RECIPES.items() if name.startswith("sparse_ift")}
"""Their models are not the one of these tests."""

SHORT: dict[str, dict[str, int]] = {
    "transposable": {"select_every": 7},
    "fst": {"select_every": 7},
    "bi_mask": {"second_every": 7},
    "slope": {"second_every": 7},
    "rigl": {"dense_wgrad_every": 7},
    "set": {"select_every": 7},
}


def short(name: str) -> Recipe:
    """The recipe with periods that come round in a short run."""
    return recipe(name, dict(SHORT.get(name, {})))


@cache
def works(run: Run) -> tuple[Recorder, list[Phase]]:
    """The record of a run, and the phases of its feed-forward weights."""
    manner = Manner(optimizer=OPTIMIZERS[run.optimizer.name])
    with parts() as running:
        trainer = trainer_of(run, running)
        recorder = Recorder(trainer.model.network, manner)
        for step in range(run.steps):
            recorder.record(step, trainer.states(trainer.advance()))
        return recorder, list(trainer.lines[Role.FF].phases)


def planned(network: Network, run: Run) -> list[object]:
    targets = {Role.FF: run.target}
    optimizer = OPTIMIZERS[run.optimizer.name]
    return list(training_steps(network, run.recipe, targets, run.steps, optimizer=optimizer))


def runs_of(name: str) -> list[Run]:
    """Runs of one step, of a few, and of as many as show every period, with an odd number too."""
    patterns = [None] if name == "dense" else ["2:4", "30 %"]
    found = []
    for pattern in patterns:
        for steps in (1, 2, 9, 61):
            run = Run(recipe=short(name), pattern=pattern, steps=steps, dtype="float32")
            try:
                run.recipe.phases(run.target, steps)
            except InputError:
                assert pattern == "30 %", "a recipe trains with N:M, or says why not"
                continue
            found.append(run)
    return found


CHANNELS = Run(recipe=recipe("pfp", mode="top"), pattern="25 %", steps=9, dtype="float32")
KNOWN = [CHANNELS, *(run for name in RECIPES if name not in UNKNOWN | REBUILT for run in runs_of(name))]


def label(run: Run) -> str:
    return f"{run.recipe.name} {run.pattern} {run.steps}"


@pytest.mark.parametrize("run", KNOWN, ids=label)
def test_a_trained_trace_is_the_one_that_shapes_tell(run: Run) -> None:
    recorder, _ = works(run)
    assert recorder.steps() == planned(recorder.network, run)


@pytest.mark.parametrize("name", ["sr_ste", "rigl", "static"])
def test_sgd_has_a_trace_of_its_own(name: str) -> None:
    run = Run(recipe=short(name), pattern="2:4", steps=20, optimizer=Settings(name="sgd"), dtype="float32")
    recorder, _ = works(run)
    assert recorder.steps() == planned(recorder.network, run)
    assert recorder.steps() != planned(recorder.network, replace(run, optimizer=Settings()))


@pytest.mark.parametrize("run", KNOWN, ids=label)
def test_flops_are_those_of_the_trace(run: Run) -> None:
    recorder, _ = works(run)
    for convention in CONVENTIONS:
        assert recorder.flops[convention] == ledger(recorder.steps(), convention).total


def forward_flops(network: Network, *, sparse: bool) -> int:
    """2 m n k of the layers that follow the recipe, or of the others."""
    gemms = [layer.gemm for layer in network.layers if (layer.role is Role.FF) == sparse]
    return sum(2 * gemm.m * gemm.n * gemm.k for gemm in gemms)


def closed_form(network: Network, phases: list[Phase], convention: str) -> Fraction:
    """`train_flops`, less the gradient of the input that is data: its layer, the stem, has no DGRAD."""
    stem = next(layer for layer in network.layers if layer.role is Role.STEM).gemm
    steps = sum(phase.steps for phase in phases)
    sparse, dense = (forward_flops(network, sparse=each) for each in (True, False))
    return train_flops(sparse, dense, phases, convention) - 2 * stem.m * stem.n * stem.k * steps


WHOLE = [
    Run(recipe=short(name), pattern=pattern, steps=64, dtype="float32", batch=16)
    for name in RECIPES
    if name not in {"dst", "pfp", "rigl"} | REBUILT
    for pattern in (["2:4", "1:8"] if name != "dense" else [None])
]


@pytest.mark.parametrize("run", WHOLE, ids=label)
def test_flops_are_the_closed_form_where_groups_are_whole(run: Run) -> None:
    if run.recipe.name == "sdgf_geometric":  # starts from groups of eight times the target's
        run = replace(run, width=64, inner=64)
    recorder, phases = works(run)
    for convention in CONVENTIONS:
        assert recorder.flops[convention] == closed_form(recorder.network, phases, convention), convention


def test_flops_of_rigl_are_the_closed_form_over_whole_periods() -> None:
    run = Run(recipe=short("rigl"), pattern="2:4", steps=64, dtype="float32")  # 48 steps of 6 periods of 8
    recorder, phases = works(run)
    assert [phase.steps for phase in phases] == [48, 16]
    for convention in ("algorithmic", "hardware"):
        assert recorder.flops[convention] == closed_form(recorder.network, phases, convention)


def test_half_of_the_weights_is_half_of_their_products_by_hand() -> None:
    """Table 2.1: per step 3 dense, 2 for STE by the letter, 2.5 on N:M hardware, 1.5 all sparse; FST 1.5."""
    expected = {
        ("dense", "algorithmic"): 3.0,
        ("ste", "algorithmic"): 2.0,
        ("ste", "hardware"): 2.5,
        ("ste", "all_sparse"): 1.5,
        ("transposable", "hardware"): 2.0,
        ("bi_mask", "hardware"): 2.0,
        ("slope", "hardware"): 2.0,
        ("s_ste", "hardware"): 2.0,
        ("static", "algorithmic"): 1.5,
    }
    for (name, convention), passes in expected.items():
        pattern = None if name == "dense" else "2:4"
        recorder, _ = works(Run(recipe=RECIPES[name], pattern=pattern, steps=3, dtype="float32"))
        network = recorder.network
        steps = [step for step in recorder.steps() if ".ff." in step.layer and step.pass_ is not Pass.UPDATE]
        found = ledger(steps, convention).total / 3 / forward_flops(network, sparse=True)
        assert found == passes, (name, convention)
    fst, phases = works(Run(recipe=RECIPES["fst"], pattern="2:4", steps=6, dtype="float32"))
    steps = [step for step in fst.steps() if ".ff." in step.layer and step.pass_ is not Pass.UPDATE]
    assert ledger(steps, "hardware").total / forward_flops(fst.network, sparse=True) == 5 * 1.5 + 3
    assert [phase.steps for phase in phases] == [5, 1]


@pytest.mark.parametrize(("mode", "pattern"), [("rand", "50 %"), ("top", "30 %"), ("rand", "25 %")])
def test_the_trace_has_as_many_channels_as_were_kept(mode: str, pattern: str) -> None:
    chosen = recipe("pfp", mode=mode)
    record = recorded(Run(recipe=chosen, pattern=pattern, steps=2, batch=64))
    recorder, _ = works(record.run)
    for name in record.followers:
        mask = record.served_masks[name]
        assert mask is not None
        assert (mask == mask[:1]).all(), "whole channels"
        layer = name.removesuffix(".weight")
        last = [s for s in recorder.steps() if s.layer == layer and s.pass_ is Pass.FWD][-1]
        assert 64 * int(mask.sum()) * 2 == ledger([last], "algorithmic").total


@pytest.mark.parametrize("name", ["sr_ste", "mdgf_exp", "wanda", "dst"])
def test_a_whole_run_says_what_its_trace_costs(name: str) -> None:
    choices = Choices(
        task="teacher",
        recipe=name,
        pattern=None if name in UNKNOWN else "2:4",
        sizes={"features": 6, "width": 8, "outputs": 3},
        steps=7,
        batch=512,
        width=8,
        inner=16,
        depth=1,
    )
    trained, resolved = train(choices), resolve(choices)
    for convention in CONVENTIONS:
        assert trained.result[f"{convention}_flops"] == ledger(trained.trace.steps, convention).total
        assert trained.history.rows[-1][f"{convention}_flops"] == trained.result[f"{convention}_flops"]
    if name not in UNKNOWN:
        expected = training_steps(resolved.model.network, resolved.plan.recipe, resolved.plan.targets, 7)
        assert trained.trace.steps == tuple(expected)
    assert trained.trace.complete


def test_what_shapes_cannot_tell_is_in_the_trace_all_the_same() -> None:
    dst, _ = works(Run(recipe=recipe("dst", strength=0.3), pattern=None, steps=20, dtype="float32"))
    forward = [s for s in dst.steps() if s.pass_ is Pass.FWD and s.layer.endswith(".ff.1")]
    assert sum(step.when.count for step in forward) == 20
    assert len({str(step.work) for step in forward}) > 5, "as many densities as masks"
    assert ledger(forward, "algorithmic").total < ledger(forward, "hardware").total
    step, phases = works(Run(recipe=RECIPES["step"], pattern="2:4", steps=20, dtype="float32"))
    same = recipe("step", dense=Fraction(phases[0].steps, 20))
    run = Run(recipe=same, pattern="2:4", steps=20)
    assert step.steps() == planned(step.network, run)
