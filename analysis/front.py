"""The front: the points that no other beats."""

from collections.abc import Sequence


def unbeaten(points: Sequence[Sequence[float]], higher: Sequence[bool]) -> list[bool]:
    """For each point whether no other is as good in every measure and better in one; equal points stay all.

    `higher` says of which measures more is better.
    """
    if not points:
        return []
    import numpy as np
    from moocore import is_nondominated

    values = np.asarray(points, dtype=np.float64)
    kept: list[bool] = is_nondominated(values, maximise=list(higher), keep_weakly=True).tolist()
    return kept


def staircase(points: Sequence[tuple[float, float]], higher: tuple[bool, bool]) -> list[int]:
    """The places of the points that none beats, along the first of two measures."""
    kept = (place for place, stays in enumerate(unbeaten(points, higher)) if stays)
    return sorted(kept, key=lambda place: points[place])
