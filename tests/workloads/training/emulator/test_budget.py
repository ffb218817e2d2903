"""Iso-FLOPs: the most steps that a budget pays for, and how a budget is written."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.pattern import Pattern
from tests.strategies import examples
from workloads.models.registry import build_model
from workloads.networks.layer import Network
from workloads.tasks.teacher import Teacher
from workloads.training.emulator.budget import flops_of, parse_budget, steps_within
from workloads.training.flops import CONVENTIONS
from workloads.training.recipes import RECIPES

TARGET = Pattern(kept=2, group=4)
NAMES = ["sr_ste", "mdgf_exp", "sdgf_stepwise", "fst", "one_shot", "set", "static"]


@cache
def network() -> Network:
    shape = Teacher(features=4, width=4, outputs=2, variant=0).shape
    return build_model("mlp", shape, width=8, depth=1, inner=16, heads=1, batch=4).network


def target_of(name: str) -> Pattern | None:
    return None if name == "dense" else TARGET


@given(st.sampled_from(["dense", *NAMES]), st.sampled_from(list(CONVENTIONS)), st.integers(1, 400))
@examples(40)
def test_the_steps_within_a_budget_fit_and_one_more_does_not(name: str, convention: str, dense: int) -> None:
    recipe, target = RECIPES[name], target_of(name)
    budget = dense * flops_of(network(), RECIPES["dense"], None, 1, "algorithmic") + dense % 7
    steps = steps_within(budget, network(), recipe, target, convention=convention, most=10_000)
    assert flops_of(network(), recipe, target, steps, convention) <= budget
    assert flops_of(network(), recipe, target, steps + 1, convention) > budget
    if name == "dense":
        assert steps == dense
    else:
        assert steps >= dense


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [1, 2, 17, 250])
def test_the_flops_of_a_run_pay_for_that_run(name: str, steps: int) -> None:
    recipe = RECIPES[name]
    budget = flops_of(network(), recipe, TARGET, steps, "hardware")
    found = steps_within(budget, network(), recipe, TARGET, convention="hardware", most=10_000)
    assert found >= steps
    assert flops_of(network(), recipe, TARGET, found + 1, "hardware") > budget


@pytest.mark.parametrize("most", [1, 2, 3, 100, 129])
def test_a_budget_for_more_steps_than_a_run_may_have_is_refused(most: int) -> None:
    with pytest.raises(InputError) as refused:
        steps_within(10**15, network(), RECIPES["ste"], TARGET, convention="algorithmic", most=most)
    what = f"budget: a budget of {10**15} pays for more than {most} steps"
    assert str(refused.value) == f"{what}; a run has at most {most} steps"


def test_half_of_the_weights_buys_as_many_more_steps_as_the_ledger_says() -> None:
    """Feed-forward layers cost 2 of 3, all others the same, so that steps grow by less than 3/2."""
    dense = flops_of(network(), RECIPES["dense"], None, 300, "algorithmic")
    found = steps_within(dense, network(), RECIPES["ste"], TARGET, convention="algorithmic", most=10**6)
    once = flops_of(network(), RECIPES["ste"], TARGET, 1, "algorithmic")
    assert found == dense // once
    assert 300 < found < 450


@pytest.mark.parametrize(
    ("text", "flops"),
    [
        ("1000", 1000),
        ("1e15", 10**15),
        ("2.5 PFLOP", 25 * 10**14),
        ("2.5PFLOPs", 25 * 10**14),
        ("7 GFLOP", 7 * 10**9),
        ("0.3 T", 3 * 10**11),
        ("1.1 ZFLOP", 11 * 10**20),
        ("123456789012345678901", 123456789012345678901),
        ("9.007199254740993 PFLOP", 2**53 + 1),
    ],
)
def test_a_budget_is_exactly_what_it_says(text: str, flops: int) -> None:
    assert parse_budget(text, network()) == flops


def test_dense_steps_are_those_of_the_network() -> None:
    once = sum(2 * 3 * layer.gemm.m * layer.gemm.n * layer.gemm.k for layer in network().layers)
    stem = next(layer.gemm for layer in network().layers if not layer.input_gradient)
    once -= 2 * stem.m * stem.n * stem.k
    assert parse_budget("1 dense step", network()) == once
    assert parse_budget("250 dense steps", network()) == 250 * once


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0.0 GFLOP",
        "-1",
        "1e",
        "1e100",
        "ten",
        "1 XFLOP",
        "inf",
        "nan",
        "0 dense steps",
        "1,5 G",
        "9" * 400,
    ],
)
def test_what_is_no_budget(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_budget(text, network())
    (problem,) = refused.value.problems
    assert problem.where == "budget"
    assert problem.what.endswith("is no budget")
    assert problem.right == "write FLOPs, as in `2.5 PFLOP` or `1e15`, or `1000 dense steps`"


def test_a_budget_below_one_step() -> None:
    once = flops_of(network(), RECIPES["ste"], TARGET, 1, "hardware")
    with pytest.raises(InputError) as refused:
        steps_within(once - 1, network(), RECIPES["ste"], TARGET, convention="hardware", most=10)
    assert str(refused.value) == f"budget: a budget of {once - 1} pays for no step; one step takes {once}"


def test_an_unknown_convention() -> None:
    with pytest.raises(InputError) as refused:
        steps_within(10, network(), RECIPES["ste"], TARGET, convention="hardwar", most=10)
    assert str(refused.value) == (
        "convention: no convention is called `hardwar`; did you mean `hardware`? "
        "known: algorithmic, all_sparse, hardware"
    )
