"""Timeline: one product on one machine at the fidelity `tile`, as a trace that Perfetto and Chrome open.

A track is a stage of the recurrence: a fetch out of each level, with the bytes that are read; the core, with
those that the innermost level streams; and the way out of results, with the bytes that each level on the way
takes. Levels take them between fetches, from when they begin to leave, and no slice says when.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from re import fullmatch
from typing import Any, NamedTuple

import numpy as np

from simulator.arch import Arch, load_arch
from simulator.cost import Cost
from simulator.errors import InputError, lookup, placed, shown
from simulator.gemm import Gemm, Operand, Product
from simulator.kernels import tiles as kernels
from simulator.kernels.folds import MULTIPLY
from simulator.kernels.pipeline import UNITS_PER_BYTE
from simulator.kernels.plan import PARTIAL_UNITS, Plan
from simulator.kernels.tiles import BACK, KINDS, META, OUT, SPILL, A, B
from simulator.lowering import Lowered, lower
from simulator.machine import Machine, resolve
from simulator.pattern import Pattern
from simulator.spec import Loaded
from simulator.tile import Walked, best, priced, run
from simulator.tiling import UNITS, Ints, Tiled, finalists
from simulator.timeline_trace import UNIT, Counter, Points, Slice, Track, held, trace_json
from simulator.version import __version__

TILES_MAX = 20_000
READ = {"A": A, "B": B, "partial_sums": BACK}
METADATA = {"metadata": META}
WRITTEN = {"results": OUT, "partial_sums_written": SPILL}


class Item(NamedTuple):
    """A wave of jobs [first, last) in one tile of k: what a stage serves at a time; sizes are a core's."""

    wave: int
    tile: int
    first: int
    last: int
    m: int
    n: int
    k: int

    @property
    def name(self) -> str:
        """What the viewer calls it."""
        return f"wave {self.wave} k {self.tile}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Timeline:
    """A product under its fastest mapping, and `log`, when each stage began and ended each item.

    `log` is (items, levels + 1, 2) in cycles: the fetches, the core, the way out (its end alone, twice).
    """

    machine: Machine
    dtype: str
    work: Lowered
    tiled: Tiled
    walked: Walked
    cost: Cost
    log: Ints

    @cached_property
    def items(self) -> list[Item]:
        """The items in the order in which every stage serves them."""
        plan = self.tiled.plan
        jobs, tiles, items = int(kernels.jobs_of(plan)[2]), -(-plan.k // plan.tile_k), list[Item]()
        for index in range(len(self.log)):
            waves = len(self.log) // tiles
            wave, tile = (index % waves, index // waves) if plan.k_outer else divmod(index, tiles)
            first, last = wave * plan.clusters, min(jobs, (wave + 1) * plan.clusters)
            m, n = map(int, kernels.job_sides(plan, first))
            items.append(Item(wave, tile, first, last, m, n, min(plan.tile_k, plan.k - tile * plan.tile_k)))
        return items

    @cached_property
    def units(self) -> Ints:
        """Units that each level serves for each item, by kind: (items, levels, KINDS)."""
        tiled = self.tiled
        units = np.zeros((len(self.items), len(tiled.levels), KINDS), np.int64)
        for item, out in zip(self.items, units, strict=True):
            kernels.wave_units(tiled.plan, tiled.levels, tiled.keeps, item.first, item.last, item.tile, out)
        units[:, -1] = _inner_units(self.work, tiled, self.items)
        return units

    @cached_property
    def tracks(self) -> list[Track]:
        """The stages from the outermost level inwards, then the results' way out."""
        levels = self.machine.levels
        names = [f"{level.name} -> {into.name}" for level, into in pairwise(levels)]
        tracks = [Track(n, levels[i].name, list(_fetches(self, i))) for i, n in enumerate(names)]
        core = "core: load, decode, select, multiply" if self.work.native else "core: load, multiply"
        streamed = zip(self.items, *self.log[:, -2].T.tolist(), _moved(self.units[:, -1]), strict=True)
        slices = [
            Slice(f"{item.name}: {item.m}x{item.n}x{item.k}", start, end, moved, item._asdict())
            for item, start, end, moved in streamed
        ]
        tracks.append(Track(core, levels[-1].name, slices))
        if names:
            tracks.append(Track(f"results -> {levels[0].name}", "", list(_way_out(self))))
        return tracks

    @property
    def skew(self) -> int:
        """Cycles in which the arrays run empty once all else is over."""
        core = self.tiled.core
        return core.rows + core.columns - 2 if core.overlap else 0

    @property
    def late(self) -> int:
        """Cycles in which a level takes what it owes of results, when the core and the way out are done."""
        return self.walked.cycles - self.skew - int(self.log[-1, -2:, 1].max())

    @property
    def busiest(self) -> Track:
        """The stage that works for the most cycles; the outermost of equals."""
        return max(self.tracks, key=lambda track: track.busy)

    def to_json(self) -> str:
        """The trace in the JSON of Chrome's viewer, an event a line; equal products give equal bytes."""
        about = {
            "tool": f"nmsim {__version__}",
            "unit": UNIT,
            "product": str(self),
            "mapping": self.tiled.chosen._asdict(),
            "cycles": self.cost.cycles,
            "not drawn": {
                "results that a level takes last": self.late,
                "skew": self.skew,
                "launch": self.machine.launch,
            },
        }
        return trace_json(self.machine.name, self.tracks, _counters(self), about)

    def __str__(self) -> str:
        chosen, busiest, gemm = self.tiled.chosen, self.busiest, self.work.gemm
        ran = str(self.work.native) if self.work.native else self.work.note or "dense"
        tiles = f"tiles {chosen.tile_m}x{chosen.tile_n}x{chosen.tile_k} {chosen.order} band {chosen.band}"
        return (
            f"{gemm.m}x{gemm.n}x{gemm.k} {self.dtype}, {ran}: {self.cost.cycles} cycles, {tiles} "
            f"split_k {chosen.split_k}, busiest {busiest.name} ({busiest.busy} cycles)"
        )


def timeline(
    arch: str | Path | Loaded[Arch], gemm: Gemm, *, pattern: Pattern | None = None, dtype: str | None = None
) -> Timeline:
    """`gemm` with a B that obeys `pattern` along k on the machine `arch`, as `simulate` runs it.

    Without `dtype` it is bf16, or the machine's first where it does not multiply that.
    """
    loaded = arch if isinstance(arch, Loaded) else load_arch(arch)
    rates = dict((machine := resolve(loaded.value)).lanes)
    dtype = dtype or ("bf16" if "bf16" in rates else next(iter(rates)))
    lookup(rates, dtype, kind=f"dtype of {machine.name}", where="dtype")
    plain = Operand(dtype=dtype)
    product = Product(gemm=gemm, a=plain, b=Operand(dtype=dtype, pattern=pattern), c=plain, mask=pattern)
    with placed(loaded.name):
        return drawn(product, machine)


def drawn(product: Product, machine: Machine) -> Timeline:
    """The Timeline of `product`, dense where that is faster, as `simulate` has it."""
    work = lower(product, machine)
    _check_tiles(min(tiles_of(tiled) for tiled in finalists(work, machine)))  # before any is walked
    tiled, walked = best(work, machine)
    found = priced(work, machine, tiled, walked)
    if work.native is not None:
        dense = lower(product, machine, dense_because=f"dense: {found.bound_by} makes {work.native} slower")
        other = best(dense, machine)
        if (unskipped := priced(dense, machine, *other)).cost.cycles < found.cost.cycles:
            work, (tiled, walked), found = dense, other, unskipped
    _check_tiles(tiles_of(tiled))
    log = np.zeros((tiles_of(tiled), len(machine.levels) + 1, 2), np.int64)
    run(tiled, machine, log=log)
    facts: dict[str, Any] = {
        "machine": machine,
        "work": work,
        "tiled": tiled,
        "walked": walked,
        "cost": found.cost,
    }
    return Timeline(**facts, dtype=product.b.dtype, log=log)


def parse_gemm(text: str) -> Gemm:
    """The Gemm that `text` writes as m x n x k without blanks, as in "4096x4096x1024"."""
    size = "(0|[1-9][0-9]{0,14})"
    match = fullmatch(f"{size}x{size}x{size}", text)
    if match is None:
        right = "write m, n and k, as in 4096x4096x1024"
        raise InputError.of(f"{shown(text)} is no product", right, where="gemm")
    with placed("gemm"):
        return Gemm(m=int(match[1]), n=int(match[2]), k=int(match[3]))


def tiles_of(tiled: Tiled) -> int:
    """Items that each stage serves: waves times tiles of k."""
    plan = tiled.plan
    return int(-(-kernels.jobs_of(plan)[2] // plan.clusters) * -(-plan.k // plan.tile_k))


def _check_tiles(tiles: int) -> None:
    if tiles > TILES_MAX:
        right = f"at most {TILES_MAX}: pin larger ones (--set mapping.tile_k=512) or take a smaller product"
        raise InputError.of(f"{tiles} tiles one after the other are too many to look at", right)


def _inner_units(work: Lowered, tiled: Tiled, items: list[Item]) -> Ints:
    """Units between the innermost level and the arrays for each item, by kind, ragged tiles as they are.

    The results of a product, where no accumulators take them, are shared out by the areas of its tiles.
    """
    plan = tiled.plan
    units = np.zeros((len(items), KINDS), np.int64)
    bits_of: dict[Plan, Ints] = {}
    whole, done, shared = plan.elements * plan.m * plan.n, 0, 0
    for item, out in zip(items, units, strict=True):
        area = 0
        for m, n, jobs in _alike(tiled, item):
            job = plan._replace(m=m, n=n, k=item.k, elements=1)
            if job not in bits_of:
                bits_of[job] = np.array(kernels.even_work(job, tiled.core, MULTIPLY)[1:], np.int64)
            out[[A, B, META]] += jobs * bits_of[job] * UNITS
            area += jobs * m * n
        if (item.tile + 1) * plan.tile_k >= plan.k and tiled.results_stream:
            done += area
            out[OUT] = work.c.value_bits * UNITS * done // whole - shared
            shared += int(out[OUT])
    return units


def _alike(tiled: Tiled, item: Item) -> Iterator[tuple[int, int, int]]:
    """The jobs of an item by their m and n, and how many have them; found from their sums, not one by one."""
    plan, jobs = tiled.plan, item.last - item.first
    sums = zip(kernels.before(plan, item.last), kernels.before(plan, item.first), strict=True)
    along_outer, along_inner, area = (int(after) - int(up_to) for after, up_to in sums)
    high, wide = plan.job_outer, plan.job_inner
    less, thinner = -plan.outer % high, -plan.inner % wide  # what the last job of an axis lacks
    low = (jobs * high - along_outer) // less if less else 0
    thin = (jobs * wide - along_inner) // thinner if thinner else 0
    both = 0
    if less and thinner:
        both = (area - jobs * high * wide + low * less * wide + thin * high * thinner) // (less * thinner)
    whole = ((high, wide, jobs - low - thin + both), (high - less, wide, low - both))
    ragged = ((high, wide - thinner, thin - both), (high - less, wide - thinner, both))
    for outer, inner, count in (*whole, *ragged):
        if count:
            yield (inner, outer, count) if plan.by_n else (outer, inner, count)


def _moved(units: Ints) -> list[dict[str, int]]:
    """Whole bytes by kind of each row of units; their sums are those of a Traffic, each rounded up once."""
    rows: list[dict[str, int]] = [{} for _ in units]
    for kinds in (READ, METADATA, WRITTEN):
        served = units[:, list(kinds.values())]
        up_to = -(-np.cumsum(served) // UNITS_PER_BYTE)
        moved = np.diff(up_to, prepend=0).reshape(served.shape).tolist()
        for row, line in zip(rows, moved, strict=True):
            row.update({kind: count for kind, count in zip(kinds, line, strict=True) if count})
    return rows


def _fetches(drawn: Timeline, stage: int) -> Iterator[Slice]:
    """The fetches out of a level; once all is over, it adds up the parts of a split k."""
    plan, served = drawn.tiled.plan, drawn.units[:, stage].copy()
    served[:, list(WRITTEN.values())] = 0
    times = drawn.log[:, stage].tolist()
    for item, (start, end), moved in zip(drawn.items, times, _moved(served), strict=True):
        yield Slice(item.name, start, end, moved, item._asdict())
    if plan.split > 1:
        results, added = plan.batch * plan.m * plan.n, np.zeros((1, KINDS), np.int64)
        added[0, [BACK, OUT]] = results * plan.split * PARTIAL_UNITS, results * plan.c_units
        end = drawn.cost.cycles - drawn.machine.launch
        yield Slice("adding up the parts of k", drawn.walked.cycles, end, _moved(added)[0], {})


def _left(drawn: Timeline) -> Iterator[tuple[int, int, int, int]]:
    """Of each item after which sums leave: its index, when they are begun, when they leave, and are gone."""
    plan, tiles = drawn.tiled.plan, -(-drawn.tiled.plan.k // drawn.tiled.plan.tile_k)
    gone = 0
    for index, item in enumerate(drawn.items):
        if plan.k_outer or item.tile == tiles - 1:
            begun = drawn.log[index if plan.k_outer else index - item.tile, -2, 0]
            start = max(gone, int(drawn.log[index, -2, 1]))
            gone = int(drawn.log[index, -1, 1])
            yield index, int(begun), start, gone


def _way_out(drawn: Timeline) -> Iterator[Slice]:
    """What leaves the core, at the pace of the slowest level on its way.

    Results pass all levels but the innermost, partial sums those from the one that keeps them inwards.
    """
    written = drawn.units[:, :-1].copy()
    written[:, :, [A, B, META, BACK]] = 0
    takes = written[:, :, SPILL].any(axis=0)
    until = {"partial_sums_stay_in": drawn.machine.levels[int(takes.argmax())].name}
    moved = _moved(written[:, -1])
    for index, _, start, end in _left(drawn):
        if moved[index] or end > start:
            more = drawn.items[index]._asdict() | (until if "partial_sums_written" in moved[index] else {})
            yield Slice(drawn.items[index].name, start, end, moved[index], more)


def _counters(drawn: Timeline) -> Iterator[Counter]:
    """Tiles in the buffers of each level, sums in the core, then bytes a cycle that are read of each level.

    A level holds a tile from the start of its fetch until the next stage is done with it.
    """
    for stage, level in enumerate(drawn.machine.levels[1:]):
        tiles = held(drawn.log[:, stage, 0].tolist(), drawn.log[:, stage + 1, 1].tolist())
        yield Counter(f"{level.name} buffers, of {level.buffers}", "tiles", tiles)
    _, begun, _, gone = zip(*_left(drawn), strict=True)
    yield Counter(f"sums in the core, of {drawn.tiled.plan.buffers}", "tiles", held(begun, gone))
    for track in drawn.tracks:
        if track.level:
            yield Counter(f"{track.level} read bandwidth", "bytes_per_cycle", _read_rates(track))


def _read_rates(track: Track) -> Points:
    """Bytes a cycle that are read, even over each slice.

    Slices begin and end at whole cycles: a slice may seem to be up to a cycle shorter than it is, and so its
    rate is below the level's bandwidth times (cycles + 1) / cycles; of a slice of no cycle nothing is shown.
    """
    points: Points = []
    for one in track.slices:
        if one.end > one.start:
            if points and points[-1][0] == one.start:
                points.pop()
            read = sum(count for kind, count in one.moved.items() if kind not in WRITTEN)
            points += [(one.start, round(read / (one.end - one.start), 3)), (one.end, 0)]
    return points
