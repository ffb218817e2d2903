"""Products: the compressed way to the bit, the dense way within its error, what each does with NaN."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.kernels import products as kernels
from simulator.kernels.threads import GRAIN
from simulator.pattern import Pattern
from simulator.products import (
    compress,
    multiply,
    multiply_compressed,
    multiply_dense,
    pays,
    weight_gradient,
)
from tests.arrays import REAL, Layout, drawn_mask, layouts, odd_values, same_numbers
from tests.oracles import products as oracle
from tests.strategies import patterns_up_to

dtypes = st.sampled_from(REAL)
generators = st.integers(0, 1 << 32).map(np.random.default_rng)


def draw(generator: np.random.Generator, shape: tuple[int, ...], dtype: Any, special: float = 0.0) -> Any:
    """Normal values, a share of them replaced by those that arithmetic treats in a way of their own."""
    values = generator.standard_normal(shape)
    odd = generator.choice(odd_values(dtype), shape)
    return np.where(generator.random(shape) < special, odd, values.astype(dtype))


@given(generators, st.tuples(*[st.integers(0, most) for most in (9, 5, 80)]), st.data())
def test_the_compressed_way_adds_kept_products_in_order(
    generator: np.random.Generator, sizes: tuple[int, int, int], data: st.DataObject
) -> None:
    tokens, rows, length = sizes
    dtype, special = data.draw(dtypes), data.draw(st.sampled_from([0.0, 0.02, 0.3]))
    x, weights = (
        draw(generator, (tokens, length), dtype, special),
        draw(generator, (rows, length), dtype, special),
    )
    mask = generator.random((rows, length)) < data.draw(st.sampled_from([0.0, 0.03, 0.2, 0.6, 1.0]))
    expected = oracle.multiply(x, weights, mask)
    of_x, of_weights, of_mask = (data.draw(layouts) for _ in range(3))
    assert same_numbers(multiply_compressed(of_x(x), compress(of_weights(weights), of_mask(mask))), expected)


@given(generators, patterns_up_to(33), st.integers(1, 100))
def test_a_pattern_with_a_tail(generator: np.random.Generator, pattern: Pattern, length: int) -> None:
    x, weights = draw(generator, (3, length), np.float32), draw(generator, (5, length), np.float32)
    mask = drawn_mask(weights.shape, pattern, 1, generator)
    packed = compress(weights, mask)
    assert len(packed.values) == 5 * pattern.kept_along(length)
    assert same_numbers(multiply_compressed(x, packed), oracle.multiply(x, weights, mask))


def test_more_tokens_and_rows_than_a_panel_holds() -> None:
    generator = np.random.default_rng(5)
    tokens, rows = kernels.TOKENS + 41, kernels.ROWS + 3
    x, weights = draw(generator, (tokens, 70), np.float32), draw(generator, (rows, 70), np.float32)
    mask = generator.random(weights.shape) < 0.15
    assert same_numbers(multiply_compressed(x, compress(weights, mask)), oracle.multiply(x, weights, mask))


def test_the_compressed_way_is_the_same_for_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(6)
    x, weights = draw(generator, (259, 64), np.float32, 0.001), draw(generator, (70, 64), np.float32)
    packed = compress(weights, generator.random(weights.shape) < 0.25)
    assert len(x) * len(packed.values) > 4 * GRAIN
    results = []
    for threads in (1, 2, 3, 4):
        monkeypatch.setenv("NMSIM_THREADS", str(threads))
        results.append(multiply_compressed(x, packed).tobytes())
    assert len(set(results)) == 1


@given(generators, st.tuples(*[st.integers(0, most) for most in (5, 9, 80)]), dtypes, layouts)
def test_what_is_compressed(
    generator: np.random.Generator, sizes: tuple[int, int, int], dtype: Any, layout: Layout
) -> None:
    zeros, rows, length = sizes
    weights = draw(generator, (rows, length), dtype, 0.1)
    mask = generator.random(weights.shape) < 1 / (1 + zeros)
    packed = compress(layout(weights), layout(mask))
    stretches = list(pairwise(packed.starts.tolist()))
    assert (packed.starts[0], packed.starts[-1]) == (0, mask.sum())
    values, columns = oracle.kept_of_rows(weights, mask)
    for row in range(rows):
        mine = stretches[row::rows]  # of each block in turn
        found = [at for first, stop in mine for at in range(first, stop)]
        assert packed.columns[found].tolist() == columns[row]
        assert same_numbers(packed.values[found], np.array(values[row], dtype))
    assert (packed.rows, packed.length) == (rows, length)
    if (
        rows and length
    ):  # a block is as wide as keeps eight of a row on average, 32 at least, no wider than a row
        width = Fraction(8 * rows * length, max(1, int(mask.sum())))
        assert len(stretches) == rows * ceil(length / max(32, min(length, ceil(width))))


@pytest.mark.parametrize("pattern", ["1:4", "1:8", "1:16", "1:32", "2:64"], ids=str)
def test_a_row_of_a_block_keeps_eight(pattern: str) -> None:
    kept, group = map(int, pattern.split(":"))
    mask = np.zeros((3, 8 * group), np.bool_).reshape(-1, group)
    mask[:, :kept] = True
    packed = compress(np.ones((3, 8 * group), np.float32), mask.reshape(3, -1))
    assert set(np.diff(packed.starts)) == {8}


@pytest.mark.parametrize("way", ["dense", "compressed", "chosen"])
@given(generators, st.tuples(*[st.integers(0, most) for most in (20, 12, 80)]), st.data())
def test_every_way_is_exact_where_nothing_is_rounded(
    way: str, generator: np.random.Generator, sizes: tuple[int, int, int], data: st.DataObject
) -> None:
    tokens, rows, length = sizes
    dtype, of_x, of_weights = data.draw(dtypes), data.draw(layouts), data.draw(layouts)
    x, weights = generator.integers(-99, 99, (tokens, length)), generator.integers(-99, 99, (rows, length))
    mask = generator.random((rows, length)) < 0.4
    expected = x @ (weights * mask).T
    found = by_way(way)(of_x(x.astype(dtype)), of_weights(weights.astype(dtype)), of_weights(mask))
    assert found.dtype == dtype
    assert found.flags.c_contiguous
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("way", ["dense", "compressed", "chosen"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_error_of_every_way_is_that_of_a_sum(way: str, dtype: Any) -> None:
    """|error| <= (K + 1) u / (1 - (K + 1) u) * sum |x w|, u half a unit in the last place (Higham, 3.1)."""
    generator = np.random.default_rng(7)
    x, weights = draw(generator, (64, 512), dtype), draw(generator, (48, 512), dtype)
    mask = generator.random(weights.shape) < 0.25
    wide_x, wide_weights = x.astype(np.longdouble), np.where(mask, weights, 0).astype(np.longdouble)
    unit = 513 * np.finfo(dtype).eps / 2
    bound = unit / (1 - unit) * (abs(wide_x) @ abs(wide_weights).T)
    assert np.all(abs(by_way(way)(x, weights, mask) - wide_x @ wide_weights.T) <= bound)


def by_way(way: str) -> Callable[[Any, Any, Any], Any]:
    compressed = lambda x, weights, mask: multiply_compressed(x, compress(weights, mask))  # noqa: E731
    return {"dense": multiply_dense, "compressed": compressed, "chosen": multiply}[way]


@pytest.mark.parametrize("way", ["dense", "compressed", "chosen"])
def test_the_gradient_to_the_input_takes_the_weights_transposed(way: str) -> None:
    generator = np.random.default_rng(8)
    weights = generator.integers(-9, 9, (40, 56)).astype(np.float32)
    dy = generator.integers(-9, 9, (2, 7, 40)).astype(np.float32)
    mask = generator.random(weights.shape) < 0.25
    found = by_way(way)(dy, weights.T, mask.T)
    assert found.shape == (2, 7, 56)
    assert np.array_equal(found, dy @ (weights * mask))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_meets_pruned_weights_alone_reaches_only_the_dense_way(value: float) -> None:
    x = np.array([[1, value, 3, 4]], np.float32)
    weights = np.array([[5, 6, 7, 8]], np.float32)
    mask = np.array([[True, False, False, True]])
    assert multiply_compressed(x, compress(weights, mask)).tolist() == [[37.0]]
    assert np.isnan(multiply_dense(x, weights, mask)).all()
    # A pruned weight itself is gone in both.
    pruned = np.array([[5, value, 7, 8]], np.float32)
    clean = np.array([[1, 2, 3, 4]], np.float32)
    assert multiply_dense(clean, pruned, mask).tolist() == [[37.0]]
    assert multiply_compressed(clean, compress(pruned, mask)).tolist() == [[37.0]]


@pytest.mark.parametrize(("tokens", "compressed"), [(16, False), (256, True)])
def test_the_faster_way_is_taken(tokens: int, compressed: bool) -> None:
    """Where x is infinite it meets no kept weight, so that the result tells which way was taken."""
    mask = np.zeros((256, 256), np.bool_)
    mask[:, 3] = True
    x = np.ones((tokens, 256), np.float32)
    x[:, 5] = np.inf
    assert pays(tokens=tokens, rows=256, length=256, kept=256) is compressed
    found = multiply(x, np.full((256, 256), 2, np.float32), mask)
    assert np.all(found == 2) if compressed else np.all(np.isnan(found))


sizes_of_layers = st.integers(0, 1 << 20)


@given(sizes_of_layers, sizes_of_layers, sizes_of_layers, st.data())
def test_compression_pays_for_few_kept_of_many(
    tokens: int, rows: int, length: int, data: st.DataObject
) -> None:
    half = rows * length // 2
    assert not pays(tokens=tokens, rows=rows, length=length, kept=rows * length - half)
    kept = data.draw(st.integers(0, half))
    if pays(tokens=tokens, rows=rows, length=length, kept=kept):
        assert pays(tokens=2 * tokens, rows=rows, length=length, kept=kept)
        assert pays(tokens=tokens, rows=rows, length=length, kept=kept // 2)


@pytest.mark.parametrize(
    ("tokens", "side", "group", "expected"),
    [(2048, 1024, 4, True), (2048, 128, 4, False), (2048, 256, 8, True), (64, 64, 32, False)],
)
def test_when_one_of_a_group_pays(tokens: int, side: int, group: int, expected: bool) -> None:
    assert pays(tokens=tokens, rows=side, length=side, kept=side * side // group) is expected


@given(generators, st.tuples(*[st.integers(0, most) for most in (2, 7, 9, 20)]), dtypes, layouts)
def test_the_gradient_of_kept_weights(
    generator: np.random.Generator, sizes: tuple[int, int, int, int], dtype: Any, layout: Layout
) -> None:
    batch, tokens, rows, length = sizes
    dy = generator.integers(-99, 99, (batch, tokens, rows))
    x = generator.integers(-99, 99, (batch, tokens, length))
    mask = generator.random((rows, length)) < 0.4
    found = weight_gradient(layout(dy.astype(dtype)), layout(x.astype(dtype)), layout(mask))
    assert found.dtype == dtype
    assert found.flags.c_contiguous
    assert np.array_equal(found, np.einsum("btr,btl->rl", dy, x) * mask)


def test_the_gradient_of_a_pruned_weight_is_0_whatever_meets() -> None:
    dy, x = np.array([[np.nan, 1]], np.float32), np.array([[2, np.inf]], np.float32)
    found = weight_gradient(dy, x, np.array([[False, False], [True, False]]))
    assert found.tolist() == [[0, 0], [2, 0]]


def test_a_vector_is_one_token() -> None:
    x, weights = np.array([1, 2], np.float32), np.array([[3, 4], [5, 6], [7, 8]], np.float32)
    mask = np.array([[True, False], [True, True], [False, True]])
    for way in ("dense", "compressed", "chosen"):
        assert by_way(way)(x, weights, mask).tolist() == [3, 17, 16]


@given(st.integers(0, 40), st.integers(0, 70), st.integers(0, 3), st.integers(0, 3))
def test_transpose(rows: int, columns: int, row: int, column: int) -> None:
    source = np.arange((rows + row) * columns, dtype=np.float32).reshape(rows + row, columns)
    target = np.full((columns, column + rows + 1), -1, np.float32)
    kernels.transpose(source, target, row, column, rows, columns)
    expected: NDArray[np.float32] = np.full_like(target, -1)
    expected[:, column : column + rows] = source[row:].T
    assert np.array_equal(target, expected)


X = np.zeros((2, 4), np.float32)
WEIGHTS = np.zeros((3, 4), np.float32)
KEPT = np.ones((3, 4), np.bool_)


@pytest.mark.parametrize("take", [multiply, multiply_dense])
@pytest.mark.parametrize(
    ("x", "weights", "mask", "text"),
    [
        ([1.0], WEIGHTS, KEPT, "x is of type list; x is a numpy array"),
        (X.astype(np.float16), WEIGHTS, KEPT, "x has dtype float16; float32 or float64"),
        (X.astype(np.float64), WEIGHTS, KEPT, "x has dtype float64; the weights have dtype float32"),
        (
            X[:, :3],
            WEIGHTS,
            KEPT,
            "x has shape (2, 3); the last axis has the length of the weights, 4",
        ),
        (np.zeros((), np.float32), WEIGHTS, KEPT, "x has no axis; x has at least one axis"),
        (X, WEIGHTS[0], KEPT[0], "weights have shape (4,); weights are a matrix (rows, length)"),
        (X, WEIGHTS.astype(np.uint16), KEPT, "weights has dtype uint16; float32 or float64"),
        (X, WEIGHTS, KEPT[:2], "the mask has shape (2, 4); the values have shape (3, 4)"),
        (X, WEIGHTS, KEPT * 1.0, "the mask has dtype float64; a mask is a numpy array of bool"),
    ],
)
def test_bad_products(take: Callable[..., Any], x: Any, weights: Any, mask: Any, text: str) -> None:
    with pytest.raises(InputError) as caught:
        take(x, weights, mask)
    assert str(caught.value) == text


def test_bad_compression() -> None:
    with pytest.raises(InputError) as caught:
        compress(WEIGHTS[None], KEPT[None])
    assert str(caught.value) == "weights have shape (1, 3, 4); weights are a matrix (rows, length)"
    with pytest.raises(InputError) as caught:
        compress(np.empty((0, 1 << 31), np.float32), KEPT)
    assert str(caught.value) == "weights have shape (0, 2147483648); a length below 2147483648"
    with pytest.raises(InputError) as caught:
        multiply_compressed(X[:, :2], compress(WEIGHTS, KEPT))
    assert str(caught.value) == "x has shape (2, 2); the last axis has the length of the weights, 4"
    with pytest.raises(InputError) as caught:
        multiply_compressed(X.astype(np.float64), compress(WEIGHTS, KEPT))
    assert str(caught.value) == "x has dtype float64; the weights have dtype float32"


@pytest.mark.parametrize(
    ("dy", "x", "mask", "text"),
    [
        (X[0], X, KEPT, "dy has shape (4,); x has shape (2, 4): all axes but the last agree"),
        (X.astype(np.float64), X, KEPT, "dy has dtype float64; x has dtype float32"),
        (X, X, KEPT, "the mask has shape (3, 4); dy and x give weights of shape (4, 4)"),
        (X, None, KEPT, "x is of type NoneType; x is a numpy array"),
        (X, X, None, "the mask is of type NoneType; the mask is a numpy array"),
    ],
)
def test_bad_gradients(dy: Any, x: Any, mask: Any, text: str) -> None:
    with pytest.raises(InputError) as caught:
        weight_gradient(dy, x, mask)
    assert str(caught.value) == text
