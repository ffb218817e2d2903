"""Convolution as a product of matrices: the windows of images as rows, and the way back.

Images are (samples, height, width, channels). A row of the columns is one window, ordered (row, column,
channel) of the window, so that each of its rows is a run of neighbouring values of the image. Padding is
zeros. One row of the image goes to all the windows side by side at a time: it stays in the nearest cache.
"""

from simulator.kernels.compile import kernel


@kernel
def im2col(x, window, stride, padding, out):  # type: ignore[no-untyped-def]
    """Each window of `x` as a row of `out`: (samples * places down * places across, window^2 * channels).

    Oracle: tests/oracles/images.py.
    """
    samples, height, width, channels = x.shape
    down, across = (height + 2 * padding - window) // stride + 1, (width + 2 * padding - window) // stride + 1
    run = window * channels
    pixels = x.reshape(samples * height, width * channels)
    windows = out.reshape(samples * down, across, window, run)
    for at in range(samples * down):
        sample, top = at // down, at % down * stride - padding
        for row in range(window):
            y = top + row
            line = pixels[sample * height + min(max(y, 0), height - 1)]
            for j in range(across):
                left = (j * stride - padding) * channels
                first = min(max(0, -left), run)
                last = max(min(run, width * channels - left), first)
                if y < 0 or y >= height:
                    first, last = run, run
                to = windows[at, j, row]
                inside, given = to[first:last], line[left + first : left + last]
                for k in range(last - first):
                    inside[k] = given[k]
                for k in range(first):
                    to[k] = 0
                for k in range(last, run):
                    to[k] = 0


@kernel
def col2im(columns, window, stride, padding, out):  # type: ignore[no-untyped-def]
    """The sum, for each value of an image, of what `columns` holds where `im2col` would copy it.

    Added in the order of places down, rows of the window, places across. Oracle: tests/oracles/images.py.
    """
    samples, height, width, channels = out.shape
    down, across = (height + 2 * padding - window) // stride + 1, (width + 2 * padding - window) // stride + 1
    run = window * channels
    pixels = out.reshape(samples * height, width * channels)
    windows = columns.reshape(samples * down, across, window, run)
    for at in range(samples * down):
        sample, top = at // down, at % down * stride - padding
        if at % down == 0:
            pixels[sample * height : (sample + 1) * height] = 0
        for row in range(max(0, -top), min(window, height - top)):
            line = pixels[sample * height + top + row]
            for j in range(across):
                left = (j * stride - padding) * channels
                first, last = max(0, -left), min(run, width * channels - left)
                inside, given = line[left + first : left + last], windows[at, j, row, first:last]
                for k in range(last - first):
                    inside[k] += given[k]
