import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.kernels import threads
from simulator.kernels.lanes import LANES
from simulator.mask.magnitude import prune, prune_decay, select, select_bits
from simulator.pattern import Pattern
from tests.arrays import DTYPES, in_dtype, same_bits, same_numbers, score_arrays
from tests.oracles import magnitude as oracle
from tests.strategies import TWO_OF_FOUR

# Each pattern is compiled for each dtype and result, so that there are few pairs.
SOME: list[tuple[str, type]] = [("2:4", np.float32), ("3:7", np.uint16), ("3:70", np.float64)]
PAIRS = [*SOME, ("1:4", np.float64), ("2:4", np.float16), ("5:5", np.float32), ("9:16", np.uint16)]
OF_REAL: list[tuple[str, type]] = [("2:4", np.float32), ("3:7", np.float64), ("3:70", np.float32)]


@st.composite
def shapes(draw: st.DrawFn) -> tuple[int, ...]:
    """Lengths about whole groups and eights of them, and wide and narrow rows."""
    sizes = st.sampled_from([0, 1, 3, 4, 7, 16, 31, 32, 36, 41, 64, 70, 128, 131])
    shape = draw(st.lists(sizes, min_size=1, max_size=3))
    while int(np.prod(shape)) > 3000:
        shape[int(np.argmax(shape))] //= 2
    return tuple(shape)


def cases(pairs: list[tuple[str, type]]) -> st.SearchStrategy[tuple[NDArray[Any], Pattern, int]]:
    """Scores, a pattern and an axis; 3:70 is selected without vector code."""
    return st.sampled_from(pairs).flatmap(
        lambda pair: st.tuples(
            score_arrays(shapes(), [pair[1]]), st.just(Pattern.parse(pair[0])), st.integers(0, 2)
        )
    )


@given(cases(PAIRS))
def test_a_mask_is_that_of_the_definition(case: tuple[NDArray[Any], Pattern, int]) -> None:
    scores, pattern, axis = case
    axis %= scores.ndim
    expected = oracle.select(scores, pattern, axis)
    assert same_bits(select(scores, pattern, axis=axis), expected)
    assert same_bits(select(scores, pattern, axis=axis - scores.ndim), expected)


@given(cases(SOME))
def test_bits_are_the_mask_packed(case: tuple[NDArray[Any], Pattern, int]) -> None:
    scores, pattern, axis = case
    axis %= scores.ndim
    expected = np.packbits(oracle.select(scores, pattern, axis), axis=-1, bitorder="little")
    assert same_bits(select_bits(scores, pattern, axis=axis), expected)


@given(cases(SOME))
def test_pruning_keeps_the_bits_of_what_is_kept(case: tuple[NDArray[Any], Pattern, int]) -> None:
    weights, pattern, axis = case
    axis %= weights.ndim
    mask = oracle.select(weights, pattern, axis)
    assert same_bits(prune(weights, pattern, axis=axis), np.where(mask, weights, weights.dtype.type(0)))


@given(cases(OF_REAL), st.sampled_from([0.25, 1 / 3, -2.0, 1e30]))
def test_what_is_not_kept_fades(case: tuple[NDArray[Any], Pattern, int], fade: float) -> None:
    weights, pattern, axis = case
    axis %= weights.ndim
    mask = oracle.select(weights, pattern, axis)
    assert same_numbers(prune(weights, pattern, axis=axis, fade=fade), oracle.masked(weights, mask, fade))


@given(cases(OF_REAL), st.sampled_from([2e-4, -1.0, 0.0]))
def test_what_is_not_kept_is_drawn_to_zero(case: tuple[NDArray[Any], Pattern, int], strength: float) -> None:
    weights, pattern, axis = case
    axis %= weights.ndim
    gradient = np.ascontiguousarray(np.flip(weights))
    mask = oracle.select(weights, pattern, axis)
    made = prune_decay(gradient, weights, pattern, strength=strength, axis=axis)
    assert same_numbers(made, oracle.masked_decay(gradient, weights, mask, strength))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("score_dtype", DTYPES)
def test_scores_of_any_dtype_rank_weights_of_any(dtype: type, score_dtype: type) -> None:
    count = 4 * LANES * 3
    weights, scores = (
        in_dtype(np.arange(1, count + 1), dtype),
        in_dtype(np.arange(count) * 3 % 5, score_dtype),
    )
    mask = oracle.select(scores, TWO_OF_FOUR, 0)
    pruned = prune(weights, TWO_OF_FOUR, scores=scores)
    assert same_bits(pruned, np.where(mask, weights, weights.dtype.type(0)))


def keeps_the_best(pattern: Pattern) -> bool:
    """Whether the magnitude kept in each group is the most that can be, by sorting alone."""
    scores = np.random.default_rng(pattern.group).integers(-9, 9, (2, 16 * pattern.group)).astype(np.float32)
    kept = np.where(select(scores, pattern), np.abs(scores), 0).reshape(-1, pattern.group)
    best = np.sort(np.abs(scores).reshape(-1, pattern.group), axis=1)[:, pattern.group - pattern.kept :]
    return bool((kept.sum(axis=1) == best.sum(axis=1)).all())


@pytest.mark.parametrize("text", ["2:2", "3:6", "8:16", "11:33", "20:64", "100:130"])
def test_what_is_kept_is_as_large_as_can_be(text: str) -> None:
    assert keeps_the_best(Pattern.parse(text))


@pytest.mark.full
@pytest.mark.parametrize("group", range(1, 65))
def test_every_size_of_group_keeps_the_largest(group: int) -> None:
    assert all(keeps_the_best(Pattern(kept=kept, group=group)) for kept in {1, (group + 1) // 2, group})


def test_equal_magnitudes_keep_the_lowest_index_and_nan_comes_last() -> None:
    nan, inf = np.nan, np.inf
    rows = {
        (0.0, -0.0, 0.0, 0.0): (1, 1, 0, 0),
        (1.0, -2.0, 2.0, -2.0): (0, 1, 1, 0),
        (nan, 0.0, nan, -0.0): (0, 1, 0, 1),
        (nan, nan, nan, nan): (1, 1, 0, 0),
        (nan, nan, nan, 1e-45): (1, 0, 0, 1),
        (1.0, -inf, nan, inf): (0, 1, 0, 1),
        (1e-45, 0.0, -2e-45, 0.0): (1, 0, 1, 0),
    }
    scores = np.array([*rows] * LANES, np.float32)
    assert select(scores, TWO_OF_FOUR).astype(int).tolist() == [list(kept) for kept in rows.values()] * LANES


def test_results_do_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "GRAIN", 64)
    scores = np.random.default_rng(0).integers(-3, 3, (67, 68)).astype(np.float32)
    made = {}
    for count in ("1", "2", "5"):
        monkeypatch.setenv("NMSIM_THREADS", count)
        made[count] = [
            each.tobytes()
            for pattern in (TWO_OF_FOUR, Pattern(kept=3, group=70))
            for axis in (0, 1)
            for each in (select(scores, pattern, axis=axis), prune(scores, pattern, axis=axis, fade=0.5))
        ]
    assert made["1"] == made["2"] == made["5"]


def test_a_result_goes_where_it_is_told() -> None:
    pattern = Pattern(kept=1, group=4)
    weights = np.arange(64, dtype=np.float32)
    mask, pruned = np.empty(64, np.bool_), np.empty(64, np.float32)
    assert select(weights, pattern, out=mask) is mask
    assert prune(weights, pattern, out=pruned) is pruned
    expected = pruned.copy()
    assert prune(weights, pattern, out=weights) is weights
    assert same_bits(weights, expected)
    gradient, weights = np.ones(64, np.float32), np.arange(64, dtype=np.float32)
    expected = oracle.masked_decay(gradient, weights, mask, 0.5)
    assert prune_decay(gradient, weights, pattern, strength=0.5, out=gradient) is gradient
    assert same_bits(gradient, expected)


@pytest.mark.parametrize("shape", [(3000, 5), (600, 69)])
def test_many_rows_shorter_than_a_group(shape: tuple[int, int]) -> None:
    pattern = Pattern(kept=3, group=70)
    scores = np.random.default_rng(4).integers(-9, 9, shape).astype(np.float32)
    assert same_bits(select(scores, pattern), oracle.select(scores, pattern, 1))
    assert same_bits(select(scores.T, pattern, axis=0), oracle.select(scores.T, pattern, 0))


def test_a_factor_is_that_of_the_dtype() -> None:
    weights = np.array([np.inf, np.nan, 3, 8, 9, 7], np.float32)
    assert prune(weights, Pattern(kept=1, group=6), fade=1e-50).tolist() == [np.inf, 0, 0, 0, 0, 0]


def test_an_axis_may_be_an_integer_of_numpy() -> None:
    scores: NDArray[np.float64] = np.arange(32.0).reshape(4, 8)
    for axis in (np.int64(1), np.uint8(1), np.int32(-1)):
        assert same_bits(select(scores, TWO_OF_FOUR, axis=axis), select(scores, TWO_OF_FOUR))  # type: ignore[arg-type]


NOT: Any = [1.0]  # neither an array nor a pattern nor a number
WEIGHTS = np.zeros((2, 8), np.float32)
SHARED = np.zeros(20, np.float32)
ERRORS: dict[str, tuple[Any, str]] = {
    "not an array": (lambda p: select(NOT, p), "scores is of type list; scores is a numpy array"),
    "dtype": (
        lambda p: select(np.zeros(4, np.int64), p),
        "scores has dtype int64; float32, float64, float16, or uint16 that holds the bits of bfloat16",
    ),
    "scalar": (lambda p: select(np.array(1.0), p), "scores has no axis; scores has at least one axis"),
    "axis": (lambda p: select(WEIGHTS, p, axis=2), "axis is `2`; an axis of shape (2, 8) is -2 to 1"),
    "axis of true": (
        lambda p: select(WEIGHTS, p, axis=True),
        "axis is `true`; an axis of shape (2, 8) is -2 to 1",
    ),
    "axis of bits of true": (
        lambda p: select_bits(WEIGHTS, p, axis=True),
        "axis is `true`; an axis of shape (2, 8) is -2 to 1",
    ),
    "axis of bits of a float": (
        lambda p: select_bits(WEIGHTS, p, axis=1.0),  # type: ignore[arg-type]
        "axis is `1.0`; an axis of shape (2, 8) is -2 to 1",
    ),
    "axis of a float": (
        lambda p: select(WEIGHTS, p, axis=1.0),  # type: ignore[arg-type]
        "axis is `1.0`; an axis of shape (2, 8) is -2 to 1",
    ),
    "axis of bits": (
        lambda p: select_bits(WEIGHTS, p, axis=-3),
        "axis is `-3`; an axis of shape (2, 8) is -2 to 1",
    ),
    "no pattern": (
        lambda p: select(WEIGHTS, NOT),
        'the pattern is a list; a Pattern, as Pattern.parse("2:4") makes it',
    ),
    "out dtype": (
        lambda p: select(WEIGHTS, p, out=np.zeros((2, 8))),
        "out is float64 of shape (2, 8); the result is bool of shape (2, 8)",
    ),
    "out shape": (
        lambda p: prune(WEIGHTS, p, out=np.zeros(16, np.float32)),
        "out is float32 of shape (16,); the result is float32 of shape (2, 8)",
    ),
    "out order": (
        lambda p: prune(WEIGHTS, p, out=np.zeros((8, 2), np.float32).T),
        "out is not C-contiguous and writable; out is such an array, as numpy.empty makes it",
    ),
    "out type": (
        lambda p: prune(WEIGHTS, p, out=NOT),
        "out is of type list; out is a numpy array",
    ),
    "scores": (
        lambda p: prune(WEIGHTS, p, scores=np.zeros(4)),
        "scores has shape (4,); the weights have shape (2, 8)",
    ),
    "fade": (lambda p: prune(WEIGHTS, p, fade=np.nan), "fade is `nan`; fade is finite in float32"),
    "fade beyond float32": (
        lambda p: prune(WEIGHTS, p, fade=1e39),
        "fade is `1e+39`; fade is finite in float32",
    ),
    "fade of a large whole number": (
        lambda p: prune(WEIGHTS, p, fade=10**400),
        f"fade is `{str(10**400)[:60]}…`; fade is finite in float32",
    ),
    "out overlaps": (
        lambda p: prune(SHARED[:16].reshape(2, 8), p, out=SHARED[4:20].reshape(2, 8)),
        "out overlaps what it is made from; out is one of the arrays itself, or memory of its own",
    ),
    "out overlaps scores": (
        lambda p: prune(WEIGHTS, p, scores=SHARED[:16].reshape(2, 8), out=SHARED[4:20].reshape(2, 8)),
        "out overlaps what it is made from; out is one of the arrays itself, or memory of its own",
    ),
    "out of a mask overlaps": (
        lambda p: select(SHARED[:16], p, out=SHARED.view(np.bool_)[60:76]),
        "out overlaps what it is made from; out is one of the arrays itself, or memory of its own",
    ),
    "out of a decay overlaps": (
        lambda p: prune_decay(SHARED[:16], WEIGHTS.ravel(), p, strength=1.0, out=SHARED[4:20]),
        "out overlaps what it is made from; out is one of the arrays itself, or memory of its own",
    ),
    "fade of halves": (
        lambda p: prune(WEIGHTS.astype(np.float16), p, fade=0.5),
        "fade is `0.5` and the weights are float16; a fade other than 0 takes weights of float32 or float64",
    ),
    "gradient": (
        lambda p: prune_decay(np.zeros((2, 8)), WEIGHTS, p, strength=1.0),
        "gradient has dtype float64; the weights have dtype float32",
    ),
    "strength": (
        lambda p: prune_decay(WEIGHTS, WEIGHTS, p, strength=NOT),
        "strength is a list; strength is a finite number",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_bad_input_is_told_what_would_be_right(name: str) -> None:
    call, words = ERRORS[name]
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        call(TWO_OF_FOUR)
