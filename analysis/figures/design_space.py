"""The designs of a sweep by two measures: all in grey, the front connected, infeasible ones hollow."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from analysis.canvas import COLOURS, STYLE, blank, name
from analysis.figures.drawing import Asked, Drawing, Figure, LackingError
from analysis.figures.measures import UNSCALED, Measure, axes_of, is_log, measure_of, measured, objectives
from analysis.figures.ranges import count_decades, drawable, scale_of
from analysis.front import staircase
from analysis.quantities import scaled

if TYPE_CHECKING:
    import pandas as pd

HEIGHT_INCHES = 2.5
OTHER = ("area_mm2", "energy_j", "seconds")
"""What stands on the second axis where a sweep has one objective."""
DENSE = 2000
"""Points beyond which the marks are small."""
KEYS = ("feasible", "front")


def find(asked: Asked) -> Iterator[Drawing]:
    """The points by --x and --y, which are the first two objectives unless others are named."""
    points = measured(asked)
    named = [one["name"] for one in objectives(asked.results.meta)]
    across = asked.x or named[0]
    others = [
        one for one in (*named, *OTHER) if one != across and one in points and points[one].notna().any()
    ]
    if asked.y is None and not others:
        raise LackingError.of("there is one measure alone", "name a second one with --y")
    x, y = measure_of(across, asked, points, "--x"), measure_of(asked.y or others[0], asked, points, "--y")
    if x.column == y.column:
        raise LackingError.of(f"{x.column} stands on both axes", "name another with --y")
    shown = points[drawn_in(points[x.column]) & drawn_in(points[y.column])].reset_index(drop=True)
    if shown.empty:
        raise LackingError.of(f"no point has both {x.column} and {y.column}", "choose with --x and --y")
    axes = [one for one in axes_of(asked.results.meta, points) if one not in (x.column, y.column)]
    columns = ["point", *axes, x.column, y.column, *KEYS]
    headers = {x.column: _header(x), y.column: _header(y)}
    numbers = shown[columns].rename(columns=headers).to_dict("records")
    left = len(asked.results.table("points")) - len(shown)
    said = f"{len(shown)} designs; the line joins the feasible ones that none beats in both measures."
    said += f" {left} without both are not drawn." if left else ""
    yield Drawing(numbers=numbers, draw=partial(space_figure, shown, x, y), said=said)


def drawn_in(values: "pd.Series[float]") -> "pd.Series[bool]":
    """Which values paper has a place for."""
    return values.astype(float).map(drawable).astype(bool)


def _header(measure: Measure) -> str:
    return f"{measure.column} ({measure.unit})" if measure.unit else measure.column


def space_figure(points: "pd.DataFrame", x: Measure, y: Measure, width: float) -> Any:
    """The figure of points that all have both measures."""
    import matplotlib as mpl

    feasible, best = points["feasible"].astype(bool), points["front"].astype(bool)
    small = 0.5 if len(points) > DENSE else 1.0
    with mpl.rc_context(STYLE):
        figure = blank(HEIGHT_INCHES, width)
        axis = figure.subplots()
        across, up = _on(axis.xaxis, points, x), _on(axis.yaxis, points, y)
        plain: Any = {"linestyle": "none", "marker": "o", "rasterized": len(points) > DENSE}
        groups: Any = (
            (
                "infeasible",
                ~feasible,
                {"markerfacecolor": "none", "markeredgecolor": "0.55", "markersize": 3},
            ),
            ("feasible", feasible & ~best, {"color": "0.65", "markersize": 3}),
            (
                "on the front",
                best,
                {},
            ),
        )
        for said, which, look in groups:
            if which.any():
                style = plain | {"markeredgewidth": 0.5, "zorder": 2} | look
                style["markersize"] = small * style.get("markersize", 4)
                if not look:
                    edge = {"markeredgecolor": "white", "markeredgewidth": 0.4}
                    style |= {"color": COLOURS[0], "marker": "D", "zorder": 4, "rasterized": False, **edge}
                axis.plot(across[which], up[which], label=said, **style)
        _join(axis, across[feasible], up[feasible], x, y)
        handles, labels = axis.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
        return figure


def _on(line: Any, points: "pd.DataFrame", measure: Measure) -> "pd.Series[float]":
    """The values on an axis in the unit that it then names; over decades it is logarithmic."""
    values = points[measure.column].astype(float)
    size, unit = (1.0, measure.unit) if measure.unit in UNSCALED else scale_of(values.tolist(), measure.unit)
    better = f"{'higher' if measure.higher else 'lower'} is better"
    inside = ", ".join(filter(None, (unit, better if measure.objective else "")))
    line.axes.set(
        **{
            f"{line.axis_name}label": f"{name(measure.said, 40)} ({inside})"
            if inside
            else name(measure.said, 40)
        }
    )
    if is_log(values):
        count_decades(line, (values / size).tolist())
    line.set_major_formatter(lambda value, _: f"{value:.4g}" if abs(value) < 1e4 else scaled(value))
    return values / size


def _join(axis: Any, across: "pd.Series[float]", up: "pd.Series[float]", x: Measure, y: Measure) -> None:
    """The staircase of what no feasible point beats in both measures."""
    pairs = list(zip(across.tolist(), up.tolist(), strict=True))
    front = [pairs[place] for place in staircase(pairs, (x.higher, y.higher))]
    if front:
        steps = "steps-pre" if x.higher else "steps-post"
        axis.plot(*zip(*front, strict=True), drawstyle=steps, color="black", linewidth=0.7, zorder=3)


FIGURE = Figure(
    name="design_space",
    about="the designs of a sweep by two measures, with the front",
    kinds=("sweep",),
    needs="a sweep",
    find=find,
)
