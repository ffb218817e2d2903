"""Runs of a few steps on a few samples, in which all periods of the recipes come round."""

from dataclasses import replace
from typing import Any

import pytest

from tests.workloads.training.emulator.cases import recipe
from workloads.tasks import teacher
from workloads.training.emulator import weight as weight_module
from workloads.training.emulator.choices import Choices
from workloads.training.recipes import RECIPES

PERIODS: dict[str, dict[str, int]] = {
    "transposable": {"select_every": 4},
    "fst": {"select_every": 4},
    "bi_mask": {"second_every": 4},
    "slope": {"second_every": 4},
    "rigl": {"dense_wgrad_every": 2},
    "set": {"select_every": 3},
}
PATTERNS: dict[str, str | None] = {
    "dense": None,
    "dst": None,
    "pfp": "50 %",
    "gradual": "30 %",
    "sdgf_geometric": "1:2",
}
"""Where it is not 2:4."""
CHOICES = Choices(
    task="teacher",
    sizes={"features": 8, "width": 8, "outputs": 4},
    width=16,
    inner=32,
    depth=1,
    heads=1,
    batch=16,
    steps=12,
    rate=0.02,
    seed=3,
)


def shrink(patch: pytest.MonkeyPatch) -> None:
    """Few samples to measure on, few permutations to try, and short periods."""
    patch.setattr(teacher, "FIXED_SAMPLES", 32)
    patch.setattr(weight_module, "PERMUTATIONS", 5)
    for name, face in PERIODS.items():
        patch.setitem(RECIPES, name, recipe(name, dict(face)))


def tiny(name: str = "sr_ste", **more: Any) -> Choices:
    """The choices of a run with the recipe `name`."""
    return replace(CHOICES, **({"recipe": name, "pattern": PATTERNS.get(name, "2:4")} | more))
