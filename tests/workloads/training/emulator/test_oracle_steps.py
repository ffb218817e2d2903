"""Every number of every step of training, of every recipe, is its oracle's."""

import pytest

from tests.workloads.training.emulator.cases import CASES, Case
from tests.workloads.training.emulator.followed import compare
from tests.workloads.training.emulator.recorded import recorded
from workloads.training.recipes import RECIPES


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_step_is_the_oracles(case: Case) -> None:
    compare(recorded(case.run), case.oracle, case.options)


ELSEWHERE = {name for name in RECIPES if name.startswith("sparse_ift")} | {
    "wanda",
    "sparsegpt",
    "adaprune",
    "pfp",
}
"""Recipes that look at the network's inputs (test_oracle_inputs), or rebuild it (test_oracle_models)."""


def test_every_recipe_has_cases_with_both_optimizers() -> None:
    found = {(case.oracle, case.run.optimizer.name) for case in CASES}
    adamw_alone = {"step"}  # it freezes Adam's variance
    wanted = {(name, "adamw") for name in RECIPES} | {(name, "sgd") for name in set(RECIPES) - adamw_alone}
    assert {each for each in wanted if each[0] not in ELSEWHERE} == found
