"""Rows of a table by token, plus a row for each position; and the gradients of both."""

from simulator.kernels.compile import kernel


@kernel
def gather(tokens, table, positions, out):  # type: ignore[no-untyped-def]
    """out[s length + p] = table[tokens[s, p]] + positions[p].

    `tokens` is (samples, length), `table` (vocabulary, width), `positions` (length or more, width), `out`
    (samples length, width). Oracle: tests/oracles/training_kernels.py.
    """
    samples, length = tokens.shape
    for s in range(samples):
        for p in range(length):
            i, token = s * length + p, tokens[s, p]
            for j in range(table.shape[1]):
                out[i, j] = table[token, j] + positions[p, j]


@kernel
def scatter(tokens, dout, dtable, dpositions):  # type: ignore[no-untyped-def]
    """dtable[t] = the sum of dout over the places of token t, dpositions[p] = that over the samples.

    Oracle: tests/oracles/training_kernels.py.
    """
    samples, length = tokens.shape
    dtable[:] = 0
    dpositions[:] = 0
    for s in range(samples):
        for p in range(length):
            i, token = s * length + p, tokens[s, p]
            for j in range(dtable.shape[1]):
                dtable[token, j] += dout[i, j]
                dpositions[p, j] += dout[i, j]
