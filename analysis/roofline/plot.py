"""A roofline as a figure that a paper can print in one column; hierarchical, as Yang et al. (2020) draw them.

A point stands at its intensity at the chosen level; small grey ones, as high, at those of the other levels,
each under the grey roof of its own.
"""

from math import atan2, cos, degrees, sin
from pathlib import Path
from typing import Any

from analysis.plots import PASS_STYLES, STYLE, blank, check_figure, write_figure
from analysis.quantities import scaled
from analysis.roofline.roofline import Point, Roofline
from analysis.roofline.roofs import DENSE, Roof, Slope
from simulator.gemm import Pass

HEIGHT_INCHES = 2.5
MARKERS = {Pass.FWD: ("o", 5.4), Pass.DGRAD: ("s", 3.8), Pass.WGRAD: ("^", 3.8)}
"""The shape of each pass and its size in points: a square on a circle leaves some of it to see."""
BELOW, ABOVE, ASIDE = 0.5, 1.8, 3.2
"""Room beside points and roofs, as factors."""
NAMED = 0.33
"""The share of the width that the name of a horizontal roof takes."""
GREY, LABEL = "0.5", 6.0
LEGEND: Any = {"frameon": False, "fontsize": LABEL, "handletextpad": 0.0, "columnspacing": 0.8}
POINTS, LINE, START = 72, 9.0, 11.0
"""Points of paper: an inch, a label upwards, and how far from the edge that of a slope begins."""


def draw_roofline(found: Roofline, path: Path) -> None:
    """Write the roofs and points of `found` to `path`; the bytes are the same each time."""
    check_figure(path)
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        figure = blank(HEIGHT_INCHES)
        axis = figure.subplots()
        _frame(axis, found)
        _points(axis, found)
        if names := axis.get_legend_handles_labels()[1]:
            columns = 4 if len(names) == 4 else 3
            figure.legend(loc="outside lower center", ncols=columns, **LEGEND)
        figure.draw_without_rendering()  # angles on paper are known once the axes have their place
        _flat(axis, found)
        for slope in found.slopes:
            _slanted(axis, slope, found)
        write_figure(figure, path)


def drawn_roofs(found: Roofline) -> list[Roof]:
    """The roofs that a figure has room for, lowest first: dense, of the patterns that points ran as, highest.

    Of equally high ones it is the first that a point ran as, or else the first.
    """
    highest = max(found.roofs, key=lambda roof: roof.ops)
    used = {DENSE, *(point.runs_as for point in found.points)}
    roofs = [roof for roof in found.roofs if roof.pattern in {*used, highest.pattern}]
    ranked = sorted(roofs, key=lambda roof: roof.pattern not in used)
    return sorted({roof.ops: roof for roof in reversed(ranked)}.values(), key=lambda roof: roof.ops)


def _frame(axis: Any, found: Roofline) -> None:
    """Logarithmic axes with units, around all points and the ridges of the dense roof."""
    tops = [float(roof.ops) for roof in drawn_roofs(found)]
    ridges = [float(at) for slope in found.slopes if (at := slope.ridge(found.roofs[0])) is not None]
    across = [float(at) for point in found.points for _, at in point.intensities] + ridges or [1.0]
    lowest = min(min(tops) / 10, *(float(point.achieved) for point in found.points), max(tops))
    left = min(across) / ASIDE
    named = _ridge(found, drawn_roofs(found)[0], left) / left
    axis.set(xscale="log", yscale="log")
    axis.set_xlim(left, max(max(across) * ASIDE, left * named ** (1 / (1 - NAMED))))
    axis.set_ylim(lowest * BELOW, max(tops) * ABOVE)
    axis.set_xlabel(f"operations a byte (coloured: of {found.level})")
    axis.set_ylabel("operations a second")
    axis.yaxis.set_major_formatter(lambda value, _: scaled(value))
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.xaxis.set_minor_formatter(lambda _, __: "")
    axis.tick_params(length=2, width=0.6)
    axis.tick_params(which="minor", length=1, width=0.4)
    axis.grid(visible=True, color="0.92", linewidth=0.4)
    axis.set_axisbelow(True)


def _points(axis: Any, found: Roofline) -> None:
    """One marker a point: its shape and colour say the pass, and it is hollow where the product ran dense."""
    named = set()
    for point in found.points:
        shape, size = MARKERS[Pass(point.pass_)]
        marker: Any = {"marker": shape, "linestyle": "none"}
        colour = PASS_STYLES[Pass(point.pass_)][0]
        for level, at in point.intensities:
            if level != found.level:
                _mark(axis, point, float(at), marker | {"markersize": 1.6, "color": GREY, "zorder": 3})
                continue
            name = f"{point.pass_} {point.runs_as}"
            style = marker | {"markersize": size, "color": colour, "markeredgewidth": 0.9, "zorder": 5}
            style["markerfacecolor"] = "none" if point.runs_as == DENSE else colour
            _mark(axis, point, float(at), style | {"label": None if name in named else name})
            named.add(name)


def _mark(axis: Any, point: Point, at: float, style: Any) -> None:
    axis.plot([at], [float(point.achieved)], **style)


def _flat(axis: Any, found: Roofline) -> None:
    """Horizontal roofs from their ridges on, named above the right end, or below where the next is near."""
    left, right = axis.get_xlim()
    drawn = drawn_roofs(found)
    places = axis.transData.transform([(right, float(roof.ops)) for roof in drawn])[:, 1]
    heights = [*(places * POINTS / axis.get_figure().dpi), float("inf")]
    for roof, height, above in zip(drawn, heights, heights[1:], strict=False):
        top, room = float(roof.ops), above - height >= LINE
        axis.plot([_ridge(found, roof, left), right], [top, top], color="black", linewidth=1, zorder=4)
        axis.annotate(
            f"{roof.name}: {scaled(top, 'op/s')}",
            (right, top),
            xytext=(-1, 1.5 if room else -1.5),
            textcoords="offset points",
            ha="right",
            va="bottom" if room else "top",
            fontsize=LABEL,
        )


def _slanted(axis: Any, slope: Slope, found: Roofline) -> None:
    """The roof of a level: black for that of the points, thin and grey for the others."""
    if slope.rate is None:
        return
    chosen, rate = slope.level == found.level, float(slope.rate)
    (left, right), (bottom, _) = axis.get_xlim(), axis.get_ylim()
    start, end = max(left, bottom / rate), min(right, float(drawn_roofs(found)[-1].ops) / rate)
    if end <= start:
        return
    line: Any = {"color": "black", "linewidth": 1} if chosen else {"color": GREY, "linewidth": 0.6}
    axis.plot([start, end], [start * rate, end * rate], zorder=4 if chosen else 2, **line)
    (x0, y0), (x1, y1) = axis.transData.transform([[start, start * rate], [end, end * rate]])
    angle = atan2(y1 - y0, x1 - x0)
    axis.annotate(
        f"{slope.level}: {scaled(rate, 'B/s')}",
        (start, start * rate),
        xytext=(START * cos(angle) - 1.5 * sin(angle), START * sin(angle) + 1.5 * cos(angle)),
        textcoords="offset points",
        rotation=degrees(angle),
        rotation_mode="anchor",
        ha="left",
        va="bottom",
        fontsize=LABEL,
        color=line["color"],
    )


def _ridge(found: Roofline, roof: Roof, left: float) -> float:
    """Where a horizontal roof begins; at the left edge if the level of the points is unlimited."""
    (chosen,) = (slope for slope in found.slopes if slope.level == found.level)
    at = chosen.ridge(roof)
    return left if at is None else max(left, float(at))
