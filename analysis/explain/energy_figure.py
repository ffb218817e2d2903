"""Energy by part as a figure that a paper can print in one column."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.explain.energy import Spent
from analysis.plots import FINE, TITLE_MAX, blank, check_figure, write_figure
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
LEVELS = (("#009E73", ""), ("#009E73", "////"), ("#009E73", "...."), ("#009E73", "xxxx"))
"""Colours of Okabe and Ito; every level of memory has the green one, and a hatch of its own."""


def draw_energy(found: Sequence[Spent], path: Path) -> None:
    """Write stacked bars of each machine's energy by part, and of its dense run, with the totals' bounds."""
    check_figure(path)
    import matplotlib as mpl

    bars = list(_bars(found))
    stacks = stacked([energy for _, energy in bars])
    with mpl.rc_context(FINE):
        height = EDGE_INCHES + ROW_INCHES * len(bars) + LEGEND_INCHES * -(-len(stacks) // LEGEND_COLUMNS)
        figure = blank(height)
        axis = figure.subplots()
        _draw(axis, bars, stacks)
        handles, labels = axis.get_legend_handles_labels()
        if labels:
            figure.legend(
                handles,
                labels,
                loc="outside lower center",
                ncols=min(LEGEND_COLUMNS, len(labels)),
                frameon=False,
                fontsize=6,
                handlelength=1.4,
                columnspacing=1.0,
                handletextpad=0.4,
            )
        write_figure(figure, path)


def _bars(found: Sequence[Spent]) -> list[tuple[str, Energy]]:
    """The name and the energy of each bar: every machine as it is, and under it the dense run."""
    bars = []
    for one in found:
        name = f"{Path(one.arch).stem[:TITLE_MAX]}\n" if len(found) > 1 else ""
        bars.append((f"{name}as traced", one.energy))
        if one.dense is not None and one.dense.energy is not None:
            bars.append((f"{name}run dense", one.dense.energy))
    return bars


def stacked(energies: Sequence[Energy]) -> dict[str, list[int]]:
    """The zeptojoules of each part in each bar; parts that are small in every bar are put together."""
    parts = dict.fromkeys(name for energy in energies for name in energy.by_part)
    taken = {part: [energy.by_part.get(part, Joules()).value for energy in energies] for part in parts}
    wholes = [energy.total.value for energy in energies]
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
    return PARTS | {name: LEVELS[place % len(LEVELS)] for place, name in enumerate(levels)}


def _draw(axis: Any, bars: Sequence[tuple[str, Energy]], stacks: Mapping[str, list[int]]) -> None:
    """The bars, a bracket between the bounds of each, and its total beside it."""
    size, unit = prefix(max(energy.total.value for _, energy in bars) * ZEPTO)
    scale = ZEPTO / size
    styles = styles_of(stacks)
    lefts = [0.0] * len(bars)
    for part, row in stacks.items():
        lengths = [scale * one for one in row]
        colour, hatch = styles[part]
        axis.barh(
            range(len(bars)),
            lengths,
            0.62,
            left=lefts,
            label=part.replace("_", "-"),
            color=colour,
            hatch=hatch,
            edgecolor="black",
            linewidth=0.4,
        )
        lefts = [left + length for left, length in zip(lefts, lengths, strict=True)]
    totals = [tuple(scale * one for one in energy.total) for _, energy in bars]
    for place, (low, value, high) in enumerate(totals):
        axis.errorbar(
            value,
            place,
            xerr=[[value - low], [high - value]],
            color="black",
            capsize=2,
            linewidth=0.8,
            capthick=0.8,
        )
        axis.annotate(
            digits(value),
            (max(value, high), place),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=6,
        )
    axis.set_yticks(range(len(bars)), [name for name, _ in bars])
    axis.set_ylim(len(bars) - 0.5, -0.5)
    axis.set_xlim(0, 1.13 * max(high for _, _, high in totals) or 1)
    axis.set_xlabel(f"energy ({unit}J), with bounds of the total".replace("uJ", "µJ"))
    axis.tick_params(length=2, width=0.6)
    axis.tick_params(axis="y", length=0)
