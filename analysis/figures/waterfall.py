"""Where the cycles went, for every report: the bars of `nmsim explain` from the rows of a report."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from analysis.explain.cycles import BARS, Bar, Explained
from analysis.explain.waterfall import waterfall_figure
from analysis.figures.drawing import Asked, Drawing, Figure, LackingError
from analysis.figures.sources import Reported, one_each, reports_of, traced
from analysis.reported import peak_of
from simulator.cost import Stalls
from simulator.gemm import GEMM
from simulator.simulate import simulate


def find(asked: Asked) -> Iterator[Drawing]:
    """A waterfall for each machine, of a report that skips zeros if there is one; of two, side by side."""
    found = [explained(one, asked) for one in one_each(reports_of(asked))]
    if not any(one.cycles for one in found):
        raise LackingError.of("no cycles were spent", "simulate a trace that multiplies something")
    groups = [found] if len(found) <= 2 else [[one] for one in found]
    for group in groups:
        part = "" if len(groups) == 1 else group[0].arch.split(",")[0]
        yield Drawing(
            numbers=_numbers(group),
            draw=partial(waterfall_figure, group, titled=True),
            said="Where the cycles went, from multiplying without a zero at peak to the modelled time: "
            "% of that time, and × of `dense at peak` for ideal, of `modelled dense` for modelled.",
            part=part,
        )


def explained(one: Reported, asked: Asked) -> Explained:
    """The bars of a report, beside the same products run dense where its trace is at hand."""
    rows = [row for row in one.rows if row["cycles"]]
    each = [row_bars(row) for row in rows]
    bars = tuple(Bar(name, sum(column)) for name, *column in zip(BARS, *each, strict=True))
    dense = 0
    if one.trace is not None:
        found = traced(one, asked)
        dense = int(simulate(found.arch, found.trace, dense=True).totals["cycles"])
    return Explained(
        arch=f"{one.arch}, {one.ran}",
        part="total",
        bars=bars,
        dense_at_peak=sum(_at_peak(row, "dense_macs") for row in rows),
        dense_cycles=dense,
        seconds=float(one.report["totals"]["seconds"]),
    )


def row_bars(row: Mapping[str, Any]) -> tuple[int, ...]:
    """The cycles of a report's row by cause, in the order of BARS, as `analysis.explain.cycles.row_bars`."""
    if row["op"] != GEMM:
        return (*(0 for _ in range(len(BARS) - 1)), row["cycles"])
    ideal = _at_peak(row, "effective_macs")
    done = _at_peak(row, "effective_macs", "padding_macs")
    stalls = (row[f"stall_{cause}"] for cause in Stalls._fields)
    return ideal, done - ideal, row["compute_cycles"] - done, *stalls, 0


def _at_peak(row: Mapping[str, Any], *macs: str) -> int:
    """Cycles in which the peak does these multiply-adds."""
    peak = peak_of(row) if row["op"] == GEMM else None
    if peak is None:
        return 0
    count = row["count"]
    return int(count * -(-sum(row[name] for name in macs) // (count * peak)))


def _numbers(found: Sequence[Explained]) -> list[dict[str, object]]:
    """A row for each bar of each machine, under the names that the figure gives them."""
    numbers = []
    for one in found:
        wholes = (Bar("modelled", one.cycles), Bar("modelled dense", one.dense_cycles))
        for bar in (Bar("dense at peak", one.dense_at_peak), *one.bars, *wholes):
            seconds = one.seconds * bar.cycles / one.cycles if one.cycles else 0.0
            numbers.append({"machine": one.arch, "bar": bar.name, "cycles": bar.cycles, "time (s)": seconds})
    return numbers


FIGURE = Figure(
    name="waterfall",
    about="where the cycles went, cause by cause, on each machine",
    kinds=("study", "run", "trace", "report"),
    needs="reports: those of a study or a run, or --arch",
    find=find,
)
