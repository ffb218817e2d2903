"""Batch: one Trace on many machines, exactly as `simulate` would have it for each."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from simulator.arch import Arch
from simulator.cost import Traffic
from simulator.errors import lookup
from simulator.report import Report
from simulator.simulate import FIDELITIES, simulate
from simulator.spec import Loaded
from simulator.trace import Trace


class Bounds(NamedTuple):
    """A sum between the sums of its bounds, exactly."""

    low: Fraction
    value: Fraction
    high: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a machine takes for a whole Trace, and what it is.

    `totals` are those of the Report; `outermost` is what its first level of memory moved, `peak` the most
    multiply-adds a cycle that any of its products could have, and `utilization` the effective ones over what
    the peak allows in all cycles, at most 1. `area` is that of the chip in um^2, None where the machine names
    no component tables.
    """

    totals: dict[str, Any]
    outermost: Traffic
    peak: int
    utilization: float
    area: Bounds | None


class Batch:
    """One Trace and one fidelity, for any number of machines."""

    def __init__(self, trace: Trace, *, fidelity: str = "tile") -> None:
        lookup(FIDELITIES, fidelity, kind="fidelity")
        self.trace, self.fidelity = trace, fidelity

    def totals(self, arch: Loaded[Arch]) -> dict[str, Any]:
        """`simulate(arch, trace, fidelity=...).totals`, to the bit; the same InputError where that raises."""
        return self.figures(arch).totals

    def figures(self, arch: Loaded[Arch]) -> Figures:
        """The totals of a machine, and what stands beside them."""
        report = simulate(arch, self.trace, fidelity=self.fidelity)
        peaks = [row.lowered.peak for row in report.rows if row.lowered]
        return Figures(
            totals=report.totals,
            outermost=report.traffic(report.levels[0]),
            peak=max(peaks, default=0),
            utilization=_utilization(report),
            area=_area(report),
        )


def _utilization(report: Report) -> float:
    most = max((row.lowered.peak for row in report.rows if row.lowered), default=1)
    possible = sum((row.lowered.peak if row.lowered else most) * row.cost.cycles for row in report.rows)
    return report.totals["effective_macs"] / possible if possible else 0.0


def _area(report: Report) -> Bounds | None:
    if report.tariff is None:
        return None
    totals = [area.total for area in report.tariff.areas]
    sides = ([getattr(one, side) for one in totals] for side in Bounds._fields)
    return Bounds(*(sum(side, start=Fraction(0)) for side in sides))
