"""Fidelity `cycle`: one core's array, every register stepped with real values; docs/array.md says how."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.activity import Activity
from simulator.array_places import Ints, Packed, Places
from simulator.errors import InputError
from simulator.folds import DATAFLOWS, DECODERS, Core
from simulator.kernels import array_control as kernels
from simulator.kernels.array import stationary
from simulator.kernels.array_beats import by_beats
from simulator.kernels.array_loads import TOUCHES, WIDE
from simulator.kernels.array_output import output_stationary
from simulator.kernels.array_rows import BLOCK
from simulator.mask.conform import breaks
from simulator.mask.dtypes import Array
from simulator.mask.layout import check_array, check_mask, check_pattern
from simulator.pattern import Pattern

DTYPES = ("float32", "int64")
VALUES_MAX = 1 << 22  # of an operand, and of the product
REGISTERS_MAX = 1 << 22  # of windows, the most numerous
STEPS_MAX = 1 << 34  # PEs times cycles: about a minute
NUMBER_MAX = 1 << 31  # of what a Core says
MUX_GROUP = 4  # candidates of a lane that are chosen from side by side
ROOM = 16  # values between shift registers, so that they are not a power of two apart
WEIGHT, INPUT, OUTPUT = (DATAFLOWS.index(f"{name}_stationary") for name in ("weight", "input", "output"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """What one core did: `product` (m, n) in the order that docs/array.md states, `cycles` and `activity`."""

    product: Array
    cycles: int
    activity: Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the controller goes by: sizes as `rules`, and by fold of k or step what it feeds and decodes."""

    rules: Ints
    feeds: Ints
    needs: Ints
    tables: Ints
    totals: Ints
    bases: Ints

    @property
    def short(self) -> bool:
        """Whether every beat takes one cycle."""
        flow, rate = self.rules[kernels.FLOW], int(self.rules[kernels.RATE])
        groups = int(self.needs.max())
        if self.rules[kernels.BY_COLUMN]:
            groups *= int(min(self.rules[kernels.COLUMNS], self.rules[kernels.ACROSS]))
        decodes = flow == WEIGHT or rate == 0 or groups <= rate
        return bool(decodes and (flow == INPUT or self.feeds.max() == 1))


def simulate_array(
    a: Array, b: Array, core: Core, *, pattern: Pattern | None = None, mask: NDArray[np.bool_] | None = None
) -> Run:
    """A (m, k) times B (k, n) on one core, B kept by `mask`, or where it is not 0, under `pattern`.

    Both are float32 or int64; B counts as 0 where the mask does not keep it.
    """
    a, b = _check_operand(a, "a"), _check_operand(b, "b")
    if a.dtype != b.dtype or a.shape[1] != b.shape[0]:
        raise InputError.of(
            f"a is {a.dtype} of shape {a.shape} and b is {b.dtype} of shape {b.shape}",
            "a is (m, k) and b is (k, n), of one dtype",
        )
    _check_core(core)
    mask = _check_pattern(b, pattern, mask)
    places = Places.of(len(b), core, pattern)
    _check_size(len(a), b.shape[1], places, core)
    plan = _plan(len(a), b.shape[1], places, core)
    _check_steps(len(a), b.shape[1], plan, core)
    with np.errstate(all="ignore"):
        return _run(np.require(a, requirements=["C", "A", "W"]), places.pack(b, mask), plan)


def _plan(m: int, n: int, places: Places, core: Core) -> Plan:
    """The run in integers; `feeds` is ceil(widest window * bits / feed), and 1 where the feed never binds."""
    output = core.dataflow == OUTPUT
    tables, folds, sparse = places.by_pe(), places.folds, places.pattern is not None
    widest = tables[WIDE].reshape(folds, places.rows).max(1)
    bits = widest * core.value_bits
    feeds = np.maximum(1, -(-bits // core.feed_bits)) if core.feed_bits else np.ones_like(bits)
    totals = places.by_fold()[TOUCHES]
    at_pe = DECODERS[core.decode_at] == "pe"
    needs = tables[TOUCHES].reshape(folds, places.rows).max(1) if at_pe else totals
    across, vectors = (m, n) if core.dataflow == INPUT else (n, m)
    down = -(-m // core.rows) if output else folds
    by_column = DECODERS[core.decode_at] == "core" and core.dataflow != INPUT
    mux = sparse and places.pattern.group == MUX_GROUP and places.aligned  # type: ignore[union-attr]
    rules = np.zeros(kernels.RULES, np.int64)
    for place, value in (
        (kernels.FLOW, core.dataflow),
        (kernels.ROWS, core.rows),
        (kernels.COLUMNS, core.columns),
        (kernels.LANES, core.lanes),
        (kernels.SLOTS, places.slots),
        (kernels.OVERLAP, core.overlap),
        (kernels.MODE, (kernels.MUX if mux else kernels.WINDOW) if sparse else kernels.DIRECT),
        (kernels.WIDTH, -(-core.columns // BLOCK) * BLOCK),
        (kernels.FOLDS_DOWN, down),
        (kernels.FOLDS, down * -(-across // core.columns)),
        (kernels.ACROSS, across),
        (kernels.VECTORS, vectors),
        (kernels.RATE, core.decode_rate if sparse else 0),
        (kernels.LATENCY, core.decode_latency if sparse else 0),
        (kernels.BY_COLUMN, by_column),
        (kernels.FEED, core.feed_bits),
        (kernels.BITS, core.value_bits),
        (kernels.DECODERS, core.decode_at),
    ):
        rules[place] = value
    return Plan(rules=rules, feeds=feeds, needs=needs, tables=tables, totals=totals, bases=places.bases())


def _run(a: Array, packed: Packed, plan: Plan) -> Run:
    """The run itself: registers of 0, and the kernel that steps them."""
    rules, dtype = plan.rules, a.dtype
    rows, columns, lanes, slots = (int(rules[at]) for at in range(kernels.ROWS, kernels.SLOTS + 1))
    flow, direct = int(rules[kernels.FLOW]), bool(rules[kernels.MODE] == kernels.DIRECT)
    now = np.zeros(kernels.STATES, np.int64)
    now[kernels.STOP] = -(rows + columns)
    words = np.full((4, 1 << (rows + columns).bit_length()), -1, np.int64)
    log = np.full((4, int(rules[kernels.FOLDS])), -1, np.int64)
    state = rules, now, words, log, (plan.feeds, plan.needs), plan.tables
    operands = a, packed.values, packed.slots
    shape = (len(a), packed.values.shape[1])
    out, counts = np.zeros(shape, dtype), np.zeros(len(Activity._fields), np.int64)

    def places_of(width: int, count: int = rows) -> tuple[Array, NDArray[np.int32]]:
        values = np.zeros(count * lanes * width, dtype)
        return values, np.full(1 if direct else values.size, slots - 1, np.int32)

    wide = int(rules[kernels.WIDTH])
    sums, part = np.zeros((rows + 1) * wide, dtype), np.zeros(wide, dtype)
    long = wide + max(wide, 64) + ROOM
    short = plan.short
    window = np.zeros(rows * slots * (long if short and flow != INPUT else wide), dtype)
    held: tuple[Any, ...]
    if short and flow == OUTPUT:
        falling = places_of(wide, rows + max(rows, 32))
        before = np.zeros((4, plan.tables.shape[1] + 1), np.int64)
        np.cumsum(plan.tables, axis=1, out=before[:, 1:])
        cycles = output_stationary(
            *state, before, plan.bases, operands, falling, window, sums, part, out, counts
        )
    else:
        held = *places_of(wide), window
        coming = tuple(map(np.copy, held)) if rules[kernels.OVERLAP] else held
        if not short:
            cycles = by_beats(*state, plan.totals, operands, held, coming, sums, out, counts)
        else:
            moving = (window, held[1]) if flow == WEIGHT else places_of(long)
            cycles = stationary(
                *state,
                plan.totals,
                plan.bases,
                operands,
                held,
                coming,
                moving,
                sums,
                part,
                out,
                counts,
            )
    if not direct:
        counts[Activity._fields.index("selects")] = counts[Activity._fields.index("multiplies")]
    return Run(product=out, cycles=int(cycles), activity=Activity(*counts.tolist()))


def _check_operand(values: object, what: str) -> Array:
    """A matrix of a dtype that the array multiplies, with a value at least."""
    array = check_array(values, what=what)
    if array.dtype not in [np.dtype(name) for name in DTYPES]:
        raise InputError.of(f"{what} has dtype {array.dtype}", "float32 or int64")
    if array.ndim != 2 or not 1 <= array.size <= VALUES_MAX:
        raise InputError.of(
            f"{what} has shape {array.shape}", f"{what} is a matrix of 1 to {VALUES_MAX} values"
        )
    return array


def _check_core(core: object) -> None:
    """A Core whose numbers an array can have."""
    if not isinstance(core, Core):
        raise InputError.of(f"the core is of type {type(core).__name__}", "a Core of simulator.folds")
    least = {"rows": 1, "columns": 1, "lanes": 1, "value_bits": 1}
    most = {"dataflow": len(DATAFLOWS) - 1, "decode_at": len(DECODERS) - 1, "overlap": 1}
    for name, value in core._asdict().items():
        low, high = least.get(name, 0), most.get(name, NUMBER_MAX)
        if not isinstance(value, int) or not low <= value <= high:
            raise InputError.of(f"{name} of the core is {value!r}", f"a whole number from {low} to {high}")


def _check_pattern(
    b: Array, pattern: Pattern | None, mask: NDArray[np.bool_] | None
) -> NDArray[np.bool_] | None:
    """The mask of `b`, which obeys the pattern; None without a pattern."""
    if pattern is None:
        if mask is not None:
            raise InputError.of("there is a mask and no pattern", "a pattern with a mask, or neither")
        return None
    checked = b != 0 if mask is None else check_mask(mask, shape=b.shape)
    if broken := breaks(checked, check_pattern(pattern), axis=0):
        raise InputError.of(
            f"{'b' if mask is None else 'the mask'}: {broken}",
            f"at most {pattern.kept} of every {pattern.group} values along k: prune first",
        )
    return checked


def _check_size(m: int, n: int, places: Places, core: Core) -> None:
    """Memory of a run: the product, and the registers."""
    if m * n > VALUES_MAX:
        raise InputError.of(f"the product has shape ({m}, {n})", f"at most {VALUES_MAX} values")
    most = max(core.rows, 64) * max(core.columns, 64) * max(core.lanes, places.slots)
    if most > REGISTERS_MAX:
        raise InputError.of(
            f"{core.rows} x {core.columns} PEs hold windows of {places.slots} values",
            f"at most {REGISTERS_MAX} values in all windows",
        )


def _check_steps(m: int, n: int, plan: Plan, core: Core) -> None:
    """Time of a run: no more PEs times cycles than can be stepped; overlap is not looked at."""
    across, rate = n if core.dataflow != INPUT else m, int(plan.rules[kernels.RATE])
    decode = plan.needs * (core.columns if plan.rules[kernels.BY_COLUMN] else 1)
    beats = -(-decode // rate) if rate else np.zeros_like(decode)
    wait = int(plan.rules[kernels.LATENCY]) * len(plan.feeds)
    fed, decoded = int(plan.feeds.sum()), int(beats.sum())
    fill = (2 * core.rows + core.columns) * len(plan.feeds)
    if core.dataflow == WEIGHT:
        cycles = fill + wait + decoded + m * fed
    elif core.dataflow == INPUT:
        cycles = fill + wait + core.rows * fed + n * (decoded + len(plan.feeds))
    else:
        cycles = -(-m // core.rows) * (core.rows + core.columns + wait + decoded + fed)
    cycles *= -(-across // core.columns)
    if cycles * core.rows * core.columns * core.lanes > STEPS_MAX:
        raise InputError.of(
            f"the run takes up to {cycles} cycles of {core.rows} x {core.columns} PEs of {core.lanes} lanes",
            f"at most {STEPS_MAX} lanes times cycles",
        )
