"""Roofline: what a machine could reach at each arithmetic intensity, and what a trace's products reach.

Operations are dense-equivalent: two for each multiply-add of the dense product, whether it is skipped or not.
So a pattern lifts the roof by what it skips, and a point is as high as its product is fast.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from analysis.headings import unfinished
from analysis.roofline.bandwidth import FLOPS_PER_MAC, Flow, flows, intensity, number
from analysis.roofline.roofs import Roof, Slope, roofs, slopes
from simulator.arch import load_arch
from simulator.errors import lookup
from simulator.gemm import Product
from simulator.machine import Machine, resolve
from simulator.notebook import counted, line
from simulator.report import Report, Row
from simulator.simulate import simulate
from simulator.trace import Trace

BY = {"pass": ("pass",), "layer": ("layer", "pass")}
"""What has a point of its own, beside each pattern."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The products of one part of a trace: under the lowest of the roofs that hold for all of them.

    `operations` are dense-equivalent, `effective` those without a zero; `moved` are the bytes that share the
    rate of each level, and `slope` is the roof of the chosen one.
    """

    layer: str
    pass_: str
    pattern: str
    runs_as: str
    operations: int
    effective: int
    moved: tuple[tuple[str, int], ...]
    cycles: int
    clock_hz: int
    roof: Roof
    slope: Slope

    @property
    def achieved(self) -> Fraction:
        """Operations a second."""
        return Fraction(self.operations * self.clock_hz, self.cycles)

    @property
    def bytes(self) -> int:
        """The bytes of the chosen level."""
        return dict(self.moved)[self.slope.level]

    @property
    def intensity(self) -> Fraction | None:
        """Operations a byte of the chosen level; None where no byte passes it."""
        return dict(self.intensities).get(self.slope.level)

    @property
    def intensities(self) -> tuple[tuple[str, Fraction], ...]:
        """Operations a byte of each level that bytes pass."""
        return tuple((level, Fraction(self.operations, count)) for level, count in self.moved if count)

    @property
    def limit(self) -> Fraction:
        """What the roof allows at this intensity: min(roof, intensity * bandwidth)."""
        if self.slope.rate is None or self.intensity is None:
            return self.roof.ops
        return min(self.roof.ops, self.intensity * self.slope.rate)

    @property
    def under(self) -> str:
        """The name of the roof above it."""
        return self.roof.name if self.limit == self.roof.ops else self.slope.level

    @property
    def columns(self) -> dict[str, str | int | float | None]:
        """The point as JSON and CSV give it."""
        at = dict(self.intensities)
        return {
            **({"layer": self.layer} if self.layer else {}),
            "pass": self.pass_,
            "pattern": self.pattern,
            "runs_as": self.runs_as,
            "operations": self.operations,
            "effective_operations": self.effective,
            "level": self.slope.level,
            "bytes": self.bytes,
            **{f"{level}_intensity": number(at.get(level)) for level, _ in self.moved},
            "operations_per_second": float(self.achieved),
            "roof_operations_per_second": float(self.limit),
            "share_of_roof": float(self.achieved / self.limit),
            "under": self.under,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Roofline:
    """The roofs of a machine for one dtype, the points of a trace at one level, and the bytes of them all.

    `intensities` are of the whole trace, UPDATE included, by level, in effective operations a byte.
    """

    arch: str
    dtype: str
    level: str
    provenance: dict[str, Any]
    roofs: tuple[Roof, ...]
    slopes: tuple[Slope, ...]
    points: tuple[Point, ...]
    flows: tuple[Flow, ...]
    intensities: dict[str, Fraction | None]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        facts = (counted(len(self.roofs), "roof"), counted(len(self.points), "point"))
        return line("Roofline", self.arch, f"{self.dtype} at {self.level}", *facts)

    def _repr_svg_(self) -> str:
        """The figure, which a notebook shows."""
        import matplotlib as mpl

        from analysis.canvas import STYLE, figure_bytes
        from analysis.roofline.plot import roofline_figure

        with mpl.rc_context(STYLE):
            return figure_bytes(roofline_figure(self), ".svg").decode()


def roofline(
    arch: str,
    trace: Trace,
    *,
    settings: Sequence[str] = (),
    fidelity: str = "tile",
    by: str = "pass",
    level: str | None = None,
    dtype: str | None = None,
) -> Roofline:
    """The roofline of the machine `arch` with the points of `trace`, those of `dtype`, at `level`.

    `by` is "pass" or "layer". Left out, `level` is the outermost and `dtype` that of most multiply-adds.
    """
    grouping = lookup(BY, by, kind="grouping", where="by")
    loaded = load_arch(arch, settings=settings)
    machine = resolve(loaded.value)
    names = {one.name: one for one in machine.levels}
    at = lookup(names, level or machine.levels[0].name, kind=f"memory level of {machine.name}", where="level")
    if dtype is not None:
        lookup(dict(machine.lanes), dtype, kind=f"dtype of {machine.name}", where="dtype")
    report = simulate(loaded, trace, fidelity=fidelity)
    dtype = dtype or busiest_dtype(report, machine)
    part = Report(report.provenance, tuple(_drawn(report, dtype)), report.levels)
    natives = [row.lowered.native for row in part.rows if row.lowered and row.lowered.native]
    found = roofs(machine, dtype, machine.natives.listed or natives)
    rising = slopes(machine)
    (slope,) = (one for one in rising if one.level == at.name)
    return Roofline(
        arch=loaded.value.name,
        dtype=dtype,
        level=at.name,
        provenance=dict(report.provenance),
        roofs=found,
        slopes=rising,
        points=tuple(points(part, found, slope, grouping)),
        flows=flows(report, machine),
        intensities={name: intensity(report, name) for name in names},
        notes=tuple(_notes(report, dtype)),
    )


def busiest_dtype(report: Report, machine: Machine) -> str:
    """The dtype of the most dense multiply-adds; without any, the first that the machine multiplies."""
    macs: dict[str, int] = {}
    for row in report.rows:
        if dtype := _dtype(row):
            macs[dtype] = macs.get(dtype, 0) + row.macs["dense_macs"]
    return max(macs, key=lambda name: macs[name], default=machine.lanes[0][0])


def points(
    part: Report, found: Sequence[Roof], slope: Slope, grouping: Sequence[str] = BY["pass"]
) -> Iterator[Point]:
    """A Point for each pass (or layer and pass), pattern, and pattern that the machine ran it as."""
    lowest = {roof.pattern: roof for roof in sorted(found, key=lambda roof: -roof.ops)}
    for key, rows in part.grouped(*grouping, "pattern", "runs_as"):
        *layer, pass_, pattern, runs_as = map(str, key)
        cycles = sum(row.cost.cycles for row in rows.rows)
        yield Point(
            layer="".join(layer),
            pass_=pass_,
            pattern=pattern,
            runs_as=runs_as,
            operations=FLOPS_PER_MAC * sum(row.macs["dense_macs"] for row in rows.rows),
            effective=FLOPS_PER_MAC * sum(row.macs["effective_macs"] for row in rows.rows),
            moved=tuple((level, rows.traffic(level).total) for level in rows.levels),
            cycles=cycles,
            clock_hz=rows.rows[0].clock_hz,
            roof=lowest[runs_as],
            slope=slope,
        )


def _dtype(row: Row) -> str | None:
    """The dtype of a product whose operands share one."""
    work = row.step.work
    return work.a.dtype if isinstance(work, Product) and work.a.dtype == work.b.dtype else None


def _drawn(report: Report, dtype: str) -> Iterator[Row]:
    return (row for row in report.rows if _dtype(row) == dtype)


def _notes(report: Report, dtype: str) -> Iterator[str]:
    """What has no point, and why products run dense."""
    other = sum(1 for row in report.rows if row.lowered is not None and _dtype(row) != dtype)
    if other:
        yield f"{other} products in other dtypes than {dtype} have no point here"
    if any(row.lowered is None for row in report.rows):
        yield "UPDATE multiplies nothing: its bytes count in the bandwidths, and it has no point"
    yield from sorted({f"runs {row.lowered.note}" for row in report.rows if row.lowered and row.lowered.note})
    yield from unfinished(report.provenance)
