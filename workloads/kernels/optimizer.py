"""What moves the weights: the sum of the parts' gradients, AdamW and momentum. All arrays are vectors."""

import numpy as np

from simulator.kernels.compile import kernel
from workloads.kernels.reduction import square_sum

LEAST = 2.0**-126
"""A momentum below it becomes 0. Rounded, it would never die away, and such numbers slow every step down."""
STRETCH = 2048  # values that are squared while they are in the nearest cache


@kernel
def gather_gradients(first, second, out):  # type: ignore[no-untyped-def]
    """Into `out`, which may be either: first + second; the sum of its squares in float64.

    Oracle: tests/oracles/training_kernels.py.
    """
    total, row = 0.0, out.reshape(1, out.size)
    base, added = (second, first) if second.ctypes.data == out.ctypes.data else (first, second)
    for start in range(0, out.size, STRETCH):
        stop = min(start + STRETCH, out.size)
        both, one, other = out[start:stop], base[start:stop], added[start:stop]
        if base.ctypes.data != out.ctypes.data:
            for j in range(both.size):
                both[j] = one[j]
        for j in range(both.size):
            both[j] += other[j]
        total += square_sum(row, start, stop)
    return total


@kernel
def adamw(w, g, m, v, factor, rate, beta1, beta2, eps, decay, c1, c2):  # type: ignore[no-untyped-def]
    """One step of AdamW (Loshchilov and Hutter, arXiv:1711.05101) on the gradient factor g.

    w -= rate decay w; m += (1 - beta1) (factor g - m); v = beta2 v + (1 - beta2) (factor g)^2;
    w -= (rate / c1) m / (sqrt(v / c2) + eps). Oracle: tests/oracles/training_kernels.py.
    """
    real = w.dtype.type
    clip, keep, stride, tiny = real(factor), real(1 - rate * decay), real(rate / c1), real(eps)
    near1, near2, old2, correct = real(1 - beta1), real(1 - beta2), real(beta2), real(1 / c2)
    zero, least = real(0), real(LEAST)
    for j in range(w.size):
        gradient = clip * g[j]
        moved = m[j] + near1 * (gradient - m[j])
        m[j] = zero if abs(moved) < least else moved
        v[j] = old2 * v[j] + near2 * (gradient * gradient)
        w[j] = keep * w[j] - stride * m[j] / (np.sqrt(v[j] * correct) + tiny)


@kernel
def sgd(w, g, b, factor, rate, momentum, decay):  # type: ignore[no-untyped-def]
    """One step of SGD with momentum: b = momentum b + factor g + decay w; w -= rate b.

    Oracle: tests/oracles/training_kernels.py.
    """
    real = w.dtype.type
    clip, step, old, pull = real(factor), real(rate), real(momentum), real(decay)
    zero, least = real(0), real(LEAST)
    for j in range(w.size):
        moved = old * b[j] + (clip * g[j] + pull * w[j])
        b[j] = zero if abs(moved) < least else moved
        w[j] -= step * b[j]
