"""Translate: sequence to sequence, where each word follows from two neighbouring words of the source."""

import numpy as np

from workloads.tasks.batch import Batch
from workloads.tasks.digest import digest_of
from workloads.tasks.draws import below
from workloads.tasks.metric import TOKEN_ACCURACY
from workloads.tasks.setting import VARIANT, Setting
from workloads.tasks.shape import Shape
from workloads.tasks.task import FIXED_SAMPLES, Task

_HELD_OUT, _TRAINED = 1, 2


class Translate(Task):
    """A random source x of `length` words, and the target y_i = table[x_(L-1-i), x_(L-2-i)].

    The table is random, (words, words); indices wrap, so the last word of y follows from x_0 and x_(L-1).
    A model has to find the pair, back to front, and to know words^2 entries by heart. The decoder reads y
    shifted by one behind the start symbol `words`. Sources are fresh, so what is held out was never seen
    whole, though each of its pairs was.
    """

    name = "translate"
    summary = "sequence to sequence: each word from a pair of words of the reversed source"
    metric = TOKEN_ACCURACY
    default_model = "encoder_decoder"
    settings = (
        Setting(name="words", default=48, least=2, most=1024, summary="different words"),
        Setting(name="length", default=8, least=2, most=1024, summary="words of a source and of its target"),
        VARIANT,
    )

    def __init__(self, *, words: int, length: int, variant: int) -> None:
        self.variant = variant
        self.shape = Shape(
            kind="pairs", vocabulary=words + 1, source_length=length, length=length, outputs=words
        )
        self.table = below(np.random.default_rng([variant, 0]), words, (words, words))
        self.digest = digest_of(
            {"task": self.name, "length": length, "variant": variant}, self.table.astype(np.uint16)
        )
        self._pair = np.arange(length - 1, -1, -1), np.arange(length - 2, -2, -1)

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        """Sources of words that are drawn alone, each as likely as any other."""
        length, words = self.shape.length, self.shape.outputs
        inputs = np.empty((size, 2 * length), np.int64)
        source = inputs[:, :length]
        source[...] = below(rng, words, (size, length))
        first, second = self._pair
        targets = np.take(self.table.ravel(), source[:, first] * words + source[:, second])
        inputs[:, length] = words
        inputs[:, length + 1 :] = targets[:, :-1]
        return Batch(inputs, targets)

    def all_held_out(self) -> Batch:
        """Sources of a seed of their own."""
        return self.batch(np.random.default_rng([self.variant, _HELD_OUT]), FIXED_SAMPLES)

    def some_trained(self) -> Batch:
        """Sources of a third seed."""
        return self.batch(np.random.default_rng([self.variant, _TRAINED]), FIXED_SAMPLES)
