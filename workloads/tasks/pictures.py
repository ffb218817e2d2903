"""Pictures: images of some classes, kept as bytes and scaled to -1..1 when a batch is made."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workloads.tasks.batch import Batch
from workloads.tasks.digest import digest_of
from workloads.tasks.draws import Ints, below
from workloads.tasks.metric import ACCURACY
from workloads.tasks.shape import Shape
from workloads.tasks.task import FIXED_SAMPLES, Task, evenly

HELD_OUT_MOST = 10_000
VALUES_MAX = 2**25
"""Pixel values of all fixed batches of a part, which are in memory at once."""
SIDE_MAX = 256
BYTES_MAX = 2**28
"""Of all images together."""


class Labelled(NamedTuple):
    """Images (samples, side, side, channels) and their classes (samples,)."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


class Pictures(Task):
    """Square images of `classes` classes; `top` is the value of a white pixel. Nothing is augmented."""

    metric = ACCURACY
    default_model = "resnet"

    def __init__(self, trained: Labelled, held: Labelled, *, classes: int, top: int = 255) -> None:
        self.trained, self.held = trained, held
        _, side, _, channels = trained.images.shape
        self.shape = Shape(kind="images", side=side, channels=channels, outputs=classes)
        self.digest = digest_of({"task": self.name, "classes": classes, "top": top}, *trained, *held)
        self._scale = np.float32(2 / top)

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        """Training images, each as likely as any other, drawn with replacement."""
        return self._pick(self.trained, below(rng, len(self.trained.labels), size))

    def all_held_out(self) -> Batch:
        """All held-out images, or as many of them as are measured at most."""
        return self._pick(self.held, self._some(self.held, HELD_OUT_MOST))

    def some_trained(self) -> Batch:
        """Images from the whole training part."""
        return self._pick(self.trained, self._some(self.trained, FIXED_SAMPLES))

    def _some(self, part: Labelled, most: int) -> Ints:
        return evenly(len(part.labels), min(most, VALUES_MAX // part.images[0].size))

    def _pick(self, part: Labelled, which: Ints) -> Batch:
        """The images `which`, a pixel p as p * 2 / top - 1."""
        inputs = part.images[which].astype(np.float32)
        inputs *= self._scale
        inputs -= np.float32(1)
        return Batch(inputs, part.labels[which])
