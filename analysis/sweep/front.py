"""Which points no other point beats, and how much of the space of objectives they cover."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.front import unbeaten
from analysis.sweep.wanted import Constraint, Objective

if TYPE_CHECKING:
    import numpy as np

MARGIN = 1.1
RULE = "the worst feasible value of each objective times 1.1, over 1.1 where more is better"


def is_feasible(metrics: Mapping[str, Any], constraints: Sequence[Constraint]) -> bool:
    """Whether the metrics meet every constraint."""
    return all(one.excess(metrics) <= 0 for one in constraints)


def front_of(rows: Sequence[Mapping[str, Any]], objectives: Sequence[Objective]) -> list[bool]:
    """For each row whether no other beats it in the objectives."""
    points = [[row[one.name] for one in objectives] for row in rows]
    return unbeaten(points, [one.goal == "max" for one in objectives])


def reference_of(
    rows: Sequence[Mapping[str, Any]], objectives: Sequence[Objective], given: Mapping[str, float] | None
) -> dict[str, float]:
    """The point up to which the hypervolume reaches: as given, else by the RULE."""
    if given is not None:
        return {one.name: given[one.name] for one in objectives}
    found = {}
    for one in objectives:
        values = [float(row[one.name]) for row in rows]
        if values:
            found[one.name] = max(values) * MARGIN if one.goal == "min" else min(values) / MARGIN
    return found


def volume_of(
    rows: Sequence[Mapping[str, Any]], objectives: Sequence[Objective], reference: Mapping[str, float]
) -> float | None:
    """The hypervolume between the rows and the reference, in the product of the units; None without rows."""
    if not rows:
        return None
    from moocore import hypervolume

    corner = [reference[one.name] * (1 if one.goal == "min" else -1) for one in objectives]
    return float(hypervolume(_losses(rows, objectives), ref=corner))


def _losses(rows: Sequence[Mapping[str, Any]], objectives: Sequence[Objective]) -> "np.ndarray[Any, Any]":
    """The objectives of each row as numbers of which less is better."""
    import numpy as np

    signs = [1.0 if one.goal == "min" else -1.0 for one in objectives]
    columns = [one.name for one in objectives]
    losses = [[sign * row[name] for sign, name in zip(signs, columns, strict=True)] for row in rows]
    return np.array(losses, dtype=np.float64)
