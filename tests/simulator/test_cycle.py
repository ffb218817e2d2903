"""The array, cycle by cycle: cases worked by hand, docs/array.md, the oracle and the kernels agree."""

from functools import reduce
from math import ceil
from operator import add
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from simulator.activity import Activity
from simulator.cycle import simulate_array
from simulator.folds import DATAFLOWS, DECODERS, Core
from simulator.pattern import Pattern
from tests.arrays import Array, same_bits, same_numbers
from tests.oracles.activity import activity
from tests.oracles.array import run
from tests.oracles.array_folds import stored
from tests.simulator.array_cases import Case, cases
from tests.strategies import TWO_OF_FOUR

WS, IS, OS = range(3)
PE, COLUMN, CORE = range(3)
TWO_VALUES: dict[str, int] = {"feed_bits": 32, "value_bits": 16}  # a cycle


def ones(m: int, n: int, k: int) -> tuple[Array, Array]:
    return np.ones((m, k), np.int64), np.ones((k, n), np.int64)


def sparse(m: int, n: int, k: int, pattern: Pattern) -> tuple[Array, Array, Pattern, Any]:
    """Ones, of which the last of each group are kept."""
    a, b = ones(m, n, k)
    last = [min(k, start + pattern.group) for start in range(0, k, pattern.group)]
    keep = [any(0 < stop - index <= pattern.kept for stop in last) for index in range(k)]
    return a, b, pattern, np.repeat(np.array(keep)[:, None], n, axis=1)


def cycles(core: Core, operands: tuple[Array, Array, Pattern, Any]) -> int:
    a, b, pattern, mask = operands
    return run(a, b, core, pattern, mask)[1]


# The closed forms of the widely used reference simulator, one lane and no overlap.
@pytest.mark.parametrize(
    ("m", "n", "k", "rows", "columns"), [(5, 6, 7, 3, 2), (1, 1, 1, 1, 1), (4, 3, 9, 2, 4)]
)
@pytest.mark.parametrize("flow", [WS, IS, OS])
def test_one_lane_without_overlap_takes_the_well_known_time(
    flow: int, m: int, n: int, k: int, rows: int, columns: int
) -> None:
    fill = rows + columns - 2
    expected = {
        WS: ceil(k / rows) * ceil(n / columns) * (rows + m + fill),
        IS: ceil(k / rows) * ceil(m / columns) * (rows + n + fill),
        OS: ceil(m / rows) * ceil(n / columns) * (k + fill),
    }
    a, b = ones(m, n, k)
    core = Core(dataflow=flow, rows=rows, columns=columns, lanes=1, overlap=False)
    assert run(a, b, core, None, None)[1] == expected[flow]


@pytest.mark.parametrize(
    ("k", "settings", "expected"),
    [
        # 4 places, one fold: load 2, 3 rows of A, skew 2
        (8, {}, 2 + 3 + 2),
        # windows of 4 values through 2 a cycle: beats of 2
        (8, TWO_VALUES, 2 + 3 * 2 + 2),
        # three lanes: places 0 to 2 touch two groups, so a window of 8 and beats of 4
        (8, {**TWO_VALUES, "lanes": 3}, 2 + 3 * 4 + 2),
        # 2 groups of 2 columns at one decoder, after 3 cycles; then of one column; then of one PE
        (8, {**TWO_VALUES, "decode_rate": 1, "decode_latency": 3}, 3 + 4 + 3 * 2 + 2),
        (8, {**TWO_VALUES, "decode_rate": 1, "decode_latency": 3, "decode_at": COLUMN}, 3 + 2 + 3 * 2 + 2),
        (8, {**TWO_VALUES, "decode_rate": 1, "decode_latency": 3, "decode_at": PE}, 3 + 1 + 3 * 2 + 2),
        # a decoder that never binds still has its latency
        (8, {"decode_latency": 3}, 3 + 3 + 2),
        # two folds, one after the other, and one beside the other
        (16, TWO_VALUES, 2 * (2 + 6 + 2)),
        (16, {**TWO_VALUES, "overlap": True}, 2 + 6 + 6 + 2),
        # where decoding a fold takes 7, streaming one (6) waits for it
        (16, {**TWO_VALUES, "decode_rate": 1, "decode_latency": 3, "overlap": True}, 7 + 7 + 6 + 2),
    ],
)
def test_weight_stationary_two_of_four(k: int, settings: dict[str, Any], expected: int) -> None:
    core = Core(**{"dataflow": WS, "rows": 2, "columns": 2, "lanes": 2, "overlap": False, **settings})
    assert cycles(core, sparse(3, 2, k, TWO_OF_FOUR)) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        # 2 places in 2 rows: two windows of 4 values, 2 a cycle; 3 columns of B, skew 2
        ({}, 2 * 2 + 3 + 2),
        ({"decode_rate": 1, "decode_latency": 1, "decode_at": COLUMN}, 2 * 2 + 1 + 3 * 2 + 2),
        ({"decode_rate": 1, "decode_latency": 1, "decode_at": CORE}, 2 * 2 + 1 + 3 * 2 + 2),
        ({"decode_rate": 1, "decode_latency": 1, "decode_at": PE}, 2 * 2 + 1 + 3 + 2),
    ],
)
def test_input_stationary_one_of_four(settings: dict[str, Any], expected: int) -> None:
    core = Core(dataflow=IS, rows=2, columns=2, lanes=1, overlap=False, **TWO_VALUES)._replace(**settings)
    assert cycles(core, sparse(2, 3, 8, Pattern.parse("1:4"))) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        # 2 folds of 3 steps, whose windows of 4, 4 and 2 values take 2, 2 and 1
        ({}, 2 * (5 + 2)),
        ({"overlap": True}, 5 + 5 + 2),
        # one group of 2 columns a step at a rate of 1 takes 2; the latency once a fold
        ({"decode_rate": 1, "decode_latency": 3}, 2 * (3 + 6 + 2)),
        ({"decode_rate": 1, "decode_latency": 3, "overlap": True}, 3 + 6 + 3 + 6 + 2),
        ({"decode_rate": 1, "decode_at": COLUMN}, 2 * (5 + 2)),
    ],
)
def test_output_stationary_two_of_four(settings: dict[str, Any], expected: int) -> None:
    core = Core(dataflow=OS, rows=2, columns=2, lanes=2, overlap=False, **TWO_VALUES)._replace(**settings)
    assert cycles(core, sparse(3, 2, 10, TWO_OF_FOUR)) == expected


def test_what_happens_in_one_fold_of_each_dataflow() -> None:
    a, b, pattern, mask = sparse(2, 2, 8, TWO_OF_FOUR)
    counted = {"multiplies": 2 * 2 * 4, "selects": 16, "sums": 2 * 2 * 2}
    expected = {
        WS: Activity(**counted, fed=2 * 8, hops=32, loaded=4 * 2, decoded=2 * 2, results=4),
        IS: Activity(**counted, fed=2 * 4, hops=16, loaded=8 * 2, decoded=2 * 2, results=4),
        OS: Activity(**counted, fed=2 * 8, hops=32, loaded=4 * 4, decoded=2 * 2, results=4),
    }
    for flow, expects in expected.items():
        core = Core(dataflow=flow, rows=2, columns=2, lanes=2)
        found, _, counts = run(a, b, core, pattern, mask)
        assert counts == expects
        assert found.tolist() == [[4, 4], [4, 4]]


@pytest.mark.parametrize(
    ("flow", "rows", "lanes", "expected"),
    [
        (WS, 4, 1, 1),  # ((1 + big) - big) + 1
        (WS, 2, 2, 0),  # (1 + big) + (-big + 1)
        (WS, 2, 1, 0),  # the same by folds
        (IS, 1, 4, 1),
        (IS, 1, 2, 0),
        (OS, 1, 1, 1),
        (OS, 1, 2, 0),
    ],
)
def test_sums_are_taken_in_the_stated_order(flow: int, rows: int, lanes: int, expected: int) -> None:
    a = np.array([[1, 1e8, -1e8, 1]], np.float32)
    core = Core(dataflow=flow, rows=rows, columns=1, lanes=lanes)
    assert run(a, np.ones((4, 1), np.float32), core, None, None)[0].tolist() == [[expected]]


def test_a_group_with_too_few_is_filled_up_with_its_lowest_free_positions() -> None:
    mask = np.array([[False], [True], [False], [False]])
    for at, expected in [(0, np.nan), (1, np.inf), (2, 1.0), (3, 1.0)]:
        a = np.ones((1, 4))
        a[0, at] = np.inf
        product, _, counts = run(a, np.ones((4, 1)), Core(WS, 1, 1, 1), TWO_OF_FOUR, mask)
        assert same_numbers(product, np.array([[expected]]))
        assert counts.multiplies == 2


class Written:
    """What docs/array.md says of a case's time and product: its equations, over places that are listed."""

    def __init__(self, case: Case) -> None:
        self.case, self.core, self.pattern = case, case.core, case.pattern
        self.flow = DATAFLOWS[case.core.dataflow]
        self.m, self.k, self.n = *case.a.shape, case.b.shape[1]
        self.places = np.arange(self.k if self.pattern is None else self.pattern.kept_along(self.k))
        self.times: list[tuple[int, int]] = []
        stationary = self.m if self.flow == "input_stationary" else self.n
        for column in range(0, stationary, self.core.columns):
            columns = min(self.core.columns, stationary - column)
            if self.flow == "output_stationary":
                for _ in range(0, self.m, self.core.rows):
                    self.output_stationary(columns)
                continue
            size = self.core.rows * self.core.lanes
            for start in range(0, len(self.places), size):
                self.stationary(self.places[start : start + size], columns)

    def touched(self, places: Array) -> int:
        return 0 if self.pattern is None else len(np.unique(places // self.pattern.kept))

    def window(self, places: Array) -> int:
        if self.pattern is None:
            return len(places)
        groups = np.unique(places // self.pattern.kept)
        return int(np.isin(np.arange(self.k) // self.pattern.group, groups).sum())

    def feeds(self, window: int) -> int:
        bits = window * self.core.value_bits
        return max(1, -(-bits // self.core.feed_bits)) if self.core.feed_bits else 1

    def decoder(self, groups: int) -> int:
        return -(-groups // self.core.decode_rate) if self.core.decode_rate else 0

    def stationary(self, places: Array, columns: int) -> None:
        rows = [places[at : at + self.core.lanes] for at in range(0, len(places), self.core.lanes)]
        windows = [self.window(row) for row in rows]
        each = [self.touched(row) for row in rows]
        groups, sits = self.touched(places), DECODERS[self.core.decode_at]
        latency = self.core.decode_latency if self.pattern else 0
        pays = max(each) if sits == "pe" else groups
        if self.flow == "weight_stationary":
            pays *= columns if sits == "core" else 1
            load = max(self.core.rows, latency + self.decoder(pays))
            self.times.append((load, self.m * max(map(self.feeds, windows))))
        else:
            beat = max(1, self.decoder(pays))
            self.times.append((self.core.rows * self.feeds(max(windows)), latency + self.n * beat))

    def output_stationary(self, columns: int) -> None:
        lanes, sits = self.core.lanes, DECODERS[self.core.decode_at]
        stream = self.core.decode_latency if self.pattern else 0
        for start in range(0, len(self.places), lanes):
            step = self.places[start : start + lanes]
            window, groups = self.window(step), self.touched(step)
            stream += max(1, self.feeds(window), self.decoder(groups * (columns if sits == "core" else 1)))
        self.times.append((0, stream))

    def cycles(self) -> int:
        skew = self.core.rows + self.core.columns - 2
        if not self.core.overlap:
            return sum(load + stream + skew for load, stream in self.times)
        following = [load for load, _ in self.times[1:]] + [0]
        streams = [stream for _, stream in self.times]
        return self.times[0][0] + sum(map(max, streams, following)) + skew

    def product(self) -> Array:
        """Each result by itself: lanes, then rows, then folds."""
        a, b, core, pattern, mask = self.case
        whole = a.dtype.type(0)
        found = np.empty((self.m, self.n), a.dtype)
        columns, lanes = stored(b, pattern, mask), core.lanes
        depth = lanes * (1 if self.flow == "output_stationary" else core.rows)
        for i, j in np.ndindex(found.shape):
            products = [a[i, index] * value for index, value in columns[j]]
            result = whole
            for start in range(0, len(products), depth):
                fold = products[start : start + depth]
                parts = [reduce(add, fold[at : at + lanes], whole) for at in range(0, len(fold), lanes)]
                result = result + (
                    parts[0] if self.flow == "output_stationary" else reduce(add, parts, whole)
                )
            found[i, j] = result
        return found


@settings(max_examples=300, deadline=None)
@given(cases())
def test_the_oracle_is_what_the_equations_say(case: Case) -> None:
    product, taken, counts = run(*case)
    written = Written(case)
    assert taken == written.cycles()
    assert counts == activity(case.core, written.m, written.n, written.k, case.pattern)
    with np.errstate(all="ignore"):
        assert same_numbers(product, written.product())


@settings(max_examples=100, deadline=None)
@given(cases([np.int64]))
def test_the_product_of_integers_is_exact(case: Case) -> None:
    kept = case.b if case.mask is None else np.where(case.mask, case.b, 0)
    assert same_bits(run(*case)[0], case.a @ kept)


@settings(max_examples=300, deadline=None)
@given(cases())
def test_every_register_stepped_fast_is_the_oracle(case: Case) -> None:
    product, taken, counts = run(*case)
    found = simulate_array(case.a, case.b, case.core, pattern=case.pattern, mask=case.mask)
    assert (found.cycles, found.activity) == (taken, counts)
    assert same_numbers(found.product, product)
