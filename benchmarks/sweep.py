"""How many machines a second a sweep evaluates: `python -m benchmarks.sweep`.

A training step of ViT-B/16 with SR-STE at 2:4 on variants of the a100, at the fidelity `tile`, all in: the
settings laid over the machine's file, its tariff, cycles, energy, area and totals. Once on designs drawn over
a wide space (Sobol), no two alike, and once on a grid, whose designs share what its axes do not reach.
Kernels are warm; nothing else is.
"""

from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import cache
from itertools import product
from math import prod
from multiprocessing import get_context
from time import perf_counter

from scipy.stats import qmc

from simulator.arch import ArchFamily, load_arch
from simulator.batch import Batch
from simulator.simulate import simulate
from simulator.trace import Trace
from workloads.shapes import trace_network

BASE = "a100"
GOAL = 200  # designs a second, on two processes
DESIGNS = 256
CHUNK = 8
PLAIN = 16
WARM = ("memory.dram.bandwidth=1 TB/s", "core.array.rows=6")

Design = tuple[str, ...]
SPACE: dict[str, tuple[str, ...]] = {
    "core.array.rows": ("4", "6", "8", "12", "16", "24", "32"),
    "core.array.columns": ("2", "4", "6", "8", "12", "16"),
    "cores": ("108", "144", "216", "288", "324", "432", "528", "576"),
    "memory.dram.bandwidth": tuple(f"{rate} GB/s" for rate in range(400, 3300, 100)),
    "memory.l2.capacity": tuple(f"{size} MiB" for size in (10, 20, 30, 40, 50, 60, 80)),
    "memory.l2.bandwidth": tuple(f"{rate} B/cycle" for rate in (2560, 3840, 5120, 7680, 10240)),
    "memory.shared.capacity": tuple(f"{size} KiB" for size in (96, 128, 164, 196, 228, 256)),
    "memory.registers.capacity": tuple(f"{size} KiB" for size in (8, 12, 16, 24, 32, 48, 64)),
    "core.accumulators.capacity": tuple(f"{size} KiB" for size in (8, 16, 24, 32, 48, 64)),
    "core.decode.groups_per_cycle": ("4", "8", "16", "32", "64", "128"),
    "core.feed": tuple(f"{rate} B/cycle" for rate in (16, 24, 32, 48, 64)),
    "core.patterns": ("[2:4]", "[1:4, 2:4]", "[1:4]"),
}
GRID: dict[str, tuple[str, ...]] = {
    "memory.dram.bandwidth": ("1000 GB/s", "1555 GB/s", "2000 GB/s", "3000 GB/s"),
    "core.decode.groups_per_cycle": ("8", "16", "32", "64"),
    "core.patterns": ("[2:4]", "[1:4, 2:4]"),
    "core.gate_zeros": ("false", "true"),
    "memory.l2.hops": ("2", "4"),
    "clock_under_load.sparse": ("69 %", "80 %"),
}


def drawn(count: int, *, seed: int = 0) -> list[Design]:
    """So many different designs of the space, drawn evenly."""
    sobol = qmc.Sobol(len(SPACE), scramble=True, seed=seed)
    found: dict[Design, None] = {}
    while len(found) < count:
        for places in sobol.random(1 << (count - 1).bit_length()):
            chosen = (
                values[int(at * len(values))] for at, values in zip(places, SPACE.values(), strict=True)
            )
            found[tuple(f"{key}={value}" for key, value in zip(SPACE, chosen, strict=True))] = None
    return list(found)[:count]


def crossed() -> list[Design]:
    """Every design of the grid."""
    return [tuple(map("=".join, zip(GRID, values, strict=True))) for values in product(*GRID.values())]


@cache
def trace() -> Trace:
    """What runs."""
    return trace_network("vit_b16", recipe="sr_ste", pattern="2:4", steps=1, batch=64)


@cache
def tools() -> tuple[Batch, ArchFamily]:
    """What evaluates: made once in a process."""
    return Batch(trace()), ArchFamily(BASE)


def evaluate(designs: Sequence[Design]) -> list[int]:
    """The cycles of each."""
    batch, family = tools()
    return [batch.figures(family.load(design)).totals["cycles"] for design in designs]


def plain(designs: Sequence[Design]) -> list[int]:
    """The same without a Batch."""
    return [simulate(load_arch(BASE, settings=one), trace()).totals["cycles"] for one in designs]


def rate(designs: Sequence[Design], executor: Executor | None = None) -> float:
    """Designs a second, in this process or over the executor's."""
    chunks = [designs[start : start + CHUNK] for start in range(0, len(designs), CHUNK)]
    start = perf_counter()
    done = [*(executor.map if executor else map)(evaluate, chunks)]
    assert sum(map(len, done)) == len(designs)
    return len(designs) / (perf_counter() - start)


def main() -> None:
    """Print designs a second."""
    print(f"{len(SPACE)} axes, a space of {prod(map(len, SPACE.values())):.1e} designs; goal {GOAL}/s on two")
    evaluate([WARM])
    plain([WARM])
    some = drawn(PLAIN, seed=1)
    start = perf_counter()
    expected = plain(some)
    slow = PLAIN / (perf_counter() - start)
    assert evaluate(some) == expected
    alone = rate(drawn(DESIGNS))
    grid = rate(crossed())
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        for _ in executor.map(evaluate, [[WARM]] * 4):
            pass
        two = rate(drawn(DESIGNS, seed=2), executor)
        grid_on_two = rate(crossed(), executor)
    print(f"{'':24}{'one process':>14}{'two':>10}{'of goal':>10}{'over plain':>12}")
    for name, one, both in (("all axes at once", alone, two), ("a grid", grid, grid_on_two)):
        print(f"{name:24}{one:12.1f}/s{both:8.1f}/s{both / GOAL:10.2f}{one / slow:12.1f}")
    print(f"{'plain simulate':24}{slow:12.1f}/s")


if __name__ == "__main__":
    main()
