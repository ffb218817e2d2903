from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernels.networks import largest


def exchange(first: int, second: int) -> tuple[int, int]:
    return max(first, second), min(first, second)


@pytest.mark.parametrize("size", range(1, 11))
def test_every_input_of_zeros_and_ones_comes_out_in_order(size: int) -> None:
    """A network that sorts all zeros and ones sorts everything (Knuth, volume 3, 5.3.4)."""
    for values in product((0, 1), repeat=size):
        expected = sorted(values, reverse=True)
        for count in range(1, size + 1):
            assert largest(list(values), count, exchange) == expected[:count]


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=64), st.integers(1, 64))
def test_the_largest_of_many(values: list[int], count: int) -> None:
    assert largest(values, count, exchange) == sorted(values, reverse=True)[:count]


def test_a_network_is_as_short_as_it_should_be() -> None:
    """Batcher's sort of 8 takes 19 exchanges, of 16 takes 63; the largest alone, one less than the values."""
    met = 0

    def counted(first: int, second: int) -> tuple[int, int]:
        nonlocal met
        met += 1
        return exchange(first, second)

    counts = {}
    for size, count in ((8, 8), (16, 16), (16, 1)):
        met = 0
        largest(list(range(size)), count, counted)
        counts[size, count] = met
    assert counts == {(8, 8): 19, (16, 16): 63, (16, 1): 15}
