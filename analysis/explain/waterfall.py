"""Waterfalls of cycles as a figure that a paper can print in one column."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from analysis.canvas import (
    COLUMN_INCHES,
    FINE,
    blank,
    check_figure,
    machine_name,
    name,
    power_of_ten,
    write_figure,
)
from analysis.explain.cycles import BARS, SEEN, Bar, Explained, times
from analysis.quantities import share

ROW_INCHES, EDGE_INCHES = 0.145, 0.5
ARRAY, MEMORY = ("#E69F00", "xxxx"), ("#009E73", "\\" * 4)
WAITING, FIXED = ("#CC79A7", "...."), ("#F0E442", "----")
STYLES = {
    "ideal": ("#0072B2", ""),
    "zeros": ("#56B4E9", "////"),
    **dict.fromkeys(("multiply", "feed", "load", "decode"), ARRAY),
    **dict.fromkeys(("metadata", "operands", "partial sums"), MEMORY),
    **dict.fromkeys(("fill and drain", "tiles"), WAITING),
    **dict.fromkeys(("clock", "launch"), FIXED),
    "update": ("#999999", "||||"),
}
"""Colours of Okabe and Ito, one for each kind of cause, and a hatch for print in grey."""
ENDS = ("modelled", "modelled dense")
HOLLOW, TOTAL = ("white", ""), ("#333333", "")
TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


class Line(NamedTuple):
    """One row of a waterfall: where its bar starts, how long it is, and what stands behind it."""

    name: str
    start: int
    cycles: int
    label: str
    style: tuple[str, str]


def draw_waterfalls(found: Sequence[Explained], path: Path) -> None:
    """Write the waterfall of one machine in cycles, or those of several in units of time, to `path`."""
    check_figure(path)
    write_figure(waterfall_figure(found, titled=len(found) > 1), path)


def waterfall_figure(found: Sequence[Explained], width: float = COLUMN_INCHES, *, titled: bool) -> Any:
    """Their waterfalls side by side; what no machine loses cycles to has no row."""
    import matplotlib as mpl

    empty = {name for name in BARS if not any(dict(one.bars)[name] for one in found)}
    rows = [list(lines(one, empty)) for one in found]
    with mpl.rc_context(FINE):
        figure = blank(EDGE_INCHES + ROW_INCHES * len(rows[0]) + (0.15 if titled else 0), width)
        axes = figure.subplots(1, len(found), squeeze=False, sharey=True)[0]
        for axis, one, placed in zip(axes, found, rows, strict=True):
            size, unit = _unit(one, placed, timed=len(found) > 1)
            _draw(axis, placed, size, room=1.2 if len(found) == 1 else 1.4)
            axis.set_xlabel(unit)
            if titled:
                axis.set_title(name(machine_name(one.arch), 32), fontsize=7)
        axes[0].set_yticks(range(len(rows[0])), [row.name for row in rows[0]])
        axes[0].set_ylim(len(rows[0]) - 0.4, -0.6)
        return figure


def lines(one: Explained, empty: set[str]) -> Iterator[Line]:
    """The rows from the top: dense at peak, the bars but `empty` ones, modelled, and dense if it is known."""
    yield Line("dense at peak", 0, one.dense_at_peak, "1×", HOLLOW)
    start = 0
    for bar in one.bars:
        if bar.name not in empty:
            yield Line(bar.name, start, bar.cycles, _label(one, bar), STYLES[bar.name])
            start += bar.cycles
    faster = _times(one.dense_cycles, one.cycles) if one.dense_cycles else ""
    yield Line("modelled", 0, one.cycles, faster, TOTAL)
    if one.dense_cycles:
        yield Line("modelled dense", 0, one.dense_cycles, "1×", HOLLOW)


def _label(one: Explained, bar: Bar) -> str:
    """A bar's share of all cycles; before that of the ideal one its speed-up over dense at peak."""
    if not bar.cycles:
        return ""
    part = share(bar.cycles, one.cycles) if SEEN * bar.cycles >= one.cycles else "<0.1%"
    return part if bar.name != "ideal" else f"{_times(one.dense_at_peak, bar.cycles)}, {part}"


def _times(before: int, after: int) -> str:
    return times(before, after).replace("x", "×")


def _unit(one: Explained, rows: Sequence[Line], *, timed: bool) -> tuple[float, str]:
    """Cycles that the axis counts as one, and what it is called."""
    most = max(1, *(row.start + row.cycles for row in rows))
    if not timed:
        power = (len(str(most)) - 1) // 3 * 3
        return 10.0**power, f"cycles ({power_of_ten(power)})" if power else "cycles"
    cycle = one.seconds / one.cycles if one.cycles else 1.0
    size, name = next(((size, name) for size, name in TIMES if most * cycle >= size), TIMES[-1])
    return size / cycle, f"time ({name})"


def _draw(axis: Any, rows: Sequence[Line], size: float, room: float) -> None:
    """The rows of one machine, with a thin line from where a bar ends to where the next one starts."""
    most = max(1, *(row.start + row.cycles for row in rows)) / size
    for place, row in enumerate(rows):
        colour, hatch = row.style
        left, end = row.start / size, (row.start + row.cycles) / size
        length = row.cycles / size
        axis.barh(place, length, 0.72, left=left, color=colour, hatch=hatch, edgecolor="black", linewidth=0.4)
        axis.annotate(
            row.label, (end, place), xytext=(2, 0), textcoords="offset points", va="center", fontsize=6
        )
        if place and row.name not in ENDS:
            axis.plot([end, end], [place, place + 1], color="0.4", linewidth=0.4, zorder=0)
    axis.set_xlim(0, room * most)
    axis.tick_params(length=2, width=0.6)
    axis.tick_params(axis="y", length=0)
