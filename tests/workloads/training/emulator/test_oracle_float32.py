"""In float32, as the emulator trains, a step is the oracle's to the rounding of float32."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.workloads.training.emulator.cases import Case, case
from tests.workloads.training.emulator.followed import Followed
from tests.workloads.training.emulator.recorded import SGD, recorded

ROUNDING = float(np.finfo(np.float32).eps)
STEPS = 2
"""Of longer runs the rounding grows, and may turn a mask."""


def short(name: str, pattern: str | None, **more: Any) -> Case:
    return case(name, pattern, dtype="float32", steps=STEPS, **more)


CASES = [
    short("dense", None),
    short("ste", "2:4"),
    short("sr_ste", "1:8", settings={"strength": 0.1}, options={"strength": 0.1}),
    short(
        "mdgf_linear",
        "1:4",
        settings={"mode": "scaled", "beta": 0.3},
        options={"beta": 0.3, "gradient": "scaled"},
    ),
    short("transposable", "2:4"),
    short("bi_mask", "1:4"),
    short("slope", "2:4"),
    short("fst", "2:4"),
    short("static", "30 %"),
    short("dst", None, settings={"strength": 0.3}, options={"penalty": 0.3}),
]


@pytest.mark.parametrize("optimized", ["sgd", "adamw"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_float32_is_the_oracle_to_its_rounding(case: Case, optimized: str) -> None:
    """A step of AdamW is as large as the rate whatever the gradient, so its error is one of the rate."""
    run = replace(case.run, optimizer=SGD) if optimized == "sgd" else case.run
    record = recorded(run)
    followed = Followed(record, case.oracle, case.options)
    taken = record.taken[0]
    used = followed.step(taken, rtol=100 * ROUNDING)
    for name in record.followers:
        np.testing.assert_array_equal(taken.masks[name], used[name].mask)
        second = used[name].second
        assert (taken.seconds[name] is None) == (second is None)
        if second is not None:
            np.testing.assert_array_equal(taken.seconds[name], second)
    for name, oracle in followed.oracles.items():
        assert taken.values[name].dtype == np.float32
        largest = float(np.abs(oracle.weight).max())
        first = oracle.optimizer.b if optimized == "sgd" else oracle.optimizer.m  # type: ignore[union-attr]
        scale = float(np.abs(first).max())
        np.testing.assert_allclose(taken.moments[0][name], first, rtol=0, atol=50 * ROUNDING * scale)
        # of AdamW's step, g / |g| at first, where rounding is far below the gradient
        large = np.abs(first) > 1e-3 * scale
        errors = np.abs(taken.values[name] - oracle.weight)[large]
        assert errors.max(initial=0.0) <= 2 * ROUNDING * largest + 100 * taken.rate * ROUNDING


def test_a_few_steps_of_float32_stay_near_float64() -> None:
    for name in ("ste", "slope", "kao_structure"):
        pair = [recorded(case(name, "2:4", dtype=dtype, steps=8).run) for dtype in ("float32", "float64")]
        for one, other in zip(pair[0].taken, pair[1].taken, strict=True):
            np.testing.assert_allclose(one.norm, other.norm, rtol=1e-4)
