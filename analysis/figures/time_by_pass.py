"""Time of a training step by pass: stacked bars, a group for each machine and a bar for each recipe."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from analysis.canvas import (
    PASS_STYLES,
    SMALL,
    STYLE,
    blank,
    legend_below,
    name,
)
from analysis.figures.drawing import Asked, Drawing, Figure, check_few
from analysis.figures.sources import Reported, reports_of
from simulator.gemm import Pass

Bar = Mapping[str, Any]
"""{"machine", "ran", and seconds a step under the name of each pass}."""
BARS_MAX, MACHINES_MAX = 20, 4
HEIGHT_INCHES, EDGE_INCHES = 2.3, 0.45
LETTER_INCHES, NARROW_INCHES = 0.05, 0.3
"""The width of a letter, and of a bar whose speed-up stands upright."""
ALIKE = 5
"""Machines whose times differ by less than this factor share an axis."""
UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def find(asked: Asked) -> Iterator[Drawing]:
    """The bars of every report, machines beside one another."""
    bars = [_bar(one) for one in reports_of(asked)]
    bars = [bar for bar in bars if any(bar[pass_] for pass_ in Pass)] or bars
    machines = list(dict.fromkeys(bar["machine"] for bar in bars))
    check_few(machines, MACHINES_MAX, "machines")
    check_few(bars, BARS_MAX, "bars")
    numbers = [
        {
            **{key: bar[key] for key in ("machine", "ran")},
            **{f"{pass_} (s)": bar[pass_] for pass_ in Pass},
        }
        for bar in bars
    ]
    said = "Time of a training step by pass; over each bar its speed-up over the first bar of its machine."
    yield Drawing(numbers=numbers, draw=partial(time_figure, bars), said=said)


def _bar(one: Reported) -> Bar:
    """Seconds a training step by pass."""
    made = one.report["provenance"]["trace"]["made"]
    steps = int(made.get("steps") or 1)
    times = {str(pass_): 0.0 for pass_ in Pass}
    for row in one.rows:
        times[row["pass"]] += row["seconds"] / steps
    return {"machine": one.arch, "ran": one.ran, **times}


def time_figure(bars: Sequence[Bar], width: float) -> Any:
    """Stacked bars by pass; the number over a bar is its speed-up over the first bar of its machine."""
    import matplotlib as mpl

    machines = dict.fromkeys(bar["machine"] for bar in bars)
    groups = [(machine, [bar for bar in bars if bar["machine"] == machine]) for machine in machines]
    room = (width - EDGE_INCHES * len(groups)) / sum(max(len(own), 2) for _, own in groups)
    words = [word for bar in bars for word in _said(bar).split()]
    tall = max(map(len, words), default=0) * LETTER_INCHES > room
    with mpl.rc_context(STYLE):
        figure = blank(HEIGHT_INCHES + (0.5 if tall else 0), width)
        highest = [max(sum(bar[pass_] for pass_ in Pass) for bar in own) for _, own in groups]
        alike = max(highest) < ALIKE * min(highest)
        ratios = [max(len(own), 2) for _, own in groups]
        axes = figure.subplots(1, len(groups), squeeze=False, width_ratios=ratios, sharey=alike)[0]
        size, unit = next(((size, unit) for size, unit in UNITS if max(highest) >= size), UNITS[-1])
        for axis, (machine, own) in zip(axes, groups, strict=True):
            _stack(axis, own, size, room, tall=tall)
            axis.set_title(name(machine), fontsize=7)
        axes[0].set_ylabel(f"time of a training step ({unit})")
        legend_below(figure, axes[0], len(Pass))
        return figure


def _said(bar: Bar) -> str:
    return name(bar["ran"], 30)


def _stack(axis: Any, bars: Sequence[Bar], size: float, room: float, *, tall: bool) -> None:
    """The bars of one machine."""
    places = range(len(bars))
    tops = [0.0] * len(bars)
    for pass_, (colour, hatch) in PASS_STYLES.items():
        heights = [bar[pass_] / size for bar in bars]
        look: Any = {"color": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0.3}
        axis.bar(places, heights, 0.68, bottom=tops, label=str(pass_), **look)
        tops = [top + height for top, height in zip(tops, heights, strict=True)]
    narrow = room < NARROW_INCHES
    for place, top in zip(places, tops, strict=True):
        if top and len(bars) > 1:
            style: Any = {"fontsize": 5.5 if narrow else SMALL, "rotation": 90 if narrow else 0}
            style |= {"xytext": (0, 2), "textcoords": "offset points", "ha": "center", "va": "bottom"}
            axis.annotate(f"{tops[0] / top:.2f}×", (place, top), **style)
    labels = [_said(bar) if tall else _said(bar).replace(" ", "\n") for bar in bars]
    axis.set_xticks(list(places), labels, fontsize=SMALL, rotation=90 if tall else 0)
    axis.set_xlim(-0.6, max(len(bars), 2) - 0.4)
    axis.set_ylim(0, max(axis.get_ylim()[1], (1.25 if narrow else 1.12) * max(tops)) or 1)


FIGURE = Figure(
    name="time_by_pass",
    about="time of a training step by pass, for each machine and recipe",
    kinds=("study", "run", "trace", "report"),
    needs="reports: those of a study or a run, or --arch",
    find=find,
)
