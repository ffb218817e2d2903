"""Choices: every refusal in its words and at its place, and what is settled where nothing is said."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulator.errors import InputError
from tests.workloads.training.emulator.tiny import CHOICES, shrink, tiny
from workloads.networks.layer import Role
from workloads.training.emulator.choices import RATES, STEPS, Choices, resolve
from workloads.training.flops import ledger
from workloads.training.recipes import RECIPES
from workloads.training.unroll import training_steps
from workloads.training.unstructured import parse_target

SHARE = "a number from 0 to below 1"


@pytest.fixture(autouse=True)
def _shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)


def refused(choices: Choices) -> str:
    with pytest.raises(InputError) as error:
        resolve(choices)
    return str(error.value)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"dtype": "bf61"}, "dtype: no dtype is called `bf61`; did you mean `bf16`? known: "),
        ({"optimizer": "adam"}, "optimizer: no optimizer is called `adam`; did you mean `adamw`? known: "),
        ({"convention": "hard"}, "convention: no convention is called `hard`; "),
        ({"longer": 0}, "longer: `0`; a whole number from 1 to 1000"),
        ({"longer": 1.5}, "longer: `1.5`; a whole number from 1 to 1000"),
        ({"probes": 1}, "probes: `1`; 0, or batches from 2 to 1000"),
        ({"recipe": "sr_st"}, "recipe: no recipe is called `sr_st`; did you mean `sr_ste`? known: "),
        ({"settings": ("strength",)}, "with: `strength` sets nothing; write KEY=VALUE"),
        ({"pattern": None}, "pattern: recipe sr_ste needs one; write the target, as in 2:4"),
        ({"pattern": "2.4"}, "pattern: `2.4` is not a pattern; write kept:group, as in 2:4, or "),
        ({"pattern": "5:4"}, "pattern: "),
        ({"pattern": "ff=2:4,ff=1:4"}, "pattern: ff has two patterns; give each role one"),
        ({"pattern": "ff=2:4,stem=1:4"}, "pattern: `stem` layers stay dense; roles that may: "),
        ({"recipe": "dense"}, "pattern: recipe dense uses none; leave it out, or choose a recipe that does"),
        ({"sparse": "fff"}, "sparse: no role of layers that may be sparse is called `fff`; did you mean "),
        ({"sparse": "head"}, "sparse: `head` layers stay dense; roles that may: "),
        ({"sparse": "qkv"}, "sparse: no layer of mlp is qkv; those that may be sparse are ff"),
        ({"pattern": "conv=2:4"}, "pattern: no layer of mlp is conv; those that may be sparse are ff"),
        ({"sizes": {"words": 3}}, "data: "),
        ({"data": "somewhere"}, "data: "),
        ({"model": "mpl"}, "model: no model is called `mpl`; did you mean `mlp`? known: "),
        ({"model": "resnet"}, "model: `resnet` reads images, and the task gives vectors; models for "),
        ({"width": 0}, "width: `0`; a whole number from 1"),
        ({"depth": -1}, "depth: `-1`; a whole number from 1"),
        ({"activation": "elu"}, "activation: `elu`; one of relu, gelu"),
        ({"steps": 0}, "steps: `0`; a whole number from 1 to 10000000"),
        ({"batch": 3}, "batch: a batch of 3 has no 2 equal parts; a multiple of 2"),
        ({"budget": "1 T"}, "budget: steps are given too; leave one of the two out"),
        ({"budget": "much", "steps": None}, "budget: `much` is no budget; write FLOPs, as in "),
        ({"budget": "10", "steps": None}, "budget: a budget of 10 pays for no step; one step takes "),
        ({"rate": -1.0}, "rate: `-1.0` is no rate; a number above 0, up to 1e6"),
        ({"schedule": "linear"}, "schedule: no schedule is called `linear`; "),
        ({"warmup": 2.0}, "warmup: `2.0` is no warmup; a share from 0 to 1"),
        ({"floor": -0.1}, "floor: `-0.1` is no floor; a share from 0 to 1"),
        ({"decay": -1.0}, "decay: `-1.0` is no decay; a number from 0 to below 1e+06"),
        ({"momentum": 1.0}, f"momentum: `1.0` is no momentum; {SHARE}"),
        ({"beta2": 1.0}, f"beta2: `1.0` is no beta2; {SHARE}"),
        ({"clip": -1.0}, "clip: `-1.0`; a number from 0 to below 1e+09"),
        ({"smoothing": 1.0}, f"smoothing: `1.0`; {SHARE}"),
        ({"seed": -1}, "seed: `-1`; a whole number from 0 to 2^63 - 1"),
        ({"recipe": "dst"}, "pattern: recipe dst finds its own density; leave the pattern out; "),
        ({"recipe": "pfp"}, "pattern: recipe pfp keeps whole channels; write a share of them, as in 50 %"),
        ({"recipe": "fst", "pattern": "30 %"}, "pattern: recipe fst needs groups, and 30% has none; "),
        (
            {"recipe": "fst", "batch": 12},
            "batch: each of 2 parts has 6 rows of blocks.0.ff.1, no whole groups of 2:4; "
            "a batch whose parts have a multiple of 4 rows",
        ),
        (
            {"recipe": "step", "optimizer": "sgd"},
            "optimizer: recipe step needs the variance of Adam; the optimizer adamw",
        ),
        (
            {"recipe": "sparse_ift_wide", "pattern": "ff=2:4,conv=1:4"},
            "pattern: recipe sparse_ift_wide needs one pattern for all layers; "
            "write the target, as in 2:4 or 25 %",
        ),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_choice(changes: dict[str, Any], text: str) -> None:
    found = refused(replace(CHOICES, **({"recipe": "sr_ste", "pattern": "2:4"} | changes)))
    assert found.startswith(text)
    assert "\n" not in found


def test_an_unknown_task_is_told_with_the_nearest() -> None:
    assert "no task is called `teacherr`; did you mean `teacher`? known: " in refused(tiny(task="teacherr"))


def test_every_role_may_have_its_own_pattern() -> None:
    found = resolve(
        Choices(
            task="stdlib_chars", recipe="ste", pattern="ff=1:8,qkv=50 %", width=16, depth=1, heads=2, batch=2
        )
    )
    assert found.plan.targets == {Role.FF: parse_target("1:8"), Role.QKV: parse_target("50 %")}
    assert found.provenance["targets"] == {"ff": "1:8", "qkv": "50%"}


def test_defaults_are_settled() -> None:
    found = resolve(Choices(task="teacher"))
    assert found.plan.steps == STEPS
    assert found.plan.rate.peak == RATES["adamw"] == 5e-3
    assert found.plan.recipe == RECIPES["dense"]
    assert found.plan.targets == {}
    assert found.model.name == "mlp"
    assert dict(found.model.network.sizes)["inner"] == 4 * 64
    assert resolve(Choices(task="teacher", optimizer="sgd")).plan.rate.peak == RATES["sgd"] == 0.1


def test_a_budget_of_dense_steps_is_more_steps_of_a_sparse_recipe() -> None:
    sparse = resolve(tiny("ste", steps=None, budget="100 dense steps"))
    dense = resolve(tiny("dense", steps=None, budget="100 dense steps"))
    assert dense.plan.steps == 100
    costs = []
    for steps in (sparse.plan.steps, sparse.plan.steps + 1):
        made = training_steps(sparse.model.network, RECIPES["ste"], parse_target("2:4"), steps)
        costs.append(ledger(made, "algorithmic").total)
    budget = ledger(training_steps(dense.model.network, RECIPES["dense"], None, 100), "algorithmic").total
    assert costs[0] <= budget < costs[1]
    hardware = resolve(tiny("ste", steps=None, budget="100 dense steps", convention="hardware"))
    assert 100 < hardware.plan.steps < sparse.plan.steps


def test_longer_multiplies_steps_and_budgets() -> None:
    assert resolve(tiny("ste", steps=7, longer=3)).plan.steps == 21
    assert resolve(tiny("dense", steps=None, budget="10 dense steps", longer=3)).plan.steps == 30


def test_provenance_has_all_that_decides_a_run() -> None:
    base = tiny("sr_ste")
    changes: dict[str, Any] = {
        "recipe": "ste",
        "pattern": "1:4",
        "settings": ("strength=1e-3",),
        "width": 8,
        "depth": 2,
        "inner": 8,
        "activation": "relu",
        "sizes": {"features": 4, "width": 8, "outputs": 4},
        "batch": 8,
        "steps": 13,
        "rate": 0.5,
        "schedule": "constant",
        "warmup": 0.1,
        "floor": 0.1,
        "optimizer": "sgd",
        "decay": 0.5,
        "momentum": 0.5,
        "beta2": 0.5,
        "clip": 2.0,
        "smoothing": 0.1,
        "seed": 9,
        "dtype": "fp16",
        "probes": 2,
    }
    found = {name: resolve(replace(base, **{name: value})).provenance for name, value in changes.items()}
    found["nothing"] = resolve(base).provenance
    texts = {repr(each) for each in found.values()}
    assert len(texts) == len(found), "each of these changes the run, so each is told"


def test_provenance_does_not_depend_on_what_else_is_loaded() -> None:
    before = resolve(tiny("ste")).provenance
    import scipy.linalg  # noqa: F401  # which brings a BLAS of its own

    assert resolve(tiny("ste")).provenance == before
    assert len(before["blas"]["libraries"]) == 1


def test_a_recipe_may_be_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "spec: 1\nname: mine\nsummary: mine\nphases:\n- {share: 100 %, pattern: target, forward: true}\n"
    )
    found = resolve(replace(CHOICES, recipe=file, pattern="2:4"))
    assert found.provenance["recipe"] == "mine"
    assert len(found.provenance["recipe_sha256"]) == 64
    assert resolve(tiny("ste")).provenance["recipe_sha256"] is None
