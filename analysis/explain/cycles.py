"""`nmsim explain`: where the cycles went, bar by bar, from multiplying at peak to the modelled time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from analysis.explain.machines import load_machines
from analysis.headings import heading, unfinished
from analysis.quantities import duration, scaled, share
from analysis.tables import Cells, json_text, table_text
from simulator.gemm import Product
from simulator.report import Report, Row
from simulator.simulate import simulate
from simulator.trace import Trace

BARS = {
    "ideal": "multiply-adds that are wanted and of no zero, at peak",
    "zeros": "multiply-adds with zeros, or of unwanted results, that the machine does not skip",
    "multiply": "ragged folds and tails: lanes, rows and columns without work",
    "feed": "windows through the row feed",
    "load": "loads of the stationary operand into the array",
    "decode": "decoding of metadata",
    "metadata": "bytes of metadata",
    "operands": "bytes of operands and results",
    "partial sums": "partial sums that are written and read back",
    "fill and drain": "filling and draining, latencies, and waits between tiles",
    "tiles": "cores without a tile",
    "clock": "the clock under load",
    "launch": "launches",
    "update": "UPDATE: the optimizer, masks and packing",
}
"""The bars in their order, and what each stands for; from `feed` to `launch` they are the Stalls."""
LARGEST = 4
SEEN = 2000  # a share of one in as many is the least that per cent with one digit show


class Bar(NamedTuple):
    """Cycles that one cause takes."""

    name: str
    cycles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """The bars of a machine's report, or of a `part` of it, beside the same products run dense.

    `dense_at_peak` are the cycles of all multiply-adds of the dense products at peak, `dense_cycles` the
    modelled ones of a run that skips nothing, UPDATE included.
    """

    arch: str
    part: str
    bars: tuple[Bar, ...]
    dense_at_peak: int
    dense_cycles: int
    seconds: float

    @property
    def cycles(self) -> int:
        """The sum of the bars, which is the report's."""
        return sum(bar.cycles for bar in self.bars)

    @property
    def columns(self) -> dict[str, int | float]:
        """The numbers under the names that JSON and CSV give them."""
        bars = {bar.name.replace(" ", "_"): bar.cycles for bar in self.bars}
        rest = {"dense_at_peak": self.dense_at_peak, "dense_cycles": self.dense_cycles}
        return {**bars, "cycles": self.cycles, **rest, "seconds": self.seconds}


def waterfall(report: Report) -> tuple[Bar, ...]:
    """The bars of a report in the order of BARS; none is below 0, and their sum is its cycles exactly."""
    rows = [row_bars(row) for row in report.rows]
    return tuple(Bar(name, sum(cycles)) for name, *cycles in zip(BARS, *rows, strict=True))


def by_layer(report: Report) -> dict[str, tuple[Bar, ...]]:
    """The bars of each layer; they add up to those of the report."""
    return {str(layer): waterfall(part) for (layer,), part in report.grouped("layer")}


def by_pass(report: Report) -> dict[str, tuple[Bar, ...]]:
    """The bars of each Pass; they add up to those of the report."""
    return {str(pass_): waterfall(part) for (pass_,), part in report.grouped("pass")}


def row_bars(row: Row) -> tuple[int, ...]:
    """The cycles of a row by cause, in the order of BARS.

    For each time it happened ideal = ceil(effective / peak), zeros = ceil(done / peak) - ideal, and multiply
    is what whole folds take beyond both. An UPDATE is one bar, whatever it waits for.
    """
    if row.lowered is None or not isinstance(row.step.work, Product):
        return (*(0 for _ in range(len(BARS) - 1)), row.cost.cycles)
    count, peak = row.step.when.count, row.lowered.peak
    ideal = count * -(-row.step.work.effective_macs // peak)
    done = count * -(-row.lowered.multiplies // peak)
    return ideal, done - ideal, row.cost.compute_cycles - done, *row.cost.stalls, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The parts of each machine's waterfall, the whole of it, and why products run dense."""

    by: str
    provenance: dict[str, Any]
    parts: tuple[Explained, ...]
    whole: tuple[Explained, ...]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        return explanation_text(replace(self, by="total", parts=self.whole), "table")


def explain(
    arch: str, trace: Trace, *, settings: Sequence[str] = (), against: str | None = None, by: str = "total"
) -> Explanation:
    """Where the cycles of `trace` go on `arch`, and on the machine `against` under the same settings.

    `by` is "total", "pass" or "layer".
    """
    machines = load_machines(arch, against, settings)
    parts: list[Explained] = []
    whole: list[Explained] = []
    notes: list[str] = []
    made: list[Any] = []
    for machine in machines:
        report, dense = simulate(machine, trace), simulate(machine, trace, dense=True)
        whole.append(_explained(machine.name, "total", report, dense))
        if by == "total":
            parts.append(whole[-1])
        else:
            pairs = zip(report.grouped(by), dense.grouped(by), strict=True)
            parts += [_explained(machine.name, str(key), one, two) for ((key,), one), (_, two) in pairs]
        reasons = sorted({row.lowered.note for row in report.rows if row.lowered and row.lowered.note})
        notes += [f"{machine.name} runs {reason}" for reason in reasons]
        made.append(report.provenance)
    other = made[1]["arch"] if against is not None else None
    return Explanation(
        by=by,
        provenance={**made[0], "against": other},
        parts=tuple(parts),
        whole=tuple(whole),
        notes=tuple(notes),
    )


def _explained(arch: str, part: str, report: Report, dense: Report) -> Explained:
    products = (row for row in report.rows if row.lowered is not None)
    return Explained(
        arch=arch,
        part=part,
        bars=waterfall(report),
        dense_at_peak=sum(_dense_at_peak(row) for row in products),
        dense_cycles=sum(row.cost.cycles for row in dense.rows),
        seconds=float(report.totals["seconds"]),
    )


def _dense_at_peak(row: Row) -> int:
    assert row.lowered is not None
    count = row.step.when.count
    return count * -(-row.macs["dense_macs"] // (count * row.lowered.peak))


def explanation_text(found: Explanation, form: str) -> str:
    """An explanation as JSON or CSV, a row for each part of each machine, or as a table for people."""
    rows = [
        {"arch": one.arch, **({} if found.by == "total" else {found.by: one.part}), **one.columns}
        for one in found.parts
    ]
    if form == "csv":
        return table_text(rows, form)
    if form == "json":
        totals = {one.arch: one.columns for one in found.whole}
        return json_text(found.provenance, rows=rows, totals=totals)
    shown_rows = _by_bar(found.whole) if found.by == "total" else _by_part(found)
    said = ["", *(sentence(one) for one in found.whole), *found.notes, *unfinished(found.provenance)]
    title = heading(found.provenance, " and ".join(one.arch for one in found.whole))
    return table_text(shown_rows, form, title=title, notes=said)


def _by_bar(whole: Sequence[Explained]) -> list[Cells]:
    """A row for each bar, and under them the sum, machines side by side."""
    rows = []
    for place, (name, meaning) in enumerate(BARS.items()):
        cells = [_cells(one, one.bars[place].cycles) for one in whole]
        rows.append({"where": name, **_joined(cells), "what": meaning})
    sums = _joined([_cells(one, one.cycles) for one in whole])
    return [*rows, {"where": "total", **sums, "what": ""}]


def _cells(one: Explained, cycles: int) -> dict[str, str]:
    seconds = one.seconds * cycles / one.cycles if one.cycles else 0.0
    names = (f"{one.arch} cycles", f"{one.arch} time", f"{one.arch} share")
    return dict(zip(names, (scaled(cycles), duration(seconds), share(cycles, one.cycles)), strict=True))


def _joined(cells: Sequence[dict[str, str]]) -> dict[str, str]:
    return {name: text for one in cells for name, text in one.items()}


def _by_part(found: Explanation) -> list[Cells]:
    """A row for each layer or Pass: cycles, speed-up over dense, and the share of each bar."""
    taken = {bar.name for one in found.whole for bar in one.bars if bar.cycles}
    rows: list[Cells] = []
    for one in (*found.parts, *found.whole):
        shares = {bar.name: share(bar.cycles, one.cycles) for bar in one.bars if bar.name in taken}
        speed = times(one.dense_cycles, one.cycles)
        arch = {"arch": one.arch} if len(found.whole) > 1 else {}
        rows.append({**arch, found.by: one.part, "cycles": scaled(one.cycles), "speed-up": speed, **shares})
    return rows


def sentence(one: Explained) -> str:
    """What became of the speed-up that skipping all zeros at peak would give."""
    ideal, cycles = one.bars[0].cycles, one.cycles
    if not ideal:
        return f"{one.arch}: no products, {scaled(cycles)} cycles of UPDATE"
    rest = cycles - ideal
    ranked = sorted((bar for bar in one.bars[1:] if bar.cycles), key=lambda bar: -bar.cycles)
    causes = [
        f"{bar.name} {share(bar.cycles, rest)}" for bar in ranked[:LARGEST] if SEEN * bar.cycles >= rest
    ]
    others = sum(bar.cycles for bar in ranked[LARGEST:])
    if SEEN * others >= rest > 0:
        causes.append(f"other causes {share(others, rest)}")
    return (
        f"{one.arch}: dense at peak {scaled(one.dense_at_peak)} cycles; ideal with the zeros skipped "
        f"{scaled(ideal)} ({times(one.dense_at_peak, ideal)}); modelled {scaled(cycles)} "
        f"({times(one.dense_cycles, cycles)} as fast as dense, {scaled(one.dense_cycles)}); "
        f"of the {scaled(rest)} beyond ideal: {', '.join(causes) or 'nothing'}"
    )


def times(before: int, after: int) -> str:
    """A speed-up: cycles before over cycles after."""
    return f"{before / after:.2f}x" if after else ""
