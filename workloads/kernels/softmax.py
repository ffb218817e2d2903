"""The softmax of attention scores, and its gradient, over the last axis of (matrices, queries, keys)."""

from simulator.kernels.compile import kernel
from workloads.kernels.elementary import exp
from workloads.kernels.reduction import row_dot, row_max, row_sum

HIDDEN = -1000.0
"""Its exponential is 0, in either dtype."""


@kernel
def attention_softmax(scores, factor, causal, out):  # type: ignore[no-untyped-def]
    """The softmax of factor scores; `causal` hides the keys after the query. `factor` is above 0.

    Oracle: tests/oracles/training_kernels.py.
    """
    real = scores.dtype.type
    matrices, queries, keys = scores.shape
    scaling = real(factor)
    given, rows = scores.reshape(matrices * queries, keys), out.reshape(matrices * queries, keys)
    every = out.reshape(matrices, queries * keys)
    for m in range(matrices):
        for q in range(queries):
            i = m * queries + q
            visible = min(q + 1, keys) if causal else keys
            most = row_max(given, i, visible)
            for k in range(visible):
                rows[i, k] = scaling * (given[i, k] - most)
            for k in range(visible, keys):
                rows[i, k] = real(HIDDEN)
        for j in range(queries * keys):  # one long loop: what is left over of eights costs a row dear
            every[m, j] = exp(every[m, j])
        for i in range(m * queries, (m + 1) * queries):
            share = real(1) / row_sum(rows, i)
            for k in range(keys):
                rows[i, k] *= share


@kernel
def attention_softmax_back(dout, out, factor, dscores):  # type: ignore[no-untyped-def]
    """The gradient to the scores: factor out (dout - sum of dout out along the keys).

    Oracle: tests/oracles/training_kernels.py.
    """
    real = out.dtype.type
    matrices, queries, keys = out.shape
    scaling, rows = real(factor), matrices * queries
    given, shares, results = dout.reshape(rows, keys), out.reshape(rows, keys), dscores.reshape(rows, keys)
    for i in range(rows):
        mean = row_dot(given, shares, i)
        for k in range(keys):
            results[i, k] = scaling * (shares[i, k] * (given[i, k] - mean))
