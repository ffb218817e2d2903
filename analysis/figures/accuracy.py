"""Accuracy against what training costs: means over seeds, their intervals, and the front."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from analysis.canvas import SMALL, STYLE, blank, looks, name
from analysis.figures.drawing import Asked, Drawing, Figure, LackingError, check_few, chosen
from analysis.figures.ranges import drawable, label_points, scale_of
from analysis.front import staircase

if TYPE_CHECKING:
    import pandas as pd

CHOICE = ("task", "model", "label", "pattern", "arch", "steps")
HEIGHT_INCHES, ENTRY_INCHES = 2.1, 0.125
LABELS_MAX, POINTS_NAMED = 16, 40


class Point(NamedTuple):
    """A cell of a study: its label, its pattern, what it costs, and how good it is with an interval."""

    label: str
    pattern: str
    steps: int
    cost: float
    value: float
    low: float
    high: float


class Measure(NamedTuple):
    """What is measured, on which axis: its name, its unit, and whether less is better."""

    name: str
    unit: str
    lower_is_better: bool


def against_flops(asked: Asked) -> Iterator[Drawing]:
    """A figure for each task and model, by training FLOPs under the convention that was chosen."""
    column = f"{asked.convention}_flops"
    title = f"training FLOPs, {asked.convention.replace('_', '-')} ({{unit}})"
    for part, frame, measure in _parts(asked):
        once = frame.drop_duplicates(subset=["label", "pattern", "steps"])
        yield _drawing(
            once, part, measure, _mean(once, column), title, "FLOP", f"training FLOPs, {asked.convention}"
        )


def against_joules(asked: Asked) -> Iterator[Drawing]:
    """A figure for each task, model and machine, by the joules of training."""
    found = False
    for part, frame, measure in _parts(asked):
        machines = [(str(arch), own) for arch, own in frame.groupby("arch", sort=False) if arch]
        for arch, own in machines:
            column = _mean(own, "energy_j")
            if own[column].notna().any():
                found = True
                whole = "-".join(filter(None, (part, arch)))
                title = f"training energy on {name(arch)} ({{unit}})"
                yield _drawing(own, whole, measure, column, title, "J", f"energy of training on {arch}")
    if not found:
        raise LackingError.of("no machine has an energy", "name machines with component tables in the study")


def _parts(asked: Asked) -> Iterator[tuple[str, "pd.DataFrame", Measure]]:
    """The summary of each task and model with what is measured there."""
    summary = chosen(asked.results.table("summary"), asked.only, CHOICE)
    if summary.empty:
        raise LackingError.of("summary.csv has no rows", "finish the study")
    results = asked.results.table("results")
    groups = list(summary.groupby(["task", "model"], sort=False))
    for (task, model), frame in groups:
        own = results[(results["task"] == task) & (results["model"] == model)]
        part = "" if len(groups) == 1 else f"{task!s}-{model!s}"
        yield part, frame, _measure(own)


def _measure(rows: "pd.DataFrame") -> Measure:
    unit = str(rows["unit"].iloc[0]) if "unit" in rows and len(rows) else ""
    lower = bool(rows["lower_is_better"].iloc[0]) if "lower_is_better" in rows and len(rows) else True
    return Measure(str(rows["metric"].iloc[0]) if len(rows) else "value", unit, lower)


def _mean(frame: "pd.DataFrame", column: str) -> str:
    """The column of the means of `column`."""
    for one in (f"{column}_mean", column):
        if one in frame:
            return one
    raise LackingError.of(f"summary.csv has no {column}", "run the study again")


def _drawing(
    frame: "pd.DataFrame", part: str, measure: Measure, column: str, title: str, unit: str, cost: str
) -> Drawing:
    points = [
        Point(row["label"], row["pattern"], int(row["steps"]), float(row[column]), *_interval(row))
        for row in frame.to_dict("records")
    ]
    seen = [one for one in points if drawable(one.cost) and drawable(one.value)]
    if not seen:
        raise LackingError.of(
            "no run has both a value and a cost", "finish the study, or see why in results.csv"
        )
    check_few(list(dict.fromkeys(one.label for one in seen)), LABELS_MAX, "recipes")
    front = staircase([(one.cost, one.value) for one in seen], (False, not measure.lower_is_better))
    said_unit = f" ({measure.unit})" if measure.unit else ""
    numbers = [
        {
            "recipe": one.label,
            "pattern": one.pattern,
            "steps": one.steps,
            f"{cost} ({unit})": one.cost,
            f"{measure.name}, mean{said_unit}": one.value,
            f"low{said_unit}": one.low,
            f"high{said_unit}": one.high,
            "front": place in front,
        }
        for place, one in enumerate(seen)
    ]
    left = len(points) - len(seen)
    over = f"{int(seeds[0])} seeds" if len(seeds := frame["seeds"].unique()) == 1 else "seeds"
    said = f"{measure.name} on held-out samples against {cost}: means over {over}, with 95 % t intervals; "
    said += "the line joins what none beats in both."
    said += " Labels are patterns, and training steps." if len({one.steps for one in seen}) > 1 else ""
    said += f" {left} cells have no value and are not drawn." if left else ""
    return Drawing(
        numbers=numbers,
        draw=lambda width: accuracy_figure(seen, front, measure, title, unit, width),
        said=said,
        part=part,
    )


def _interval(row: Any) -> tuple[float, float, float]:
    return float(row["value_mean"]), float(row["value_low"]), float(row["value_high"])


def accuracy_figure(
    points: Sequence[Point], front: Sequence[int], measure: Measure, title: str, unit: str, width: float
) -> Any:
    """Points with error bars, a marker and a colour for each recipe, and the staircase of what none beats."""
    import matplotlib as mpl

    labels = list(dict.fromkeys(one.label for one in points))
    columns = 3 if width < 5 else 6
    with mpl.rc_context(STYLE):
        figure = blank(HEIGHT_INCHES + ENTRY_INCHES * -(-len(labels) // columns), width)
        axis = figure.subplots()
        size, name_of_unit = scale_of([one.cost for one in points], unit)
        for label, (colour, marker, _) in looks(labels).items():
            own = [one for one in points if one.label == label]
            _scatter(axis, own, size, colour, marker, label)
            _lengths(axis, own, size, colour)
        steps = [(points[place].cost / size, points[place].value) for place in front]
        axis.plot(*zip(*steps, strict=True), drawstyle="steps-post", color="0.45", linewidth=0.7, zorder=1)
        axis.set_xlabel(title.replace("{unit}", name_of_unit))
        better = "lower" if measure.lower_is_better else "higher"
        unit_of = f"{name(measure.unit)}, " if measure.unit else ""
        axis.set_ylabel(f"{name(measure.name, 36)}\n({unit_of}{better} is better)")
        _room(axis, points, size)
        handles, texts = axis.get_legend_handles_labels()
        figure.legend(
            handles, texts, loc="outside lower center", ncols=min(columns, len(texts)), handlelength=1.2
        )
        figure.draw_without_rendering()  # places on paper are known once the axes have theirs
        beside = [*_pieces(steps), *((p.cost / size, at) for p in points for at in _spread(p))]
        marks = [(p.cost / size, p.value) for p in points]
        label_points(axis, marks, _names(points, front), beside=beside, fontsize=SMALL)
        return figure


def _scatter(axis: Any, own: Sequence[Point], size: float, colour: str, marker: str, label: str) -> None:
    down = [max(0.0, p.value - p.low) if drawable(p.low) else 0.0 for p in own]
    up = [max(0.0, p.high - p.value) if drawable(p.high) else 0.0 for p in own]
    axis.errorbar(
        [p.cost / size for p in own],
        [p.value for p in own],
        yerr=[down, up],
        fmt=marker,
        color=colour,
        markersize=3.6,
        markeredgecolor="white",
        markeredgewidth=0.3,
        elinewidth=0.7,
        capsize=1.6,
        capthick=0.6,
        label=name(label),
        zorder=4,
    )


def _lengths(axis: Any, own: Sequence[Point], size: float, colour: str) -> None:
    """A thin line through the lengths of each pattern."""
    for pattern in dict.fromkeys(p.pattern for p in own):
        along = sorted((p.cost / size, p.value) for p in own if p.pattern == pattern)
        axis.plot(*zip(*along, strict=True), color=colour, linewidth=0.4, linestyle=(0, (3, 2)), zorder=2)


def _spread(point: Point) -> list[float]:
    """Heights along the error bar of a point."""
    if not (drawable(point.low) and drawable(point.high)):
        return []
    return [point.low + share / 8 * (point.high - point.low) for share in range(9)]


def _pieces(steps: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Places along a staircase."""
    found = []
    for (x0, y0), (x1, y1) in pairwise(steps):
        found += [(x0 + share / 20 * (x1 - x0), y0) for share in range(20)]
        found += [(x1, y0 + share / 20 * (y1 - y0)) for share in range(20)]
    return found


def _room(axis: Any, points: Sequence[Point], size: float) -> None:
    """Room for labels beside the outermost points; a point alone stands in the middle."""
    costs = [p.cost / size for p in points]
    wide = max(costs) - min(costs) or abs(max(costs)) or 1.0
    axis.set_xlim(min(costs) - 0.08 * wide, max(costs) + 0.14 * wide)
    axis.margins(y=0.1)
    axis.locator_params(axis="x", nbins=6)


def _names(points: Sequence[Point], front: Sequence[int]) -> list[str]:
    """The pattern of each point, with its length where there are several; of many only the front's."""
    several = len({one.steps for one in points}) > 1
    texts = [
        name(", ".join(filter(None, (one.pattern, str(one.steps) if several else ""))), 18) for one in points
    ]
    if len(points) > POINTS_NAMED:
        return [text if place in front else "" for place, text in enumerate(texts)]
    return texts


FLOPS_FIGURE = Figure(
    name="accuracy_flops",
    about="accuracy against training FLOPs, with intervals and the front",
    kinds=("study",),
    needs="a study",
    find=against_flops,
)
JOULES_FIGURE = Figure(
    name="accuracy_joules",
    about="accuracy against the energy of training on each machine",
    kinds=("study",),
    needs="a study with machines that have component tables",
    find=against_joules,
)
