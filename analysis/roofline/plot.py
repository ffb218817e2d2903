"""A roofline as a figure that a paper can print in one column; hierarchical, as Yang et al. (2020) draw them.

A point stands at its intensity at the chosen level; small grey ones, as high, at those of the other levels,
each under the grey roof of its own. Names stand where they hide least, as `labels.Names` measures.
"""

from collections.abc import Iterator, Sequence
from math import ceil, floor, log10
from pathlib import Path
from typing import Any

from analysis.canvas import COLUMN_INCHES, PASS_STYLES, STYLE, blank, check_figure, write_figure
from analysis.quantities import scaled
from analysis.roofline.labels import Line, Names
from analysis.roofline.roofline import Point, Roofline
from analysis.roofline.roofs import DENSE, Roof, Slope
from simulator.gemm import Pass

HEIGHT_INCHES = 2.5
MARKERS = {Pass.FWD: ("o", 5.4), Pass.DGRAD: ("s", 3.8), Pass.WGRAD: ("^", 3.8)}
"""The shape of each pass and its size in points: a square on a circle leaves some of it to see."""
BELOW, ABOVE, ASIDE = 0.5, 1.8, 3.2
"""Room beside points and roofs, as factors."""
GREY, GREY_TEXT, LABEL, SMALL = "0.5", "0.35", 6.0, 1.6
"""Shades, and points of paper: the size of names, and of the markers of other levels."""
LEGEND: Any = {"frameon": False, "fontsize": LABEL, "handletextpad": 0.0, "columnspacing": 0.8}
POINTS, NEAR = 72, 4.0
"""Points of paper in an inch; pixels between lines that are told apart."""

Mark = tuple[float, float, float]
"""Where a marker stands, in the units of the axes, and its radius in pixels."""
Drawn = tuple[str, Line, str]
"""A name, its line, and its colour."""


def draw_roofline(found: Roofline, path: Path) -> None:
    """Write the roofs and points of `found` to `path`; the bytes are the same each time."""
    check_figure(path)
    write_figure(roofline_figure(found), path)


def roofline_figure(found: Roofline, width: float = COLUMN_INCHES) -> Any:
    """The figure of `found`; each text of its axes is the name of a roof."""
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        return _figure(found, width)


def _figure(found: Roofline, width: float) -> Any:
    figure = blank(HEIGHT_INCHES, width)
    axis = figure.subplots()
    _frame(axis, found)
    marks = list(_points(axis, found))
    if names := axis.get_legend_handles_labels()[1]:
        columns = 4 if len(names) == 4 else 3
        figure.legend(loc="outside lower center", ncols=columns, **LEGEND)
    figure.draw_without_rendering()  # sizes on paper are known once the axes have their place
    _widen(axis, found, marks)
    figure.draw_without_rendering()  # other ticks moved the axes
    _name(axis, [*_flat(axis, found), *_slanted(axis, found)], marks)
    return figure


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
    axis.set(xscale="log", yscale="log")
    axis.set_xlim(min(across) / ASIDE, max(across) * ASIDE)
    axis.set_ylim(lowest * BELOW, max(tops) * ABOVE)
    grey = " (grey: of the other levels)" if len(found.slopes) > 1 else ""
    axis.set_xlabel(f"operations a byte of {found.level}{grey}")
    axis.set_ylabel("operations a second")
    _ticks(axis.xaxis, axis.get_xlim())
    _ticks(axis.yaxis, axis.get_ylim())
    axis.tick_params(length=2, width=0.6)
    axis.tick_params(which="minor", length=1, width=0.4)
    axis.grid(visible=True, color="0.92", linewidth=0.4)
    axis.set_axisbelow(True)


def _ticks(line: Any, limits: tuple[float, float]) -> None:
    """Ticks with SI prefixes at the decades, or at 1, 2 and 5 of each where fewer than two are in sight."""
    low, high = limits
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    for steps in ((1,), (1, 2, 5)):
        places = [step * 10.0**decade for decade in decades for step in steps]
        if len(seen := [place for place in places if low <= place <= high]) > 1:
            break
    line.set_major_locator(_at(seen))
    line.set_major_formatter(lambda value, _: scaled(value))
    line.set_minor_locator(_at([step * 10.0**decade for decade in decades for step in range(1, 10)]))
    line.set_minor_formatter(lambda _, __: "")


def _at(places: list[float]) -> Any:
    from matplotlib.ticker import FixedLocator

    return FixedLocator(places)


def _widen(axis: Any, found: Roofline, marks: Sequence[Mark]) -> None:
    """Room for the widest name of a roof, right of where the highest begins and of points at its height."""
    wide = high = 0.0
    for roof in drawn_roofs(found):
        text = axis.text(0, 0, _said(roof), fontsize=LABEL)
        size = text.get_window_extent()
        wide, high = max(wide, size.width), max(high, size.height)
        text.remove()
    left, right = axis.get_xlim()
    most = _ridge(found, drawn_roofs(found)[-1], left)
    for at, achieved, radius in marks:
        tops = (axis.transData.transform((at, float(roof.ops)))[1] for roof in drawn_roofs(found))
        height = axis.transData.transform((at, achieved))[1]
        if at > most and any(-radius < height - top < high + radius for top in tops):
            most = at
    free = 1 - (wide + high) / axis.get_window_extent().width
    right = max(right, left * (most / left) ** (1 / free))
    axis.set_xlim(left, right)
    _ticks(axis.xaxis, (left, right))


def _points(axis: Any, found: Roofline) -> Iterator[Mark]:
    """Draw one marker a point: its shape and colour say the pass, and it is hollow where it ran dense."""
    named, pixels = set(), axis.get_figure().dpi / POINTS
    for point in found.points:
        shape, size = MARKERS[Pass(point.pass_)]
        marker: Any = {"marker": shape, "linestyle": "none"}
        colour = PASS_STYLES[Pass(point.pass_)][0]
        for level, at in point.intensities:
            if level != found.level:
                _mark(axis, point, float(at), marker | {"markersize": SMALL, "color": GREY, "zorder": 3})
                yield float(at), float(point.achieved), pixels * SMALL / 2
                continue
            name = f"{point.pass_} {point.runs_as}"
            style = marker | {"markersize": size, "color": colour, "markeredgewidth": 0.9, "zorder": 5}
            style["markerfacecolor"] = "none" if point.runs_as == DENSE else colour
            _mark(axis, point, float(at), style | {"label": None if name in named else name})
            named.add(name)
            yield float(at), float(point.achieved), pixels * size / 2


def _mark(axis: Any, point: Point, at: float, style: Any) -> None:
    axis.plot([at], [float(point.achieved)], **style)


def _flat(axis: Any, found: Roofline) -> Iterator[Drawn]:
    """Draw the horizontal roofs from their ridges on; they are named near the right end."""
    left, right = axis.get_xlim()
    for roof in drawn_roofs(found):
        top, start = float(roof.ops), _ridge(found, roof, left)
        axis.plot([start, right], [top, top], color="black", linewidth=1, zorder=4)
        yield _said(roof), _line(axis, (start, top), (right, top), from_end=True), "black"


def _slanted(axis: Any, found: Roofline) -> Iterator[Drawn]:
    """Draw the roof of each level, shortest first: black for that of the points, grey for the others.

    Levels that cannot be told apart on paper are named together, near the lower end.
    """
    (left, right), (bottom, _) = axis.get_xlim(), axis.get_ylim()
    for slopes in _alike(axis, found):
        drawn = None
        for slope in slopes:
            rate, chosen = float(slope.rate or 0), slope.level == found.level
            start, end = max(left, bottom / rate), min(right, float(drawn_roofs(found)[-1].ops) / rate)
            if end <= start:
                continue
            line: Any = {"color": "black", "linewidth": 1} if chosen else {"color": GREY, "linewidth": 0.6}
            axis.plot([start, end], [start * rate, end * rate], zorder=4 if chosen else 2, **line)
            drawn = drawn or _line(axis, (start, start * rate), (end, end * rate))
        if drawn is not None:
            levels: dict[str, list[str]] = {}
            for slope in slopes:
                levels.setdefault(scaled(float(slope.rate or 0), "B/s"), []).append(slope.level)
            name = "\n".join(f"{', '.join(those)}: {rate}" for rate, those in levels.items())
            colour = "black" if any(slope.level == found.level for slope in slopes) else GREY_TEXT
            yield name, drawn, colour


def _alike(axis: Any, found: Roofline) -> list[list[Slope]]:
    """The limited levels, the fastest first, those together whose roofs are nearly one line on paper."""
    groups: list[list[Slope]] = []
    places: list[float] = []
    for slope in sorted((one for one in found.slopes if one.rate), key=lambda one: -(one.rate or 0)):
        (place, _) = axis.transData.transform((axis.get_ylim()[0] / float(slope.rate or 0), 1))
        if places and place - places[-1] < NEAR:
            groups[-1].append(slope)
        else:
            groups.append([slope])
            places.append(place)
    return groups


def _name(axis: Any, lines: Sequence[Drawn], marks: Sequence[Mark]) -> None:
    """Write the names of the lines where they hide no point and no line, if there is such a place."""
    names = Names(axis)
    for at, achieved, radius in marks:
        x, y = axis.transData.transform((at, achieved))
        names.keep_marker(x, y, radius)
    for _, line, _ in lines:
        names.keep_line(line)
    for name, line, colour in lines:
        names.put(name, line, fontsize=LABEL, color=colour)


def _line(axis: Any, start: tuple[float, float], end: tuple[float, float], *, from_end: bool = False) -> Line:
    (x0, y0), (x1, y1) = axis.transData.transform([start, end])
    return Line(x0, y0, x1, y1, from_end)


def _said(roof: Roof) -> str:
    return f"{roof.name}: {scaled(float(roof.ops), 'op/s')}"


def _ridge(found: Roofline, roof: Roof, left: float) -> float:
    """Where a horizontal roof begins; at the left edge if the level of the points is unlimited."""
    (chosen,) = (slope for slope in found.slopes if slope.level == found.level)
    at = chosen.ridge(roof)
    return left if at is None else max(left, float(at))
