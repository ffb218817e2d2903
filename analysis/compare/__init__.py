"""Results held against each other: at equal work, at equal accuracy, and at equal FLOPs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.compare.comparison import Comparison

__all__ = ["compare"]


def compare(paths: Sequence[str | Path], *, against: str | None = None) -> "Comparison":
    """Hold studies, training runs and reports against the one called `against`, or against the first."""
    from analysis.compare.comparison import compared

    return compared([Path(path) for path in paths], against)
