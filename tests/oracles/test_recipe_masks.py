"""The masks of the recipes' oracles: by hand, by published numbers, and by laws."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.pattern import Pattern
from tests.oracles import recipes_masks as masks
from tests.oracles import soft, transposable, unbiased
from tests.oracles.recipes_kept import extra_zeros
from tests.strategies import TWO_OF_FOUR
from workloads.training.unstructured import Unstructured

ONE_OF_TWO = Pattern(kept=1, group=2)
FOUR_OF_EIGHT = Pattern(kept=4, group=8)


def gaussian(*shape: int, seed: int = 0) -> masks.Array:
    return np.random.default_rng(seed).standard_normal(shape)


def bits(mask: masks.Mask) -> list[str]:
    return ["".join("01"[int(kept)] for kept in row) for row in mask]


def standard_error(values: masks.Array) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def test_magnitude_keeps_the_lowest_of_equals_and_a_shorter_tail() -> None:
    scores = np.array([[1.0, -2.0, 2.0, 2.0, 0.0, -1.0, 3.0]])
    assert bits(masks.magnitude(scores, TWO_OF_FOUR)) == ["0110011"]
    assert bits(masks.magnitude(scores.T, TWO_OF_FOUR, axis=0).T) == ["0110011"]
    assert bits(masks.magnitude(scores, Unstructured(density=Fraction(3, 7)))) == ["0110001"]


def test_a_mask_obeys_what_it_was_made_for_and_nothing_tighter() -> None:
    mask = masks.magnitude(gaussian(5, 10), TWO_OF_FOUR)
    assert masks.obeys(mask, TWO_OF_FOUR)
    assert not masks.obeys(mask, Pattern(kept=1, group=4), exactly=False)
    assert not masks.obeys(mask, Pattern(kept=3, group=4))
    assert masks.obeys(mask, Pattern(kept=3, group=4), exactly=False)


def test_blocks_of_two_of_four_are_ninety() -> None:
    assert len(masks.valid_blocks(TWO_OF_FOUR)) == 90
    assert len(masks.valid_blocks(Pattern(kept=1, group=4))) == 24


@pytest.mark.parametrize("pattern", [TWO_OF_FOUR, Pattern(kept=1, group=3), Pattern(kept=3, group=4)])
def test_force_and_the_linear_program_keep_as_much(pattern: Pattern) -> None:
    for seed in range(5):
        block = np.abs(gaussian(pattern.group, pattern.group, seed=seed))
        found = [solve(block, pattern) for solve in (masks.best_by_force, masks.best_by_program)]
        assert bits(found[0]) == bits(found[1])


@pytest.mark.parametrize(
    ("pattern", "published", "blocks"), [(TWO_OF_FOUR, 0.984, 60), (FOUR_OF_EIGHT, 0.988, 20)]
)
def test_a_greedy_transposable_mask_keeps_the_published_share(
    pattern: Pattern, published: float, blocks: int
) -> None:
    shares = []
    for seed in range(blocks):
        scores = np.abs(gaussian(pattern.group, pattern.group, seed=seed))
        best = masks.transposable(scores, pattern)
        assert masks.obeys(best, pattern)
        assert masks.obeys(best, pattern, axis=0)
        greedy = np.array(transposable.keep_greedily(scores.tolist(), pattern))
        shares.append(scores[greedy].sum() / scores[best].sum())
        if greedy.sum() == best.sum():  # with deficits a greedy mask may even hold more
            assert shares[-1] <= 1 + 1e-12
    assert np.mean(shares) == pytest.approx(published, abs=4 * standard_error(np.array(shares)) + 5e-4)


def test_a_second_mask_is_of_what_the_first_keeps() -> None:
    weights = np.array([[4.0, 1.0], [3.0, 9.0], [2.0, 8.0], [1.0, 7.0]])
    first = np.array([[1, 0], [1, 0], [1, 1], [0, 1]], np.bool_)
    assert bits(masks.within(weights, first, TWO_OF_FOUR)) == ["10", "10", "01", "01"]


@pytest.mark.parametrize(
    ("pattern", "published"),
    [("1:2", 0.125), ("2:4", 0.09375), ("1:4", 0.0791), ("2:8", 0.0584), ("4:8", 0.0684), ("1:16", 0.0223),
     ("1:32", 0.0113)],
)  # fmt: skip
def test_double_pruning_drops_the_published_share(pattern: str, published: float) -> None:
    obeyed = Pattern.parse(pattern)
    assert extra_zeros(obeyed) == pytest.approx(published, abs=5.1e-5)
    dropped = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        first = masks.magnitude(rng.random((32, 32)), obeyed)
        second = masks.within(rng.standard_normal((32, 32)), first, obeyed)
        dropped.append((first & ~second).mean())
    assert np.mean(dropped) == pytest.approx(published, abs=4 * standard_error(np.array(dropped)))


def test_permutations_of_the_outputs_keep_the_published_share() -> None:
    """83 % of the forward mask of a 64 x 64 Gaussian 2:4 example, 1 - .09375 / .5 = 81 % without."""
    weights, rng = gaussian(64, 64), np.random.default_rng(1)
    first = masks.magnitude(weights, TWO_OF_FOUR)
    tried = [rng.permutation(64).tolist() for _ in range(100)]
    found = masks.within_permuted(weights, first, TWO_OF_FOUR, tried)
    assert not (found & ~first).any()
    assert found.sum() / first.sum() == pytest.approx(0.83, abs=0.01)
    counts = [masks.within(weights[order], first[order], TWO_OF_FOUR).sum() for order in tried]
    assert found.sum() == max(counts)
    assert masks.obeys(found[tried[int(np.argmax(counts))]], TWO_OF_FOUR, axis=0, exactly=False)
    assert np.mean(counts) / first.sum() == pytest.approx(1 - 0.09375 / 0.5, abs=0.01)


def test_soft_thresholds_by_hand() -> None:
    weights = np.array([[3.0, -1.0, 2.0, -5.0, 4.0, -3.0]])
    assert masks.soft(weights, TWO_OF_FOUR).tolist() == [[1.0, 0.0, 0.0, -3.0, 4.0, -3.0]]
    assert masks.soft_scale(weights, masks.soft(weights, TWO_OF_FOUR)) == (3 + 15 + 16 + 9) / (1 + 9 + 16 + 9)


@pytest.mark.parametrize(
    ("pattern", "published"), [("2:4", 1.48), ("1:4", 1.89), ("2:8", 2.07), ("1:32", 3.78)]
)
def test_the_scale_of_gaussian_weights_is_the_simulated_one(pattern: str, published: float) -> None:
    assert soft.gaussian_scale(Pattern.parse(pattern)) == pytest.approx(published, abs=5e-3)


@pytest.mark.parametrize("pattern", ["2:4", "1:4", "2:8", "1:16"])
def test_the_scale_of_drawn_weights_is_that_of_gaussian_ones(pattern: str) -> None:
    """Of 12 x 1024 weights together; the spread is that of leaving one twelfth out (jackknife)."""
    obeyed = Pattern.parse(pattern)
    weights = gaussian(12, 16, 64)
    thresholded = np.array([masks.soft(each, obeyed) for each in weights])
    without = np.array([
        masks.soft_scale(np.delete(weights, i, 0), np.delete(thresholded, i, 0)) for i in range(12)
    ])  # fmt: skip
    spread = float(np.sqrt(11 / 12 * ((without - without.mean()) ** 2).sum()))
    assert abs(masks.soft_scale(weights, thresholded) - soft.gaussian_scale(obeyed)) < 4 * spread


@given(sizes=st.lists(st.integers(0, 9), min_size=1, max_size=9), kept=st.integers(1, 9))
def test_chances_are_those_of_least_variance(sizes: list[int], kept: int) -> None:
    exact = unbiased.least_variance([Fraction(size) for size in sizes], kept)
    assert masks.chances(sizes, kept) == pytest.approx([float(chance) for chance in exact])


def test_systematic_sampling_by_hand_is_unbiased() -> None:
    """p = .2, .4, .6, .8, summed .2, .6, 1.2, 2: what is kept changes at u = .2 and .6 alone."""
    values = [1.0, -2.0, 3.0, -4.0]
    found = {uniform: masks.sampled(values, 2, uniform) for uniform in (0.1, 0.4, 0.8)}
    assert found[0.1] == pytest.approx([5, 0, 5, 0])
    assert found[0.4] == pytest.approx([0, -5, 0, -5])
    assert found[0.8] == pytest.approx([0, 0, 5, -5])
    mean = sum(share * np.array(found[u]) for share, u in ((0.2, 0.1), (0.4, 0.4), (0.4, 0.8)))
    assert mean == pytest.approx(values)


def test_sampling_keeps_to_the_pattern_along_the_tokens() -> None:
    gradient, uniforms = gaussian(10, 3), np.random.default_rng(0).random((3, 3))
    found = masks.unbiased(gradient, TWO_OF_FOUR, uniforms)
    assert masks.obeys(found != 0, TWO_OF_FOUR, axis=0)
    assert found[8:].tolist() == gradient[8:].tolist()


def test_the_relative_error_of_gaussian_groups_is_that_of_the_integral() -> None:
    """.4739; the recipes' page has .4745 from a simulation."""
    exact = unbiased.gaussian_error_of_two_of_four()
    assert exact == pytest.approx(0.4745, abs=1e-3)
    gradient, uniforms = gaussian(4, 4000), np.random.default_rng(1).random((1, 4000))
    found = masks.unbiased(gradient, TWO_OF_FOUR, uniforms)
    errors = ((found - gradient) ** 2).sum(axis=0)
    assert errors.mean() / 4 == pytest.approx(exact, abs=4 * standard_error(errors) / 4)


def test_dropping_and_growing_by_hand() -> None:
    mask = np.array([[1, 1, 0, 0, 1, 1, 0, 0]], np.bool_)
    weights = np.array([[0.1, 0.2, 0.0, 0.0, 3.0, 4.0, 0.0, 0.0]])
    growth = np.array([[0.0, 9.0, 1.0, 2.0, 0.0, 0.0, 7.0, 8.0]])
    anywhere = Unstructured(density=Fraction(1, 2))
    two = masks.drop_anywhere_and_grow_in_groups
    assert bits(two(mask, weights, growth, TWO_OF_FOUR, 2)) == ["01011100"]
    assert bits(two(mask, weights, growth, TWO_OF_FOUR, 1)) == ["01011100"]
    assert bits(two(mask, weights, growth, TWO_OF_FOUR, 3)) == ["01010101"]
    assert bits(two(mask, weights, growth, anywhere, 2)) == ["01001101"]
    each = masks.drop_and_grow_in_groups
    assert bits(each(mask, weights, growth, TWO_OF_FOUR, lambda kept: kept // 2)) == ["01010101"]
    assert bits(each(mask, weights, growth, TWO_OF_FOUR, lambda kept: 0)) == bits(mask)


def test_of_equals_the_lowest_index_stays_and_grows() -> None:
    mask = np.array([[0, 1, 1, 0]], np.bool_)
    same = np.ones((1, 4))
    found = masks.drop_anywhere_and_grow_in_groups(mask, same, same, TWO_OF_FOUR, 1)
    assert bits(found) == ["1100"]
