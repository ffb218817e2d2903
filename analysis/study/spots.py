"""Where in a study's file a problem of one of its cells was written."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from analysis.study.spec import WrittenStudy, WrittenTraining
from simulator.errors import InputError, Problem, shown, suggestion
from simulator.places import PROBLEMS_MAX, KeyPath, dotted
from simulator.spec import Loaded

if TYPE_CHECKING:
    from analysis.study.cells import Asked


class Wrong(NamedTuple):
    """A problem at the key `path`, and the cell that has it, if it is one's; None is a place of its own."""

    path: KeyPath | None
    problem: Problem
    subject: str = ""


class Spots:
    """The places of the keys of one study."""

    def __init__(self, study: Loaded[WrittenStudy]) -> None:
        self._origin, self._name = study.origin, study.name

    def wrong(self, asked: "Asked", problem: Problem) -> Wrong:
        """A problem of `asked` at the key that chose it; one of a file keeps its own place."""
        head, _, _ = problem.where.partition(": ")
        recipe: KeyPath = ("recipes", asked.recipe)
        task: KeyPath = ("tasks", asked.task)
        spots: dict[str, KeyPath] = {
            "": recipe,
            "pattern": asked.pattern or recipe,
            "with": (*recipe, "with"),
            "recipe": (*recipe, "recipe"),
            "task": (*task, "task"),
            "data": (*task, "data"),
            "steps": asked.length,
            "budget": asked.length,
            "convention": ("convention",),
            "model": recipe if asked.model is None else ("models", asked.model, "model"),
        }
        if head in WrittenTraining.model_fields:
            layers = (recipe, () if asked.model is None else ("models", asked.model), task, ())
            paths = [(*layer, "train", head) for layer in layers]
            written = [path for path in paths if path in self._origin]
            spots[head] = written[0] if written else recipe
        if head not in spots:
            return Wrong(None, problem)
        return Wrong(spots[head], replace(problem, where=""), asked.subject)

    def of_recipe(self, index: int, problem: Problem) -> Wrong:
        """A recipe that cannot be loaded, or does not take its parameters."""
        keys = {"": "recipe", "recipe": "recipe", "with": "with"}
        if problem.where in keys:
            return Wrong(("recipes", index, keys[problem.where]), replace(problem, where=""))
        return Wrong(("recipes", index, "recipe"), problem)

    def of_task(self, index: int, problem: Problem) -> Wrong:
        """A task that cannot be loaded."""
        keys: dict[str, KeyPath] = {"": (), "settings": ("sizes",), "task": ("task",), "path": ("data",)}
        if ".yaml" in problem.where or "/" in problem.where:
            return Wrong(("tasks", index, "data"), problem)
        key = keys.get(problem.where, ("sizes", problem.where))
        return Wrong(("tasks", index, *key), replace(problem, where=""))

    def repeated(self, path: KeyPath, items: Sequence[object]) -> Iterator[Wrong]:
        """Items of an axis that are there a second time."""
        seen: Counter[object] = Counter()
        for index, item in enumerate(items):
            seen[item] += 1
            if seen[item] == 2:
                what = f"{shown(item)} is there twice"
                right = "give one a `name`, or leave it out" if path in NAMED else "leave one out"
                yield Wrong((*path, index), Problem(what=what, right=right))

    def unknown(self, path: KeyPath, name: str, known: Sequence[str]) -> Iterator[Wrong]:
        """A recipe that the study does not have."""
        if name not in known:
            what = f"no recipe here is called {shown(name)}"
            yield Wrong(path, Problem(what=what, right=suggestion(name, set(known))))

    def refuse(self, wrong: Iterable[Wrong]) -> NoReturn:
        """Raise the problems, each once, with the first of the cells that have it and how many more do."""
        cells: dict[tuple[str, str, str], list[str]] = {}
        order = {path: index for index, path in enumerate(self._origin)}
        for path, problem, subject in sorted(wrong, key=lambda one: order.get(self._written(one.path), -1)):
            places = (None if path is None else self._where(path), problem.where)
            where = ": ".join(filter(None, places))
            cells.setdefault((where, problem.what, problem.right), []).append(subject)
        problems = []
        for (where, what, right), subjects in cells.items():
            first = subjects[0]
            more = f" and {len(subjects) - 1} more" if len(subjects) > 1 else ""
            told = f"{what} (in {first}{more})" if first else what
            problems.append(Problem(where=where, what=told, right=right))
        if len(problems) > PROBLEMS_MAX:
            last = Problem(what=f"{len(problems) - PROBLEMS_MAX} more problems", right="mend these first")
            problems = [*problems[:PROBLEMS_MAX], last]
        raise InputError(problems)

    def _where(self, path: KeyPath) -> str:
        """The place of the innermost key on `path` that is written, and that key."""
        path = self._written(path)
        place = self._origin.get(path, self._name)
        return f"{place}: {dotted(path)}" if path else place

    def _written(self, path: KeyPath | None) -> KeyPath:
        """The longest beginning of `path` that is written."""
        path = path or ()
        while path and path not in self._origin:
            path = path[:-1]
        return path


NAMED: frozenset[KeyPath] = frozenset({("tasks",), ("models",), ("recipes",), ("machines",)})
"""Axes whose items may have names of their own."""
