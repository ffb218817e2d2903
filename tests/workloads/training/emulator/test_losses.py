"""The loss in parts: sums that add up to the whole batch's, and gradients of its mean."""

import numpy as np
import pytest
from numpy.typing import NDArray

from workloads.models.parameters import Array
from workloads.tasks.batch import Batch
from workloads.tasks.metric import Loss, Tally
from workloads.training.emulator.losses import asked, loss_of, mean_loss, parts_of

RNG = np.random.default_rng(0)
OUTPUTS = RNG.standard_normal((6, 4))
CLASSES = Batch(np.zeros((6, 1)), np.array([0, 3, -1, 2, 2, -1]))
NUMBERS = Batch(np.zeros((6, 1)), RNG.standard_normal((6, 4)).astype(np.float32))


def in_parts(loss: Loss, outputs: Array, batch: Batch, smoothing: float) -> tuple[Tally, Array]:
    gradient = np.empty_like(outputs)
    tally, rows = Tally(), np.split(np.arange(len(outputs)), 2)
    for part, at in zip(parts_of(batch), rows, strict=True):
        own = np.empty((len(at), outputs.shape[1]), outputs.dtype)
        tally += loss_of(loss, outputs[at], part, own, count=asked(batch, loss), smoothing=smoothing)
        gradient[at] = own
    return tally, gradient


def log_softmax(outputs: Array) -> Array:
    shifted: Array = outputs - outputs.max(axis=1, keepdims=True)
    logs: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return logs


def mean_by_definition(
    loss: Loss, outputs: Array, targets: NDArray[np.int64] | Array, smoothing: float
) -> float:
    if loss == "squared_error":
        return float(np.mean((outputs - targets.astype(np.float64)) ** 2))
    rows = np.flatnonzero(targets >= 0)
    logs = log_softmax(outputs)
    own = [logs[row, int(targets[row])] for row in rows]
    return float(-(1 - smoothing) * np.mean(own) - smoothing * logs[rows].mean())


CASES: list[tuple[Loss, Batch, float]] = [
    ("cross_entropy", CLASSES, 0.0),
    ("cross_entropy", CLASSES, 0.25),
    ("squared_error", NUMBERS, 0.0),
]


@pytest.mark.parametrize(("loss", "batch", "smoothing"), CASES)
def test_parts_add_up_to_the_mean_of_the_batch(loss: Loss, batch: Batch, smoothing: float) -> None:
    tally, _ = in_parts(loss, OUTPUTS, batch, smoothing)
    assert mean_loss(tally) == pytest.approx(mean_by_definition(loss, OUTPUTS, batch.targets, smoothing))


@pytest.mark.parametrize(("loss", "batch", "smoothing"), CASES)
def test_gradients_are_those_of_the_mean(loss: Loss, batch: Batch, smoothing: float) -> None:
    """By central differences."""
    _, gradient = in_parts(loss, OUTPUTS, batch, smoothing)
    for at in np.ndindex(*OUTPUTS.shape):
        ends = []
        for sign in (1, -1):
            moved = OUTPUTS.copy()
            moved[at] += sign * 1e-5
            ends.append(mean_by_definition(loss, moved, batch.targets, smoothing))
        assert gradient[at] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-8)


def test_what_is_not_asked_for_counts_for_nothing() -> None:
    tally, gradient = in_parts("cross_entropy", OUTPUTS, CLASSES, 0.0)
    assert tally.count == asked(CLASSES, "cross_entropy") == 4
    assert not gradient[[2, 5]].any()
    probabilities = np.exp(log_softmax(OUTPUTS))[[0, 1, 3, 4]]
    assert tally.entropy == pytest.approx(-(probabilities * np.log(probabilities)).sum())
    assert tally.right == (OUTPUTS.argmax(axis=1) == CLASSES.targets).sum()


def test_a_batch_without_targets_has_no_gradient() -> None:
    nothing = Batch(CLASSES.inputs, np.full(6, -1))
    tally, gradient = in_parts("cross_entropy", OUTPUTS, nothing, 0.0)
    assert tally == Tally()
    assert not gradient.any()


def test_squares_of_targets_are_summed_in_float64() -> None:
    tally, _ = in_parts("squared_error", OUTPUTS, NUMBERS, 0.0)
    assert tally.count == 24
    assert tally.squared_targets == pytest.approx((NUMBERS.targets.astype(np.float64) ** 2).sum(), rel=1e-14)


def test_parts_are_equal_and_in_order() -> None:
    batch = Batch(np.arange(8).reshape(4, 2), np.arange(4))
    first, second = parts_of(batch)
    assert (first.inputs.tolist(), first.targets.tolist()) == ([[0, 1], [2, 3]], [0, 1])
    assert (second.inputs.tolist(), second.targets.tolist()) == ([[4, 5], [6, 7]], [2, 3])
