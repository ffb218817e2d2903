"""Curves of training: the history of runs as lines of a chart, thinned to what a page can hold."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from analysis.page.blocks import Chart, cell, thinned
from analysis.page.headers import header

if TYPE_CHECKING:
    import pandas as pd

VALUES_MAX = 24_000
"""Of all lines and figures together, so that a page stays small."""
POINTS_MOST, POINTS_LEAST = 300, 12
LINES_MAX = 160
SKIPPED = ("step", "sad", "weight")
LOGARITHMIC = ("loss", "held_out_loss", "training_loss", "rate", "norm")


class Line(NamedTuple):
    """A table over training steps, what it is of, and what it is told by in the chart."""

    name: str
    link: str
    series: str
    group: str
    frame: "pd.DataFrame"
    hue: int = 0
    dash: int = 0


def curves(
    title: str, reading: str, lines: Sequence[Line], *, grouped: str = "task", first: str = "loss"
) -> tuple[Chart, ...]:
    """A chart of lines, if there are any; its figures are the columns of numbers that any line has."""
    drawn = lines[:LINES_MAX]
    keys = list(
        dict.fromkeys(key for line in drawn for key in line.frame.columns if _counts(line.frame, key))
    )
    keys.sort(key=lambda key: key != first)
    if not drawn or not keys:
        return ()
    most = max(POINTS_LEAST, min(POINTS_MOST, VALUES_MAX // (len(drawn) * len(keys))))
    data: dict[str, Any] = {
        "x": {"title": "training step", "unit": "", "prefixed": False},
        "grouped": grouped,
        "metrics": [_metric(key) for key in keys],
        "lines": [_line(line, keys, most) for line in drawn],
    }
    left = len(lines) - len(drawn)
    more = f" The first {len(drawn)} lines; {left} others are not drawn." if left else ""
    return (Chart(kind="curves", title=title, reading=reading + more, data=data),)


def _counts(frame: "pd.DataFrame", key: str) -> bool:
    return key not in SKIPPED and frame[key].dtype.kind in "iuf" and bool(frame[key].notna().any())


def _metric(key: str) -> dict[str, Any]:
    named = header(key)
    return {
        "key": key,
        "title": named.title,
        "unit": named.unit,
        "factor": named.factor,
        "prefixed": named.prefixed,
        "log": key in LOGARITHMIC,
    }


def _line(line: Line, keys: Sequence[str], most: int) -> dict[str, Any]:
    figures: Mapping[str, Any] = {
        key: _points(line.frame, key, most)
        for key in keys
        if key in line.frame.columns and _counts(line.frame, key)
    }
    return {
        "name": line.name,
        "link": line.link,
        "series": line.series,
        "group": line.group,
        "hue": line.hue,
        "dash": line.dash,
        "figures": figures,
    }


def _points(frame: "pd.DataFrame", key: str, most: int) -> list[list[Any]]:
    """Steps and values where there are any, the first and the last with them."""
    found = [
        (int(step), float(value))
        for step, value in zip(frame["step"].tolist(), frame[key].tolist(), strict=True)
        if value is not None and math.isfinite(value)
    ]
    kept = [found[place] for place in thinned(len(found), most)]
    return [[step for step, _ in kept], [cell(value) for _, value in kept]]
