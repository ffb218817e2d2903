"""Whole numbers from the words of a bit generator: the same with every version of numpy.

numpy promises for all versions which words a PCG64 gives for a seed, but not what the methods of Generator
make of them. A full range of 64 bits is one word as it is.
"""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def words(rng: np.random.Generator, shape: int | tuple[int, ...]) -> NDArray[np.uint64]:
    """Random words of 64 bits."""
    return rng.integers(0, 2**64 - 1, size=shape, dtype=np.uint64, endpoint=True)


def below(rng: np.random.Generator, limit: int, shape: int | tuple[int, ...]) -> Ints:
    """Whole numbers from 0 to `limit` - 1, each as likely as any other but for limit / 2^32 of its share.

    floor(w * limit / 2^32) for the upper half w of a word; limit <= 2^31.
    """
    drawn = words(rng, shape)
    drawn >>= np.uint64(32)
    drawn *= np.uint64(limit)
    drawn >>= np.uint64(32)
    return drawn.view(np.int64)


def orders(rng: np.random.Generator, rows: int, columns: int) -> Ints:
    """A random order of 0 to `columns` - 1 in each row, (rows, columns)."""
    return np.argsort(words(rng, (rows, columns)), axis=1, kind="stable")
