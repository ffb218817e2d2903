"""Oracle of fidelity `bound`: walks every fold of the array one by one, and counts what each resource does.

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
    gemm, lanes, dataflow = product.gemm, machine.lanes_of(product.b.dtype), machine.dataflow
    kept = kept_places(gemm.k, native)
    busy = fed = loaded = groups = 0
    for _ in range(product.batch):
        if dataflow == "output_stationary":
            for _row_fold in range(0, gemm.m, machine.rows):
                busy += sum(1 for _ in range(0, gemm.n, machine.columns) for _ in range(0, kept, lanes))
        else:
            held, streamed = (gemm.n, gemm.m) if dataflow == "weight_stationary" else (gemm.m, gemm.n)
            for _fold in range(0, held, machine.columns):
                busy += sum(streamed for _ in range(0, kept, machine.rows * lanes))
            loaded += sum(kept for _ in range(held))
        if dataflow != "input_stationary":
            fed += sum(gemm.m * gemm.k for _ in range(0, gemm.n, machine.columns))
        if native is not None:
            side = {"output_stationary": machine.rows, "input_stationary": machine.columns}
            passes = len(range(0, gemm.m, side[dataflow])) if dataflow in side else 1
            groups += sum(len(range(0, gemm.k, native.group)) for _ in range(gemm.n)) * passes
    bits, feed = DTYPES[product.a.dtype], machine.feed_bits_per_cycle
    buses = machine.cores * machine.columns
    load = Fraction(loaded, buses * lanes)
    if dataflow == "input_stationary" and feed is not None:
        load = max(load, Fraction(product.batch * gemm.m * gemm.k * bits, buses * feed))
    return {
        "multiply": ceil(Fraction(busy, machine.cores)),
        "feed": 0 if feed is None else ceil(Fraction(fed * bits, machine.cores * machine.rows * feed)),
        "load": ceil(load),
        "decode": ceil(
            Fraction(groups, machine.cores * busy_decoders(machine) * machine.decode_groups_per_cycle)
        )
        if groups
        else 0,
    }


def busy_decoders(machine: Machine) -> int:
    """Decoders of a core that have groups of their own to do: which those are, for each one by one.

    Rows lie along the places of k, which an output-stationary array streams; columns along the columns of B,
    which an input-stationary array streams.
    """
    differs_by_row = machine.dataflow != "output_stationary" and machine.decode_at == "pe"
    differs_by_column = machine.dataflow != "input_stationary" and machine.decode_at != "core"
    return len(
        {
            (row if differs_by_row else 0, column if differs_by_column else 0)
            for row in range(machine.rows)
            for column in range(machine.columns)
        }
    )


def moved_bits(product: Product, native: Pattern | None, form: str) -> tuple[int, int, int, int]:
    """Bits of values in, metadata in and values out that no schedule can save; B alone may be sparse."""
    gemm, batch = product.gemm, product.batch
    a = product.a.distinct or batch * gemm.m * gemm.k
    if native is None:
        b, metadata = product.b.distinct or batch * gemm.k * gemm.n, 0
    else:
        b = batch * sum(kept_places(gemm.k, native) for _ in range(gemm.n))
        field = max(1, native.group - 1).bit_length()
        metadata = {"coordinate": b * field, "bitmask": batch * gemm.n * gemm.k}[form]
    c = product.c.distinct or batch * gemm.m * gemm.n
    a_bits, b_bits, c_bits = (DTYPES[operand.dtype] for operand in (product.a, product.b, product.c))
    return a * a_bits, b * b_bits, metadata, c * c_bits
