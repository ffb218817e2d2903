"""A moment of a run, and its random numbers: the same again, and others for any other purpose."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from simulator.pattern import Pattern
from workloads.training.face import DENSE, Phase
from workloads.training.moment import Moment
from workloads.training.recipes.ste import STRAIGHT_THROUGH

PHASE = Phase(face=STRAIGHT_THROUGH, pattern=Pattern(kept=2, group=4), steps=50)
AT = Moment(step=20, steps=100, phase=PHASE, start=12, seed=7)


def draws(at: Moment, *names: str) -> tuple[float, ...]:
    return tuple(at.rng(*names).random(4).tolist())


def test_where_a_moment_stands() -> None:
    assert AT.since == 8
    assert AT.target == Pattern(kept=2, group=4)


def test_a_dense_phase_has_no_target() -> None:
    dense = replace(AT, phase=Phase(face=DENSE, pattern=None, steps=3))
    with pytest.raises(ValueError, match="a dense phase has no pattern"):
        _ = dense.target


def test_the_same_moment_draws_the_same_numbers() -> None:
    again = Moment(step=20, steps=100, phase=PHASE, start=12, seed=7)
    assert draws(AT, "weight", "prune") == draws(again, "weight", "prune")
    first, second = AT.rng("weight"), AT.rng("weight")
    first.random(100)
    assert second.random() == AT.rng("weight").random(), "one generator says nothing to another"


def test_how_a_run_got_here_changes_no_number() -> None:
    other = replace(AT, steps=7000, start=0, rate=0.5, phase=replace(PHASE, steps=1), beta2=0.5)
    assert draws(other, "a") == draws(AT, "a")


def test_every_seed_step_part_and_purpose_has_numbers_of_its_own() -> None:
    names = [
        ("a",),
        ("b",),
        ("a", "b"),
        ("ab",),
        ("b", "a"),
        ("a", ""),
        ("",),
        ("", "a"),
        ("a\0",),
        ("weight.1",),
    ]
    seeds = [0, 1, 2**32, 2**32 + 1, 2**63 - 1]
    places = list(product(seeds, [0, 1, 2**32 - 1], [0, 1], names))
    found = [draws(replace(AT, seed=seed, step=step, part=part), *each) for seed, step, part, each in places]
    assert len(set(found)) == len(places)


def test_streams_are_independent() -> None:
    """Of 40 streams of neighbouring steps and parts, no two correlate by more than chance, 5 / sqrt(n)."""
    streams = [
        replace(AT, step=step, part=part).rng("blocks.0.ff.1.weight", "prune").standard_normal(4000)
        for step in range(20)
        for part in (0, 1)
    ]
    correlations = np.corrcoef(streams) - np.eye(40)
    assert np.abs(correlations).max() < 5 / np.sqrt(4000)
    assert abs(np.mean(streams)) < 5 / np.sqrt(40 * 4000)
