"""The fastest schedule of a product that the array allows, by walking folds: what `bound` may never exceed.

Folds overlap freely, cores are balanced perfectly, and work is split over m, n and k in every way that is
tried. Each fold pays what the array makes it pay: whole windows through the row feed, the loading of all R
rows, the groups that it touches through the decoder. Feed, decode and multiply are one server where the
sparse operand streams.
"""

from fractions import Fraction
from itertools import product as pairs
from math import ceil

from simulator.gemm import DTYPES, Product
from simulator.machine import Machine
from simulator.pattern import Pattern

Times = tuple[Fraction, Fraction, Fraction]


def fastest(work: Product, machine: Machine, native: Pattern | None) -> int:
    """Cycles of the fastest schedule of a batch whose sparse operand, if any, is B; memory is ideal."""
    gemm = work.gemm
    kept = gemm.k if native is None else native.kept_along(gemm.k)
    best: int | None = None
    for parts in pairs(sorted({1, 2, machine.cores}), repeat=3):
        total = [Fraction(0)] * 3
        for m, n, k in pairs(
            *(chunks(size, part) for size, part in zip((gemm.m, gemm.n, kept), parts, strict=True))
        ):
            times = core_times(m[1] - m[0], n[1] - n[0], gemm.k, k, native, machine, work)
            total = [before + time for before, time in zip(total, times, strict=True)]
        slowest = max(ceil(work.batch * time / machine.cores) for time in total)
        best = slowest if best is None else min(best, slowest)
    assert best is not None
    return best


def chunks(size: int, parts: int) -> list[tuple[int, int]]:
    """`size` in at most `parts` neighbouring ranges."""
    step = -(-size // parts)
    return [(start, min(size, start + step)) for start in range(0, size, step)]


def touched(native: Pattern | None, k: int, start: int, stop: int) -> tuple[int, int]:
    """Groups, and values of the dense operand, that the kept places [start, stop) reach."""
    if native is None:
        return 0, stop - start
    first, last = start // native.kept, (stop - 1) // native.kept
    return last - first + 1, min(k, (last + 1) * native.group) - first * native.group


def core_times(
    m: int, n: int, k: int, places: tuple[int, int], native: Pattern | None, machine: Machine, work: Product
) -> Times:
    """Cycles of streaming, loading and decoding in one core for its share of a product."""
    lanes, columns = machine.lanes_of(work.b.dtype), machine.columns
    bits, rate = machine.feed_bits_per_cycle, machine.decode_groups_per_cycle
    stream = load = decode = Fraction(0)

    def feeding(window: int) -> int:
        return 1 if bits is None else ceil(Fraction(window * DTYPES[work.a.dtype], bits))

    if machine.dataflow == "output_stationary":
        for start in range(places[0], places[1], lanes):
            groups, window = touched(native, k, start, min(places[1], start + lanes))
            for column in range(0, n, columns):
                busy = Fraction(groups * min(columns, n - column), rate) if groups else Fraction(0)
                stream += -(-m // machine.rows) * max(Fraction(1), Fraction(feeding(window)), busy)
        return stream, load, decode
    held, moved = (n, m) if machine.dataflow == "weight_stationary" else (m, n)
    depth = machine.rows * lanes
    for start in range(places[0], places[1], depth):
        stop = min(places[1], start + depth)
        groups, _ = touched(native, k, start, stop)
        window = max(touched(native, k, s, min(stop, s + lanes))[1] for s in range(start, stop, lanes))
        for column in range(0, held, columns):
            if machine.dataflow == "weight_stationary":
                load += machine.rows
                decode += ceil(Fraction(groups * min(columns, n - column), rate)) if groups else 0
                stream += moved * feeding(window)
            else:
                load += machine.rows * feeding(window)
                stream += moved * max(Fraction(1), Fraction(groups, rate) if groups else Fraction(0))
    return stream, load, decode
