"""Windows of images, one value at a time; of workloads/kernels/images.py."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Index = tuple[int, ...]


def places(shape: Index, window: int, stride: int, padding: int) -> Iterator[tuple[Index, Index]]:
    """Every (row, column) of the columns, and the (sample, y, x, channel) of the image that it is from."""
    samples, height, width, channels = shape
    row = 0
    for sample in range(samples):
        for top in range(-padding, height + padding - window + 1, stride):
            for left in range(-padding, width + padding - window + 1, stride):
                column = 0
                for y in range(top, top + window):
                    for x in range(left, left + window):
                        for channel in range(channels):
                            if 0 <= y < height and 0 <= x < width:
                                yield (row, column), (sample, y, x, channel)
                            column += 1
                row += 1


def windows(
    x: NDArray[np.floating], window: int, stride: int, padding: int, rows: int
) -> NDArray[np.floating]:
    """The windows as rows."""
    out = np.zeros((rows, window**2 * x.shape[3]), x.dtype)
    for to, source in places(x.shape, window, stride, padding):
        out[to] = x[source]
    return out


def images(
    columns: NDArray[np.floating], shape: Index, window: int, stride: int, padding: int
) -> NDArray[np.floating]:
    """The sums of the windows, in float64."""
    out = np.zeros(shape, np.float64)
    for source, to in places(shape, window, stride, padding):
        out[to] += columns[source]
    return out


def convolution(
    x: NDArray[np.floating],
    weight: NDArray[np.floating],
    bias: NDArray[np.floating],
    stride: int,
    padding: int,
) -> NDArray[np.floating]:
    """The convolution of images, from its definition, with a weight (outputs, kernel, kernel, inputs)."""
    side = (x.shape[1] + 2 * padding - weight.shape[1]) // stride + 1
    out = np.zeros((len(x), side, side, len(weight)))
    for sample, i, j, output in np.ndindex(out.shape):
        total = float(bias[output])
        for row, column, channel in np.ndindex(weight.shape[1:]):
            y, at = i * stride - padding + row, j * stride - padding + column
            if 0 <= y < x.shape[1] and 0 <= at < x.shape[2]:
                total += float(x[sample, y, at, channel]) * float(weight[output, row, column, channel])
        out[sample, i, j, output] = total
    return out
