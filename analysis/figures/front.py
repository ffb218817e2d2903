"""The points that no other beats."""

from collections.abc import Sequence


def staircase(points: Sequence[tuple[float, float]], higher: tuple[bool, bool]) -> list[int]:
    """The places of the points that none beats, along the first of two measures; `higher` is better or not.

    Of equal points each is there.
    """
    import numpy as np
    from moocore import is_nondominated

    if not points:
        return []
    kept = is_nondominated(np.asarray(points, float), maximise=list(higher), keep_weakly=True)
    return sorted(np.flatnonzero(kept).tolist(), key=lambda place: points[place])
