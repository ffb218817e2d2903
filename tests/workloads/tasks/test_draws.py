from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workloads.tasks.draws import below, orders, words


def rng(seed: int = 3) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def test_words_are_those_of_the_bit_generator_which_numpy_promises() -> None:
    assert words(rng(), (4, 5)).ravel().tolist() == np.random.PCG64(3).random_raw(20).tolist()


@given(st.integers(0, 2**32), st.integers(1, 2**31))
def test_a_draw_is_the_share_of_the_range_that_its_word_is_of_all_words(seed: int, limit: int) -> None:
    raw = np.random.PCG64(seed).random_raw(50).tolist()
    assert below(rng(seed), limit, 50).tolist() == [(word >> 32) * limit >> 32 for word in raw]


def test_every_number_is_about_as_likely() -> None:
    count, limit = 100_000, 7
    found = np.bincount(below(rng(), limit, count), minlength=limit)
    # chi-squared with 6 degrees of freedom: above 30 once in 25 000 seeds
    assert len(found) == limit
    assert ((found - count / limit) ** 2 / (count / limit)).sum() < 30


@pytest.mark.parametrize("bits", [np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_any_bit_generator_will_do(bits: Any) -> None:
    assert set(below(np.random.Generator(bits(1)), 5, 200).tolist()) == set(range(5))


def test_each_row_is_an_order() -> None:
    found = orders(rng(), 40, 9)
    assert np.array_equal(np.sort(found, axis=1), np.tile(np.arange(9), (40, 1)))
    assert len(np.unique(found, axis=0)) == 40
