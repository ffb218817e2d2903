"""Batch: what a model reads and what it should answer, the samples along the first axis of both."""

from typing import Any, NamedTuple

from numpy.typing import NDArray


class Batch(NamedTuple):
    """The inputs as the Shape of the task says, and the targets of every row of outputs.

    Targets are int64 classes, (samples, length) for tokens and pairs and (samples,) for vectors and images,
    where a negative class is not asked for; or float32 values (samples, outputs) for a regression.
    """

    inputs: NDArray[Any]
    targets: NDArray[Any]
