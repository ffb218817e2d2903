"""Every kernel on small inputs, and a digest of what it wrote: `python -m tests.workloads.kernels.bits`."""

import json
import sys
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import numpy as np

from tests.workloads.kernels.near import Array, normal
from workloads.kernels import (
    activation,
    elementary,
    embed,
    images,
    loss,
    norm,
    optimizer,
    reduction,
    softmax,
)

ROWS, COLUMNS = 3, 21
Calls = dict[Callable[..., Any], tuple[Any, ...]]


class Inputs:
    """Arrays of a dtype, each shape and number with values of its own."""

    def __init__(self, dtype: type) -> None:
        self.dtype = dtype

    def new(self, seed: int, *shape: int) -> Array:
        return normal(seed, *shape or (ROWS, COLUMNS), dtype=self.dtype)

    def row(self, seed: int) -> Array:
        return self.new(seed, COLUMNS)

    def image(self, seed: int) -> Array:
        return self.new(seed, 2, 5, 12)

    def scores(self, seed: int) -> Array:
        return self.new(seed, 2, 5, 11)


def calls(dtype: type) -> Calls:
    """Each kernel and what it is called with."""
    return elementwise(Inputs(dtype)) | of_blocks(Inputs(dtype)) | of_steps(Inputs(dtype))


def elementwise(inputs: Inputs) -> Calls:
    """Functions of numbers, of rows, and of one element at a time."""
    new, row = inputs.new, inputs.row
    return {
        elementary.exp32: (np.float32(1.234),),
        elementary.exp64: (np.float64(-1.234),),
        elementary.log: (np.float64(1.234),),
        reduction.row_sum: (new(1), 2),
        reduction.row_dot: (new(1), new(2), 2),
        reduction.row_max: (new(1), 2, COLUMNS),
        reduction.row_spread: (new(1), 2, new(2)[0, 0]),
        reduction.row_moment: (new(1), new(2), 2, new(3)[0, 0]),
        reduction.square_sum: (new(1), 1, COLUMNS),
        activation.copy: (new(1), 1, new(2)),
        activation.add: (new(1), new(2), new(3)),
        activation.add_bias: (new(1), row(2)),
        activation.relu: (new(1), row(2), new(3)),
        activation.relu_back: (new(1), new(2), new(3)),
        activation.gelu: (30 * new(1), row(2), new(3), new(4)),
        activation.gelu_back: (new(2), 30 * new(1), new(3)),
        activation.sum_rows: (new(1), row(2)),
    }


def of_blocks(inputs: Inputs) -> Calls:
    """Normalisation, attention, tables and images."""
    new, row, image, scores = inputs.new, inputs.row, inputs.image, inputs.scores
    tokens = np.array([[1, 0, 2], [2, 2, 1]])
    return {
        norm.layer_norm: (new(1), row(2), row(3), 1e-5, new(4), new(5, ROWS), new(6, ROWS)),
        norm.layer_norm_back: (
            *(new(1), new(2), row(3), new(4, ROWS), new(5, ROWS)),
            *(new(6), row(8), row(9)),
        ),
        norm.share_groups: (new(1, 12), 3, inputs.dtype(7)),
        norm.group_norm: (
            *(image(1), new(2, 12), new(3, 12), 3, 1e-5),
            *(image(4), new(5, 2, 3), new(6, 2, 3)),
        ),
        norm.group_norm_back: (
            *(image(1), image(2), new(3, 12), 3, new(4, 2, 3), new(5, 2, 3)),
            *(image(6), new(8, 12), new(9, 12)),
        ),
        softmax.attention_softmax: (scores(1), 3.3, True, scores(2)),
        softmax.attention_softmax_back: (scores(1), np.abs(scores(2)), 0.3, scores(3)),
        embed.gather: (tokens, new(1), new(2), new(3, 6, COLUMNS)),
        embed.scatter: (tokens, new(3, 6, COLUMNS), new(1), new(2)),
        images.im2col: (new(1, 2, 5, 5, 3), 3, 2, 1, new(2, 18, 27)),
        images.col2im: (new(1, 18, 27), 3, 2, 1, new(2, 2, 5, 5, 3)),
    }


def of_steps(inputs: Inputs) -> Calls:
    """Losses and optimizers."""
    new, row = inputs.new, inputs.row
    targets, positive = np.array([20, -1, 0]), np.abs(row(5))
    return {
        loss.cross_entropy: (30 * new(1), targets, 0.1, 0.3, new(2)),
        loss.squared_error: (new(1), new(2), 0.3, new(3)),
        optimizer.gather_gradients: (row(1), row(2), row(3)),
        optimizer.adamw: (
            *(row(1), row(2), row(3), positive),
            *(0.3, 0.01, 0.9, 0.999, 1e-8, 0.1, 0.3, 0.2),
        ),
        optimizer.sgd: (row(1), row(2), row(3), 0.3, 0.01, 0.9, 0.1),
    }


def digests() -> dict[str, str]:
    """By the kernel's name: what it returned, and its arguments after the call."""
    found = {}
    for dtype in (np.float32, np.float64):
        for function, arguments in calls(dtype).items():
            results = [np.asarray(each, np.float64) for each in np.atleast_1d(function(*arguments) or 0)]
            written = [each for each in arguments if isinstance(each, np.ndarray)]
            content = b"".join(each.tobytes() for each in [*results, *written])
            name = getattr(function, "py_func", function).__name__
            found[f"{name} {dtype.__name__}"] = sha256(content).hexdigest()[:16]
    return found


if __name__ == "__main__":
    json.dump(digests(), sys.stdout)
