"""What training makes small, and its gradient: cross entropy and squared error.

What they return is a sum over rows in float64, row after row; what they write is in the arrays' dtype.
"""

import numpy as np

from simulator.kernels.compile import kernel
from workloads.kernels.elementary import exp, log
from workloads.kernels.reduction import row_dot, row_max, row_moment, row_sum


@kernel
def cross_entropy(logits, targets, smoothing, factor, dlogits):  # type: ignore[no-untyped-def]
    """The loss (nats), how many rows are right and their entropy (nats), summed over the rows with a target.

    `logits` and `dlogits` are two arrays (rows, classes), `targets` integers (rows,): a row whose target is
    below 0 counts for nothing, and its gradient is 0. With p = softmax(logits) the loss is
    -(1 - smoothing) log p[target] - smoothing mean(log p), and dlogits is `factor` times its gradient. A row
    is right where its target has the largest logit, of equal ones the first.
    Oracle: tests/oracles/training_kernels.py.
    """
    real = logits.dtype.type
    classes = logits.shape[1]
    spread = real(smoothing / classes)
    scaling = real(factor)
    losses, right, entropies = 0.0, 0, 0.0
    for i in range(logits.shape[0]):
        target = targets[i]
        if target < 0:
            dlogits[i] = 0
            continue
        most = row_max(logits, i, classes)
        if smoothing != 0:
            for j in range(classes):
                dlogits[i, j] = logits[i, j] - most
            losses -= smoothing / classes * np.float64(row_sum(dlogits, i))
        for j in range(classes):
            dlogits[i, j] = exp(logits[i, j] - most)
        total = np.float64(row_sum(dlogits, i))
        size, own = log(total), logits[i, target] - most
        losses += size - (1.0 - smoothing) * np.float64(own)
        entropies += size - np.float64(row_moment(dlogits, logits, i, most)) / total
        equals = 0
        for j in range(target):
            equals += logits[i, j] == most
        if own == real(0) and equals == 0:
            right += 1
        share = real(1.0 / total)
        for j in range(classes):
            dlogits[i, j] = scaling * (dlogits[i, j] * share - spread)
        dlogits[i, target] -= scaling * real(1.0 - smoothing)
    return losses, right, entropies


@kernel
def squared_error(outputs, targets, factor, doutputs):  # type: ignore[no-untyped-def]
    """The sum of (outputs - targets)^2 in float64; doutputs = factor 2 (outputs - targets).

    Oracle: tests/oracles/training_kernels.py.
    """
    scaling = outputs.dtype.type(2 * factor)
    total = 0.0
    for i in range(outputs.shape[0]):
        for j in range(outputs.shape[1]):
            doutputs[i, j] = outputs[i, j] - targets[i, j]
        total += np.float64(row_dot(doutputs, doutputs, i))
        for j in range(outputs.shape[1]):
            doutputs[i, j] *= scaling
    return total
