"""The history against masks made by hand: density, flip rate, SAD; and its CSV."""

from typing import Any

import numpy as np
import pytest

from tests.workloads.training.emulator.recorded import Run, trainer_of
from workloads.tasks.metric import Tally
from workloads.training.emulator.history import History, csv_text
from workloads.training.emulator.parts import parts
from workloads.training.emulator.trainer import Stepped, Trainer
from workloads.training.emulator.weight import Mask
from workloads.training.recipes import RECIPES

STEPPED = Stepped(tally=Tally(count=4, nats=6.0), norm=0.25, rate=0.125, updated=True, due={})
FLOPS = {"algorithmic": 5, "hardware": 7}


@pytest.fixture
def trainer() -> Trainer:
    """Two weights of (16, 8) and (8, 16), 128 values each."""
    with parts() as running:
        return trainer_of(Run(recipe=RECIPES["ste"], pattern="2:4", steps=10), running)


def mask(shape: tuple[int, ...], *kept: int) -> Mask:
    """The mask that keeps these places alone, counted along its rows."""
    made = np.zeros(shape, np.bool_)
    made.reshape(-1)[list(kept)] = True
    return made


def put(trainer: Trainer, first: Mask | None, second: Mask | None) -> None:
    for weight, each in zip(trainer.weights, (first, second), strict=True):
        weight.mask = each
    trainer.masks = {weight.name: weight.mask for weight in trainer.weights}


def test_rows_say_how_masks_moved(trainer: Trainer) -> None:
    history, (a, b) = History(), [weight.values.shape for weight in trainer.weights]
    put(trainer, mask(a, 0, 1, 2, 3), mask(b, 0))
    first = history.log(trainer, 0, STEPPED, FLOPS)
    assert first == {
        "step": 0,
        "loss": 1.5,
        "rate": 0.125,
        "norm": 0.25,
        "density": 5 / 256,
        "flip_rate": 0.0,
        "sad": 0,
        "algorithmic_flops": 5,
        "hardware_flops": 7,
    }
    history.before = trainer.masks
    put(trainer, mask(a, 0, 1, 2, 9), mask(b, 0))  # steps 1 and 2 are not logged
    history.before = trainer.masks
    put(trainer, mask(a, 0, 1, 8, 9), mask(b, 5))
    second = history.log(trainer, 2, STEPPED, FLOPS)
    assert second["sad"] == 4 + 2, "from the last row: two of one weight and one of the other moved"
    assert second["flip_rate"] == (2 + 2) / 256, "from the step before: one and one moved"
    assert [(row["weight"], row["sad"], row["flip_rate"], row["density"]) for row in history.weights[2:]] == [
        ("blocks.0.ff.1.weight", 4, 2 / 128, 4 / 128),
        ("blocks.0.ff.2.weight", 2, 2 / 128, 1 / 128),
    ]
    assert history.rows == [first, second]


def test_masks_that_come_or_go_do_not_flip(trainer: Trainer) -> None:
    history, (a, b) = History(), [weight.values.shape for weight in trainer.weights]
    put(trainer, None, mask(b, 3))
    row = history.log(trainer, 0, STEPPED, FLOPS)
    assert row["density"] == (128 + 1) / 256
    history.before = trainer.masks
    put(trainer, mask(a, 1), None)
    row = history.log(trainer, 1, STEPPED, FLOPS)
    assert (row["flip_rate"], row["sad"]) == (0.0, 0)


def test_faded_weights_are_multiplied_by() -> None:
    with parts() as running:
        trainer = trainer_of(Run(recipe=RECIPES["mdgf_linear"], pattern="2:4", steps=8), running)
        history = History()
        for step in range(8):
            history.log(trainer, step, trainer.advance(), FLOPS)
    assert [row["density"] for row in history.rows] == [1.0] * 4 + [0.5] * 4


def test_without_weights_that_follow_a_run_is_dense() -> None:
    with parts() as running:
        trainer = trainer_of(Run(recipe=RECIPES["dense"], pattern=None, steps=2), running)
    trainer.weights = []
    row = History().log(trainer, 0, STEPPED, {})
    assert (row["density"], row["flip_rate"], row["sad"]) == (1.0, 0.0, 0)


def test_csv_has_a_column_for_all_that_any_row_has() -> None:
    rows: list[dict[str, Any]] = [{"step": 0, "loss": 0.1}, {"step": 1, "loss": None, "weight": 'a,"b"'}]
    assert csv_text(rows) == 'step,loss,weight\n0,0.1,\n1,,"a,""b"""\n'
    assert float(csv_text([{"loss": 1 / 3}]).splitlines()[1]) == 1 / 3, "all digits"
    assert csv_text([]) == "\n"
