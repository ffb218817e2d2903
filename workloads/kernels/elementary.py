"""exp and log from additions, products and quotients in a stated order: the same bits wherever they run.

Those of the C library and of numpy differ from machine to machine. These have no branches, so that a loop
over them vectorises. The coefficients are those of the Cephes library
(Moshier, netlib.org/cephes) and of fdlibm (Sun Microsystems, netlib.org/fdlibm).
"""

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from simulator.kernels.compile import kernel

ROUND32 = np.float32(2.0**23 + 2.0**22 + 127)
"""Added to n it leaves n + 127, the exponent field of 2^n, in the lowest bits."""
ROUND64 = np.float64(2.0**52 + 2.0**51 + 1023)
MOST32, MOST64 = np.float32(87), np.float64(708)
"""Where the exponential ends: it and its inverse are still normal numbers."""


def exp(x: Any) -> Any:
    """e^x in the dtype of `x`, within 1 ulp in float32 and 2 in float64; NaN stays NaN.

    Up to 87 (708 in float64): above it is e^87, below -87 it is 0. Oracle: tests/oracles/training_kernels.py.
    """
    return exp32(x) if x.dtype == np.float32 else exp64(x)


@overload(exp)
def _exp(x):  # type: ignore[no-untyped-def]
    return (lambda x: exp32(x)) if x == types.float32 else (lambda x: exp64(x))


@kernel
def exp32(x):  # type: ignore[no-untyped-def]
    """Of a float32: x = n ln 2 + r, e^x = 2^n e^r. Oracle: tests/oracles/training_kernels.py."""
    near = MOST32 if x > MOST32 else x
    near = -MOST32 if near < -MOST32 else near
    shifted = near * np.float32(1.44269504088896341) + ROUND32
    n = shifted - ROUND32
    r = (near - n * np.float32(0.693359375)) - n * np.float32(-2.12194440e-4)
    p = np.float32(1.9875691500e-4) * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    power = np.int32(np.float32(shifted).view(np.int32) << np.int32(23)).view(np.float32)
    found = (p * (r * r) + r + np.float32(1)) * power
    return np.float32(0) if x < -MOST32 else found


@kernel
def exp64(x):  # type: ignore[no-untyped-def]
    """Of a float64: x = n ln 2 + r, e^x = 2^n e^r. Oracle: tests/oracles/training_kernels.py."""
    near = MOST64 if x > MOST64 else x
    near = -MOST64 if near < -MOST64 else near
    shifted = near * 1.4426950408889634073599 + ROUND64
    n = shifted - ROUND64
    r = (near - n * 6.93145751953125e-1) - n * 1.42860682030941723212e-6
    square = r * r
    p = 1.26177193074810590878e-4 * square + 3.02994407707441961300e-2
    p = r * (p * square + 9.99999999999999999910e-1)
    q = 3.00198505138664455042e-6 * square + 2.52448340349684104192e-3
    q = (q * square + 2.27265548208155028766e-1) * square + 2.0
    power = np.int64(np.float64(shifted).view(np.int64) << np.int64(52)).view(np.float64)
    found = (1.0 + 2.0 * (p / (q - p))) * power
    return np.float64(0) if x < -MOST64 else found


@kernel
def log(x):  # type: ignore[no-untyped-def]
    """The natural logarithm of a positive normal float64 within 1 ulp; infinity and NaN stay.

    x = 2^k (1 + f), s = f / (2 + f), log(1 + f) = 2 s + s R(s^2) as in fdlibm.
    Oracle: tests/oracles/training_kernels.py.
    """
    bits = np.float64(x).view(np.int64)
    half = np.int64((bits & np.int64(0x000FFFFFFFFFFFFF)) >= np.int64(0x6A09E667F3BCD))  # above sqrt 2
    k = np.float64((bits >> np.int64(52)) - np.int64(1023) + half)
    low = bits & np.int64(0x000FFFFFFFFFFFFF)
    f = np.int64(low | ((np.int64(1023) - half) << np.int64(52))).view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1))
    odd = 2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)
    r = z * (6.666666666666735130e-1 + w * odd) + even
    half_square = 0.5 * f * f
    tail = half_square - (s * (half_square + r) + k * 1.90821492927058770002e-10)
    found = k * 6.93147180369123816490e-1 - (tail - f)
    return found if x < np.inf else x
