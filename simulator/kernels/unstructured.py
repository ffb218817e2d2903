"""The largest of many values: the histogram of one digit of their keys after another, then a pass that marks.

The key of a value is its order of magnitude as an integer from 0: NaN is 0, a number is the bits of its
magnitude + 1. `bits` is a stretch of values as unsigned integers, `magnitude` their bits without the sign,
`infinity` the bits of infinity; `among`, of bool, says which values count, and is empty where all do.
"""

import numpy as np

from simulator.kernels.compile import kernel

DIGIT = 11
BINS = 1 << DIGIT


@kernel
def key_of(bits, magnitude, infinity):  # type: ignore[no-untyped-def]
    """The key of one value. Oracle: tests/oracles/unstructured.py."""
    size = np.uint64(bits & magnitude)
    return size + np.uint64(1) if size <= infinity else np.uint64(0)


@kernel
def count_digits(bits, among, magnitude, infinity, known, prefix, shift, out):  # type: ignore[no-untyped-def]
    """Add to out[d] the values with key >> known == prefix that have the digit d at `shift` of their key.

    out has BINS of int64. Oracle: tests/oracles/unstructured.py.
    """
    high, wanted, low, digit = np.uint64(known), np.uint64(prefix), np.uint64(shift), np.uint64(BINS - 1)
    for i in range(bits.size):
        key = key_of(bits[i], magnitude, infinity)
        if key >> high == wanted and (among.size == 0 or among[i]):
            out[(key >> low) & digit] += 1


@kernel
def mark_within(bits, among, magnitude, least, most, out):  # type: ignore[no-untyped-def]
    """Mark the values whose bits without the sign are `least` to `most`.

    Oracle: tests/oracles/unstructured.py.
    """
    for i in range(bits.size):
        size = bits[i] & magnitude
        out[i] = (size >= least) & (size <= most)
    for i in range(among.size):
        out[i] &= among[i]


@kernel
def mark_first(bits, among, magnitude, infinity, known, prefix, ties, out):  # type: ignore[no-untyped-def]
    """Mark the values with key >> known above prefix, and the first `ties` of those equal to it.

    Oracle: tests/oracles/unstructured.py.
    """
    shift, wanted = np.uint64(known), np.uint64(prefix)
    left = ties
    for i in range(bits.size):
        level = key_of(bits[i], magnitude, infinity) >> shift
        inside = among.size == 0 or among[i]
        equal = inside and level == wanted and left > 0
        left -= equal
        out[i] = equal or (inside and level > wanted)
