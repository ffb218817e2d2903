"""Laws of training: a pattern that keeps everything is dense training, to the bit."""

import numpy as np
import pytest

from tests.workloads.training.emulator.tiny import shrink, tiny
from workloads import train

KEEPS_ALL = ["ste", "sr_ste", "mdgf_linear", "mdgf_exp", "kao_mask", "transposable", "bi_mask", "slope"]
KEEPS_ALL += ["fst", "s_ste", "one_shot", "ac_dc", "static", "set", "wanda"]
"""Recipes under which 4:4 changes nothing: rigl pauses the optimizer, step freezes it."""


@pytest.mark.parametrize("name", KEEPS_ALL)
def test_four_of_four_is_dense_training(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    dense, all_kept = train(tiny("dense")), train(tiny(name, pattern="4:4"))
    assert [row["loss"] for row in all_kept.history.rows] == [row["loss"] for row in dense.history.rows]
    assert all_kept.result["value"] == dense.result["value"]
    assert all_kept.result["density"] == 1


@pytest.mark.parametrize("name", ["ste", "static", "s_ste"])
def test_what_is_pruned_is_missed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    dense, pruned = train(tiny("dense")), train(tiny(name))
    assert pruned.history.rows[0]["loss"] != dense.history.rows[0]["loss"]
    assert np.isclose(pruned.result["density"], 0.5)
