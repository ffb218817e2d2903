import re
from math import inf, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.mask import spectra as module
from simulator.mask.spectra import Spectrum, spectrum

Mask = NDArray[np.bool_]
WITHIN = 1e-8  # of sigma1: what spectrum promises

# The points on each of the seven lines of the smallest projective plane.
FANO = np.array([[(column - row) % 7 in (0, 1, 3) for column in range(7)] for row in range(7)])


def ones(rows: int, columns: int) -> Mask:
    return np.ones((rows, columns), np.bool_)


def blocks(count: int, block: Mask) -> Mask:
    return np.kron(np.eye(count, dtype=np.bool_), block)


def random(rows: int, columns: int, density: float, seed: int) -> Mask:
    return np.random.default_rng(seed).random((rows, columns)) < density


def check(mask: Mask, found: Spectrum) -> None:
    """The sigmas are those of LAPACK, and the rest is what they are for."""
    expected = np.linalg.svd(mask.astype(np.float64), compute_uv=False)
    assert abs(found.sigma1 - expected[0]) <= WITHIN * expected[0]
    assert abs(found.sigma2 - (expected[1] if expected.size > 1 else 0)) <= WITHIN * expected[0]
    assert found.left_degree == mask.sum(axis=1).mean()
    assert found.right_degree == mask.sum(axis=0).mean()


@given(
    st.integers(1, 24),
    st.integers(1, 24),
    st.sampled_from([0.0, 0.05, 0.2, 0.5, 1.0]),
    st.integers(0, 1 << 30),
    st.booleans(),
)
def test_the_sigmas_are_the_largest(
    rows: int, columns: int, density: float, seed: int, iterated: bool
) -> None:
    mask = random(rows, columns, density, seed)
    with pytest.MonkeyPatch.context() as patch:
        if iterated:
            patch.setattr(module, "WHOLE_MAX", 0)
        check(mask, spectrum(mask))


LARGE: dict[str, Mask] = {
    "half": random(540, 700, 0.5, 1),
    "sparse": random(700, 540, 0.02, 2),
    "empty rows": random(600, 600, 0.5, 3) & (np.arange(600) < 3)[:, np.newaxis],
    "complete": ones(600, 500),
    "permutation": np.eye(600, dtype=np.bool_)[np.random.default_rng(4).permutation(600)],
    "two parts": blocks(2, ones(300, 301)),
    "triangle": np.tri(600, dtype=np.bool_),
    "planes": blocks(80, FANO),
    "band": abs(np.subtract.outer(np.arange(520), np.arange(520))) < 3,
    "one column": ones(300_000, 1),
    "two columns": random(150_000, 2, 0.5, 5),
    "nine columns": random(30_000, 9, 0.5, 6),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_mask_is_iterated_to_the_same(name: str) -> None:
    mask = LARGE[name]
    assert mask.size > module.WHOLE_MAX
    found = spectrum(mask)
    check(mask, found)
    assert found == spectrum(np.asfortranarray(mask)) == spectrum(mask.astype(np.float32))


def test_what_does_not_converge_is_decomposed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BASIS_MAX", 8)
    check(LARGE["half"], spectrum(LARGE["half"]))
    check(LARGE["half"].T, spectrum(LARGE["half"].T))


@given(st.integers(1, 12), st.integers(1, 12))
def test_a_complete_graph_has_one_sigma(rows: int, columns: int) -> None:
    found = spectrum(ones(rows, columns))
    assert found.sigma1 == pytest.approx(sqrt(rows * columns), rel=WITHIN)
    assert found.sigma2 == 0
    assert (found.left_degree, found.right_degree) == (columns, rows)
    assert found.ramanujan


@given(st.permutations(range(9)))
def test_a_permutation_mixes_nothing(order: list[int]) -> None:
    found = spectrum(np.eye(9, dtype=np.bool_)[order])
    assert found == Spectrum(sigma1=1.0, sigma2=1.0, left_degree=1.0, right_degree=1.0)
    assert (found.gap, found.bound, found.ramanujan, found.margin) == (0, 0, False, -inf)


@given(st.integers(2, 4), st.integers(1, 6), st.integers(1, 6))
def test_parts_that_do_not_touch_have_no_gap(count: int, rows: int, columns: int) -> None:
    found = spectrum(blocks(count, ones(rows, columns)))
    assert found.sigma1 == pytest.approx(sqrt(rows * columns), rel=WITHIN)
    assert found.gap == 0


def test_the_fano_plane_is_a_ramanujan_graph() -> None:
    found = spectrum(FANO)
    assert found.sigma1 == 3
    assert found.sigma2 == pytest.approx(sqrt(2), rel=WITHIN)
    assert found.gap == pytest.approx(3 - sqrt(2), rel=WITHIN)
    assert found.bound == pytest.approx(2 * sqrt(2), rel=WITHIN)
    assert found.ramanujan
    assert found.margin == pytest.approx(0.5, rel=WITHIN)


def test_a_long_ring_is_at_the_bound_and_a_short_one_is_below() -> None:
    ring = np.eye(12, dtype=np.bool_)
    found = spectrum(ring | np.roll(ring, 1, axis=1))  # a cycle of 24: sigmas are 2 cos(pi k / 12)
    assert found.sigma2 == pytest.approx(2 * np.cos(np.pi / 12), rel=WITHIN)
    assert found.bound == 2
    assert found.ramanujan


def test_what_is_equal_to_the_bound_is_ramanujan() -> None:
    # Three complete graphs of 2 x 2: sigma2 = 2 = sqrt(2 - 1) + sqrt(2 - 1).
    found = spectrum(blocks(3, ones(2, 2)))
    assert found.sigma2 == found.bound == 2
    assert found.ramanujan
    assert found.margin == 0


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (5, 0), (1, 1), (3, 4)])
def test_a_mask_that_keeps_nothing(shape: tuple[int, int]) -> None:
    found = spectrum(np.zeros(shape, np.bool_))
    assert found == Spectrum(sigma1=0.0, sigma2=0.0, left_degree=0.0, right_degree=0.0)
    assert (found.gap, found.bound, found.ramanujan, found.margin) == (0, 0, True, 0)


def test_a_single_row_has_a_single_sigma() -> None:
    found = spectrum(np.array([[True, False, True, True, True]]))
    assert (found.sigma1, found.sigma2) == (2, 0)
    assert (found.left_degree, found.right_degree) == (4, 0.8)


HUGE: Any = np.broadcast_to(np.zeros((1, 1), np.bool_), (1 << 14, 1 << 13))


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (FANO[0], "the mask has shape (7,); a spectrum takes rows and columns"),
        (FANO[np.newaxis], "the mask has shape (1, 7, 7); a spectrum takes rows and columns"),
        (HUGE, "the mask has 134217728 values; a spectrum takes at most 33554432"),
        ([[True]], "values is of type list; values is a numpy array"),
    ],
)
def test_bad_input_is_told_what_would_be_right(mask: Any, words: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        spectrum(mask)
