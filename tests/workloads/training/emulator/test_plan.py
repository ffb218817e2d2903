"""A plan refuses what no run has, in the words of who chose it."""

from dataclasses import replace

import pytest

from simulator.errors import InputError
from workloads.training.emulator.plan import Plan
from workloads.training.emulator.rates import Rate
from workloads.training.recipes import RECIPES

PLAN = Plan(recipe=RECIPES["dense"], targets={}, steps=10, batch=8, rate=Rate(peak=0.1))


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("steps", 0, "steps: `0`; a whole number from 1 to 10000000"),
        ("steps", 10_000_001, "steps: `10000001`; a whole number from 1 to 10000000"),
        ("steps", 1.0, "steps: `1.0`; a whole number from 1 to 10000000"),
        ("steps", True, "steps: `true`; a whole number from 1 to 10000000"),
        ("batch", -2, "batch: `-2`; a whole number from 1 to 1048576"),
        ("batch", 1 << 21, "batch: `2097152`; a whole number from 1 to 1048576"),
        ("batch", 7, "batch: a batch of 7 has no 2 equal parts; a multiple of 2"),
        ("seed", -1, "seed: `-1`; a whole number from 0 to 2^63 - 1"),
        ("seed", 2**63, "seed: `9223372036854775808`; a whole number from 0 to 2^63 - 1"),
        ("seed", "7", "seed: `7`; a whole number from 0 to 2^63 - 1"),
        ("clip", -0.5, "clip: `-0.5`; a number from 0 to below 1e+09"),
        ("clip", float("nan"), "clip: `nan`; a number from 0 to below 1e+09"),
        ("smoothing", 1.0, "smoothing: `1.0`; a number from 0 to below 1"),
        ("smoothing", "a", "smoothing: `a`; a number from 0 to below 1"),
    ],
)
def test_what_is_no_plan(name: str, value: object, text: str) -> None:
    with pytest.raises(InputError) as refused:
        replace(PLAN, **{name: value})  # type: ignore[arg-type]
    assert str(refused.value) == text


def test_the_ends_of_every_range_are_a_plan() -> None:
    for name, value in {
        "steps": 10**7,
        "batch": 1 << 20,
        "seed": 2**63 - 1,
        "clip": 0,
        "smoothing": 0,
    }.items():
        assert getattr(replace(PLAN, **{name: value}), name) == value  # type: ignore[arg-type]
