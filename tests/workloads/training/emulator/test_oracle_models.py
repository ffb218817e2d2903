"""Recipes in other models, whose own gradients the oracles are given: attention, convolutions, Sparse-IFT."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest

from simulator.mask import breaks
from simulator.pattern import Pattern
from tests.workloads.training.emulator.cases import Case, case
from tests.workloads.training.emulator.followed import compare
from tests.workloads.training.emulator.recorded import SGD, recorded
from workloads.networks.layer import Role
from workloads.training.recipes.sparse_ift import MASKS

ALL = (Role.FF, Role.QKV, Role.PROJ)
STRONG = {"strength": 0.1}
MODELS = [
    case("sr_ste", "2:4", settings=STRONG, options=STRONG, task="grammar", roles=ALL, steps=6),
    case("transposable", "2:4", face={"select_every": 3}, task="grammar", roles=ALL, steps=6),
    case("slope", "1:4", face={"second_every": 3}, task="grammar", steps=6),
    case("rigl", "30 %", face={"dense_wgrad_every": 2}, task="grammar", roles=ALL, steps=6),
    case("fst", "2:4", settings=STRONG, options=STRONG, task="grammar", steps=6),
    case("sr_ste", "2:4", settings=STRONG, options=STRONG, task="digits", roles=(Role.CONV,), steps=6),
    case("set", "1:4", face={"select_every": 2}, task="digits", roles=(Role.CONV,), steps=6, optimizer=SGD),
    case("s_ste", "2:4", task="digits", roles=(Role.CONV,), steps=4),
    case("dst", None, settings={"strength": 0.3}, options={"penalty": 0.3}, task="grammar", steps=6),
]


@pytest.mark.parametrize("case", MODELS, ids=lambda case: f"{case.run.task} {case}")
def test_every_step_is_the_oracles_in_other_models(case: Case) -> None:
    record = recorded(case.run)
    assert len(record.followers) > 1
    compare(record, case.oracle, case.options)


@pytest.mark.parametrize("case", [each for each in MODELS if each.oracle in ("fst", "s_ste")], ids=str)
def test_output_gradients_are_n_of_m_along_the_rows_of_each_part(case: Case) -> None:
    record = recorded(case.run)
    sparse = [taken for taken in record.taken if taken.pruned]
    assert len(sparse) >= len(record.taken) - 1
    for taken in sparse:
        for name in record.followers:
            pattern = taken.at[name].phase.pattern
            assert isinstance(pattern, Pattern)
            assert len(taken.pruned[name]) == 2
            for before, after in taken.pruned[name]:
                assert not breaks(after != 0, pattern, axis=0)
                assert not after[before == 0].any()


@contextmanager
def short_periods() -> Iterator[None]:
    """Masks that move every four steps."""
    faces = {
        "rigl": replace(MASKS["rigl"], dense_wgrad_every=3),
        "set": replace(MASKS["set"], select_every=4),
    }
    with patch.dict(MASKS, faces):
        yield


@pytest.mark.parametrize("masks", ["rigl", "set", "static"])
@pytest.mark.parametrize("member", ["wide", "parallel", "factorized", "doped"])
@pytest.mark.parametrize("pattern", ["2:4", "50 %"])
def test_sparse_ift_trains_its_sparse_weights_as_its_masks_say(member: str, masks: str, pattern: str) -> None:
    if (pattern, masks) == ("50 %", "static") and member != "wide":
        pattern = "25 %"
    chosen = case(f"sparse_ift_{member}", pattern, settings={"masks": masks}, steps=13)
    with short_periods():
        record = recorded(chosen.run)
        compare(record, masks, {})
    first, last = record.taken[0].masks, record.taken[-1].masks
    moved = [name for name in record.followers if not np.array_equal(first[name], last[name])]  # type: ignore[arg-type]
    assert bool(moved) == (masks != "static")
