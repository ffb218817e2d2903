"""Tiles one by one: jobs are listed, what they touch are sets of single indices, and each fold is walked.

A job is one cluster's tile of results. Everything is counted in units of the Plan; no sum is in closed form.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

from simulator.folds import DATAFLOWS, DECODERS, Core
from simulator.kernels.plan import Plan

PARTIAL_UNITS = 32 * 1024  # a partial sum has 32 bits
Touched = set[tuple[int, int]]  # (element, index along an axis)


class Job(NamedTuple):
    """Where a job lies: `row` and `column` count tiles, `rows` are those of its band; extents are ranges."""

    element: int
    band: int
    column: int
    row: int
    rows: int
    outer: range
    inner: range


class Served(NamedTuple):
    """What a level serves to the next for one wave, in units."""

    a: int
    b: int
    metadata: int
    back: int
    out: int
    spill: int


def pieces(extent: int, size: int) -> list[range]:
    """An extent in pieces of `size`, the last as long as it is."""
    return [range(start, min(extent, start + size)) for start in range(0, extent, size)]


def jobs(plan: Plan) -> list[Job]:
    """Every job in order: elements, bands, along the inner axis, and across the band fastest."""
    return [
        Job(element, band, column, row, len(rows), outer, inner)
        for element in range(plan.elements)
        for band, rows in enumerate(batches(pieces(plan.outer, plan.job_outer), plan.band))
        for column, inner in enumerate(pieces(plan.inner, plan.job_inner))
        for row, outer in enumerate(rows)
    ]


def batches(items: list[range], size: int) -> list[list[range]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def waves(plan: Plan) -> list[list[Job]]:
    """The jobs that run at once, one for each cluster."""
    every = jobs(plan)
    return [every[start : start + plan.clusters] for start in range(0, len(every), plan.clusters)]


def kept(plan: Plan, along_k: range) -> int:
    """Places of B that lie in a piece of k, value by value."""
    if plan.group == 0:
        return len(along_k)
    return sum(1 for at in range(len(along_k)) if at % plan.group < plan.kept)


def in_whole_bands(wave: list[Job], high: int) -> bool:
    """Whether a wave has all rows of the bands that it touches, or full tiles of one; and no column twice."""
    touched = {(job.element, job.band) for job in wave}
    rows = {(job.element, job.band, job.row) for job in wave}
    columns = {(job.element, job.band, job.column) for job in wave}
    alone = len(touched) == 1 and {len(job.outer) for job in wave} == {high}
    every = len(rows) == sum({(job.element, job.band): job.rows for job in wave}.values())
    return (alone or every) and len(columns) == len({(element, column) for element, _, column in columns})


def waves_of_whole_bands(plan: Plan) -> bool:
    """Whether all waves are."""
    return all(in_whole_bands(wave, plan.job_outer) for wave in waves(plan))


@dataclass
class Shared:
    """A level that all clusters share, and what it keeps: the band, all of the inner operand, or neither.

    What is kept is known by its element and index along an axis. Of a band that is kept, what a job touches
    stays until the band is over; of what is not kept, each wave asks for what it touches.
    """

    plan: Plan
    keeps_band: bool
    keeps_all: bool
    band: Touched = field(default_factory=set)
    all: Touched = field(default_factory=set)

    def fetch(self, wave: list[Job]) -> tuple[Touched, Touched]:
        """What a wave brings in, along the outer and the inner axis."""
        outer = {(job.element, index) for job in wave for index in job.outer}
        inner = {(job.element, index) for job in wave for index in job.inner}
        if self.keeps_band:
            last = {(wave[-1].element, index) for index in self.band_of(wave[-1])}
            outer, self.band = outer - self.band, (self.band | outer) & last
        if self.keeps_all:
            inner, self.all = inner - self.all, inner | self.all
        return outer, inner

    def band_of(self, job: Job) -> range:
        high = self.plan.band * self.plan.job_outer
        return range(job.band * high, min(self.plan.outer, (job.band + 1) * high))


def private(plan: Plan, job: Job, cores_m: int, cores_n: int) -> tuple[int, int]:
    """Rows of A and columns of B that the memories of one cluster ask for, each for its own cores.

    One whose cores have rows and no columns, at the ragged end, is given its rows all the same.
    """
    along_m, along_n = (job.inner, job.outer) if plan.by_n else (job.outer, job.inner)
    rows = columns = 0
    for down in range(0, plan.cluster_m, cores_m):
        for across in range(0, plan.cluster_n, cores_n):
            rows += len(within(along_m, down, cores_m, plan.tile_m))
            columns += len(within(along_n, across, cores_n, plan.tile_n))
    return rows, columns


def within(extent: range, first: int, count: int, tile: int) -> range:
    """What of a job's extent lies in the tiles of cores first to first + count - 1."""
    return extent[first * tile : (first + count) * tile]


@dataclass
class Level:
    """How a level is asked by the level `into` which it serves, and what that keeps."""

    shared: bool
    cores_m: int
    cores_n: int
    keeps_band: bool
    keeps_all: bool
    keeps_sums: bool


def served(plan: Plan, into: Level) -> list[list[Served]]:
    """What a level serves to the level `into`, for each piece of k and each wave; `[tile][wave]`.

    With k outermost every piece of k begins anew; with k innermost each piece is kept by itself all along.
    """
    found = []
    lengths = pieces(plan.k, plan.tile_k)
    for tile, along_k in enumerate(lengths):
        shared = Shared(plan, into.keeps_band, into.keeps_all)
        row = []
        for wave in waves(plan):
            if into.shared:
                outer, inner = map(len, shared.fetch(wave))
                rows, columns = (inner, outer) if plan.by_n else (outer, inner)
            else:
                asked = [private(plan, job, into.cores_m, into.cores_n) for job in wave]
                rows, columns = (sum(side) for side in zip(*asked, strict=True))
            results = sum(len(job.outer) * len(job.inner) for job in wave)
            away = bool(plan.k_outer) and not into.keeps_sums
            last = tile == len(lengths) - 1
            row.append(
                Served(
                    a=rows * len(along_k) * plan.a_units,
                    b=columns * kept(plan, along_k) * plan.b_units,
                    metadata=columns * kept(plan, along_k) * plan.meta_units,
                    back=results * PARTIAL_UNITS if away and tile > 0 else 0,
                    out=results * plan.out_units if last else 0,
                    spill=results * PARTIAL_UNITS if away and not last else 0,
                )
            )
        found.append(row)
    return found


class Fold(NamedTuple):
    """Cycles to load and to stream a fold."""

    load: int
    stream: int


def runs(places: range, lanes: int) -> list[range]:
    return [places[start : start + lanes] for start in range(0, len(places), lanes)]


class Walk:
    """All folds of one core's tile by docs/array.md, with effects up to `effects` switched on.

    0 multiplies alone, 1 the feed too, 2 loads too, 3 decoding too, 4 the skew too.
    """

    def __init__(self, core: Core, pattern: tuple[int, int], m: int, n: int, k: int, effects: int) -> None:
        self.core, (self.kept, self.group), self.effects = core, pattern, effects
        self.m, self.n, self.k = m, n, k
        self.flow, self.sits = DATAFLOWS[core.dataflow], DECODERS[core.decode_at]
        count = k if self.group == 0 else sum(1 for at in range(k) if at % self.group < self.kept)
        self.places = range(count)

    def touched(self, run: range) -> set[int]:
        return set() if self.group == 0 else {place // self.kept for place in run}

    def window(self, run: range) -> int:
        if self.group == 0:
            return len(run)
        reached = {g * self.group + at for g in self.touched(run) for at in range(self.group)}
        return len([index for index in reached if index < self.k])

    def feeds(self, window: int) -> int:
        if self.effects < 1 or self.core.feed_bits == 0:
            return 1
        return max(1, ceil(window * self.core.value_bits / self.core.feed_bits))

    def decoder(self, groups: int) -> int:
        if self.effects < 3 or self.core.decode_rate == 0:
            return 0
        return ceil(groups / self.core.decode_rate)

    @property
    def latency(self) -> int:
        return self.core.decode_latency if self.effects >= 3 and self.group else 0

    def folds(self) -> Iterator[Fold]:
        """One fold after another, for each block of columns all of k."""
        held = self.m if self.flow == "input_stationary" else self.n
        for columns in pieces(held, self.core.columns):
            if self.flow == "output_stationary":
                for _ in pieces(self.m, self.core.rows):
                    yield Fold(0, self.steps(len(columns)))
                continue
            for places in runs(self.places, self.core.rows * self.core.lanes):
                yield self.stationary(places, len(columns))

    def stationary(self, places: range, columns: int) -> Fold:
        rows = runs(places, self.core.lanes)
        beat = max(self.feeds(self.window(row)) for row in rows)
        busiest = max(len(self.touched(row)) for row in rows)
        share = busiest if self.sits == "pe" else len(self.touched(places))
        loads = self.core.rows if self.effects >= 2 else 0
        if self.flow == "weight_stationary":
            share *= columns if self.sits == "core" else 1
            return Fold(max(loads, self.latency + self.decoder(share)), self.m * beat)
        return Fold(loads * beat, self.latency + self.n * max(1, self.decoder(share)))

    def steps(self, columns: int) -> int:
        total = self.latency
        for step in runs(self.places, self.core.lanes):
            share = len(self.touched(step)) * (columns if self.sits == "core" else 1)
            total += max(1, self.feeds(self.window(step)), self.decoder(share))
        return total

    @property
    def skew(self) -> int:
        return self.core.rows + self.core.columns - 2 if self.effects >= 4 else 0

    def work(self) -> tuple[int, int, int]:
        """The core's cycles, those more before an equal tile may follow, and the first load, apart if hidden.

        Without overlap a tile is over when its last fold is. With overlap the first load comes before, and
        the skew after; the next tile's first load runs beside the last stream.
        """
        folds = list(self.folds())
        if not self.core.overlap and self.effects < 2:
            return sum(max(fold) for fold in folds), 0, 0
        if not self.core.overlap:
            return sum(sum(fold) + self.skew for fold in folds), 0, 0
        following = [fold.load for fold in folds[1:]] + [0]
        total = sum(max(fold.stream, load) for fold, load in zip(folds, following, strict=True))
        return total, max(0, folds[0].load - folds[-1].stream), folds[0].load


def candidates(core: Core, kept: int, group: int, first: int, count: int) -> int:
    """Values of the dense operand that `count` runs of places from `first` on reach, whole groups each."""
    every = runs(range(first, first + count * core.lanes), core.lanes)
    if group == 0:
        return sum(map(len, every))
    return sum(len({place // kept for place in run}) * group for run in every)


def array_bits(core: Core, plan: Plan, m: int, n: int, k: int) -> tuple[int, int, int]:
    """Bits of A, B and metadata into one array for a tile; ragged folds and windows count as whole ones."""
    lanes, flow = core.lanes, DATAFLOWS[core.dataflow]
    places = range(kept(plan, range(k)))
    a = b = metadata = 0

    def windows_of(first: int, count: int) -> int:
        return candidates(core, plan.kept, plan.group, first, count) * core.value_bits

    if flow == "output_stationary":
        for _ in pieces(m, core.rows):
            for _ in pieces(n, core.columns):
                for step in runs(places, lanes):
                    a += core.rows * windows_of(step[0], 1)
                    b += lanes * core.columns * plan.b_bits
                    metadata += plan.beat_meta_bits
        return a, b, metadata
    depth = core.rows * lanes
    for _ in pieces(n if flow == "weight_stationary" else m, core.columns):
        for fold in runs(places, depth):
            windows = windows_of(fold[0], core.rows)
            if flow == "weight_stationary":
                a += m * windows
                b += depth * core.columns * plan.b_bits
                metadata += plan.beat_meta_bits
            else:
                a += core.columns * windows
                b += n * depth * plan.b_bits
                metadata += n * plan.beat_meta_bits
    return a, b, metadata


def even_work(plan: Plan, core: Core, effects: int) -> tuple[int, int, int, int]:
    """Cycles of every tile of every core, one by one, and the bits into the arrays.

    A core's last tile does not take what it would take more if another followed; of all ways to deal tiles
    to cores the one that takes least counts.
    """
    total = a = b = metadata = 0
    spared = []
    for _ in range(plan.elements):
        for m in pieces(plan.m, plan.tile_m):
            for n in pieces(plan.n, plan.tile_n):
                for k in pieces(plan.k, plan.tile_k):
                    sides = len(m), len(n), len(k)
                    work, more, _ = Walk(core, (plan.kept, plan.group), *sides, effects).work()
                    total += work + more
                    spared.append(more)
                    bits = array_bits(core, plan, *sides)
                    a, b, metadata = a + bits[0], b + bits[1], metadata + bits[2]
    return total - sum(sorted(spared)[-plan.cores :]), a, b, metadata
