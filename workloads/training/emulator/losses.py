"""The loss of a batch in parts: sums over its targets, and the gradient of the outputs."""

import numpy as np

from workloads.kernels.loss import cross_entropy, squared_error
from workloads.models.parameters import Array
from workloads.tasks.batch import Batch
from workloads.tasks.metric import Loss, Tally
from workloads.training.emulator.parts import PARTS


def parts_of(batch: Batch) -> list[Batch]:
    """The equal parts of a batch."""
    size = len(batch.inputs) // PARTS
    return [Batch(*(array[part * size : (part + 1) * size] for array in batch)) for part in range(PARTS)]


def asked(batch: Batch, loss: Loss) -> int:
    """The targets of a batch over which its loss is a mean: classes that are asked for, or numbers."""
    return batch.targets.size if loss == "squared_error" else int(np.count_nonzero(batch.targets >= 0))


def loss_of(
    loss: Loss, outputs: Array, part: Batch, gradient: Array, *, count: int, smoothing: float
) -> Tally:
    """The sums of one part of a batch; `gradient` becomes that of the mean over `count` targets in all."""
    if loss == "squared_error":
        errors = squared_error(outputs, part.targets.astype(outputs.dtype, copy=False), 1 / count, gradient)
        squares = float(np.square(part.targets, dtype=np.float64).sum())
        return Tally(count=part.targets.size, squared_errors=errors, squared_targets=squares)
    rows = part.targets.reshape(-1)
    nats, right, entropy = cross_entropy(outputs, rows, smoothing, 1 / max(count, 1), gradient)
    return Tally(count=asked(part, loss), nats=nats, right=int(right), entropy=entropy)


def mean_loss(tally: Tally) -> float:
    """Nats a target, or the mean squared error."""
    return (tally.nats + tally.squared_errors) / tally.count
