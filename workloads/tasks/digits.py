"""Digits: the 1797 handwritten digits of 8 x 8 pixels that scikit-learn ships."""

import numpy as np

from simulator.errors import InputError
from workloads.tasks.pictures import Labelled, Pictures

HELD_OUT_EVERY = 6
TOP = 16


class Digits(Pictures):
    """Every sixth image is held out."""

    name = "digits"
    summary = "1797 handwritten digits of 8 x 8 pixels, from scikit-learn (the extra `digits`)"
    default_model = "vit"

    def __init__(self) -> None:
        try:
            from sklearn.datasets import load_digits
        except ImportError:
            raise InputError.of(
                "scikit-learn, which has the images, is not installed",
                "install the extra: pip install nmsim[digits]",
                where=self.name,
            ) from None
        found = load_digits()
        images = found.images.astype(np.uint8)[..., None]
        labels = found.target.astype(np.int64)
        held = np.arange(len(labels)) % HELD_OUT_EVERY == HELD_OUT_EVERY - 1
        super().__init__(
            Labelled(images[~held], labels[~held]), Labelled(images[held], labels[held]), classes=10, top=TOP
        )
