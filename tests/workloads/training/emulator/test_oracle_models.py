"""Recipes in other models, whose own gradients the oracles are given: attention, convolutions, Sparse-IFT."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from simulator.mask import breaks
from simulator.pattern import Pattern
from tests.oracles.recipes_straight import Step
from tests.workloads.training.emulator.cases import SHORT, Case, case
from tests.workloads.training.emulator.followed import Followed, compare
from tests.workloads.training.emulator.recorded import SGD, recorded
from workloads.networks.layer import Role
from workloads.training.recipes.sparse_ift import MASKS

ALL = (Role.FF, Role.QKV, Role.PROJ)
STRONG = {"strength": 0.1}
DECODER: dict[str, Any] = {"task": "grammar", "model": "decoder"}
RESNET: dict[str, Any] = {"task": "digits", "model": "resnet", "width": 4}
MODELS = [
    case("sr_ste", "2:4", settings=STRONG, options=STRONG, **DECODER, roles=ALL, steps=6),
    case("transposable", "2:4", face={"select_every": 3}, **DECODER, roles=ALL, steps=6),
    case("slope", "1:4", face={"second_every": 3}, **DECODER, steps=6),
    case("rigl", "30 %", face={"dense_wgrad_every": 2}, **DECODER, roles=ALL, steps=6),
    case("fst", "2:4", settings=STRONG, options=STRONG, **DECODER, steps=6),
    case("sr_ste", "2:4", settings=STRONG, options=STRONG, **RESNET, roles=(Role.CONV,), steps=6),
    case("set", "1:4", face={"select_every": 2}, **RESNET, roles=(Role.CONV,), steps=6, optimizer=SGD),
    case("s_ste", "2:4", **RESNET, roles=(Role.CONV,), steps=4),
    case("dst", None, settings={"strength": 0.3}, options={"penalty": 0.3}, **DECODER, steps=6),
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


def stepping(epsilon: float) -> Case:
    """STEP in three roles, each with weights of its own size, so that their variances settle apart."""
    settings = {"dense": Fraction(1, 12), "latest": Fraction(2, 3)}
    optimizer = replace(SHORT, epsilon=epsilon)
    return case("step", "2:4", optimizer=optimizer, settings=settings, roles=ALL, steps=24, **DECODER)


def test_step_in_several_roles_is_the_oracles() -> None:
    compare(recorded(stepping(1e-8).run), "step", {})


@pytest.mark.parametrize("epsilon", [1e-8, 5e-5, 8e-5])
def test_step_switches_all_roles_at_once_by_the_mean_over_all_their_weights(epsilon: float) -> None:
    record = recorded(stepping(epsilon).run)
    dense = {line.phases[0].steps for line in record.trainer.lines.values()}
    assert len(dense) == 1
    followed = Followed(record, "step", {})
    for taken in record.taken[: max(dense)]:
        followed.step(taken)
    oracles = [followed.oracles[name] for name in record.followers]
    numbers = sum(oracle.weight.size for oracle in oracles)
    total = np.zeros(max(dense))
    for oracle in oracles:
        assert isinstance(oracle, Step)
        total += np.array(oracle.changes) * oracle.weight.size / numbers
    settled = [done for done in range(5, max(dense) + 1) if total[done - 5 : done].mean() < epsilon]
    assert dense == {min([*settled, 16])}


@contextmanager
def short_periods() -> Iterator[None]:
    """Masks that move every four steps."""
    with patch.dict(MASKS, {"set": replace(MASKS["set"], select_every=4)}):
        yield


@pytest.mark.parametrize("masks", ["rigl", "set", "static"])
@pytest.mark.parametrize("member", ["wide", "parallel", "factorized", "doped"])
@pytest.mark.parametrize("pattern", ["2:4", "50 %"])
def test_sparse_ift_trains_its_sparse_weights_as_its_masks_say(member: str, masks: str, pattern: str) -> None:
    face = {"dense_wgrad_every": 3}
    chosen = case(f"sparse_ift_{member}", pattern, face=face, settings={"masks": masks}, steps=13)
    with short_periods():
        record = recorded(chosen.run)
        compare(record, masks, {})
    first, last = record.taken[0].masks, record.taken[-1].masks
    same = all(np.array_equal(np.asarray(first[name]), np.asarray(last[name])) for name in record.followers)
    assert same == (masks == "static")
