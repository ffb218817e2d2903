"""Unbiased sparsification: the exact expectation, the variance of the formula, at most `kept` non-zeros."""

from fractions import Fraction
from itertools import pairwise
from math import isfinite
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.kernels import threads
from simulator.kernels.unbiased import sparsify
from simulator.mask.dtypes import narrowed, widened
from simulator.mask.unbiased import inclusion, sparsify_unbiased
from simulator.pattern import Pattern
from tests.arrays import score_arrays
from tests.oracles import unbiased as oracle
from tests.oracles.magnitude import as_float
from tests.strategies import TWO_OF_FOUR, patterns_up_to

METHODS = ["minimum_variance", "approximate"]
Method = str
Group = tuple[list[float], Pattern, Method]
LAST_UNIFORM = 1 - 2.0**-53

numbers = st.floats(1e-12, 1e12) | st.integers(0, 4).map(float) | st.floats(0.5, 2)


@st.composite
def groups(draw: st.DrawFn) -> Group:
    """The values of one group, or of a tail, its pattern, and a way to sample it."""
    method = draw(st.sampled_from(METHODS))
    pattern = draw(patterns_up_to(12))
    if method == "approximate":
        pattern = Pattern(kept=2, group=max(2, pattern.group))
    sizes = draw(st.lists(numbers, min_size=1, max_size=pattern.group))
    signs = draw(st.lists(st.sampled_from([1, -1]), min_size=len(sizes), max_size=len(sizes)))
    return [sign * size for sign, size in zip(signs, sizes, strict=True)], pattern, method


def chances_of(group: Group) -> NDArray[np.float64]:
    values, pattern, method = group
    return inclusion(np.array(values), pattern, method=method)


def results(group: Group, uniforms: list[float]) -> NDArray[np.float64]:
    """What each u makes of the group."""
    values, pattern, method = group
    tiled = np.tile(values, (len(uniforms), 1))[:, :, None]
    out = np.empty_like(tiled)
    each = np.array(uniforms)[:, None, None]
    sparsify(tiled, each, pattern.kept, pattern.group, method == "approximate", 0, len(uniforms), out)
    return out[:, :, 0]


def over_all_uniforms(group: Group) -> tuple[list[Fraction], NDArray[np.float64]]:
    """The lengths of the pieces of [0, 1) in which nothing changes with u, and the results there."""
    drawn = [Fraction(chance) for chance in chances_of(group) if chance < 1]
    ends = {sum(drawn[:at], Fraction(0)) % 1 for at in range(len(drawn) + 1)}
    pieces = [(low, high) for low, high in pairwise(sorted({*ends, Fraction(0), Fraction(1)})) if high > low]
    pieces = [(low, high) for low, high in pieces if high - low > 1e-12]  # of rounding, where u cannot go
    return [high - low for low, high in pieces], results(
        group, [float((low + high) / 2) for low, high in pieces]
    )


@given(groups())
def test_the_expectation_is_the_group(group: Group) -> None:
    """Exactly, by integration over u; up to rounding, which is relative to the sum of the group."""
    values = group[0]
    lengths, made = over_all_uniforms(group)
    for at, value in enumerate(values):
        mean = sum(
            (length * Fraction(result) for length, result in zip(lengths, made[:, at], strict=True)),
            Fraction(0),
        )
        assert abs(mean - Fraction(value)) <= 1e-10 * sum(map(abs, values))


@given(groups())
def test_the_squared_error_is_that_of_the_formula(group: Group) -> None:
    values = np.array(group[0])
    chances = chances_of(group)
    lengths, made = over_all_uniforms(group)
    error = sum(
        float(length) * ((result - values) ** 2).sum() for length, result in zip(lengths, made, strict=True)
    )
    some = chances > 0
    expected = (values[some] ** 2 * (1 / chances[some] - 1)).sum()
    assert error == pytest.approx(expected, rel=1e-6, abs=1e-9 * np.abs(values).sum() ** 2)


@given(groups())
def test_the_probabilities_are_those_of_the_definition(group: Group) -> None:
    values, pattern, method = group
    exact = [Fraction(abs(value)) for value in values]
    expected = (
        oracle.two_successive(exact)
        if method == "approximate"
        else oracle.least_variance(exact, pattern.kept)
    )
    np.testing.assert_allclose(
        chances_of(group), [float(chance) for chance in expected], rtol=1e-9, atol=1e-15
    )
    assert sum(expected) == min(pattern.kept, sum(value != 0 for value in values))


@given(groups(), st.lists(st.floats(0, LAST_UNIFORM), max_size=20))
def test_as_many_as_can_be_are_kept_whatever_is_drawn(group: Group, uniforms: list[float]) -> None:
    values, pattern, _ = group
    cuts = np.cumsum(chances_of(group)) % 1
    near = [*cuts, *np.nextafter(cuts, 0), *np.nextafter(cuts, 1), 0.0, LAST_UNIFORM]
    made = results(group, [*uniforms, *(u for u in near if 0 <= u < 1)])
    room = min(pattern.kept, sum(value != 0 for value in values))
    assert ((made != 0).sum(axis=1) == room).all()


@given(groups(), st.data())
def test_no_other_probabilities_have_less_variance(group: Group, data: st.DataObject) -> None:
    values, pattern, _ = group
    sizes = np.abs([value for value in values if value])
    assume(len(sizes) >= 2)
    best = inclusion(sizes, pattern)
    gives, takes = data.draw(st.permutations(range(len(sizes))))[:2]
    moved = data.draw(st.floats(0, 1)) * min(best[gives], 1 - best[takes])
    other = best.copy()
    other[gives] -= moved
    other[takes] += moved
    assume(bool((other > 1e-9).all() and (best > 1e-9).all()))
    assert (sizes**2 / other).sum() >= (sizes**2 / best).sum() * (1 - 1e-9)


@given(st.lists(st.floats(0.01, 10), min_size=4, max_size=4).map(sorted))
def test_the_closed_form_of_two_of_four_has_the_same_probabilities(sizes: list[float]) -> None:
    pairs = oracle.pairs_of_four(sizes)
    assert sum(pairs.values()) == pytest.approx(1)
    assert min(pairs.values()) >= -1e-12
    kept = [sum(chance for pair, chance in pairs.items() if at in pair) for at in range(4)]
    np.testing.assert_allclose(inclusion(np.array(sizes), TWO_OF_FOUR), kept, atol=1e-12)


@given(
    score_arrays(st.lists(st.integers(0, 7), min_size=1, max_size=3).map(tuple)), patterns_up_to(9), st.data()
)
def test_groups_of_any_array_take_their_uniforms_in_order(
    values: NDArray[Any], pattern: Pattern, data: st.DataObject
) -> None:
    axis = data.draw(st.integers(-values.ndim, values.ndim - 1))
    made = sparsify_unbiased(values, pattern, np.random.default_rng(5), axis=axis)
    chances = inclusion(values, pattern, axis=axis)
    assert (made.shape, made.dtype, chances.shape) == (values.shape, values.dtype, values.shape)
    assert made.flags.c_contiguous
    counted = list(values.shape)
    counted[axis] = pattern.groups_along(values.shape[axis])
    uniforms = np.moveaxis(np.random.default_rng(5).random(counted), axis, -1)
    given_lines, made_lines, chance_lines = (np.moveaxis(each, axis, -1) for each in (values, made, chances))
    for line in np.ndindex(given_lines.shape[:-1]):
        for index, start in enumerate(range(0, given_lines.shape[-1], pattern.group)):
            here = slice(start, start + pattern.group)
            group = widened(given_lines[line][here].copy()).reshape(1, -1, 1)
            out = np.empty_like(group)
            with np.errstate(over="ignore"):
                sparsify(
                    group,
                    uniforms[line][index].reshape(1, 1, 1),
                    pattern.kept,
                    pattern.group,
                    False,
                    0,
                    1,
                    out,
                )
            expected = narrowed(out.ravel(), values.dtype)
            assert made_lines[line][here].tobytes() == expected.tobytes()
            sizes = [abs(as_float(value)) for value in given_lines[line][here]]
            least = 1e-300 * max((size for size in sizes if isfinite(size)), default=0)
            every = min(pattern.kept, sum(size != 0 for size in sizes))
            seen = min(pattern.kept, sum(not size <= least for size in sizes))  # what beside the largest is 0
            assert seen - 1e-6 <= chance_lines[line][here].sum() <= every + 1e-6


def test_what_is_not_finite_comes_through_first() -> None:
    nan, inf = np.nan, np.inf
    values = np.array([[1, 2, nan, 1], [-inf, 4, nan, 4], [nan, inf, 9, -inf], [0, 0, inf, 3]], np.float32)
    expected = [[0.25, 0.5, 1, 0.25], [1, 0, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1]]
    assert inclusion(values, TWO_OF_FOUR).tolist() == expected
    assert inclusion(values, TWO_OF_FOUR, method="approximate").tolist() == expected
    made = sparsify_unbiased(values, TWO_OF_FOUR, np.random.default_rng(0))
    np.testing.assert_array_equal(made[1:], [[-inf, 0, nan, 0], [nan, inf, 0, 0], [0, 0, inf, 3]])
    assert np.isnan(made[0, 2])
    assert sorted(made[0, [0, 1, 3]]) == [0, 0, 4]


def test_small_values_beside_a_large_one_keep_their_shares() -> None:
    values = np.array([1e20, 1, -3, 0])
    for method in METHODS:
        assert inclusion(values, TWO_OF_FOUR, method=method) == pytest.approx([1, 0.25, 0.75, 0])


@pytest.mark.parametrize("method", METHODS)
def test_what_fits_comes_back_as_it_is(method: Method) -> None:
    rng = np.random.default_rng(14)
    values = rng.standard_normal((500, 4)) * 10.0 ** rng.integers(-9, 9, (500, 4))
    values[:, [0, 3]] = 0
    np.testing.assert_array_equal(inclusion(values, TWO_OF_FOUR, method=method), values != 0)
    np.testing.assert_array_equal(sparsify_unbiased(values, TWO_OF_FOUR, rng, method=method), values)


@pytest.mark.parametrize("size", [1e308, 1e-310, 5e-324])
def test_the_ends_of_the_range(size: float) -> None:
    values = np.array([size, -size, 0, size, size])
    assert inclusion(values, Pattern(kept=3, group=5)).tolist() == [0.75, 0.75, 0, 0.75, 0.75]
    assert inclusion(values, Pattern(kept=2, group=5), method="approximate") == pytest.approx(
        [0.5, 0.5, 0, 0.5, 0.5]
    )
    small = np.array([1.0, size / 1e308, size / 1e308])
    assert np.isfinite(inclusion(small, Pattern(kept=2, group=3))).all()


def test_what_is_too_large_becomes_infinite() -> None:
    values = np.array([3e4, 3e4, -3e4, 3e4], np.float16)
    made = sparsify_unbiased(values, Pattern(kept=1, group=4), np.random.default_rng(0))
    assert np.abs(made).max() == np.inf


def test_expectation_of_many_draws() -> None:
    """The mean of 20000 draws of each value lies within 5 of its standard errors."""
    rng = np.random.default_rng(11)
    values = rng.standard_normal((1, 5, 3)).astype(np.float32)
    pattern = Pattern(kept=2, group=5)
    chances = inclusion(values, pattern, axis=1)
    draws = np.stack([sparsify_unbiased(values, pattern, rng, axis=1) for _ in range(20000)])
    error = np.sqrt(values.astype(float) ** 2 * (1 / chances - 1) / len(draws))
    assert (np.abs(draws.mean(axis=0, dtype=float) - values) <= 5 * error + 1e-6).all()
    assert (np.count_nonzero(draws, axis=2) == 2).all()


def test_relative_error_on_gaussian_values() -> None:
    """Within 5 sigma of the sampling of 20000 groups; drawing one after the other is nowhere better."""
    values = np.random.default_rng(12).standard_normal((20_000, 4))
    squares = values**2
    error = squares / inclusion(values, TWO_OF_FOUR) - squares
    ratio = error.sum() / squares.sum()
    spread = (error - ratio * squares).sum(axis=1).std() / squares.sum(axis=1).mean() / len(values) ** 0.5
    assert abs(ratio - oracle.gaussian_error_of_two_of_four()) < 5 * spread
    other = squares / inclusion(values, TWO_OF_FOUR, method="approximate") - squares
    assert (other.sum(axis=1) >= error.sum(axis=1) * (1 - 1e-9)).all()


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "GRAIN", 16)
    values = np.random.default_rng(13).standard_normal((31, 42)).astype(np.float32)
    made = []
    for count in ("1", "3"):
        monkeypatch.setenv("NMSIM_THREADS", count)
        made.append(sparsify_unbiased(values, TWO_OF_FOUR, np.random.default_rng(0)))
    np.testing.assert_array_equal(made[0], made[1])


F32 = np.ones((2, 8), np.float32)
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: sparsify_unbiased(F32, Pattern(kept=4, group=65), RNG),
            "`4:65` has a group of 65; groups of at most 64 can be sampled",
        ),
        (
            lambda: sparsify_unbiased(F32, Pattern(kept=4, group=8), RNG, method="approximate"),
            "`4:8` keeps 4; approximate draws two, minimum_variance any number",
        ),
        (
            lambda: inclusion(F32, TWO_OF_FOUR, method="minimum"),
            "no method is called `minimum`; did you mean `minimum_variance`? "
            "known: approximate, minimum_variance",
        ),
        (
            lambda: sparsify_unbiased(F32, TWO_OF_FOUR, 7),  # type: ignore[arg-type]
            "rng is of type int; rng is a numpy.random.Generator",
        ),
        (lambda: inclusion(F32, TWO_OF_FOUR, axis=2), "axis is `2`; an axis of shape (2, 8) is -2 to 1"),
        (
            lambda: inclusion(F32, "2:4"),  # type: ignore[arg-type]
            'the pattern is `2:4`; a Pattern, as Pattern.parse("2:4") makes it',
        ),
        (
            lambda: inclusion(F32.astype(int), TWO_OF_FOUR),
            "values has dtype int64; float32, float64, float16, or uint16 that holds the bits of bfloat16",
        ),
    ],
)
def test_what_is_refused(call: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
