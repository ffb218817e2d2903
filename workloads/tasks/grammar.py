"""Grammar: random text whose entropy is known exactly, so that a loss has a floor to be measured from."""

import numpy as np

from workloads.tasks.batch import Batch
from workloads.tasks.digest import digest_of
from workloads.tasks.draws import Ints, below, orders
from workloads.tasks.metric import BITS_PER_SYMBOL
from workloads.tasks.setting import LENGTH, VARIANT, Setting
from workloads.tasks.shape import Shape
from workloads.tasks.task import FIXED_SAMPLES, Task

SHARES = (32, 16, 8, 4, 2, 1, 1)
TOTAL = 64
IGNORED = -1
_HELD_OUT, _TRAINED = 1, 2


class Grammar(Task):
    """Each symbol follows the two before it: seven symbols may, in SHARES, and which ones is random.

    The shares are the same after every pair, so the entropy rate is the entropy of SHARES / 64, exactly
    63/32 bits, whatever pairs occur how often. The first target has one symbol before it and is not asked
    for. Samples are fresh: what is held out has another seed, and the same rules.
    """

    name = "grammar"
    summary = "next symbol of random text with an exactly known entropy"
    metric = BITS_PER_SYMBOL
    default_model = "decoder"
    settings = (
        Setting(name="symbols", default=16, least=len(SHARES), most=128, summary="different symbols"),
        LENGTH,
        VARIANT,
    )
    entropy_bits = sum(share * (6 - share.bit_length() + 1) for share in SHARES) / TOTAL
    """-sum p log2 p of p = share / 64: every share is a power of two."""

    def __init__(self, *, symbols: int, length: int, variant: int) -> None:
        self.variant = variant
        self.shape = Shape(kind="tokens", vocabulary=symbols, length=length, outputs=symbols)
        followers = orders(np.random.default_rng([variant, 0]), symbols**2, symbols)[:, : len(SHARES)]
        self.successors = np.repeat(followers, SHARES, axis=1)
        """(pairs, 64): the symbol for each of 64 equally likely draws after the pair a * symbols + b."""
        self.digest = digest_of(
            {"task": self.name, "length": length, "variant": variant}, self.successors.astype(np.uint8)
        )
        last = np.arange(symbols**2)[:, None] % symbols
        self._next_pair = (last * symbols + self.successors).ravel()

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        """Sequences that start from two random symbols."""
        symbols, length = self.shape.vocabulary, self.shape.length
        draws = below(rng, TOTAL, (length - 1, size))
        pairs = np.empty((length, size), np.int64)
        pairs[0] = below(rng, symbols**2, size)
        for place in range(length - 1):
            np.take(self._next_pair, pairs[place] * TOTAL + draws[place], out=pairs[place + 1])
        inputs = np.ascontiguousarray((pairs // symbols).T)
        targets = np.ascontiguousarray((pairs % symbols).T)
        targets[:, 0] = IGNORED
        return Batch(inputs, targets)

    def probabilities(self, first: Ints, second: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """How likely each symbol is after `first`, `second`: (..., symbols)."""
        rows = self.successors[first * self.shape.vocabulary + second]
        return np.asarray((rows[..., None] == np.arange(self.shape.vocabulary)).mean(axis=-2))

    def all_held_out(self) -> Batch:
        """Sequences of a seed of their own."""
        return self.batch(np.random.default_rng([self.variant, _HELD_OUT]), FIXED_SAMPLES)

    def some_trained(self) -> Batch:
        """Sequences of a third seed."""
        return self.batch(np.random.default_rng([self.variant, _TRAINED]), FIXED_SAMPLES)
