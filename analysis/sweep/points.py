"""Which points of a space are evaluated, where no search asks for them."""

from itertools import product

from analysis.sweep.space import Point, Space

BLOCKS = 8
"""Times that as many points are drawn as are wanted, where some fall on the same values."""


def chosen_points(space: Space) -> list[Point]:
    """The points in their order, each once."""
    return {"grid": grid, "one_at_a_time": one_at_a_time, "sobol": sobol}[space.written.choose](space)


def grid(space: Space) -> list[Point]:
    """Every point; the last axis moves first."""
    return list(product(*(range(len(axis.values)) for axis in space.axes)))


def one_at_a_time(space: Space) -> list[Point]:
    """The machine and the workload as written, then each other value of each axis alone."""
    base = (0,) * len(space.axes)
    alone = [
        (*base[:place], index, *base[place + 1 :])
        for place, axis in enumerate(space.axes)
        for index in range(1, len(axis.values))
    ]
    return [base, *alone]


def sobol(space: Space) -> list[Point]:
    """Scrambled Sobol points (Owen 1998), each coordinate mapped to the values of an axis.

    A point that is drawn again counts once. More points of the same seed go on where fewer ended.
    """
    import numpy as np
    from scipy.stats.qmc import Sobol

    wanted = min(space.written.points or 1, space.size)
    counts = np.array([len(axis.values) for axis in space.axes])
    drawn = Sobol(len(counts), scramble=True, seed=np.random.default_rng(space.written.seed))
    found: dict[Point, None] = {}
    for _ in range(BLOCKS):
        unit = drawn.random(2 ** (wanted - 1).bit_length())
        indices = np.minimum((unit * counts).astype(np.int64), counts - 1)
        found |= dict.fromkeys(map(tuple, indices.tolist()))
        if len(found) >= wanted:
            break
    return list(found)[:wanted]
