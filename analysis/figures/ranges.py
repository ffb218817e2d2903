"""Axes with SI prefixes, and places on paper for labels of points that hide nothing."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np

from analysis.quantities import prefix

MARKER, LINE, OUTSIDE, HIDES = 40.0, 2.0, 400.0, 1e3
"""What a place costs: for each marker and each piece of a line that it hides, outside, over another text."""
PLACES = tuple((right, up) for up in (1, -1, 0) for right in (1, -1, 0) if right or up)
"""Where the label of a point may stand, the best first: on the right above, on the left above, ..."""
ASIDE = 3.0
"""Points of paper from the middle of a marker to its label."""
CROWD = 24
"""Texts beyond which those are left out that would hide a marker."""
FEW = 300
"""Values within this factor have ticks between the decades."""
MOST = 1e100
Box = tuple[float, float, float, float]
Places = Sequence[tuple[float, float]]


def drawable(value: float) -> bool:
    """Whether paper has a place for a value: it is finite, and no axis around it overflows."""
    return isfinite(value) and abs(value) < MOST


def scale_of(values: Sequence[float], unit: str) -> tuple[float, str]:
    """The size and the name of the unit that suits the largest of `values`: 1e9 and GFLOP."""
    largest = max((abs(value) for value in values if isfinite(value)), default=0.0)
    size, name = prefix(largest)
    return size, f"{name}{unit}".replace("uJ", "µJ").replace("us", "µs")


def count_decades(line: Any, values: Sequence[float]) -> None:
    """Let an axis of these values, all above 0, be logarithmic, with ticks at 1, 2 and 5 of few decades."""
    from matplotlib.ticker import LogLocator

    line.axes.set(**{f"{line.axis_name}scale": "log"})
    few = max(values) < FEW * min(values)
    line.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,)))
    line.set_minor_locator(LogLocator(subs=tuple(range(1, 10))))
    line.set_major_formatter(lambda value, _: f"{value:.3g}")
    line.set_minor_formatter(lambda *_: "")


def label_points(
    axis: Any, points: Places, texts: Sequence[str], *, beside: Places = (), **style: Any
) -> None:
    """Write a text beside each point where it hides least of markers, other texts, and what is `beside`.

    The axes have their place and their limits. A text that would hide another one everywhere is left out, of
    many also one that would hide a marker; "" writes none.
    """
    frame = axis.get_window_extent()
    paper = axis.get_figure().dpi / 72
    markers, lines = (
        axis.transData.transform(np.asarray(places, float).reshape(-1, 2)) for places in (points, beside)
    )
    boxes: list[Box] = []
    for (x, y), text in zip(markers, texts, strict=True):
        if not text:
            continue
        drawn = axis.text(0, 0, text, zorder=6, va="bottom", ha="left", **style)
        size = drawn.get_window_extent()
        ranked: list[tuple[float, Box]] = []
        for rank, (right, up) in enumerate(PLACES):
            left = x + ASIDE * paper * right - (0.5 - 0.5 * right) * size.width
            low = y + ASIDE * paper * up * 0.6 - (0.5 - 0.5 * up) * size.height
            box = (left, low, left + size.width, low + size.height)
            hidden = MARKER * _within(box, markers, 2.0 * paper) + LINE * _within(box, lines, 0.0)
            ranked.append((rank + hidden + _over(box, boxes, frame, 4 * paper), box))
        cost, box = min(ranked)
        if cost >= (HIDES if len(texts) <= CROWD else MARKER):
            drawn.remove()
            continue
        drawn.set_position(axis.transData.inverted().transform(box[:2]))
        boxes.append(box)


def _over(box: Box, boxes: Sequence[Box], frame: Any, room: float) -> float:
    """What it costs to stand over other texts and outside the axes."""
    left, low, right, high = box
    over = sum(left < b[2] and right > b[0] and low < b[3] and high > b[1] for b in boxes)
    outside = left < frame.x0 or right > frame.x1 + room or low < frame.y0 or high > frame.y1 + room
    return HIDES * over + (OUTSIDE if outside else 0.0)


def _within(box: Box, places: Any, near: float) -> int:
    """How many of the places lie in the box, or as near to it."""
    left, low, right, high = box
    inside = (places[:, 0] > left - near) & (places[:, 0] < right + near)
    return int((inside & (places[:, 1] > low - near) & (places[:, 1] < high + near)).sum())
