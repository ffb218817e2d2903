"""Oracle of fidelity `bound`: counts one by one what each resource must do, then divides by its rate.

Written from the definitions of docs/model.md, with loops over folds, columns and values in place of products.
"""

from fractions import Fraction
from math import ceil

from simulator.gemm import DTYPES, Product
from simulator.machine import Machine
from simulator.pattern import Pattern


def kept_places(length: int, pattern: Pattern | None) -> int:
    """Values kept of a vector, one value at a time: the first `kept` of each group."""
    if pattern is None:
        return length
    return sum(1 for place in range(length) if place % pattern.group < pattern.kept)


def resource_cycles(product: Product, machine: Machine, native: Pattern | None) -> dict[str, int]:
    """Cycles of multiply, feed, load and decode for a product whose sparse operand, if any, is B."""
    gemm, lanes = product.gemm, machine.lanes_of(product.b.dtype)
    kept = kept_places(gemm.k, native)
    weight, output = machine.dataflow == "weight_stationary", machine.dataflow == "output_stationary"
    multiplies = fed = loaded = groups = 0
    for _ in range(product.batch):
        multiplies += sum(gemm.m * kept for _ in range(gemm.n))
        if weight or output:
            fed += sum(gemm.m * gemm.k for _ in range(0, gemm.n, machine.columns))
        if weight:
            loaded += sum(kept for _ in range(gemm.n))
        passes = 1 if weight else len(range(0, gemm.m, machine.rows if output else machine.columns))
        if native is not None:
            groups += sum(len(range(0, gemm.k, native.group)) for _ in range(gemm.n)) * passes
    bits = DTYPES[product.a.dtype]
    feed = machine.feed_bits_per_cycle
    buses = machine.cores * machine.columns
    cycles = {
        "multiply": Fraction(multiplies, machine.cores * machine.rows * machine.columns * lanes),
        "feed": Fraction(0) if feed is None else Fraction(fed * bits, machine.cores * machine.rows * feed),
        "load": Fraction(loaded, buses * lanes),
        "decode": Fraction(groups, machine.cores * max(1, machine.decode_groups_per_cycle)),
    }
    if machine.dataflow == "input_stationary":
        held = product.batch * gemm.m
        values = Fraction(held * kept, lanes) if feed is None else Fraction(held * gemm.k * bits, feed)
        cycles["load"] = values / buses
    return {name: ceil(time) for name, time in cycles.items()}
