"""Tiling: a Lowered product cut into tiles for a Machine, and the tiler that chooses how."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.folds import DATAFLOWS, Core, core_of
from simulator.formats import BYTE, Coordinate
from simulator.kernels import search
from simulator.kernels.pipeline import TICKS, UNITS_PER_BYTE
from simulator.kernels.plan import Plan, mapped
from simulator.kernels.tiles import array_bits, jobs_of
from simulator.lowering import Lowered
from simulator.machine import Level, Machine
from simulator.mapping import ORDERS, Chosen, Mapping

UNITS = 1024
FINALISTS = 4
MACS_MAX = 2**50
TERMS_MAX = 2**62
CYCLES_MAX = 2**40
RESULTS_MAX = 2**44
WALKED_MAX = 2**22
WALKED_OF_K = 40  # tiles of k until the recurrence repeats
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tiled:
    """A product under one mapping, as the kernels take it; `keeps` is what each level keeps between waves."""

    plan: Plan
    core: Core
    levels: Ints
    keeps: Ints
    chosen: Chosen

    @property
    def results_stream(self) -> bool:
        """Whether results leave through the innermost level: without accumulators, or with no other level."""
        return not self.plan.accumulators or len(self.levels) == 1


def finalists(work: Lowered, machine: Machine) -> list[Tiled]:
    """The mappings of `work` that the search scores best, best first; those that are pinned alone.

    InputError if none fits the machine's memory.
    """
    base, core, levels = plan_of(work, machine), core_for(work, machine), level_table(machine)
    _check_terms(base, levels, machine)
    found = np.zeros((FINALISTS, search.FACTS), np.int64)
    scores = np.zeros((FINALISTS, 3), np.int64)
    pins = _pins(machine.mapping)
    for quanta in (_quanta(core, base), np.ones(3, np.int64) * (1, 1, max(1, base.group))):
        count = search.best_mappings(base, levels, core, pins, quanta, found, scores)
        if count:
            _check_time(int(scores[:count, 0].max()))
            tiled = [_tiled(base, core, levels, row.tolist()) for row in found[:count]]
            for one in tiled:
                _check_tile(one)
            return tiled
    what = "no tile of it fits" if machine.mapping == Mapping() else "the pinned mapping does not fit"
    raise InputError.of(
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


def _check_tile(tiled: Tiled) -> None:
    """Refuse a tile whose bits would pass 64, and more waves than can be walked one by one."""
    plan = tiled.plan
    bits = sum(map(int, array_bits(tiled.core, plan, plan.tile_m, plan.tile_n, plan.tile_k)))
    if bits * plan.cores * UNITS * max(1, int(tiled.levels[-1, 1])) > TERMS_MAX:
        raise InputError.of("a tile of too many bits for this fidelity", "pin smaller tiles, or use `bound`")
    waves = -(-int(jobs_of(plan)[2]) // plan.clusters)
    walked = waves * min(-(-plan.k // plan.tile_k), WALKED_OF_K)
    if plan.clusters * plan.band > 1 and walked > WALKED_MAX:
        raise InputError.of(
            f"{waves} waves of tiles on {plan.clusters} clusters", "pin larger tiles, or use `bound`"
        )


def _tiled(base: Plan, core: Core, levels: Ints, facts: list[int]) -> Tiled:
    plan = Plan(*mapped(base, *facts))
    keeps = np.zeros(len(levels), np.int64)
    search.fits(plan, levels, keeps)
    chosen = Chosen(plan.tile_m, plan.tile_n, plan.tile_k, ORDERS[facts[3]], plan.band, plan.split)
    return Tiled(plan=plan, core=core, levels=levels, keeps=keeps, chosen=chosen)


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
    rows, around = [], None
    for level in machine.levels:
        cores = machine.cores // level.instances
        around = _arranged(cores, around) if level.instances > 1 else None
        rows.append((*_level_row(level), *(around or (cores, 1))))
    return np.array(rows, np.int64)


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


def _quanta(core: Core, base: Plan) -> Ints:
    """What tiles are multiples of along m, n and k: the array's sides, whole groups of what a fold holds."""
    deep = core.lanes * (1 if DATAFLOWS[core.dataflow] == "output_stationary" else core.rows)
    k = deep if base.group == 0 else -(-deep // base.kept) * base.group
    sides = {
        "weight_stationary": (core.rows, core.columns),
        "input_stationary": (core.columns, core.rows),
        "output_stationary": (core.rows, core.columns),
    }[DATAFLOWS[core.dataflow]]
    return np.array([*sides, k], np.int64)


def _pins(mapping: Mapping) -> Ints:
    order = ORDERS.index(mapping.order) + 1 if mapping.order else 0
    pins = (mapping.tile_m, mapping.tile_n, mapping.tile_k, order, mapping.band, mapping.split_k)
    return np.array([pin or 0 for pin in pins], np.int64)


def _check_terms(base: Plan, levels: Ints, machine: Machine) -> None:
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
    pins = machine.mapping
    if len(levels) == 1 and ((pins.order or "").startswith("k") or (pins.split_k or 1) > 1):
        right = "pin k innermost, and split_k 1"
        raise InputError.of("a machine of one level has nowhere to put partial sums", right, where="mapping")
    moved = base.batch * (base.m * base.full_k * base.a_units + base.n * base.full_k * base.b_units)
    moved += base.batch * base.m * base.n * base.c_units
    clumsy = max(levels[:, 1].tolist(), default=0)
    if moved * max(1, clumsy) > TERMS_MAX or max(levels[:, 0].tolist()) * UNITS_PER_BYTE * TICKS > TERMS_MAX:
        raise InputError.of(
            "a bandwidth over the clock is a ratio of too large numbers for this fidelity",
            "write rounder numbers, or use `bound`",
        )
    tile_k = machine.mapping.tile_k or base.full_k
    if base.group and tile_k < base.full_k and tile_k % base.group:
        right = f"whole groups of {base.group}, or all of k"
        raise InputError.of(f"tile_k is {tile_k}", right, where="mapping.tile_k")
