"""Normalisation, of each row or of each group of channels of an image, and its gradient.

y = gain (x - mean) scale + bias with scale = 1 / sqrt(variance + eps); Ba et al., arXiv:1607.06450; Wu and
He, arXiv:1803.08494. With g = dy gain and z = (x - mean) scale, dx = scale (g - mean(g) - z mean(g z)).
"""

import numpy as np

from simulator.kernels.compile import kernel
from workloads.kernels.reduction import row_moment, row_spread, row_sum


@kernel
def layer_norm(x, gain, bias, eps, out, mean, scale):  # type: ignore[no-untyped-def]
    """Each row of (rows, columns) normalised; `mean` and `scale` are (rows,).

    Oracle: tests/oracles/training_kernels.py.
    """
    real = x.dtype.type
    rows, columns = x.shape
    count = real(columns)
    for i in range(rows):
        centre = row_sum(x, i) / count
        factor = real(1) / np.sqrt(row_spread(x, i, centre) / count + real(eps))
        for j in range(columns):
            out[i, j] = (x[i, j] - centre) * factor * gain[j] + bias[j]
        mean[i], scale[i] = centre, factor


@kernel
def layer_norm_back(dy, x, gain, mean, scale, dx, dgain, dbias):  # type: ignore[no-untyped-def]
    """The gradients of layer_norm; `dx` is another array. Oracle: tests/oracles/training_kernels.py."""
    rows, columns = x.shape
    count = x.dtype.type(columns)
    dgain[:] = 0
    dbias[:] = 0
    for i in range(rows):
        centre, factor = mean[i], scale[i]
        for j in range(columns):
            dbias[j] += dy[i, j]
            dgain[j] += dy[i, j] * ((x[i, j] - centre) * factor)
            dx[i, j] = dy[i, j] * gain[j]
        first = row_sum(dx, i) / count
        second = row_moment(dx, x, i, centre) * factor / count
        for j in range(columns):
            dx[i, j] = factor * (dx[i, j] - first - (x[i, j] - centre) * factor * second)


@kernel
def group_norm(x, gain, bias, groups, eps, out, mean, scale):  # type: ignore[no-untyped-def]
    """(samples, positions, channels): each of `groups` equal groups of channels of a sample normalised.

    `mean` and `scale` are (samples, groups). Sums go over positions, then over the channels of a group.
    Oracle: tests/oracles/training_kernels.py.
    """
    real = x.dtype.type
    samples, positions, channels = x.shape
    count = real(positions * (channels // groups))
    centre, factor = np.empty(channels, x.dtype), np.empty(channels, x.dtype)
    for i in range(samples):
        centre[:] = 0
        for p in range(positions):
            for c in range(channels):
                centre[c] += x[i, p, c]
        share_groups(centre, groups, count)
        factor[:] = 0
        for p in range(positions):
            for c in range(channels):
                factor[c] += (x[i, p, c] - centre[c]) * (x[i, p, c] - centre[c])
        share_groups(factor, groups, count)
        for c in range(channels):
            factor[c] = real(1) / np.sqrt(factor[c] + real(eps))
        for p in range(positions):
            for c in range(channels):
                out[i, p, c] = (x[i, p, c] - centre[c]) * factor[c] * gain[c] + bias[c]
        for g in range(groups):
            mean[i, g], scale[i, g] = centre[g * (channels // groups)], factor[g * (channels // groups)]


@kernel
def group_norm_back(dy, x, gain, groups, mean, scale, dx, dgain, dbias):  # type: ignore[no-untyped-def]
    """The gradients of group_norm; `dx` is another array. Oracle: tests/oracles/training_kernels.py."""
    samples, positions, channels = x.shape
    width = channels // groups
    count = x.dtype.type(positions * width)
    centre, factor = np.empty(channels, x.dtype), np.empty(channels, x.dtype)
    first, second = np.empty(channels, x.dtype), np.empty(channels, x.dtype)
    dgain[:] = 0
    dbias[:] = 0
    for i in range(samples):
        for c in range(channels):
            centre[c], factor[c] = mean[i, c // width], scale[i, c // width]
        first[:] = 0
        second[:] = 0
        for p in range(positions):
            for c in range(channels):
                first[c] += dy[i, p, c]
                second[c] += dy[i, p, c] * ((x[i, p, c] - centre[c]) * factor[c])
        for c in range(channels):
            dbias[c] += first[c]
            dgain[c] += second[c]
            first[c] *= gain[c]
            second[c] *= gain[c]
        share_groups(first, groups, count)
        share_groups(second, groups, count)
        for p in range(positions):
            for c in range(channels):
                normal = (x[i, p, c] - centre[c]) * factor[c]
                dx[i, p, c] = factor[c] * (dy[i, p, c] * gain[c] - first[c] - normal * second[c])


@kernel
def share_groups(sums, groups, count):  # type: ignore[no-untyped-def]
    """Each channel gets the sum of its group over `count`. Oracle: tests/oracles/training_kernels.py."""
    width = sums.size // groups
    for g in range(groups):
        total = sums[g * width]
        for c in range(g * width + 1, (g + 1) * width):
            total += sums[c]
        for c in range(g * width, (g + 1) * width):
            sums[c] = total / count
