"""The measures of a sweep's points as axes of a figure: their words, units and directions."""

from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from analysis.figures.drawing import Asked, LackingError
from analysis.sweep.metrics import METRICS
from analysis.sweep.store import DONE
from simulator.errors import InputError, lookup

if TYPE_CHECKING:
    import pandas as pd

SHORT = {
    "seconds": "time",
    "energy_j": "energy",
    "edp_js": "energy times time",
    "area_mm2": "area",
    "watts": "power",
    "dram_bytes": "bytes of the outermost level",
    "metadata_bytes": "bytes of metadata",
    "peak_macs_per_cycle": "multiply-adds a cycle at peak",
    "utilization": "utilization",
}
UNITS = {"edp_js": "J s", "area_mm2": "mm²"}
UNSCALED = ("mm²", "")
"""Units that take no SI prefix."""


class Measure(NamedTuple):
    """A column of points.csv: what it is called, its unit, whether more is better; an objective or not."""

    column: str
    said: str
    unit: str
    higher: bool
    objective: bool


def measure_of(column: str, asked: Asked, points: "pd.DataFrame", where: str) -> Measure:
    """The measure in `column`, which holds numbers; a metric, or an axis of the sweep."""
    numeric = {name: name for name in points.columns if points[name].dtype.kind in "if" and name != "point"}
    if column in points.columns and column not in numeric:
        what = f"{column} holds words, not numbers"
        raise InputError.of(what, f"choose one of: {', '.join(sorted(numeric))}", where=where)
    lookup(numeric, column, kind="column of numbers", where=where)
    if not points[column].notna().any():
        right = "sweep a machine with component tables, or choose another"
        raise LackingError.of(f"{column} is empty for every point", right, where=where)
    goals = {one["name"]: one["goal"] for one in objectives(asked.results.meta)}
    metric = METRICS.get(column)
    goal = goals.get(column, metric.goal if metric is not None else "min")
    unit = UNITS.get(column, metric.unit if metric is not None else "")
    said = SHORT.get(column, column.replace("_", " ") if metric is not None else column)
    return Measure(column, said, unit, goal == "max", column in goals)


def objectives(meta: Mapping[str, Any]) -> list[dict[str, str]]:
    """The objectives of a sweep, each with its goal."""
    found = meta.get("objectives")
    named = (
        [one for one in found if isinstance(one, dict) and one.get("name")] if isinstance(found, list) else []
    )
    if not named:
        raise LackingError.of("the sweep names no objective", "give its space `objectives`")
    return [{"name": str(one["name"]), "goal": str(one.get("goal", "min"))} for one in named]


def axes_of(meta: Mapping[str, Any], points: "pd.DataFrame") -> list[str]:
    """The axes of a sweep that its points have."""
    named = meta.get("axes")
    return [str(one) for one in named if one in points] if isinstance(named, list) else []


def measured(asked: Asked) -> "pd.DataFrame":
    """The points that were simulated."""
    points = asked.results.table("points")
    done = points[points["state"] == DONE]
    if done.empty:
        raise LackingError.of("no point of the sweep was simulated", "see `why` in points.csv")
    return done.reset_index(drop=True)


def is_log(values: "pd.Series[float]") -> bool:
    """Whether values span so much that an axis counts decades."""
    low, high = float(values.min()), float(values.max())
    return low > 0 and inf > high > 30 * low
