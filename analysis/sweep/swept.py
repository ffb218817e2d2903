"""sweep(space) -> Swept: the reading of design-space exploration starts here."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.progress import Progress, untold
from analysis.runner import check_workers
from analysis.sweep.drive import Drive, driven
from analysis.sweep.evaluate import Design, Designs, evaluate, why
from analysis.sweep.identity import STORE, check_folder, claim, identity_of
from analysis.sweep.points import chosen_points
from analysis.sweep.search import Search
from analysis.sweep.space import Point, Space, load_space
from analysis.sweep.store import REFUSED, SET_ASIDE, Store, Stored
from analysis.sweep.table import Ranked, rank, summary, write_results
from analysis.sweep.written import SEARCHES
from simulator.errors import InputError, Problem

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Swept:
    """A finished sweep: its points as a table, the front among them, and the directory that holds both."""

    path: Path
    space: Space
    ranked: Ranked
    said: Mapping[str, Any]

    @cached_property
    def points(self) -> "pd.DataFrame":
        """A row for each point, under the columns of points.csv."""
        return self._frame(self.ranked.rows)

    @cached_property
    def front(self) -> "pd.DataFrame":
        """The rows that no other row beats."""
        return self._frame(self.ranked.front)

    def _frame(self, rows: tuple[dict[str, Any], ...]) -> "pd.DataFrame":
        import pandas as pd

        return pd.DataFrame(list(rows), columns=list(self.ranked.columns)).set_index("point")

    def __repr__(self) -> str:
        counts = self.ranked.counts
        wanted = ", ".join(f"{one.goal} {one.name}" for one in self.space.written.objectives)
        return (
            f"<Swept {self.space.written.name!r}: {counts['points']} points, {counts['feasible']} feasible, "
            f"{counts['front']} on the front of {wanted}; {self.path}>"
        )

    def _repr_html_(self) -> str:
        from html import escape

        columns = [axis.key for axis in self.space.axes] + [one.name for one in self.space.written.objectives]
        table: str = self.front[columns].to_html(escape=True, max_rows=20, border=0)
        return f"<p>{escape(repr(self))}</p>{table}"


def sweep(
    space: str | Path,
    *,
    out: str | Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    retry: bool = False,
    progress: Progress = untold,
) -> Swept:
    """Evaluate every point of the space in the file `space`, and rank them.

    The results lie in `out`, else in a directory named after the file; a sweep that was stopped goes on from
    there, and points that are known are not evaluated again. `workers` are processes of this machine, all of
    its processors if None; `scheduler` is the address of a Dask cluster in their place. With `retry`, points
    that were set aside are tried again. The results are the same for any number of workers.
    """
    check_workers(workers)
    loaded = load_space(space)
    folder = place_of(space, out)
    check_folder(folder)
    with Store.opened(folder / STORE, identity=identity_of(loaded)) as store:
        claim(store, loaded, folder)
        if retry:
            store.forget(SET_ASIDE)
        with driven(evaluate, store, workers=workers, scheduler=scheduler) as drive:
            run = Run(loaded, drive, progress)
            search = run.search() if loaded.written.choose in SEARCHES else run.all()
        _refuse_none(run.found, loaded)
        ranked = rank(loaded, list(run.found.items()))
        said = summary(loaded, ranked, search=search)
        write_results(folder, ranked, said)
    return Swept(path=folder, space=loaded, ranked=ranked, said=said)


def place_of(space: str | Path, out: str | Path | None) -> Path:
    """The directory of a sweep: `out`, else one here that is called as the file of its space."""
    return Path(out) if out is not None else Path(Path(space).stem)


class Run:
    """The points of a space on their way through the workers; `found` is what became of them, in order."""

    def __init__(self, space: Space, drive: Drive[Design], progress: Progress) -> None:
        self.space, self.progress = space, progress
        self.found: dict[Point, Stored] = {}
        self._drive, self._designs = drive, Designs(space)

    def all(self) -> str:
        """Evaluate every chosen point."""
        points = chosen_points(self.space)
        self._evaluate(points, len(points))
        return ""

    def search(self) -> str:
        """Evaluate what a search asks for, generation by generation; which Optuna it was."""
        search = Search(self.space)
        while points := search.ask():
            new = [point for point in points if point not in self.found]
            self._evaluate(new, len(self.found) + len(new) + search.left)
            search.tell({point: self._metrics(point) for point in points})
        return search.version

    def _metrics(self, point: Point) -> Mapping[str, Any] | None:
        state, value = self.found[point]
        return None if state in (REFUSED, SET_ASIDE) else value

    def _evaluate(self, points: list[Point], whole: int) -> None:
        """Evaluate points that are not known yet; those without a workload are refused here."""
        keys: dict[Point, str] = {}
        refused: dict[Point, Stored] = {}
        designs: list[tuple[str, Design]] = []
        for point in points:
            try:
                key, design = self._designs.of(point)
            except InputError as error:
                refused[point] = Stored(REFUSED, {"why": f"workload: {why(error)}"})
                continue
            keys[point] = key
            designs.append((key, design))
        before = len(self.found) + len(refused)
        results = self._drive.evaluate(designs, lambda done, _: self.progress(before + done, whole))
        for point in points:
            self.found[point] = refused[point] if point in refused else results[keys[point]]


def _refuse_none(found: Mapping[Point, Stored], space: Space) -> None:
    """Say why, if the model refuses every point."""
    if any(one.state != REFUSED for one in found.values()):
        return
    reasons = dict.fromkeys(one.value["why"] for one in found.values())
    first = next(iter(reasons), "there are none")
    more = f" (and {len(reasons) - 1} other reasons)" if len(reasons) > 1 else ""
    problem = Problem(
        where=space.loaded.name,
        what=f"every one of its {len(found)} points is refused, the first because of {first}{more}",
        right="mend the axes",
    )
    raise InputError([problem])
