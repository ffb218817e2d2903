"""Sensitivity of a measure to each axis of a sweep: how far its values lead, one axis at a time."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from analysis.canvas import COLOURS, SMALL, STYLE, blank, name
from analysis.figures.drawing import Asked, Drawing, Figure, LackingError
from analysis.figures.measures import UNSCALED, Measure, axes_of, measure_of, measured, objectives
from analysis.figures.ranges import drawable, scale_of
from analysis.quantities import digits

if TYPE_CHECKING:
    import pandas as pd

ROW_INCHES, EDGE_INCHES = 0.2, 0.55
AXES_MAX = 30


class Swing(NamedTuple):
    """What one axis does to the base: where its values lead the measure lowest and highest."""

    axis: str
    base: object
    low: float
    low_at: object
    high: float
    high_at: object

    @property
    def span(self) -> float:
        """How far apart both are."""
        return self.high - self.low


def find(asked: Asked) -> Iterator[Drawing]:
    """The swings of --y, or of the first objective, around the base."""
    points: Any = measured(asked)
    axes = [one for one in axes_of(asked.results.meta, points) if points[one].nunique() > 1]
    column = asked.y or objectives(asked.results.meta)[0]["name"]
    measure = measure_of(column, asked, points, "--y")
    points = points[points[column].astype(float).map(drawable).astype(bool)].reset_index(drop=True)
    if points.empty:
        raise LackingError.of(f"no point has a {column} to draw", "choose another with --y")
    base = base_of(points, axes)
    found = sorted(swings(points, axes, base, column), key=lambda one: -one.span)[:AXES_MAX]
    if not found:
        what = "no two points differ in one axis alone"
        raise LackingError.of(what, "sweep with `choose: one_at_a_time` or `choose: grid`")
    middle = float(points.at[base, column])
    unit = f" ({measure.unit})" if measure.unit else ""
    numbers = [
        {
            "axis": one.axis,
            "base": one.base,
            f"{column} at base{unit}": middle,
            "lowest at": one.low_at,
            f"lowest {column}{unit}": one.low,
            "highest at": one.high_at,
            f"highest {column}{unit}": one.high,
        }
        for one in found
    ]
    said = f"How far each axis moves {measure.said}, the others as in point {points.at[base, 'point']}."
    yield Drawing(numbers=numbers, draw=partial(tornado, found, middle, measure), said=said)


def base_of(points: "pd.DataFrame", axes: Sequence[str]) -> int:
    """The point that differs in one axis alone from the most others; of equals the one in the middle."""
    import pandas as pd

    near = pd.Series(0, index=points.index)
    off = pd.Series(0.0, index=points.index)
    for axis in axes:
        rest = [one for one in axes if one != axis]
        near += (
            points.groupby(rest, sort=False)[axis].transform("nunique") - 1
            if rest
            else points[axis].nunique()
        )
        levels = (
            sorted(points[axis].unique()) if points[axis].dtype.kind in "if" else list(points[axis].unique())
        )
        place = points[axis].map({level: index for index, level in enumerate(levels)})
        off += (place - (len(levels) - 1) / 2).abs() / len(levels)
    return int(pd.DataFrame({"near": -near, "off": off}).sort_values(["near", "off"], kind="stable").index[0])


def swings(points: Any, axes: Sequence[str], base: int, column: str) -> Iterator[Swing]:
    """The swing of each axis, over the points that are as the base in all others."""
    for axis in axes:
        same = points[axis].notna()
        for other in axes:
            if other != axis:
                same &= points[other] == points.at[base, other]
        own = points[same]
        if own[axis].nunique() > 1:
            low, high = own[column].idxmin(), own[column].idxmax()
            yield Swing(
                axis,
                points.at[base, axis],
                float(own.at[low, column]),
                own.at[low, axis],
                float(own.at[high, column]),
                own.at[high, axis],
            )


def tornado(found: Sequence[Swing], middle: float, measure: Measure, width: float) -> Any:
    """A bar for each axis from its lowest to its highest, the widest on top, around the base."""
    import matplotlib as mpl

    values = [middle, *(one.low for one in found), *(one.high for one in found)]
    size, unit = (1.0, measure.unit) if measure.unit in UNSCALED else scale_of(values, measure.unit)
    with mpl.rc_context(STYLE):
        figure = blank(EDGE_INCHES + ROW_INCHES * len(found), width)
        axis = figure.subplots()
        for place, one in enumerate(found):
            for end, at, colour, hatch in (
                (one.low, one.low_at, COLOURS[5], ""),
                (one.high, one.high_at, COLOURS[4], "////"),
            ):
                look: Any = {"color": colour, "hatch": hatch, "edgecolor": "black", "linewidth": 0.4}
                if end != middle:
                    axis.barh(place, (end - middle) / size, 0.62, left=middle / size, **look)
                    right = end > middle
                    axis.annotate(
                        name(at if isinstance(at, str) else digits(float(at)), 16),  # type: ignore[arg-type]
                        (end / size, place),
                        xytext=(2 if right else -2, 0),
                        textcoords="offset points",
                        ha="left" if right else "right",
                        va="center",
                        fontsize=SMALL,
                    )
            if one.low == one.high:
                beside: Any = {"xytext": (2, 0), "textcoords": "offset points", "va": "center"}
                axis.annotate("no change", (middle / size, place), fontsize=SMALL, **beside)
        axis.axvline(middle / size, color="black", linewidth=0.6)
        axis.set_yticks(range(len(found)), [name(one.axis, 30) for one in found], fontsize=SMALL)
        axis.set_ylim(len(found) - 0.5, -0.5)
        axis.tick_params(axis="y", length=0)
        axis.spines["left"].set_visible(False)
        axis.set_xlabel(f"{measure.said} ({unit})" if unit else measure.said)
        figure.draw_without_rendering()
        _widen(axis)
        return figure


def _widen(axis: Any) -> None:
    """Room for every text beside its bar."""
    if not axis.texts:
        return
    (left, right), box = axis.get_xlim(), axis.get_window_extent()
    each, edge = box.width / (right - left), 3 * axis.get_figure().dpi / 72
    ends = [text.get_window_extent() for text in axis.texts]
    over = [
        max(0.0, *sides) + edge for sides in zip(*((box.x0 - e.x0, e.x1 - box.x1) for e in ends), strict=True)
    ]
    share = box.width / max(0.3 * box.width, box.width - sum(over))
    axis.set_xlim(left - share * over[0] / each, right + share * over[1] / each)


FIGURE = Figure(
    name="tornado",
    about="how far each axis of a sweep moves a measure, one at a time",
    kinds=("sweep",),
    needs="a sweep whose points differ in one axis alone (one_at_a_time or grid)",
    find=find,
)
