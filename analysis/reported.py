"""What follows from the rows of a Report as JSON holds them: the peak behind a row, and utilization."""

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def peak_of(row: Row) -> int | None:
    """The whole multiply-adds a cycle that a row's utilization is a share of; None of an idle row."""
    share = row.get("utilization")
    return round(row["effective_macs"] / (share * row["cycles"])) if share else None


def utilization_of(rows: Sequence[Row]) -> float:
    """Effective multiply-adds over what the peak allows in all cycles, at most 1, as `Report.utilization`."""
    peaks = [peak_of(row) for row in rows]
    most = max((peak for peak in peaks if peak), default=1)
    possible = sum((peak or most) * row["cycles"] for peak, row in zip(peaks, rows, strict=True))
    return float(sum(row["effective_macs"] for row in rows) / possible) if possible else 0.0
