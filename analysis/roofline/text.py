"""A roofline as text: its roofs, points and bandwidths as tables for people, or as JSON or CSV."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from analysis.headings import heading
from analysis.quantities import scaled, share
from analysis.roofline.bandwidth import TOTAL, Flow, number
from analysis.roofline.roofline import Point, Roofline
from analysis.roofline.roofs import Roof, Slope
from analysis.tables import Cells, json_text, table_text
from simulator.places import printable

OPS, RATE, PER_BYTE = "op/s", "B/s", "op/B"


def roofline_text(found: Roofline, form: str) -> str:
    """All of it as JSON, the points as CSV, or three tables for people."""
    if form == "json":
        return _json(found)
    if form == "csv":
        return table_text([point.columns for point in found.points], form)
    title = heading(found.provenance, f"{found.arch}, {found.dtype}")
    roofs = table_text(list(_roof_rows(found)), form)
    cells = [_point_cells(point) for point in found.points]
    points = [table_text(cells, form, title="points")] if cells else []
    bandwidth = bandwidth_text(found.flows, found.intensities, notes=found.notes)
    return "\n".join((printable(title), roofs, *points, bandwidth))


def _roof_rows(found: Roofline) -> Iterator[Cells]:
    """Each roof, and the intensity of its ridge at each level, in dense-equivalent operations a byte."""
    for roof in found.roofs:
        ridges = {f"ridge at {slope.level}": _ridge(slope, roof) for slope in found.slopes}
        yield {"roof": roof.name, "at most": scaled(float(roof.ops), OPS), **ridges}
    for slope in found.slopes:
        most = "unlimited" if slope.rate is None else scaled(float(slope.rate), RATE)
        yield {
            "roof": slope.level,
            "at most": most,
            **{f"ridge at {other.level}": "" for other in found.slopes},
        }


def _ridge(slope: Slope, roof: Roof) -> str:
    at = slope.ridge(roof)
    return "" if at is None else scaled(float(at), PER_BYTE)


def _point_cells(point: Point) -> Cells:
    """A point as people read it; `of roof` is what it achieves over what the roof above it allows."""
    return {
        **({"layer": point.layer} if point.layer else {}),
        "pass": point.pass_,
        "pattern": point.pattern,
        "runs as": point.runs_as,
        f"{point.slope.level} bytes": scaled(point.bytes, "B"),
        "intensity": "" if point.intensity is None else scaled(float(point.intensity), PER_BYTE),
        "achieved": scaled(float(point.achieved), OPS),
        "roof there": scaled(float(point.limit), OPS),
        "of roof": share(point.achieved, point.limit),
        "under": point.under,
    }


def bandwidth_text(
    flows: Iterable[Flow], intensities: Mapping[str, Fraction | None], *, notes: Sequence[str] = ()
) -> str:
    """The bytes of each level by direction, what they take a second on average, and what at most."""
    return table_text(
        list(_flow_rows(flows, intensities)), "table", title="bandwidth, UPDATE included", notes=notes
    )


def _flow_rows(flows: Iterable[Flow], intensities: Mapping[str, Fraction | None]) -> Iterator[Cells]:
    """Each way in which bytes pass a level; the intensity stands beside those that share its rate."""
    for flow in flows:
        if not flow.bytes and flow.way != TOTAL:
            continue
        at = intensities[flow.level] if flow.way == TOTAL else None
        yield {
            "level": flow.level,
            "way": flow.way.replace("_", " "),
            "bytes": scaled(flow.bytes, "B"),
            "average": _rate(number(flow.average, flow.clock_hz)),
            "a cycle": _rate(number(flow.average), "B"),
            "of rate": _share(number(flow.share)),
            "peak": _rate(number(flow.peak, flow.clock_hz)),
            "of rate at peak": _share(number(flow.peak_share)),
            "peak in": flow.busiest,
            "effective op/B": "" if at is None else f"{float(at):.3g}",
        }


def _rate(value: float | None, unit: str = RATE) -> str:
    return "" if value is None else scaled(value, unit)


def _share(value: float | None) -> str:
    return "" if value is None else share(value, 1)


def _json(found: Roofline) -> str:
    """{"provenance", "dtype", "level", "roofs", "slopes", "points", "bandwidth"}."""
    return json_text(
        found.provenance,
        dtype=found.dtype,
        level=found.level,
        roofs=[_roof_json(roof, found) for roof in found.roofs],
        slopes=[
            {
                "level": slope.level,
                "bytes_per_second": number(slope.rate),
                "intensity": number(found.intensities[slope.level]),
            }
            for slope in found.slopes
        ],
        points=[point.columns for point in found.points],
        bandwidth=[flow.columns for flow in found.flows],
    )


def _roof_json(roof: Roof, found: Roofline) -> Cells:
    ridges = {slope.level: number(slope.ridge(roof)) for slope in found.slopes}
    return {
        "pattern": roof.pattern,
        "resource": roof.resource,
        "operations_per_second": float(roof.ops),
        "ridges": ridges,
    }
