"""Provable filter pruning: sensitivities, the law of the draws, and the published number of them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.pattern import Pattern
from tests.oracles import recipes_one_shot as oracle
from tests.strategies import examples
from workloads.training.recipes.pfp import PFP, expected, sample_size, sampled, sensitivities
from workloads.training.unstructured import Unstructured


@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 9), st.integers(1, 7), st.booleans())
@examples(50)
def test_sensitivities_are_the_largest_shares(
    seed: int, outputs: int, channels: int, rows: int, activated: bool
) -> None:
    rng = np.random.default_rng(seed)
    values, inputs = rng.standard_normal((outputs, channels)), rng.standard_normal((rows, channels))
    if activated:  # as relu leaves them
        inputs = np.maximum(inputs, 0)
    found = sensitivities(values, inputs)
    np.testing.assert_allclose(found, oracle.sensitivities(values, inputs), rtol=1e-12)
    assert ((found >= 0) & (found <= 1)).all()


@given(st.integers(0, 10**6), st.integers(1, 30), st.integers(1, 30))
@examples(50)
def test_draws_keep_so_many_channels_on_average_and_no_fewer_would(seed: int, size: int, kept: int) -> None:
    rng, kept = np.random.default_rng(seed), min(kept, size)
    shares = rng.random(size) ** 3 + 1e-3
    counts, chances, draws = sampled(shares, kept, rng)
    np.testing.assert_allclose(chances, oracle.sampling_chances(shares.tolist()), rtol=1e-12)
    assert counts.sum() == draws
    found = oracle.unique_expected(chances.tolist(), draws)
    assert expected(chances, draws) == pytest.approx(found)
    if kept < size:
        assert found >= kept * (1 - 1e-9) or draws == 1
        assert draws == 1 or oracle.unique_expected(chances.tolist(), draws - 1) < kept * (1 + 1e-9)


def test_reweighted_channels_are_unbiased() -> None:
    """The mean of count / (draws chance) is 1; of 5 000 draws of 8 channels, within 5 standard errors."""
    rng, shares = np.random.default_rng(0), np.array([0.9, 0.7, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05])
    factors = []
    for _ in range(5_000):
        counts, chances, draws = sampled(shares, 4, rng)
        factors.append(counts / (draws * chances))
    error = np.std(factors, axis=0) / np.sqrt(len(factors))
    assert (np.abs(np.mean(factors, axis=0) - 1) < 5 * error).all()


@pytest.mark.parametrize("shares", [np.zeros(5), np.array([0.0, 1.0, 0.0, 0.0])])
def test_channels_that_never_matter(shares: np.ndarray) -> None:
    counts, chances, draws = sampled(shares, 3, np.random.default_rng(0))
    assert chances.sum() == pytest.approx(1)
    assert counts.sum() == draws
    assert not counts[chances == 0].any()


@pytest.mark.parametrize(("epsilon", "delta", "patches"), [(0.1, 0.01, 1), (0.5, 1e-6, 49)])
def test_sample_sizes_are_the_published_bound(epsilon: float, delta: float, patches: int) -> None:
    shares = np.array([0.5, 0.25, 0.1])
    found = sample_size(shares, epsilon=epsilon, delta=delta, outputs=64, patches=patches)
    assert found == oracle.sample_count(
        shares.tolist(), eps=epsilon, delta=delta, patches=patches, size=64, factor=1.0
    )


def test_groups_are_no_channels() -> None:
    first, second = PFP.phases(Unstructured(density=Fraction(1, 2)), 10)
    assert (first.pattern, first.steps, second.steps) == (None, 5, 5)
    with pytest.raises(InputError) as refused:
        PFP.phases(Pattern(kept=2, group=4), 10)
    assert str(refused.value) == "pattern: recipe pfp keeps whole channels; write a share of them, as in 50 %"
