"""What happens in the array, by the table of docs/array.md: folds, PEs and steps one by one."""

from collections import Counter
from collections.abc import Iterator

from simulator.activity import Activity
from simulator.folds import Core
from simulator.kernels.plan import Plan
from simulator.pattern import Pattern
from tests.oracles.tiles import Walk, pieces, runs


def activity(core: Core, m: int, n: int, k: int, pattern: Pattern | None) -> Activity:
    """What happens in one array for a Gemm."""
    walk = Walk(core, (pattern.kept, pattern.group) if pattern else (0, 0), m, n, k, 4)
    count: Counter[str] = Counter()
    for columns in pieces(m if walk.flow == "input_stationary" else n, core.columns):
        if walk.flow == "output_stationary":
            for rows in pieces(m, core.rows):
                _output(walk, len(rows), len(columns), count)
            continue
        for places in runs(walk.places, core.rows * core.lanes):
            _stationary(walk, places, len(columns), count)
    return Activity(**count)


def _stationary(walk: Walk, places: range, columns: int, count: Counter[str]) -> None:
    """A fold whose PEs hold weights or inputs."""
    rows = runs(places, walk.core.lanes)
    windows, each = sum(map(walk.window, rows)), sum(len(walk.touched(row)) for row in rows)
    weights, fold = walk.flow == "weight_stationary", len(walk.touched(places))
    vectors = walk.m if weights else walk.n
    if weights:
        count.update(fed=vectors * windows, hops=vectors * windows * columns, loaded=len(places) * columns)
        count.update(decoded={"pe": each, "column": fold, "core": fold}[walk.sits] * columns)
    else:
        entering = vectors * len(places)
        count.update(fed=entering, hops=entering * columns, loaded=windows * columns)
        groups = {"pe": each * columns, "column": fold * columns, "core": fold}[walk.sits]
        count.update(decoded=vectors * groups)
    _multiplies(walk, vectors * len(places) * columns, count)
    count.update(sums=vectors * len(rows) * columns, results=vectors * columns)


def _output(walk: Walk, rows: int, columns: int, count: Counter[str]) -> None:
    """A fold of rows x columns results, step after step."""
    for step in runs(walk.places, walk.core.lanes):
        window, groups = walk.window(step), len(walk.touched(step))
        count.update(fed=rows * window, hops=rows * window * columns, sums=rows * columns)
        count.update(decoded=groups * columns * (rows if walk.sits == "pe" else 1))
        count.update(loaded=len(step) * rows * columns)
        _multiplies(walk, len(step) * rows * columns, count)
    count.update(results=rows * columns)


def _multiplies(walk: Walk, number: int, count: Counter[str]) -> None:
    count.update(multiplies=number, selects=number if walk.group else 0)


def tiles(plan: Plan) -> Iterator[tuple[int, int, int]]:
    """The m, n and k of every tile of a product; the last part of a split k is as long as it is."""
    for _ in range(plan.batch):
        for part in pieces(plan.full_k, plan.k):
            for m in pieces(plan.m, plan.tile_m):
                for n in pieces(plan.n, plan.tile_n):
                    for k in pieces(len(part), plan.tile_k):
                        yield len(m), len(n), len(k)
