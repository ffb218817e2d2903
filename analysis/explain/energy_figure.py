"""Energy by part as a figure that a paper can print in one column."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import cycle, product
from pathlib import Path
from typing import Any, NamedTuple, Self

from analysis.canvas import COLUMN_INCHES, FINE, blank, check_figure, machine_name, name, write_figure
from analysis.explain.energy import Spent
from analysis.quantities import ZEPTO, digits, prefix
from simulator.energy import Energy, Joules

ROW_INCHES, EDGE_INCHES, LEGEND_INCHES = 0.27, 0.42, 0.14
LEGEND_COLUMNS = 4
SEEN = 200
"""One share in as many is the least that has a colour of its own."""
OTHER = "other parts"
PARTS = {
    "multiply_add": ("#0072B2", ""),
    "add": ("#56B4E9", "////"),
    "register": ("#E69F00", "xxxx"),
    "select": ("#CC79A7", "...."),
    "decode": ("#D55E00", "----"),
    "vector": ("#999999", "||||"),
    "leakage": ("#333333", ""),
    "network": ("#FFFFFF", "++++"),
    "accumulators": ("#F0E442", "\\" * 4),
    OTHER: ("#FFFFFF", ""),
}
SHADES, HATCHES = ("#009E73", "#80CFB9", "#D9F0EA"), ("", "////", "....", "xxxx")
"""Levels of memory have the green of Okabe and Ito, then lighter ones: no two look alike up to twelve."""
BAR, BAR_UP, BOUNDS_DOWN = 0.52, 0.08, 0.31
"""Shares of a row: the height of a bar, how far up it stands, and how far down the line of its bounds."""
BESIDE = 3
"""Points of paper from a bar to its total."""


class Stack(NamedTuple):
    """A bar: its name, its energy, and the zeptojoules of each part of the machine."""

    name: str
    total: Joules
    parts: Mapping[str, int]

    @classmethod
    def of(cls, name: str, energy: Energy) -> Self:
        """The bar of an Energy."""
        return cls(name, energy.total, {part: spent.value for part, spent in energy.by_part.items()})


def draw_energy(found: Sequence[Spent], path: Path) -> None:
    """Write stacked bars of each machine's energy by part, and of its dense run, with the totals' bounds."""
    check_figure(path)
    write_figure(energy_figure(found), path)


def energy_figure(found: Sequence[Spent]) -> Any:
    """The figure of `found`; each text of its axes is the total of a bar."""
    return stacks_figure(list(_bars(found)))


def stacks_figure(bars: Sequence[Stack], width: float = COLUMN_INCHES) -> Any:
    """The figure of `bars`, from the top down."""
    import matplotlib as mpl

    with mpl.rc_context(FINE):
        return _figure(bars, width)


def _figure(bars: Sequence[Stack], width: float) -> Any:
    stacks = stacked(bars)
    legend_rows = -(-len(stacks) // LEGEND_COLUMNS)
    figure = blank(EDGE_INCHES + ROW_INCHES * len(bars) + LEGEND_INCHES * legend_rows, width)
    axis = figure.subplots()
    _draw(axis, bars, stacks)
    handles, labels = axis.get_legend_handles_labels()
    if labels:
        figure.legend(
            handles,
            labels,
            loc="outside lower center",
            ncols=-(-len(labels) // legend_rows),
            frameon=False,
            fontsize=6,
            handlelength=1.4,
            columnspacing=1.0,
            handletextpad=0.4,
        )
    figure.draw_without_rendering()  # sizes on paper are known once the axes have their place
    _widen(axis)
    return figure


def _bars(found: Sequence[Spent]) -> Iterator[Stack]:
    """Every machine as it is, and under it the dense run."""
    for one in found:
        machine = f"{name(machine_name(one.arch))}\n" if len(found) > 1 else ""
        yield Stack.of(f"{machine}as traced", one.energy)
        if one.dense is not None and one.dense.energy is not None:
            yield Stack.of(f"{machine}run dense", one.dense.energy)


def stacked(bars: Sequence[Stack]) -> dict[str, list[int]]:
    """The zeptojoules of each part in each bar; parts that are small in every bar are put together."""
    parts = dict.fromkeys(part for bar in bars for part in bar.parts)
    taken = {part: [bar.parts.get(part, 0) for bar in bars] for part in parts}
    wholes = [bar.total.value for bar in bars]
    large = {
        part: row
        for part, row in taken.items()
        if any(one * SEEN >= whole > 0 for one, whole in zip(row, wholes, strict=True))
    }
    rest = [whole - sum(column) for whole, *column in zip(wholes, *large.values(), strict=True)]
    return {**large, OTHER: rest} if any(rest) else large


def styles_of(parts: Iterable[str]) -> dict[str, tuple[str, str]]:
    """A colour and a hatch for each part; levels of memory in their order, from the outside in."""
    levels = [part for part in parts if part not in PARTS]
    looks = cycle(product(SHADES, HATCHES))
    return PARTS | dict(zip(levels, looks, strict=False))


def _draw(axis: Any, bars: Sequence[Stack], stacks: Mapping[str, list[int]]) -> None:
    """The bars, the total beside each, and below it a line between its bounds."""
    size, unit = prefix(max(bar.total.value for bar in bars) * ZEPTO)
    scale = ZEPTO / size
    styles = styles_of(stacks)
    lefts = [0.0] * len(bars)
    for part, row in stacks.items():
        lengths = [scale * one for one in row]
        colour, hatch = styles[part]
        axis.barh(
            [place - BAR_UP for place in range(len(bars))],
            lengths,
            BAR,
            left=lefts,
            label=part.replace("_", "-"),
            color=colour,
            hatch=hatch,
            edgecolor="black",
            linewidth=0.4,
        )
        lefts = [left + length for left, length in zip(lefts, lengths, strict=True)]
    for place, bar in enumerate(bars):
        _total(axis, place, *(scale * one for one in bar.total))
    axis.set_yticks([place - BAR_UP for place in range(len(bars))], [bar.name for bar in bars])
    axis.set_ylim(len(bars) - 0.5, -0.5)
    axis.set_xlim(0, 1.05 * max(scale * bar.total.high for bar in bars) or 1)
    bounds = " (and its bounds)" if axis.lines else ""
    axis.set_xlabel(f"energy ({unit}J), total{bounds}".replace("uJ", "µJ"))
    axis.tick_params(length=2, width=0.6)
    axis.tick_params(axis="y", length=0)


def _total(axis: Any, place: int, low: float, value: float, high: float) -> None:
    """The total at the end of its bar, with its bounds where three digits tell them apart."""
    said = digits(value)
    if digits(low) != digits(high):
        said += f" ({digits(low)} to {digits(high)})"
        bounds: Any = {"color": "black", "linewidth": 0.6, "markersize": 3, "markeredgewidth": 0.6}
        axis.plot([low, high], [place + BOUNDS_DOWN] * 2, marker="|", **bounds)
    axis.annotate(
        said,
        (value, place - BAR_UP),
        xytext=(BESIDE, 0),
        textcoords="offset points",
        va="center",
        fontsize=6,
    )


def _widen(axis: Any) -> None:
    """Room for every total beside its bar."""
    whole = axis.get_window_extent().width
    right = axis.get_xlim()[1]
    for text in axis.texts:
        room = whole - text.get_window_extent().width - BESIDE * axis.get_figure().dpi / 72
        right = max(right, text.xy[0] * whole / room)
    axis.set_xlim(0, right)
