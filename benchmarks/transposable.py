"""Transposable masks against the limit of memory and OR-tools' flow: `python -m benchmarks.transposable`.

ratio: the time of the limit over ours. optimum: kept magnitude over that of `exact`, `exactly`. The second
table takes one thread and the same blocks for both; OR-tools gets its arrays at once and as many blocks to a
graph as suit it best.
"""

import argparse
import os
from functools import partial
from unittest.mock import patch

import numpy as np

from benchmarks.limits import Run, fastest, read_write, spreading
from simulator.kernels.threads import threads
from simulator.mask.transposable import select_transposable
from simulator.pattern import Pattern

try:
    from ortools.graph.python import min_cost_flow  # type: ignore[import-untyped]
except ImportError:
    min_cost_flow = None

# Pattern, solver, policy, and a goal: what this design should reach, as a ratio to the limit, or as seconds
# for 4096 x 4096 on 2 threads.
CASES = [
    ("2:4", "exact", "exactly", 0.25, None),
    ("2:4", "exact", "at_most", None, None),
    ("4:8", "exact", "exactly", None, 1.2),
    ("4:8", "exact", "at_most", None, None),
    ("4:8", "fast", "exactly", None, None),
    ("8:16", "exact", "exactly", None, 4.0),
    ("8:16", "exact", "at_most", None, None),
    ("8:16", "fast", "exactly", None, 1.5),
    ("16:32", "exact", "exactly", None, None),
    ("4:8", "greedy", "at_most", None, None),
    ("4:8", "two_approximation", "at_most", None, None),
]
# A goal: how many times as fast as OR-tools this design should be.
FLOWS = {"2:4": 15.0, "4:8": 15.0, "8:16": 2.5}
VALUES = 1 << 16  # in the blocks that are compared
TOGETHER = (1, 4, 16, 64, 256)
UNIT = 1 << 24  # the flow's costs are whole numbers


def measure_solvers(size: int, rounds: int) -> None:
    """A line for each solver."""
    scores = np.random.default_rng(0).standard_normal((size, size), dtype=np.float32)
    out = np.empty(scores.shape, np.bool_)
    limit = spreading(read_write, scores.ravel(), out.view(np.uint8).ravel())
    print(f"{'mask':6}{'solver':19}{'policy':9}{'ms':>9}{'ratio':>8}{'optimum':>9}  goal")
    for text, solver, policy, ratio, seconds in CASES:
        pattern = Pattern.parse(text)
        ours = partial(select_transposable, scores, pattern, solver=solver, policy=policy, out=out)
        least = fastest({"limit": limit, "ours": ours}, rounds=rounds if ratio else 3)
        best, found = (
            np.abs(scores)[mask].sum(dtype=np.float64)
            for mask in (select_transposable(scores, pattern), ours())
        )
        goal = f"{ratio}" if ratio else f"{seconds * 1e3:.0f} ms" if seconds else ""
        print(
            f"{text:6}{solver:19}{policy:9}{least['ours'] * 1e3:9.1f}{least['limit'] / least['ours']:8.4f}"
            f"{found / best:9.5f}  {goal}",
            flush=True,
        )


def measure_flows(rounds: int) -> None:
    """A line for each pattern; the optima must agree."""
    if min_cost_flow is None:
        print("\nOR-tools is not installed, and not compared with: pip install ortools")
        return
    print(f"\n{'mask':6}{'us a block':>12}{'OR-tools':>10}{'ratio':>8}{'goal':>6}  blocks to a graph")
    for text, goal in FLOWS.items():
        pattern = Pattern.parse(text)
        side, count = pattern.group, VALUES // pattern.group**2
        strip = np.random.default_rng(0).standard_normal((side, count * side)).astype(np.float32)
        blocks = np.abs(strip).reshape(side, count, side).swapaxes(0, 1)
        graphs: dict[str, Run] = {
            f"{some}": partial(flow_masks, blocks, pattern.kept, some) for some in TOGETHER
        }
        runs: dict[str, Run] = {"ours": partial(select_transposable, strip, pattern)}
        least = fastest(runs | graphs, rounds=rounds)
        peer, together = min((least[name], name) for name in graphs)
        mask = select_transposable(strip, pattern).reshape(side, count, side).swapaxes(0, 1)
        flows = flow_masks(blocks, pattern.kept, int(together))
        ours, theirs = (blocks[kept].sum(dtype=np.float64) for kept in (mask, flows))
        if abs(ours - theirs) > 1e-6 * ours:
            raise RuntimeError(f"{text}: OR-tools keeps {theirs}, we keep {ours}")
        print(
            f"{text:6}{least['ours'] / count * 1e6:12.3f}{peer / count * 1e6:10.1f}"
            f"{peer / least['ours']:8.1f}{goal:6.1f}  {together}",
            flush=True,
        )


def flow_masks(blocks: np.ndarray, kept: int, together: int) -> np.ndarray:
    """The masks of blocks (count, side, side) by OR-tools, `together` of them to a graph."""
    side = blocks.shape[1]
    shape = (together, side, side)
    rows = 2 * side * np.arange(together)[:, None, None] + np.arange(side)[:, None]
    columns = 2 * side * np.arange(together)[:, None, None] + side + np.arange(side)
    tails, heads = np.broadcast_to(rows, shape).ravel(), np.broadcast_to(columns, shape).ravel()
    costs = -np.round(blocks * UNIT).astype(np.int64)
    nodes, supplies = np.arange(2 * side * together), np.tile(np.repeat([kept, -kept], side), together)
    ones = np.ones(tails.size, np.int64)
    masks = np.zeros(blocks.shape, np.bool_)
    for start in range(0, len(blocks), together):
        graph = min_cost_flow.SimpleMinCostFlow()
        part = slice(start, start + together)
        arcs = graph.add_arcs_with_capacity_and_unit_cost(tails, heads, ones, costs[part].ravel())
        graph.set_nodes_supplies(nodes, supplies)
        if graph.solve() != graph.OPTIMAL:
            raise RuntimeError("OR-tools finds no optimum")
        masks[part] = graph.flows(arcs).reshape(shape)
    return masks


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=4096, help="rows and columns (default 4096)")
    parser.add_argument(
        "--rounds", type=int, default=15, help="how often each is timed; the least counts (default 15)"
    )
    options = parser.parse_args()
    print(f"{options.size} x {options.size} float32, {threads()} threads\n")
    measure_solvers(options.size, options.rounds)
    with patch.dict(os.environ, NMSIM_THREADS="1"):
        measure_flows(options.rounds)


if __name__ == "__main__":
    main()
