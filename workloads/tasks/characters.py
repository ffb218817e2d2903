"""Characters: a language model of a text, whose samples are windows at random places of the training part."""

import numpy as np
from numpy.typing import NDArray

from workloads.tasks.batch import Batch
from workloads.tasks.digest import digest_of
from workloads.tasks.draws import Ints, below
from workloads.tasks.metric import BITS_PER_CHARACTER
from workloads.tasks.setting import LENGTH
from workloads.tasks.shape import Shape
from workloads.tasks.task import FIXED_SAMPLES, Task, evenly

Symbols = NDArray[np.uint8]


class Characters(Task):
    """A text as symbols, which index `alphabet`; the symbol after its end stands for every other character.

    Targets are the inputs one place on. Held-out windows do not overlap and are spread evenly.
    """

    metric = BITS_PER_CHARACTER
    default_model = "decoder"
    settings = (LENGTH,)

    def __init__(self, trained: Symbols, held: Symbols, *, alphabet: str, length: int) -> None:
        self.alphabet = alphabet
        self.trained, self.held = trained, held
        vocabulary = len(alphabet) + 1
        self.shape = Shape(kind="tokens", vocabulary=vocabulary, length=length, outputs=vocabulary)
        self.digest = digest_of(
            {"task": self.name, "alphabet": alphabet, "length": length, **self.origin()}, trained, held
        )
        self._window = np.arange(length + 1)

    def origin(self) -> dict[str, str]:
        """What the digest holds beside the text."""
        return {}

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        """Windows that start anywhere in the training part."""
        return self._windows(self.trained, below(rng, len(self.trained) - self.shape.length, size))

    def all_held_out(self) -> Batch:
        """Windows over the whole held-out part."""
        return self._spread(self.held)

    def some_trained(self) -> Batch:
        """Windows over the whole training part."""
        return self._spread(self.trained)

    def _spread(self, symbols: Symbols) -> Batch:
        length = self.shape.length
        return self._windows(symbols, length * evenly((len(symbols) - 1) // length, FIXED_SAMPLES))

    def _windows(self, symbols: Symbols, starts: Ints) -> Batch:
        found = symbols[starts[:, None] + self._window]
        return Batch(found[:, :-1].astype(np.int64, order="C"), found[:, 1:].astype(np.int64, order="C"))
