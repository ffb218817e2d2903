"""What docs/energy.md says is counted, by hand: its table of actions, and products in real tiles."""

from dataclasses import replace

import pytest

from simulator.activity import Activity
from simulator.cost import Cost, Traffic
from simulator.energy import counted
from simulator.formats import Coordinate, Format
from simulator.gemm import Operand, Product, Stream
from simulator.least import price as least
from simulator.lowering import lower
from simulator.machine import Level, Machine
from simulator.mapping import Mapping
from simulator.natives import Natives
from simulator.pattern import Pattern
from simulator.stepped import price as stepped
from simulator.tile import price
from tests.simulator.machines import SPARSE
from tests.simulator.steps import product

Counts = dict[tuple[str, ...], int]

WEIGHT, INPUT, OUTPUT = "weight_stationary", "input_stationary", "output_stationary"
STATIONARY_WRITE, STATIONARY_READ = ("register", "write", "stationary"), ("register", "read", "stationary")
MOVING, SUMS = ("register", "write", "moving"), ("register", "write", "sum")
OF_MEMORY = ("dram", "l2", "l1", "network", "leakage")

# A value of A has 8 bits and one of B 16; under 3:8 a coordinate has 3 bits and a group 9.
ONE_OF_EIGHT, THREE_OF_EIGHT = Pattern(kept=1, group=8), Pattern(kept=3, group=8)
DRAM = replace(SPARSE.levels[0], bandwidth_numerator=1, bandwidth_denominator=0)
L2 = replace(DRAM, name="l2", capacity_bytes=2**20, hops=2)
L1 = replace(DRAM, name="l1", capacity_bytes=2**16, hops=3)
CORE = replace(
    SPARSE,
    cores=1,
    rows=2,
    columns=2,
    lanes=(("bf16", 2), ("int8", 4)),
    natives=Natives(listed=(THREE_OF_EIGHT,)),
    fan_in=8,
    feed_bits_per_cycle=None,
    accumulator_bytes=2**12,
    levels=(DRAM, L2, L1),
)

# Each number of its own, so that no count stands in for another.
DONE = Activity(
    multiplies=271,
    selects=137,
    fed=211,
    hops=223,
    loaded=227,
    decoded=229,
    sums=233,
    results=239,
    returned=241,
)
MOVED = (
    ("dram", Traffic(read=2, write=3, metadata_read=5, metadata_write=7)),
    ("l2", Traffic(11, 13, 17, 19, fill=23, drain=29, metadata_fill=31, metadata_drain=37)),
    ("l1", Traffic(41, 43, 47, 53, fill=59, drain=61, metadata_fill=67, metadata_drain=71)),
)
MEMORY: Counts = {
    ("dram", "read"): 8 * 2,
    ("dram", "write"): 8 * 3,
    ("dram", "metadata_read"): 8 * 5,
    ("dram", "metadata_write"): 8 * 7,
    ("l2", "read"): 8 * (11 + 29),
    ("l2", "write"): 8 * (13 + 23),
    ("l2", "metadata_read"): 8 * (17 + 37),
    ("l2", "metadata_write"): 8 * (19 + 31),
    ("l1", "read"): 8 * (41 + 61),
    ("l1", "write"): 8 * (43 + 59),
    ("l1", "metadata_read"): 8 * (47 + 71),
    ("l1", "metadata_write"): 8 * (53 + 67),
    ("network", "hop"): 8 * (2 * (11 + 13 + 17 + 19) + 3 * (41 + 43 + 47 + 53)),
    ("leakage", "cycle"): 1009,
}
SKIPPING: dict[str, Counts] = {
    WEIGHT: {STATIONARY_WRITE: 227 * (16 + 3), STATIONARY_READ: 271 * (16 + 3), MOVING: 223 * 8},
    INPUT: {STATIONARY_WRITE: 227 * 8, STATIONARY_READ: 271 * 8, MOVING: 223 * (16 + 3)},
    OUTPUT: {MOVING: 223 * 8 + 227 * (16 + 3)},
}
DENSE: dict[str, Counts] = {
    WEIGHT: {STATIONARY_WRITE: 227 * 16, STATIONARY_READ: 600 * 16, MOVING: 223 * 8},
    INPUT: {STATIONARY_WRITE: 227 * 8, STATIONARY_READ: 600 * 8, MOVING: 223 * 16},
    OUTPUT: {MOVING: 223 * 8 + 227 * 16},
}


def mixed(pattern: Pattern | None, *, m: int = 5, n: int = 3, k: int = 20, batch: int = 1) -> Product:
    """A of int8 times B of bf16, which obeys `pattern`."""
    work = product(m=m, n=n, k=k, pattern=pattern, batch=batch)
    return replace(work, a=Operand(dtype="int8"))


def counts_of(work: Product | Stream, cost: Cost, machine: Machine) -> Counts:
    """What is counted, by part, action and what it is of."""
    lowered = None if isinstance(work, Stream) else lower(work, machine)
    found = counted(work, lowered, cost, machine)
    return {tuple(filter(None, action)): count for action, count in found.items()}


def given(work: Product, machine: Machine, done: Activity = DONE) -> Counts:
    """What is counted for a cost that is written down above."""
    return counts_of(work, Cost(cycles=1009, traffic=MOVED, activity=done), machine)


@pytest.mark.parametrize("accumulators", [2**12, None])
@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize("dataflow", [WEIGHT, INPUT, OUTPUT])
def test_the_table_of_the_page(dataflow: str, skips: bool, accumulators: int | None) -> None:
    """2 products of 5 x 3 results, 600 multiplies if dense: every action that is counted, and none beside."""
    machine = replace(CORE, dataflow=dataflow, accumulator_bytes=accumulators)
    of_array: Counts = {SUMS: 233 * 32, ("add", "add", "fp32"): 239 - 30}
    if skips:
        done = DONE
        of_array |= SKIPPING[dataflow] | {
            ("multiply_add", "multiply", "bf16"): 271,
            ("multiply_add", "skipped", "bf16"): 600 - 271,
            ("select", "select"): 137 * 8,
            ("decode", "decode"): 229 * 3 * 3,
        }
    else:
        done = DONE._replace(multiplies=600, selects=0, decoded=0)
        of_array |= DENSE[dataflow] | {("multiply_add", "multiply", "bf16"): 600}
    expected = MEMORY | of_array
    if accumulators:
        expected |= {("accumulators", name): (239 + 241) * 32 for name in ("read", "write")}
    else:
        expected |= {("l1", name): MEMORY["l1", name] + (239 - 30) * 32 for name in ("read", "write")}
    assert given(mixed(ONE_OF_EIGHT if skips else None, batch=2), machine, done) == expected


@pytest.mark.parametrize(
    ("name", "form", "select", "group"),
    [
        ("coordinate", None, 3, 9),
        ("coordinate", Coordinate(straddle=False), 4, 12),  # two fields to a byte
        ("coordinate", Coordinate(bits=5), 5, 15),
        ("bitmask", None, 3, 8),
        ("combinatorial", None, 3, 6),  # 56 ways to keep 3 of 8
    ],
)
def test_a_select_and_a_group_have_the_bits_of_their_format(
    name: str, form: Format | None, select: int, group: int
) -> None:
    machine = replace(CORE, dataflow=WEIGHT, decode_format=name, decode_form=form)
    found = given(mixed(THREE_OF_EIGHT, batch=2), machine)
    assert found["decode", "decode"] == 229 * group
    assert found[STATIONARY_WRITE] == 227 * (16 + select)
    assert found[STATIONARY_READ] == 271 * (16 + select)
    assert found["select", "select"] == 137 * 8


@pytest.mark.parametrize(
    ("pattern", "done", "wanted"),
    [
        (ONE_OF_EIGHT, 271, 30 * 3),  # of the 9 places of a column in 3:8 three hold what is wanted
        (Pattern(kept=5, group=8), 600, 30 * 14),  # it runs dense: 5 + 5 + 4 of 20 are no zeros
    ],
)
def test_what_is_padding_is_gated(pattern: Pattern, done: int, wanted: int) -> None:
    work, activity = mixed(pattern, batch=2), DONE._replace(multiplies=done)
    of_lanes = {
        gates: {
            key[1]: count
            for key, count in given(work, replace(CORE, gate_zeros=gates), activity).items()
            if key[0] == "multiply_add"
        }
        for gates in (True, False)
    }
    skipped = {"skipped": 600 - done} if done < 600 else {}
    assert of_lanes[True] == {"multiply": wanted, "gated": done - wanted} | skipped
    assert of_lanes[False] == {"multiply": done} | skipped


def test_integers_are_added_as_such() -> None:
    found = given(product(m=5, n=3, k=20, batch=2, dtype="int8"), CORE)
    assert found["add", "add", "int32"] == 239 - 30
    assert found["multiply_add", "multiply", "int8"] == 271
    assert ("add", "add", "fp32") not in found


def test_a_stream_moves_and_computes() -> None:
    stream = Stream(op="adamw", elements=7, ops=503)
    cost = Cost(cycles=1009, traffic=MOVED)
    assert counts_of(stream, cost, CORE) == MEMORY | {("vector", "op"): 503}


def test_a_stream_from_its_bits() -> None:
    """From the outermost level alone to the vector units, in whole bytes."""
    moved = {"read_bits": 4096, "write_bits": 2045, "metadata_read_bits": 64, "metadata_write_bits": 32}
    stream = Stream(op="adamw", elements=64, ops=999, **moved)
    machine = replace(CORE, levels=(replace(DRAM, hops=1), L1))
    found = counts_of(stream, price(stream, machine).cost, machine)
    assert found["dram", "read"] == 4096
    assert found["dram", "write"] == 2048
    assert found["dram", "metadata_read"] == 64
    assert found["dram", "metadata_write"] == 32
    assert found["vector", "op"] == 999
    assert found["leakage", "cycle"] == 250  # 4 operations a cycle
    assert "accumulators" not in {key[0] for key in found}


# One tile of 5 x 3 x 20 in an array of 2 x 2 with 2 lanes. A column of B has 9 places in 3 groups, the last
# one cut short at k. Its runs of 2 places touch 1, 2, 1, 1 and 1 groups, windows of 8, 16, 8, 4 and 4 values;
# its folds of 4 places touch 2, 2 and 1 groups.
IN_TILES: dict[str, Counts] = {
    WEIGHT: {
        STATIONARY_WRITE: 3 * 9 * 19,
        STATIONARY_READ: 135 * 19,
        MOVING: 15 * 40 * 8,
        ("decode", "decode"): 3 * 5 * 9,
        ("add", "add", "fp32"): 15 * 2,
        ("accumulators", "read"): 45 * 32,
        ("accumulators", "write"): 45 * 32,
    },
    INPUT: {
        STATIONARY_WRITE: 5 * 40 * 8,
        STATIONARY_READ: 135 * 8,
        MOVING: 135 * 19,
        ("decode", "decode"): 3 * 5 * 3 * 9,  # for each vector in each of three folds of m
        ("add", "add", "fp32"): 15 * 2,
        ("accumulators", "read"): 45 * 32,
        ("accumulators", "write"): 45 * 32,
    },
    OUTPUT: {
        MOVING: 15 * 40 * 8 + 135 * 19,
        ("decode", "decode"): 3 * 6 * 3 * 9,
        ("accumulators", "read"): 15 * 32,
        ("accumulators", "write"): 15 * 32,
    },
}


@pytest.mark.parametrize("dataflow", [WEIGHT, INPUT, OUTPUT])
def test_a_product_in_one_tile(dataflow: str) -> None:
    """At `tile`, at `cycle`, and as nothing is cut at `bound`; with accumulators l1 takes operands alone."""
    pinned = Mapping(tile_m=5, tile_n=3, tile_k=20, order="mnk", band=1, split_k=1)
    machine = replace(CORE, dataflow=dataflow, mapping=pinned)
    work = mixed(ONE_OF_EIGHT)
    lowered = lower(work, machine)
    found = counts_of(work, price(lowered, machine).cost, machine)
    assert found == counts_of(work, stepped(lowered, machine).cost, machine)
    everywhere: Counts = {
        ("multiply_add", "multiply", "bf16"): 135,
        ("multiply_add", "skipped", "bf16"): 300 - 135,
        ("select", "select"): 135 * 8,
        SUMS: 15 * 5 * 32,
    }
    expected = everywhere | IN_TILES[dataflow]
    assert of_core(found) == expected
    free = replace(machine, mapping=Mapping())
    assert of_core(counts_of(work, least(lowered, free).cost, free)) == expected
    a, b, c, metadata = 100 * 8, 27 * 16, 15 * 16, 88  # 27 fields of 3 bits, in whole bytes
    for level in ("l2", "l1"):
        assert found[level, "metadata_write"] == metadata
        assert found[level, "write"] == a + b + (c if level == "l2" else 0)
    assert found["l2", "read"] == a + b + c
    assert (found["dram", "read"], found["dram", "write"]) == (a + b, c)
    assert found["dram", "metadata_read"] == found["l2", "metadata_read"] == metadata
    inner = found["l1", "read"] + found["l1", "metadata_read"]
    assert found["network", "hop"] == 2 * (a + b + c + metadata) + 3 * inner


def of_core(counts: Counts) -> Counts:
    """Those of the core's own parts."""
    return {key: count for key, count in counts.items() if key[0] not in OF_MEMORY}


@pytest.mark.parametrize("accumulators", [2**12, None])
def test_parts_of_a_split_k_are_added_up(accumulators: int | None) -> None:
    """Two cores have half of k = 16 each: 24 sums of 12 results leave them, and come together outside."""
    cores = (replace(DRAM, hops=0), replace(L1, instances=2, hops=0))
    pinned = Mapping(tile_m=4, tile_n=3, tile_k=8, order="mnk", band=1, split_k=2)
    machine = replace(CORE, cores=2, levels=cores, mapping=pinned, accumulator_bytes=accumulators)
    work = mixed(None, m=4, n=3, k=16)
    cost = price(lower(work, machine), machine).cost
    found, inner = counts_of(work, cost, machine), dict(cost.traffic)["l1"]
    assert found["add", "add", "fp32"] == 24 - 12
    assert found[SUMS] == 12 * 8 * 32  # 8 steps of 2 places
    a, b = 4 * 16 * 8, 16 * 3 * 16
    assert found["dram", "read"] == a + b + 24 * 32
    assert found["dram", "write"] == 24 * 32 + 12 * 16
    if accumulators:
        assert found["accumulators", "read"] == found["accumulators", "write"] == 24 * 32
        assert (found["l1", "read"], found["l1", "write"]) == (8 * inner.read, a + b)
    else:
        assert found["l1", "read"] == 8 * inner.read + (24 * 32 + 12 * 16) + (24 - 12) * 32
        assert found["l1", "write"] == a + b + 24 * 32 + 12 * 16 + (24 - 12) * 32


@pytest.mark.parametrize("accumulators", [2**12, None])
def test_sums_that_are_spilled_come_back(accumulators: int | None) -> None:
    """8 x 3 results in three tiles of k = 12, k outermost: each sum leaves three times, and is back twice."""
    machine = spilling((DRAM, replace(L1, instances=2, hops=0)), accumulators)
    work = mixed(None, m=8, n=3, k=12)
    cost = price(lower(work, machine), machine).cost
    found, inner = counts_of(work, cost, machine), dict(cost.traffic)["l1"]
    operands, back, spilled, results = 8 * 12 * 8 + 2 * 12 * 3 * 16, 48 * 32, 48 * 32, 24 * 16
    assert found["add", "add", "fp32"] == 72 - 24
    assert found["dram", "read"] == operands + back
    assert found["dram", "write"] == spilled + results
    if accumulators:
        assert cost.activity.returned == 48
        assert found["accumulators", "read"] == found["accumulators", "write"] == (72 + 48) * 32
        assert (found["l1", "read"], found["l1", "write"]) == (8 * inner.read, operands)
    else:
        assert found["l1", "read"] == 8 * inner.read + spilled + results + (72 - 24) * 32
        assert found["l1", "write"] == operands + back + results + (72 - 24) * 32


def test_sums_come_back_from_the_level_that_keeps_them() -> None:
    """That is l2, which has room for all of them; nothing of them passes dram."""
    machine = spilling((DRAM, L2, replace(L1, instances=2)), 2**12)
    work = mixed(None, m=8, n=3, k=12)
    found = counts_of(work, price(lower(work, machine), machine).cost, machine)
    assert found["dram", "write"] == 24 * 16
    assert found["l2", "write"] == found["dram", "read"] + 48 * 32 + 24 * 16
    assert found["accumulators", "read"] == found["accumulators", "write"] == (72 + 48) * 32


def spilling(levels: tuple[Level, ...], accumulators: int | None) -> Machine:
    """Two cores that go through k outermost."""
    pinned = Mapping(tile_m=4, tile_n=3, tile_k=4, order="kmn", band=1, split_k=1)
    return replace(CORE, cores=2, levels=levels, mapping=pinned, accumulator_bytes=accumulators)


def test_on_one_level_no_sums_come_back() -> None:
    machine = replace(CORE, levels=(L1,), dataflow=WEIGHT)
    work = mixed(None)
    found = counts_of(work, price(lower(work, machine), machine).cost, machine)
    assert found["accumulators", "read"] == found["accumulators", "write"] == 15 * 5 * 32
    assert found["add", "add", "fp32"] == 15 * 4
