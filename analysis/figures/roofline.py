"""Rooflines of the machines that a trace, a run or a study ran on, as `nmsim roofline` draws them."""

from collections.abc import Iterator
from functools import partial

from analysis.figures.drawing import Asked, Drawing, Figure, LackingError
from analysis.figures.sources import one_each, reports_of, traced
from analysis.roofline.plot import roofline_figure
from analysis.roofline.roofline import roofline


def find(asked: Asked) -> Iterator[Drawing]:
    """A roofline for each machine, of a report that skips zeros if there is one."""
    ones = one_each(reports_of(asked))
    for one in ones:
        found = traced(one, asked)
        drawn = roofline(found.given, found.trace, settings=found.settings)
        if not drawn.points:
            raise LackingError.of("nothing was multiplied", "name a trace with matrix products")
        roofs = [
            {
                "machine": one.arch,
                "what": "roof",
                "name": roof.name,
                "operations a second (op/s)": float(roof.ops),
            }
            for roof in drawn.roofs
        ]
        points = [
            {"machine": one.arch, "what": "point", "name": f"{point.pass_} {point.runs_as}"}
            | {"operations a second (op/s)": float(point.achieved)}
            | {f"operations a byte of {level} (op/B)": float(at) for level, at in point.intensities}
            for point in drawn.points
        ]
        slopes = [
            {"machine": one.arch, "what": "slope", "name": slope.level, "bandwidth (B/s)": float(slope.rate)}
            for slope in drawn.slopes
            if slope.rate is not None
        ]
        yield Drawing(
            numbers=[*roofs, *slopes, *points],
            draw=partial(roofline_figure, drawn),
            said=f"{one.ran} under the roofs of {one.arch}; hollow marks ran dense.",
            part="" if len(ones) == 1 else one.arch,
        )


FIGURE = Figure(
    name="roofline",
    about="products under the roofs of each machine",
    kinds=("study", "run", "trace"),
    needs="a trace and its machine: a study, or --arch for a trace or a run",
    find=find,
)
