"""Rows by token and by place against a loop over them."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import training_kernels as oracle
from tests.strategies import examples
from tests.workloads.kernels.near import DTYPES, assert_near, empty, exact, normal, seeds
from workloads.kernels.embed import gather, scatter


class Case(NamedTuple):
    samples: int
    length: int
    places: int
    vocabulary: int
    width: int


cases = st.builds(
    lambda samples, length, more, vocabulary, width: Case(samples, length, length + more, vocabulary, width),
    *(st.integers(1, 5), st.integers(1, 5), st.integers(0, 2), st.integers(1, 9), st.integers(1, 17)),
)


@pytest.mark.parametrize("dtype", DTYPES)
@given(case=cases, seed=seeds)
def test_each_token_gets_its_row_and_that_of_its_place(case: Case, seed: int, dtype: type) -> None:
    tokens = np.random.default_rng(seed).integers(0, case.vocabulary, (case.samples, case.length))
    table = normal(seed, case.vocabulary, case.width, dtype=dtype)
    positions = normal(seed + 1, case.places, case.width, dtype=dtype)
    out = empty(table, tokens.size, case.width)
    gather(tokens, table, positions, out)
    np.testing.assert_array_equal(out, oracle.gather(tokens, table, positions))


@pytest.mark.parametrize("dtype", DTYPES)
@examples(20)
@given(case=cases, seed=seeds)
def test_each_row_gets_the_sum_over_its_places(case: Case, seed: int, dtype: type) -> None:
    tokens = np.random.default_rng(seed).integers(0, case.vocabulary, (case.samples, case.length))
    dout = normal(seed, tokens.size, case.width, dtype=dtype)
    dtable = empty(dout, case.vocabulary, case.width)
    dpositions = empty(dout, case.places, case.width)
    scatter(tokens, dout, dtable, dpositions)
    table, positions = np.zeros(dtable.shape), np.zeros(dpositions.shape)
    (dy,) = exact(dout)
    to_table = oracle.gradient(lambda table: oracle.gather(tokens, table, positions), table, dy)
    to_positions = oracle.gradient(lambda positions: oracle.gather(tokens, table, positions), positions, dy)
    assert_near(dtable, to_table, 2, size=np.abs(dy).sum())
    assert_near(dpositions, to_positions, 2, size=np.abs(dy).sum())
