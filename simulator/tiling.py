"""Tiling: a Lowered product cut into tiles for a Machine, and the tiler that chooses how."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.folds import DATAFLOWS, Core, core_of
from simulator.formats import BYTE, Coordinate
from simulator.kernels import finalists as kernels
from simulator.kernels.pipeline import TICKS, UNITS_PER_BYTE
from simulator.kernels.plan import Plan, mapped
from simulator.kernels.search import FACTS
from simulator.lowering import Lowered
from simulator.machine import Level, Machine
from simulator.mapping import ORDERS, Chosen, Mapping

UNITS = 1024
MACHINES_KEPT = 64  # whose levels are kept as the kernels take them
FINALISTS = 4
MACS_MAX = 2**50
TERMS_MAX = 2**62
CYCLES_MAX = 2**40
RESULTS_MAX = 2**44
WALKED_MAX = 2**22
WALKED_OF_K = 40  # tiles of k until the recurrence repeats
SPLIT = 5  # the column of the parts of k among the facts of a mapping
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tiled:
    """A product under one mapping, as the kernels take it; `keeps` is what each level keeps between waves.

    `rates` are the bandwidths of the levels, bytes over cycles.
    """

    plan: Plan
    core: Core
    levels: Ints
    keeps: Ints
    rates: tuple[tuple[int, ...], ...]
    chosen: Chosen

    @property
    def results_stream(self) -> bool:
        """Whether results leave through the innermost level: without accumulators, or with no other level."""
        return not self.plan.accumulators or len(self.levels) == 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """The mappings of a product that the search scores best, best first, a row of `facts` for each.

    `keeps` is what each level keeps between waves, `scores` are those of simulator.kernels.score, and `sizes`
    the bits that a whole tile brings into an array, the waves, tiles of k, and rows of a band.
    """

    asked: "Question"
    levels: Ints
    facts: Ints
    scores: Ints
    keeps: Ints
    sizes: Ints

    def tiled(self, at: int) -> Tiled:
        """The product under one of the mappings."""
        facts: list[int] = self.facts[at].tolist()
        plan = Plan(*mapped(self.asked.base, *facts))
        return Tiled(
            plan=plan,
            core=self.asked.core,
            levels=self.levels,
            keeps=self.keeps[at],
            rates=tuple(row[:2] for row in self.asked.levels),
            chosen=Chosen(plan.tile_m, plan.tile_n, plan.tile_k, ORDERS[facts[3]], plan.band, plan.split),
        )

    def check(self) -> None:
        """Refuse what could not be walked in 64 bits, or in time."""
        _check_time(max(cycles for cycles, *_ in self.scores.tolist()))
        for sizes in self.sizes.tolist():
            _check_tile(self.asked, *sizes)


class Question(NamedTuple):
    """All that the search for mappings depends on, as the kernels take it."""

    base: Plan
    core: Core
    levels: tuple[tuple[int, ...], ...]
    pins: tuple[int, ...]


def question(work: Lowered, machine: Machine) -> Question:
    """What is asked for `work` on a machine; InputError for what would not fit into 64 bits.

    Questions are equal where the answers are: what serves patterns alone is left out of a dense one.
    """
    base, core = plan_of(work, machine), core_for(work, machine)
    levels = level_rows(machine.levels, machine.cores)
    _check_terms(base, levels, machine.mapping)
    core = core if base.group else core._replace(decode_at=0, decode_rate=0)
    return Question(base, core, levels, _pins(machine.mapping))


def finalists(work: Lowered, machine: Machine) -> list[Tiled]:
    """The mappings of `work` that the search scores best, best first; those that are pinned alone.

    InputError if none fits the machine's memory.
    """
    found = searched(question(work, machine))
    if not len(found.facts):
        raise unfit(machine)
    found.check()
    return [found.tiled(at) for at in range(len(found.facts))]


def searched(asked: Question) -> Found:
    """The mappings that answer a question, tiles of whole arrays if one fits; none at all if no tile fits."""
    base, core, levels = asked.base, asked.core, np.array(asked.levels, np.int64)
    facts, scores = np.zeros((FINALISTS, FACTS), np.int64), np.zeros((FINALISTS, 3), np.int64)
    keeps, sizes = np.zeros((FINALISTS, len(levels)), np.int64), np.zeros((FINALISTS, 4), np.int64)
    pins, count = np.array(asked.pins, np.int64), 0
    for quanta in (_quanta(core, base), (1, 1, max(1, base.group))):
        count = kernels.search(
            base, levels, core, pins, np.array(quanta, np.int64), facts, scores, keeps, sizes
        )
        if count:
            break
    return Found(
        asked=asked,
        levels=levels,
        facts=facts[:count],
        scores=scores[:count],
        keeps=keeps[:count],
        sizes=sizes[:count],
    )


def unfit(machine: Machine) -> InputError:
    """Why there is no mapping."""
    what = "no tile of it fits" if machine.mapping == Mapping() else "the pinned mapping does not fit"
    return InputError.of(
        f"{what} into {', '.join([*(level.name for level in machine.levels[1:]), 'accumulators'])}",
        "give one of them more capacity, or pin smaller tiles",
    )


def _check_time(cycles: int) -> None:
    """Refuse a product whose ticks could pass 64 bits; `cycles` are about those of a mapping."""
    if cycles > CYCLES_MAX:
        raise InputError.of(
            f"a product of more than {CYCLES_MAX} cycles",
            "at most as many at this fidelity; `bound` takes any",
        )


def _check_tile(asked: Question, bits: int, waves: int, tiles: int, band: int) -> None:
    """Refuse a tile whose bits would pass 64, and more waves than can be walked one by one."""
    base = asked.base
    if bits * base.cores * UNITS * max(1, asked.levels[-1][1]) > TERMS_MAX:
        raise InputError.of("a tile of too many bits for this fidelity", "pin smaller tiles, or use `bound`")
    if base.clusters * band > 1 and waves * min(tiles, WALKED_OF_K) > WALKED_MAX:
        raise InputError.of(
            f"{waves} waves of tiles on {base.clusters} clusters", "pin larger tiles, or use `bound`"
        )


def core_for(work: Lowered, machine: Machine) -> Core:
    """One core's array as it runs `work`."""
    group = work.native.group if work.native else 0
    return core_of(machine, lanes=work.lanes, value_bits=work.a_bits, group=group)


def plan_of(work: Lowered, machine: Machine) -> Plan:
    """What of a Plan no mapping changes."""
    gemm, native = work.gemm, work.native
    clusters, across_m, across_n = _clusters(machine)
    kept_values = work.batch * gemm.n * work.k_kept
    return Plan(
        batch=work.batch,
        m=gemm.m,
        n=gemm.n,
        full_k=gemm.k,
        cores=machine.cores,
        clusters=clusters,
        cluster_m=across_m,
        cluster_n=across_n,
        accumulators=min((machine.accumulator_bytes or 0) * BYTE * UNITS, TERMS_MAX),
        buffers=machine.accumulator_buffers,
        kept=native.kept if native else 0,
        group=native.group if native else 0,
        a_units=-(-work.a.value_bits * UNITS // (work.batch * gemm.m * gemm.k)),
        b_units=-(-work.b.value_bits * UNITS // kept_values),
        meta_units=-(-work.b.metadata_bits * UNITS // kept_values),
        c_units=-(-work.c.value_bits * UNITS // (work.batch * gemm.m * gemm.n)),
        b_bits=work.b_bits,
        beat_meta_bits=_beat_metadata(work, machine),
        ahead=int(machine.fetch_ahead),
    )


def _beat_metadata(work: Lowered, machine: Machine) -> int:
    """Bits of metadata that a fold, a streamed vector or a step takes: those of all its places."""
    if work.native is None:
        return 0
    deep = {"weight_stationary": machine.rows, "input_stationary": machine.rows, "output_stationary": 1}
    run = deep[machine.dataflow] * work.lanes
    wide = 1 if machine.dataflow == DATAFLOWS[1] else machine.columns
    form = machine.metadata_form
    if isinstance(form, Coordinate):
        return form.bits_of(run * wide, work.native)
    touched = work.native.groups_of_run(run)
    return wide * form.metadata_bits(vectors=touched, length=work.native.group, pattern=work.native)


def level_table(machine: Machine) -> Ints:
    """The levels as the kernels read them, a row each."""
    return np.array(level_rows(machine.levels, machine.cores), np.int64)


@lru_cache(maxsize=MACHINES_KEPT)
def level_rows(levels: tuple[Level, ...], cores: int) -> tuple[tuple[int, ...], ...]:
    """The same as tuples, for the levels of so many cores."""
    rows, around = [], None
    for level in levels:
        share = cores // level.instances
        around = _arranged(share, around) if level.instances > 1 else None
        rows.append((*_level_row(level), *(around or (share, 1))))
    return tuple(rows)


def _level_row(level: Level) -> tuple[int, ...]:
    capacity = min(level.capacity_bytes * BYTE * UNITS, TERMS_MAX)
    rate = (level.bandwidth_numerator, level.bandwidth_denominator)
    return (*rate, level.latency, level.buffers, capacity, int(level.instances == 1))


def _clusters(machine: Machine) -> tuple[int, int, int]:
    """How many clusters there are, and one's cores along m and n: those that share the first inner level."""
    for level in machine.levels:
        if level.instances > 1:
            return level.instances, *_arranged(machine.cores // level.instances)
    return machine.cores, 1, 1


@cache
def _arranged(cores: int, around: tuple[int, int] | None = None) -> tuple[int, int]:
    """`cores` as m x n, as square as divisors allow, rather wide than high, and evenly within `around`."""
    pairs = [(high, cores // high) for high in range(1, cores + 1) if cores % high == 0]
    if around is not None:
        pairs = [pair for pair in pairs if around[0] % pair[0] == 0 and around[1] % pair[1] == 0]
    return min(pairs, key=lambda pair: (max(pair), pair))


def _quanta(core: Core, base: Plan) -> tuple[int, ...]:
    """What tiles are multiples of along m, n and k: the array's sides, whole groups of what a fold holds."""
    deep = core.lanes * (1 if DATAFLOWS[core.dataflow] == "output_stationary" else core.rows)
    k = deep if base.group == 0 else -(-deep // base.kept) * base.group
    sides = {
        "weight_stationary": (core.rows, core.columns),
        "input_stationary": (core.columns, core.rows),
        "output_stationary": (core.rows, core.columns),
    }[DATAFLOWS[core.dataflow]]
    return (*sides, k)


def _pins(mapping: Mapping) -> tuple[int, ...]:
    order = ORDERS.index(mapping.order) + 1 if mapping.order else 0
    pins = (mapping.tile_m, mapping.tile_n, mapping.tile_k, order, mapping.band, mapping.split_k)
    return tuple(pin or 0 for pin in pins)


def _check_terms(base: Plan, levels: tuple[tuple[int, ...], ...], pins: Mapping) -> None:
    """Refuse what would not fit into 64 bits."""
    macs = base.batch * base.m * base.n * base.full_k
    for count, most, noun in (
        (macs, MACS_MAX, "multiplies"),
        (base.batch * base.m * base.n, RESULTS_MAX, "results"),
    ):
        if count > most:
            raise InputError.of(
                f"{count} {noun} of one product", f"at most {most} at this fidelity; `bound` takes any"
            )
    if len(levels) == 1 and ((pins.order or "").startswith("k") or (pins.split_k or 1) > 1):
        right = "pin k innermost, and split_k 1"
        raise InputError.of("a machine of one level has nowhere to put partial sums", right, where="mapping")
    moved = base.batch * (base.m * base.full_k * base.a_units + base.n * base.full_k * base.b_units)
    moved += base.batch * base.m * base.n * base.c_units
    clumsy = max(row[1] for row in levels)
    if (
        moved * max(1, clumsy) > TERMS_MAX
        or max(row[0] for row in levels) * UNITS_PER_BYTE * TICKS > TERMS_MAX
    ):
        raise InputError.of(
            "a bandwidth over the clock is a ratio of too large numbers for this fidelity",
            "write rounder numbers, or use `bound`",
        )
    tile_k = pins.tile_k or base.full_k
    if base.group and tile_k < base.full_k and tile_k % base.group:
        right = f"whole groups of {base.group}, or all of k"
        raise InputError.of(f"tile_k is {tile_k}", right, where="mapping.tile_k")
