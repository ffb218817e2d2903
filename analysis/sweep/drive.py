"""Points through the workers into the store: what it knows is not evaluated again, what comes is kept.

    with driven(evaluate, store, workers=2) as drive:
        found = drive.evaluate([(key, design), ...], progress)    # {key: Stored} of every key

`evaluate(design)` is a function of a module's top level that returns (state, value): `done` and the metrics,
or `refused` and why. It runs in a worker; `drive.evaluate` may be called for one generation after another.
What the designs share, as one object, is sent once a chunk. A point whose evaluation raises, or kills its
workers, is kept as `set aside` with {"why": ...}.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from analysis.progress import Progress, untold
from analysis.runner import Runner
from analysis.runner.job import one_line
from analysis.sweep.store import SET_ASIDE, Row, Store, Stored

D = TypeVar("D")
CHUNK = 32  # points that a worker is given at a time, at most
CHUNKS_EACH = 4  # for every worker, so that none waits long for the last

Evaluate = Callable[[D], tuple[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk(Generic[D]):
    """Points for one worker, in the order of the space: neighbours share most of what is computed."""

    evaluate: Evaluate[D]
    points: Sequence[tuple[str, D]]


def evaluate_chunk(chunk: Chunk[D]) -> list[Row]:
    """The result of every point of a chunk; one that fails is set aside and its neighbours are not."""
    rows = []
    for key, design in chunk.points:
        try:
            rows.append(Row(key, *chunk.evaluate(design)))
        except Exception as error:
            rows.append(set_aside(key, one_line(error)))
    return rows


def split_chunk(chunk: Chunk[D]) -> list[tuple[str, Chunk[D]]]:
    """A chunk for each of its points, under the point's key."""
    return [(point[0], replace(chunk, points=[point])) for point in chunk.points]


def set_aside(key: str, why: str) -> Row:
    """The result of a point that has none."""
    return Row(key, SET_ASIDE, {"why": why})


@contextmanager
def driven(
    evaluate: Evaluate[D], store: Store, *, workers: int | None = None, scheduler: str | None = None
) -> Iterator["Drive[D]"]:
    """A Drive whose workers end with the block."""
    if evaluate.__module__ == "__main__":
        raise ValueError("workers do not run the main module, and would not find its functions")
    runner: Runner[Chunk[Any], list[Row]] = Runner(
        evaluate_chunk, workers=workers, scheduler=scheduler, split=split_chunk, ahead=1
    )
    with runner:
        yield Drive(evaluate, store, runner)


class Drive(Generic[D]):
    """Evaluates points with the workers of `runner`, and keeps every result in `store`."""

    def __init__(self, evaluate: Evaluate[D], store: Store, runner: Runner[Chunk[Any], list[Row]]) -> None:
        self._evaluate, self._store, self._runner = evaluate, store, runner

    def evaluate(self, points: Iterable[tuple[str, D]], progress: Progress = untold) -> dict[str, Stored]:
        """The result of every point by its key, from the store or a worker; equal keys are evaluated once."""
        designs = dict(points)
        found = self._store.known(designs)
        progress(len(found), len(designs))
        left = [point for point in designs.items() if point[0] not in found]
        for outcome in self._runner.run(self._chunks(left)):
            rows = outcome.value or [set_aside(outcome.key, outcome.failed or "")]
            self._store.add(rows)
            found |= self._store.known(row.key for row in rows)
            progress(len(found), len(designs))
        return {key: found[key] for key in designs}

    def _chunks(self, points: Sequence[tuple[str, D]]) -> Iterator[tuple[str, Chunk[D]]]:
        size = max(1, min(CHUNK, len(points) // (CHUNKS_EACH * max(1, self._runner.workers))))
        for first in range(0, len(points), size):
            some = points[first : first + size]
            yield some[0][0], Chunk(evaluate=self._evaluate, points=some)
