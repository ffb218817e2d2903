"""Matrix products under a mask: Y = X W^T and dX = dY W of pruned weights, dW = dY^T X where they are kept.

The dense way writes 0 where a weight is pruned and leaves the product to BLAS, whose order
of summation may change with its number of threads; there a pruned weight times NaN or infinity is NaN. The
compressed way multiplies kept weights alone: each sum starts at 0 and adds the products in the order of the
reduction, in the dtype of the values and rounded at each step, for any number of threads. NaN or infinity
reaches such a sum only through a kept weight.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.kernels import products as kernels
from simulator.kernels.threads import spread
from simulator.mask.apply import masked
from simulator.mask.dtypes import Array
from simulator.mask.layout import check_mask, check_real

LENGTH_MAX = 1 << 31  # columns are int32
LINE = 64  # bytes that the caches move as one
TOGETHER = 8  # products that one load and store of a sum serve
BLOCK = 32  # columns at least: their panel about fills the nearest cache

# Times in multiply-adds of the dense way, by `python -m benchmarks.products` in float32, with one thread and
# AVX2. They are not measured anew where this runs, so that the way, and with it the rounding, is the same on
# every machine.
KEPT_PRODUCT = 3  # it reads a value of x from a cache for each, where BLAS keeps some in registers
TURNED_VALUE = 35  # of x or of the result
COMPRESSED_WEIGHT = 60  # less what masking it takes
CALL = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compressed:
    """The kept of `rows` x `length` weights as `compress` makes it: by block of columns, row, column.

    `values` and int32 `columns` have an entry for each kept weight; row r of block b begins at
    `starts[b * rows + r]`.
    """

    rows: int
    length: int
    values: Array
    columns: NDArray[np.int32]
    starts: NDArray[np.int64]


def compress(weights: Array, mask: NDArray[np.bool_]) -> Compressed:
    """The kept of `weights`, (rows, length) in float32 or float64, under any mask; W^T serves dX = dY W.

    A block is as wide as keeps eight weights of a row on average, and exactly eight where a pattern keeps a
    power of two of 8, 16, 32 or more.
    """
    weights, mask = _check_weights(weights, mask)
    rows, length = weights.shape
    kept = int(np.count_nonzero(mask))
    block = max(BLOCK, min(length, -(-TOGETHER * weights.size // max(kept, 1))))
    values, columns = np.empty(kept + 1, weights.dtype), np.empty(kept + 1, np.int32)
    starts = np.empty(rows * -(-length // block) + 1, np.int64)
    kernels.compress(_by_rows(weights), _by_rows(mask), block, values, columns, starts)
    return Compressed(rows=rows, length=length, values=values[:-1], columns=columns[:-1], starts=starts)


def pays(*, tokens: int, rows: int, length: int, kept: int) -> bool:
    """Whether the compressed way, compression included, is the faster for (rows, length) weights."""
    products = KEPT_PRODUCT * tokens * kept + TURNED_VALUE * tokens * (rows + length)
    return products + COMPRESSED_WEIGHT * rows * length + CALL < tokens * rows * length


def multiply(x: Array, weights: Array, mask: NDArray[np.bool_]) -> Array:
    """X W^T under the mask, the faster way: (..., length) and (rows, length) give (..., rows).

    dX = dY W is multiply(dy, weights.T, mask.T). `pays` chooses by the sizes and the number of kept weights.
    """
    weights, mask = _check_weights(weights, mask)
    rows, length = weights.shape
    x = _check_x(x, length=length, dtype=weights.dtype)
    if pays(tokens=prod(x.shape[:-1]), rows=rows, length=length, kept=int(np.count_nonzero(mask))):
        return multiply_compressed(x, compress(weights, mask))
    return multiply_dense(x, weights, mask)


def multiply_dense(x: Array, weights: Array, mask: NDArray[np.bool_]) -> Array:
    """X W^T under the mask, the dense way: (..., length) and (rows, length) give (..., rows)."""
    weights, mask = _check_weights(weights, mask)
    rows, length = weights.shape
    x = _check_x(x, length=length, dtype=weights.dtype)
    # Weights are masked in the order in which they lie; BLAS takes either.
    turned = masked(weights.T, mask.T) if weights.flags.f_contiguous else masked(weights, mask).T
    with np.errstate(all="ignore"):
        product: Array = np.matmul(_flat(x), turned)
    return product.reshape(*x.shape[:-1], rows)


def multiply_compressed(x: Array, weights: Compressed) -> Array:
    """X W^T, the compressed way: (..., length) and (rows, length) give (..., rows)."""
    x = _check_x(x, length=weights.length, dtype=weights.values.dtype)
    flat = np.ascontiguousarray(_flat(x))
    out = np.empty((len(flat), weights.rows), x.dtype)

    def run(first: int, last: int) -> None:
        tokens = min(last - first, kernels.TOKENS)
        panel = _lines(weights.length, tokens, x.dtype)
        sums = _lines(min(weights.rows, kernels.ROWS), tokens, x.dtype)
        arrays = weights.values, weights.columns, weights.starts
        with np.errstate(all="ignore"):
            kernels.multiply(flat, *arrays, out, panel, sums, first, last)

    spread(run, len(flat), values=len(flat) * weights.values.size, step=LINE // x.itemsize)
    return out.reshape(*x.shape[:-1], weights.rows)


def weight_gradient(dy: Array, x: Array, mask: NDArray[np.bool_]) -> Array:
    """dY^T X where the mask keeps, else 0: (..., rows) and (..., length) give (rows, length).

    It takes the dense way, and masks the result.
    """
    dy, x = check_real(dy, what="dy"), check_real(x, what="x")
    if dy.shape[:-1] != x.shape[:-1]:
        raise InputError.of(f"dy has shape {dy.shape}", f"x has shape {x.shape}: all axes but the last agree")
    if dy.dtype != x.dtype:
        raise InputError.of(f"dy has dtype {dy.dtype}", f"x has dtype {x.dtype}")
    shape = dy.shape[-1], x.shape[-1]
    if check_mask(mask).shape != shape:
        raise InputError.of(f"the mask has shape {mask.shape}", f"dy and x give weights of shape {shape}")
    with np.errstate(all="ignore"):
        gradient: Array = np.matmul(_flat(dy).T, _flat(x))
    return masked(gradient, mask, out=gradient)


def _check_weights(weights: Array, mask: NDArray[np.bool_]) -> tuple[Array, NDArray[np.bool_]]:
    weights = check_real(weights, what="weights")
    if weights.ndim != 2:
        raise InputError.of(f"weights have shape {weights.shape}", "weights are a matrix (rows, length)")
    if weights.shape[1] >= LENGTH_MAX:
        raise InputError.of(f"weights have shape {weights.shape}", f"a length below {LENGTH_MAX}")
    return weights, check_mask(mask, shape=weights.shape)


def _check_x(x: Array, *, length: int, dtype: np.dtype[Any]) -> Array:
    x = check_real(x, what="x")
    if x.shape[-1] != length:
        raise InputError.of(
            f"x has shape {x.shape}", f"the last axis has the length of the weights, {length}"
        )
    if x.dtype != dtype:
        raise InputError.of(f"x has dtype {x.dtype}", f"the weights have dtype {dtype}")
    return x


def _flat(x: Array) -> Any:
    """`x` as (tokens, length)."""
    return x.reshape(prod(x.shape[:-1]), x.shape[-1])


def _by_rows(matrix: Array) -> Array:
    """`matrix`, C-contiguous; one that lies by columns is turned in blocks, which numpy does not do."""
    if matrix.flags.c_contiguous or not matrix.flags.f_contiguous:
        return np.ascontiguousarray(matrix)
    out = np.empty(matrix.shape, matrix.dtype)
    kernels.transpose(matrix.T, out, 0, 0, matrix.shape[1], matrix.shape[0])
    return out


def _lines(count: int, width: int, dtype: np.dtype[Any]) -> Array:
    """Scratch of `count` lines of `width` values or more, each from the start of a cache line.

    With a cache line to spare they are not a power of two apart, and so do not share few places of a cache.
    """
    line = LINE // dtype.itemsize
    wide = (-(-width // line) + 1) * line
    scratch = np.empty(count * wide + line, dtype)
    skip = -scratch.ctypes.data % LINE // dtype.itemsize
    return scratch[skip : skip + count * wide].reshape(count, wide)
