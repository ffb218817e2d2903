"""The stepped array against docs/array.md by hand, and its ways of stepping against each other."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import cycle as cycle_module
from simulator.cycle import Run, simulate_array
from simulator.errors import InputError
from simulator.folds import Core
from simulator.pattern import Pattern
from tests.arrays import Array

WEIGHT, INPUT, OUTPUT = 0, 1, 2
PE, COLUMN, CORE = 0, 1, 2
TWO_OF_FOUR = Pattern.parse("2:4")
PATTERNS = [None, *(Pattern.parse(text) for text in ("2:4", "1:4", "3:4", "1:2", "4:8", "3:5", "4:4"))]


def whole(m: int, n: int, k: int, dtype: Any = np.int64) -> tuple[Array, Array]:
    rng = np.random.default_rng(m + 10 * n + 100 * k)
    return rng.integers(-9, 10, (m, k)).astype(dtype), rng.integers(-9, 10, (k, n)).astype(dtype)


def drawn(k: int, n: int, pattern: Pattern | None, rng: np.random.Generator) -> Array | None:
    """A mask that keeps at most as many as it may, often fewer."""
    if pattern is None:
        return None
    mask = np.zeros((k, n), np.bool_)
    for start in range(0, k, pattern.group):
        part = mask[start : start + pattern.group]
        for c in range(n):
            most = min(pattern.kept, len(part))
            part[rng.permutation(len(part))[: rng.integers(0, most + 1)], c] = True
    return mask


@pytest.mark.parametrize("dataflow", [WEIGHT, INPUT, OUTPUT])
@pytest.mark.parametrize("size", [(5, 7, 9), (1, 1, 1), (8, 6, 4), (2, 9, 30)], ids=str)
def test_without_overlap_cycles_are_the_well_known_ones(dataflow: int, size: tuple[int, int, int]) -> None:
    """WS ceil(k/R) ceil(n/C) (2R+C+m-2), IS with m and n swapped, OS ceil(m/R) ceil(n/C) (R+C+k-2)."""
    (m, n, k), rows, columns = size, 4, 3
    across, streamed = (m, n) if dataflow == INPUT else (n, m)
    expected = -(-k // rows) * -(-across // columns) * (2 * rows + columns + streamed - 2)
    if dataflow == OUTPUT:
        expected = -(-m // rows) * -(-n // columns) * (rows + columns + k - 2)
    a, b = whole(m, n, k)
    run = simulate_array(a, b, Core(dataflow, rows, columns, 1, overlap=False))
    assert run.cycles == expected
    assert np.array_equal(run.product, a @ b)


@pytest.mark.parametrize(
    ("dataflow", "size", "overlap", "more", "cycles"),
    [
        # K = 4, two folds of load 2; a window of 4 at 2 a cycle: t = 2, stream 6; skew 2
        (WEIGHT, (3, 2, 8), True, {}, 2 + 6 + 6 + 2),
        (WEIGHT, (3, 2, 8), False, {}, 2 * (2 + 6 + 2)),
        # a group in 2 columns, 1 a cycle after 3: load 5; it is hidden behind 6, but not behind 2
        (WEIGHT, (3, 2, 8), True, {"decode_rate": 1, "decode_latency": 3}, 5 + 6 + 6 + 2),
        (WEIGHT, (1, 2, 8), True, {"decode_rate": 1, "decode_latency": 3}, 5 + 5 + 2 + 2),
        # load 2 * 2; 3 vectors of a group each after 3
        (INPUT, (2, 3, 8), True, {"decode_rate": 1, "decode_latency": 3}, 4 + 6 + 6 + 2),
        (INPUT, (2, 3, 8), False, {"decode_rate": 1, "decode_latency": 3}, 2 * (4 + 6 + 2)),
        # four steps of 2 after 3, in each of two folds
        (OUTPUT, (4, 2, 8), True, {"decode_rate": 1, "decode_latency": 3}, 11 + 11 + 2),
        (OUTPUT, (4, 2, 8), False, {"decode_rate": 1, "decode_latency": 3}, 2 * (11 + 2)),
    ],
)
def test_cycles_by_hand(
    dataflow: int, size: tuple[int, int, int], overlap: bool, more: dict[str, Any], cycles: int
) -> None:
    (m, n, k), core = size, Core(dataflow, 2, 2, 1, overlap, feed_bits=32, value_bits=16, decode_at=CORE)
    a, b = whole(m, n, k)
    mask = np.tile(np.array([[True], [False], [False], [True]]), (k // 4, n))
    run = simulate_array(a, b, core._replace(**more), pattern=TWO_OF_FOUR, mask=mask)
    assert run.cycles == cycles
    assert np.array_equal(run.product, a @ np.where(mask, b, 0))


def in_order(a: Array, b: Array, rows: int, lanes: int) -> Array:
    """A dense weight-stationary product as docs/array.md states its order, each product and sum rounded."""
    out = np.zeros((len(a), b.shape[1]), a.dtype)
    for start in range(0, len(b), rows * lanes):
        fold = np.zeros_like(out)
        for place in range(start, min(start + rows * lanes, len(b)), lanes):
            part = np.zeros_like(out)
            for at in range(place, min(place + lanes, len(b))):
                part = part + a[:, at : at + 1] * b[at]
            fold = fold + part
        out = out + fold
    return out


@pytest.mark.parametrize("lanes", [1, 2, 3, 4, 5])
def test_each_product_and_each_sum_is_rounded(lanes: int) -> None:
    rng = np.random.default_rng(lanes)
    a, b = (rng.standard_normal(shape).astype(np.float32) for shape in ((40, 50), (50, 40)))
    run = simulate_array(a, b, Core(WEIGHT, 4, 35, lanes))
    assert np.array_equal(run.product, in_order(a, b, 4, lanes))
    double = in_order(a.astype(np.float64), b.astype(np.float64), 4, lanes)
    assert not np.array_equal(run.product, double.astype(np.float32))


@st.composite
def runs(draw: st.DrawFn) -> tuple[Array, Array, Core, Pattern | None, Array | None]:
    m, n, k = (draw(st.integers(1, most)) for most in (9, 9, 24))
    dtype = draw(st.sampled_from([np.float32, np.int64]))
    pattern = draw(st.sampled_from(PATTERNS))
    core = Core(
        draw(st.integers(0, 2)),
        draw(st.integers(1, 5)),
        draw(st.integers(1, 5)),
        draw(st.integers(1, 5)),
        overlap=draw(st.booleans()),
        decode_at=draw(st.sampled_from([PE, COLUMN, CORE])),
        decode_latency=draw(st.integers(0, 3)),
    )
    a, b = whole(m, n, k, dtype)
    if dtype == np.float32 and draw(st.booleans()):
        a[0, -1], b[-1, 0] = np.inf, np.nan
    return a, b, core, pattern, drawn(k, n, pattern, np.random.default_rng(m * n * k))


@given(runs())
@settings(max_examples=40)
def test_rows_at_once_are_what_pes_do_one_by_one(
    run: tuple[Array, Array, Core, Pattern | None, Array | None],
) -> None:
    a, b, core, pattern, mask = run
    with pytest.MonkeyPatch.context() as patch:
        fast = simulate_array(a, b, core, pattern=pattern, mask=mask)
        patch.setattr(cycle_module.Plan, "short", property(lambda _: False))
        slow = simulate_array(a, b, core, pattern=pattern, mask=mask)
    assert np.array_equal(fast.product, slow.product, equal_nan=a.dtype != np.int64)
    assert (fast.cycles, fast.activity) == (slow.cycles, slow.activity)


@pytest.mark.parametrize("dataflow", [WEIGHT, INPUT, OUTPUT])
@pytest.mark.parametrize("pattern", [None, TWO_OF_FOUR], ids=str)
def test_an_idle_lane_multiplies_nothing_and_a_filler_zero_is_multiplied(
    dataflow: int, pattern: Pattern | None
) -> None:
    """K is no multiple of lanes: where an idle lane met the infinity there would be NaN."""
    a, b = np.ones((5, 5), np.float32), np.ones((5, 5), np.float32)
    a[:, 4] = np.inf
    mask = None if pattern is None else np.array([True, False, True, False, True])[:, np.newaxis] & (b > 0)
    core = Core(dataflow, 2, 3, 4)
    assert np.isposinf(simulate_array(a, b, core, pattern=pattern, mask=mask).product).all()
    if mask is not None:
        mask[4] = False
        assert np.isnan(simulate_array(a, b, core, pattern=pattern, mask=mask).product).all()


def test_the_activity_of_a_small_case() -> None:
    """K = 4 of 2:4 in PEs of one lane: each reaches a window of 4 and one group, in 2 folds of 2 rows."""
    a, b = whole(3, 2, 8)
    mask = np.tile(np.array([[True], [False], [False], [True]]), (2, 2))
    run = simulate_array(a, b, Core(WEIGHT, 2, 2, 1, decode_at=PE), pattern=TWO_OF_FOUR, mask=mask)
    assert run.activity._asdict() == {
        "multiplies": 3 * 4 * 2,
        "selects": 3 * 4 * 2,
        "fed": 3 * 4 * 4,
        "hops": 3 * 4 * 4 * 2,
        "loaded": 4 * 2,
        "decoded": 4 * 2,
        "sums": 3 * 4 * 2,
        "results": 3 * 2 * 2,
        "returned": 0,
    }


def ran(**changed: Any) -> Run:
    given: dict[str, Any] = {
        "a": np.ones((2, 4), np.float32),
        "b": np.ones((4, 2), np.float32),
        "core": Core(0, 2, 2, 1),
        "pattern": None,
        "mask": None,
    }
    given |= changed
    return simulate_array(given.pop("a"), given.pop("b"), given.pop("core"), **given)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"a": np.ones((2, 4), np.float16)}, "a has dtype float16; float32 or int64"),
        ({"b": np.ones(4, np.float32)}, "b has shape (4,); b is a matrix of 1 to"),
        ({"b": np.ones((4, 0), np.float32)}, "b has shape (4, 0); b is a matrix of 1 to"),
        ({"b": np.ones((3, 2), np.float32)}, "a is (m, k) and b is (k, n), of one dtype"),
        ({"b": np.ones((4, 2), np.int64)}, "a is (m, k) and b is (k, n), of one dtype"),
        ({"a": np.broadcast_to(np.float32(1), (1 << 21, 4))}, "a has shape (2097152, 4)"),
        ({"core": (0, 2, 2, 1)}, "the core is of type tuple"),
        ({"core": Core(3, 2, 2, 1)}, "dataflow of the core is 3; a whole number from 0 to 2"),
        ({"core": Core(0, 0, 2, 1)}, "rows of the core is 0; a whole number from 1"),
        ({"core": Core(0, 1 << 20, 1 << 20, 1)}, "1048576 x 1048576 PEs hold windows of 1 values"),
        ({"core": Core(2, 2, 2, 1, feed_bits=1, value_bits=1 << 31)}, "the run takes up to"),
        ({"mask": np.ones((4, 2), np.bool_)}, "there is a mask and no pattern"),
        ({"pattern": TWO_OF_FOUR}, "b: 2 of 2 groups along axis 0 break 2:4"),
        ({"pattern": TWO_OF_FOUR, "mask": np.ones((4, 2), np.bool_)}, "the mask: 2 of 2 groups along axis 0"),
        ({"pattern": TWO_OF_FOUR, "mask": np.ones((2, 4), np.bool_)}, "the mask has shape (2, 4)"),
        ({"pattern": "2:4"}, "the pattern is `2:4`; a Pattern"),
    ],
)
def test_bad_input_is_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)):
        ran(**changed)
