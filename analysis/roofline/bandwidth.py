"""Bandwidth: the bytes of a report by memory level and direction, and what share of the rate they take."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from simulator.components import MOVES
from simulator.cost import Traffic
from simulator.machine import Level, Machine
from simulator.report import Report, Row

TOTAL = "total"
WAYS = (*MOVES, TOTAL, "fill", "drain", "metadata_fill", "metadata_drain")
"""Read towards the cores, written from there, filled from outside, drained to it; metadata apart.

The MOVES share the rate of a level: `Traffic.total` is their sum.
"""
FLOPS_PER_MAC = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Bytes through a level in one way of WAYS, in all `cycles` of a report.

    `rate` is what the level carries, all instances together, efficiency included, in bytes a cycle; None
    where it is unlimited, and for fills and drains, which have a port of their own. `peak` is the most bytes
    a cycle of any row, and `busiest` that row; None where a row that moves bytes takes no cycles.
    """

    level: str
    way: str
    bytes: int
    cycles: int
    clock_hz: int
    rate: Fraction | None
    peak: Fraction | None
    busiest: str

    @property
    def average(self) -> Fraction | None:
        """Bytes a cycle over all cycles; None where there are none."""
        return Fraction(self.bytes, self.cycles) if self.cycles else None

    @property
    def share(self) -> Fraction | None:
        """The average over the rate."""
        return _over(self.average, self.rate)

    @property
    def peak_share(self) -> Fraction | None:
        """The peak over the rate."""
        return _over(self.peak, self.rate)

    @property
    def columns(self) -> Mapping[str, str | int | float | None]:
        """The flow as JSON and CSV give it."""
        return {
            "level": self.level,
            "way": self.way,
            "bytes": self.bytes,
            "bytes_per_cycle": number(self.average),
            "bytes_per_second": number(self.average, self.clock_hz),
            "share": number(self.share),
            "peak_bytes_per_cycle": number(self.peak),
            "peak_bytes_per_second": number(self.peak, self.clock_hz),
            "peak_share": number(self.peak_share),
            "busiest": self.busiest,
        }


def flows(report: Report, machine: Machine) -> tuple[Flow, ...]:
    """Every Flow of `report`, which was made on `machine`: levels from the outside in, each by WAYS."""
    return tuple(_flow(report, machine, level, way) for level in machine.levels for way in WAYS)


def rate_of(level: Level) -> Fraction | None:
    """Bytes a cycle that all instances of a level carry together; None without limit."""
    if not level.bandwidth_denominator:
        return None
    return Fraction(level.bandwidth_numerator, level.bandwidth_denominator)


def intensity(report: Report, level: str) -> Fraction | None:
    """Two operations for each effective multiply-add, over the bytes of `level` that share its rate."""
    moved = report.traffic(level).total if report.rows else 0
    operations = FLOPS_PER_MAC * sum(row.macs["effective_macs"] for row in report.rows)
    return Fraction(operations, moved) if moved else None


def number(value: Fraction | None, times: int = 1) -> float | None:
    """An exact ratio as a float, rounded once, at the end."""
    return None if value is None else float(value * times)


def _flow(report: Report, machine: Machine, level: Level, way: str) -> Flow:
    moved = [(_bytes(row, level.name, way), row) for row in report.rows]
    timed = [(Fraction(count, row.cost.cycles), row) for count, row in moved if row.cost.cycles]
    most, row = max(timed, key=lambda one: one[0], default=(Fraction(0), None))
    instant = any(count and not row.cost.cycles for count, row in moved)
    return Flow(
        level=level.name,
        way=way,
        bytes=sum(count for count, _ in moved),
        cycles=sum(row.cost.cycles for row in report.rows),
        clock_hz=machine.clock_hz,
        rate=rate_of(level) if way in (*MOVES, TOTAL) else None,
        peak=None if instant else most,
        busiest=f"{row.step.layer} {row.step.pass_}" if row and most and not instant else "",
    )


def _bytes(row: Row, level: str, way: str) -> int:
    traffic = dict(row.cost.traffic).get(level, Traffic())
    count: int = getattr(traffic, way)
    return count


def _over(moved: Fraction | None, rate: Fraction | None) -> Fraction | None:
    return None if moved is None or rate is None else moved / rate
