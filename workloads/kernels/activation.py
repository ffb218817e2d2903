"""What stands between two products: bias, activation, residual sum; and their gradients.

All arrays are (rows, columns), C-contiguous, of one float dtype.
"""

from simulator.kernels.compile import kernel
from workloads.kernels.elementary import exp

# gelu(x) = x s(2u) with u = sqrt(2 / pi) (x + 0.044715 x^3) and s the logistic function, which is
# x (1 + tanh u) / 2; Hendrycks and Gimpel, arXiv:1606.08415
SLOPE = 2 * 0.7978845608028654
CUBE = 0.044715


@kernel
def copy(x, i, out):  # type: ignore[no-untyped-def]
    """Row i of out = that of x, unless they are one array. Oracle: tests/oracles/training_kernels.py.

    A loop that reads one array and writes another is vector code only where they lie apart; one that works in
    place always is. So where two arrays may be one, rows are copied, and worked on while they are near.
    """
    if x.ctypes.data != out.ctypes.data:
        for j in range(x.shape[1]):
            out[i, j] = x[i, j]


@kernel
def add_bias(x, bias):  # type: ignore[no-untyped-def]
    """x[i, j] += bias[j]. Oracle: tests/oracles/training_kernels.py."""
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] += bias[j]


@kernel
def relu(x, bias, out):  # type: ignore[no-untyped-def]
    """Into `out`, which may be `x`: max(x + bias, 0), or NaN. Oracle: tests/oracles/training_kernels.py."""
    zero = x.dtype.type(0)
    for i in range(x.shape[0]):
        copy(x, i, out)
        for j in range(x.shape[1]):
            value = out[i, j] + bias[j]
            out[i, j] = zero if value < zero else value


@kernel
def relu_back(dy, y, dx):  # type: ignore[no-untyped-def]
    """Into `dx`, which may be `dy`: dy where y > 0, else 0. Oracle: tests/oracles/training_kernels.py."""
    zero = dy.dtype.type(0)
    for i in range(dy.shape[0]):
        copy(dy, i, dx)
        for j in range(dy.shape[1]):
            dx[i, j] = dx[i, j] if y[i, j] > zero else zero


@kernel
def gelu(x, bias, pre, out):  # type: ignore[no-untyped-def]
    """Into `pre`, which may be `x`: x + bias; into `out`: gelu of that, in its form by tanh.

    Oracle: tests/oracles/training_kernels.py.
    """
    real = x.dtype.type
    for i in range(x.shape[0]):
        copy(x, i, pre)
        for j in range(x.shape[1]):
            value = pre[i, j] + bias[j]
            pre[i, j] = value
            twice = real(SLOPE) * (value + real(CUBE) * (value * value * value))
            out[i, j] = value / (real(1) + exp(-twice))


@kernel
def gelu_back(dy, pre, dx):  # type: ignore[no-untyped-def]
    """Into `dx`, which may be `dy`: dy gelu'(pre).

    gelu'(x) = s + x s (1 - s) 2u', where 1 - s = e^-2u s, exact for every x.

    Oracle: tests/oracles/training_kernels.py.
    """
    real = dy.dtype.type
    for i in range(dy.shape[0]):
        copy(dy, i, dx)
        for j in range(dy.shape[1]):
            value = pre[i, j]
            square = value * value
            twice = real(SLOPE) * (value + real(CUBE) * (square * value))
            power = exp(-twice)
            share = real(1) / (real(1) + power)
            slope = real(SLOPE) * (real(1) + real(3 * CUBE) * square)
            dx[i, j] *= share + value * share * (power * share) * slope


@kernel
def sum_rows(dy, out):  # type: ignore[no-untyped-def]
    """out[j] = sum over i of dy[i, j], rows in fours. Oracle: tests/oracles/training_kernels.py."""
    rows, columns = dy.shape
    out[:] = 0
    for i in range(0, rows - 3, 4):
        for j in range(columns):
            out[j] += (dy[i, j] + dy[i + 1, j]) + (dy[i + 2, j] + dy[i + 3, j])
    for i in range(rows // 4 * 4, rows):
        for j in range(columns):
            out[j] += dy[i, j]


@kernel
def add(x, y, out):  # type: ignore[no-untyped-def]
    """Into `out`, which may be either: x + y. Oracle: tests/oracles/training_kernels.py."""
    first, second = (y, x) if y.ctypes.data == out.ctypes.data else (x, y)
    for i in range(out.shape[0]):
        copy(first, i, out)
        for j in range(out.shape[1]):
            out[i, j] += second[i, j]
