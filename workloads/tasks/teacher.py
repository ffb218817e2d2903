"""Teacher: regression to a random network that is wider than its student, so that width is what counts."""

import numpy as np
from numpy.typing import NDArray

from workloads.tasks.batch import Batch
from workloads.tasks.digest import digest_of
from workloads.tasks.metric import UNEXPLAINED_VARIANCE
from workloads.tasks.setting import VARIANT, Setting
from workloads.tasks.shape import Shape
from workloads.tasks.task import FIXED_SAMPLES, Task

_HELD_OUT, _TRAINED = 1, 2
Floats = NDArray[np.float64]


def relu_moments(weights: Floats) -> tuple[Floats, Floats]:
    """Mean (units,) and covariance (units, units) of relu(W x) for standard normal x, exactly.

    E relu(a) = |w| / sqrt(2 pi); E relu(a) relu(b) = |w||v| (sin t + (pi - t) cos t) / (2 pi), t the angle
    between w and v (Cho and Saul 2009, the arc-cosine kernel of order 1).
    """
    lengths = np.sqrt((weights**2).sum(axis=1))
    mean = lengths / np.sqrt(2 * np.pi)
    cosine = np.clip(weights @ weights.T / np.outer(lengths, lengths), -1, 1)
    angle = np.arccos(cosine)
    second = np.outer(lengths, lengths) * (np.sin(angle) + (np.pi - angle) * cosine) / (2 * np.pi)
    return mean, second - np.outer(mean, mean)


class Teacher(Task):
    """Targets V relu(W x) - c of standard normal x, without noise; each has mean 0 and variance 1, exactly.

    So the sum of squared targets is that of squared centred ones. Samples are fresh. Normal values are
    numpy's, which may change with its version; then the digest changes too.
    """

    name = "teacher"
    summary = "regression to a random wide two-layer network"
    metric = UNEXPLAINED_VARIANCE
    default_model = "mlp"
    settings = (
        Setting(name="features", default=64, least=1, most=1024, summary="values of an input"),
        Setting(name="width", default=256, least=1, most=2048, summary="hidden units of the teacher"),
        Setting(name="outputs", default=16, least=1, most=1024, summary="values that are predicted"),
        VARIANT,
    )

    def __init__(self, *, features: int, width: int, outputs: int, variant: int) -> None:
        self.variant = variant
        self.shape = Shape(kind="vectors", features=features, outputs=outputs)
        rng = np.random.default_rng([variant, 0])
        first = rng.standard_normal((width, features)) / np.sqrt(features)
        second = rng.standard_normal((outputs, width))
        mean, covariance = relu_moments(first)
        second /= np.sqrt(np.einsum("ou,uv,ov->o", second, covariance, second, optimize=True))[:, None]
        self.first = np.ascontiguousarray(first.T.astype(np.float32))
        self.second = np.ascontiguousarray(second.T.astype(np.float32))
        self.centre = (second @ mean).astype(np.float32)
        self.digest = digest_of({"task": self.name, "variant": variant}, self.first, self.second)

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        """Inputs of independent standard normal values, and what the teacher makes of them."""
        inputs = rng.standard_normal((size, self.shape.features), dtype=np.float32)
        hidden = inputs @ self.first
        np.maximum(hidden, 0, out=hidden)
        targets = hidden @ self.second
        targets -= self.centre
        return Batch(inputs, targets)

    def all_held_out(self) -> Batch:
        """Inputs of a seed of their own."""
        return self.batch(np.random.default_rng([self.variant, _HELD_OUT]), FIXED_SAMPLES)

    def some_trained(self) -> Batch:
        """Inputs of a third seed."""
        return self.batch(np.random.default_rng([self.variant, _TRAINED]), FIXED_SAMPLES)
