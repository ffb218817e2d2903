"""Where the name of a line has room on a figure: the place that hides the least, measured on paper.

Places are in pixels from the lower left of the figure, and angles in radians.
"""

from collections.abc import Iterable, Iterator
from math import atan2, cos, degrees, hypot, sin
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

GAP, MARGIN, STEP = 2.0, 1.4, 6.0
"""Pixels between a line and its name, around a name, and from one place to the next."""
POINT, NAME, OUTSIDE, LEVEL, BENEATH, FURTHER = 10.0, 10.0, 1e6, 20.0, 2.0, 0.3
"""What a place costs: for each point and each piece of a name that it hides (a pixel of a line costs 1),
outside the axes, not along its line, below it, and for each step from the best end."""
BOX = {"boxstyle": "square,pad=0.07", "facecolor": "white", "edgecolor": "none"}


class Line(NamedTuple):
    """A straight line in pixels, and from which end its name is sought."""

    x0: float
    y0: float
    x1: float
    y1: float
    from_end: bool = False

    @property
    def angle(self) -> float:
        """From the horizontal."""
        return atan2(self.y1 - self.y0, self.x1 - self.x0)

    @property
    def length(self) -> float:
        """From end to end."""
        return hypot(self.x1 - self.x0, self.y1 - self.y0)


class Place(NamedTuple):
    """The lower left corner of a name, its angle, and what it costs beside what it hides."""

    x: float
    y: float
    angle: float
    cost: float


class Names:
    """Puts names on `axis`, whose limits and place on paper are settled, one after the other."""

    def __init__(self, axis: Any) -> None:
        self.axis = axis
        self.taken: list[F64] = []
        """Rows of x, y, and the cost of hiding what is there."""

    def keep_line(self, line: Line) -> None:
        """Let names avoid this line."""
        shares = np.linspace(0, 1, 2 + int(line.length))
        across = line.x0 + shares * (line.x1 - line.x0)
        self._keep(across, line.y0 + shares * (line.y1 - line.y0), 1)

    def keep_marker(self, x: float, y: float, radius: float) -> None:
        """Let names avoid a marker of this radius."""
        turns = np.linspace(0, 2 * np.pi, 8, endpoint=False)
        self._keep(x + radius * np.cos(turns), y + radius * np.sin(turns), POINT)

    def put(self, text: str, line: Line, **style: Any) -> None:
        """Write `text` along `line`, or level at its upper end, where it hides least."""
        drawn = self.axis.text(0, 0, text, rotation_mode="anchor", va="bottom", bbox=BOX, zorder=6, **style)
        size = drawn.get_window_extent()
        best = min(
            places(line, size.width, size.height), key=lambda one: self.cost(one, size.width, size.height)
        )
        drawn.set_position(self.axis.transData.inverted().transform((best.x, best.y)))
        drawn.set_rotation(degrees(best.angle))
        inner = np.meshgrid(np.arange(0, size.width, 2), np.arange(0, size.height, 2))
        right, up = (one.ravel() for one in inner)
        across = best.x + right * cos(best.angle) - up * sin(best.angle)
        self._keep(across, best.y + right * sin(best.angle) + up * cos(best.angle), NAME)

    def cost(self, place: Place, width: float, height: float) -> float:
        """What a name of this size costs there."""
        frame = self.axis.get_window_extent()
        wide, high = width * cos(place.angle), width * sin(place.angle)
        left, top = place.x - height * sin(place.angle), place.y + high + height * cos(place.angle)
        inside = (
            frame.x0 <= left and place.x + wide <= frame.x1 + 1 and frame.y0 <= place.y and top <= frame.y1
        )
        hidden = 0.0
        for x, y, cost in self.taken:
            right = (x - place.x) * cos(place.angle) + (y - place.y) * sin(place.angle)
            up = (y - place.y) * cos(place.angle) - (x - place.x) * sin(place.angle)
            within = (abs(right - width / 2) < width / 2 + MARGIN) & (
                abs(up - height / 2) < height / 2 + MARGIN
            )
            hidden += float((cost * within).sum())
        return place.cost + hidden + (0 if inside else OUTSIDE)

    def _keep(self, x: F64, y: F64, cost: float) -> None:
        self.taken.append(np.stack([x, y, np.full_like(x, cost)]))


def places(line: Line, width: float, height: float) -> Iterator[Place]:
    """Where a name of this size may stand: along the line, above and below, or level at its upper end."""
    angle = line.angle
    for step, along in enumerate(_starts(line, width)):
        x, y = line.x0 + along * cos(angle), line.y0 + along * sin(angle)
        for up, side in ((GAP, 0.0), (-GAP - height, BENEATH)):
            yield Place(x - up * sin(angle), y + up * cos(angle), angle, side + FURTHER * step)
    for share in (0.5, 0.25, 0.75, 0.0, 1.0):
        yield Place(line.x1 - share * width, line.y1 + GAP, 0.0, LEVEL + abs(share - 0.5))


def _starts(line: Line, width: float) -> Iterable[float]:
    """Lengths along the line at which a name that ends on it may begin, those of its best end first."""
    starts = np.arange(GAP, line.length - width, STEP) if line.length > width else np.zeros(0)
    return [line.length - width - start + GAP for start in starts] if line.from_end else list(starts)
