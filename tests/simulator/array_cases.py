"""Products on small arrays that tests share: every dataflow, any pattern, any decoder, any values."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.folds import DATAFLOWS, DECODERS, Core
from simulator.pattern import Pattern
from tests.arrays import Array, drawn_mask, layouts, odd_values
from tests.strategies import patterns_up_to

ARRAY_DTYPES: Sequence[type] = [np.float32, np.int64]


class Case(NamedTuple):
    """C[m,n] = A[m,k] B[k,n] on a core; `mask` says what of B is kept, None that its zeros are not."""

    a: Array
    b: Array
    core: Core
    pattern: Pattern | None
    mask: NDArray[np.bool_] | None


def cores_up_to(side: int, lanes: int) -> st.SearchStrategy[Core]:
    """Any core of at most `side` rows and columns and `lanes` lanes."""
    return st.builds(
        Core,
        dataflow=st.integers(0, len(DATAFLOWS) - 1),
        rows=st.integers(1, side),
        columns=st.integers(1, side),
        lanes=st.integers(1, lanes),
        overlap=st.booleans(),
        feed_bits=st.just(0) | st.integers(1, 130),
        value_bits=st.sampled_from([8, 16, 32]),
        decode_at=st.integers(0, len(DECODERS) - 1),
        decode_rate=st.integers(0, 5),
        decode_latency=st.integers(0, 7),
    )


cores = cores_up_to(4, 5)


def values(rng: np.random.Generator, shape: tuple[int, int], dtype: Any, *, odd: float) -> Array:
    """Values whose sums depend on their order; a share of them is 0, and another one goes wrong."""
    numbers = rng.standard_normal(shape) * 2.0 ** rng.integers(0, 12, shape)
    numbers = np.where(rng.random(shape) < 0.1, 0, numbers).astype(dtype)
    return np.where(rng.random(shape) < odd, rng.choice(odd_values(dtype), shape), numbers)


@st.composite
def cases(draw: st.DrawFn, dtypes: Sequence[type] = ARRAY_DTYPES) -> Case:
    """Any of them: whole and ragged folds, masks that keep as many as the pattern says, or fewer."""
    m, n, k = draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.integers(1, 22))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    dtype, odd = draw(st.sampled_from(dtypes)), draw(st.sampled_from([0.0, 0.0, 0.02, 0.05, 0.3]))
    a, b = values(rng, (m, k), dtype, odd=odd), values(rng, (k, n), dtype, odd=odd)
    pattern = draw(st.none() | patterns_up_to(8))
    mask: NDArray[np.bool_] | None = None
    if pattern is not None:
        fewer = rng.random(b.shape) < draw(st.sampled_from([0.3, 0.8, 1.0]))
        mask = drawn_mask(b.shape, pattern, 0, rng) & fewer
        if draw(st.booleans()):
            b, mask = np.where(mask, b, b.dtype.type(0)), None
    layout = draw(layouts)
    return Case(layout(a), layout(b), draw(cores), pattern, mask)
