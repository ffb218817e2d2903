"""A space of designs, checked as far as it can be before anything runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from math import prod
from pathlib import Path
from typing import Any

from analysis.sweep.axes import Axis
from analysis.sweep.machines import Machines, tables_of
from analysis.sweep.metrics import METRICS
from analysis.sweep.values import Value, canonical
from analysis.sweep.workloads import (
    WORKLOADS_MAX,
    Workload,
    keys_problems,
    make_workload,
    value_problems,
)
from analysis.sweep.written import POINTS_MAX, WrittenSpace
from simulator.errors import InputError, Problem
from simulator.spec import Loaded, is_path, load_spec

Point = tuple[int, ...]
"""The index of a value on each axis."""


@dataclass(frozen=True, kw_only=True)
class Space:
    """A written space, its axes, its machine, and the workloads that it has made so far."""

    loaded: Loaded[WrittenSpace]
    axes: tuple[Axis, ...]
    machines: Machines
    arch: str
    folder: Path
    tables: Mapping[str, str]
    _workloads: dict[tuple[int, ...], Workload | InputError] = field(default_factory=dict)

    @property
    def written(self) -> WrittenSpace:
        """The space as its file has it."""
        return self.loaded.value

    @cached_property
    def _of_workload(self) -> tuple[int, ...]:
        return tuple(place for place, axis in enumerate(self.axes) if axis.of_workload)

    @property
    def size(self) -> int:
        """The points of the whole grid."""
        return prod(len(axis.values) for axis in self.axes)

    def cells(self, point: Point) -> dict[str, int | float | str]:
        """The values of a point by axis, as a table shows them."""
        return {axis.key: axis.cell(index) for axis, index in zip(self.axes, point, strict=True)}

    def assignment(self, point: Point) -> dict[str, Value]:
        """The values of a point by axis, as a file writes them."""
        return {axis.key: axis.values[index] for axis, index in zip(self.axes, point, strict=True)}

    @property
    def traces(self) -> list[str]:
        """The digests of the workloads that were made, in order."""
        made = (one for one in self._workloads.values() if isinstance(one, Workload))
        return list(dict.fromkeys(one.digest for one in made))

    def workload(self, point: Point) -> Workload:
        """The workload of a point, made once for all that share it; InputError where it cannot be."""
        chosen = tuple([point[place] for place in self._of_workload])
        if chosen not in self._workloads:
            values = {
                self.axes[place].of_workload: self.axes[place].values[point[place]]
                for place in self._of_workload
            }
            try:
                self._workloads[chosen] = make_workload(self.written.workload, values, self.folder)
            except InputError as error:
                self._workloads[chosen] = error
        found = self._workloads[chosen]
        if isinstance(found, InputError):
            raise found
        return found


def load_space(path: str | Path) -> Space:
    """The space in the file at `path`; InputError with every problem that no point could be free of."""
    loaded = load_spec(path, WrittenSpace)
    written, origin, folder = loaded.value, loaded.origin, Path(path).parent
    arch = written.arch
    given = str(folder / arch) if is_path(arch) else arch
    try:
        machines = Machines(given)
    except InputError as error:
        if any(problem.where for problem in error.problems):
            raise
        raise error.at(f"{origin['arch',]}: arch") from None
    axes = tuple(_axis(key, values, loaded) for key, values in written.axes.items())
    problems = [*_crossings(axes, machines), *keys_problems(written.workload, axes)]
    problems = [one if one.where else one.at(f"{origin['workload',]}: workload") for one in problems]
    for axis in axes:
        problems += value_problems(axis, folder) if axis.of_workload else machines.problems(axis)
    problems += _sizes(axes, loaded)
    if not problems:
        problems += _charged(axes, machines, loaded)
    if not problems and written.choose == "one_at_a_time":
        axes, problems = _from_base(axes, machines, loaded)
    if problems:
        raise InputError(problems)
    named = (name for axis in axes if axis.key == "components" for value in axis.values for name in value)
    space = Space(
        loaded=loaded,
        axes=axes,
        machines=machines,
        arch=arch,
        folder=folder,
        tables=tables_of(machines.base, named),
    )
    _some_workload(space)
    return space


def _axis(key: str, values: tuple[Value, ...], loaded: Loaded[WrittenSpace]) -> Axis:
    origin = loaded.origin
    where = f"{origin['axes', key]}: axes.{key}"
    listed = ("axes", key, "from") not in origin
    places = {
        canonical(value): f"{origin['axes', key, index]}: axes.{key}.{index}"
        for index, value in enumerate(values)
        if ("axes", key, index) in origin
    }
    return Axis(key=key, values=values, where=where, places=places, listed=listed)


def _crossings(axes: tuple[Axis, ...], machines: Machines) -> Iterator[Problem]:
    """Axes of which one sets what another one sets too."""
    paths = {}
    for axis in axes:
        try:
            paths[axis.key] = axis, (axis.key,) if axis.of_workload else machines.path_of(axis.key)
        except InputError:
            continue  # it is told with its values
    for (one, path), (other, longer) in combinations(sorted(paths.values(), key=lambda it: len(it[1])), 2):
        if longer[: len(path)] == path:
            what = f"`{one.key}` sets it too"
            yield Problem(where=other.where, what=what, right="leave one of the two axes out")


def _sizes(axes: tuple[Axis, ...], loaded: Loaded[WrittenSpace]) -> Iterator[Problem]:
    """A grid of more points, or of more workloads, than can be."""
    size = prod(len(axis.values) for axis in axes)
    if loaded.value.choose == "grid" and size > POINTS_MAX:
        right = f"a grid has at most {POINTS_MAX}: shorten an axis, or `choose: sobol`"
        yield Problem(where=f"{loaded.origin['axes',]}: axes", what=f"these are {size} points", right=right)
    size = prod(len(axis.values) for axis in axes if axis.of_workload)
    if size > WORKLOADS_MAX:
        what, right = f"these are {size} workloads", f"there are at most {WORKLOADS_MAX}"
        yield Problem(where=f"{loaded.origin['axes',]}: axes", what=what, right=right)


def _charged(axes: tuple[Axis, ...], machines: Machines, loaded: Loaded[WrittenSpace]) -> Iterator[Problem]:
    """What is wanted in joules or square millimetres of a machine that has none."""
    if machines.base.value.components is not None or any(axis.key == "components" for axis in axes):
        return
    written, right = loaded.value, "name component tables in the machine, or want something else"
    for key, names in (
        ("objectives", [one.name for one in written.objectives]),
        ("constraints", [one.name for one in written.constraints]),
    ):
        for name in dict.fromkeys(names):
            if METRICS[name].charged:
                what = f"`{name}` needs component tables, and {machines.base.name} names none"
                yield Problem(where=f"{loaded.origin[key,]}: {key}", what=what, right=right)


def _from_base(
    axes: tuple[Axis, ...], machines: Machines, loaded: Loaded[WrittenSpace]
) -> tuple[tuple[Axis, ...], list[Problem]]:
    """The axes with the value of the machine or workload as written in front of each."""
    found, problems = [], []
    workload = loaded.value.workload
    for axis in axes:
        try:
            base = getattr(workload, axis.of_workload) if axis.of_workload else machines.written(axis.key)
            if base is None:
                raise KeyError(axis.key)
        except KeyError:
            of = "the workload" if axis.of_workload else machines.base.name
            right = "write it there: one_at_a_time starts from what is written"
            problems.append(Problem(where=axis.where, what=f"{of} writes no such key", right=right))
            continue
        rest = (value for value in axis.values if canonical(value) != canonical(base))
        found.append(
            Axis(key=axis.key, values=(base, *rest), where=axis.where, places=axis.places, listed=axis.listed)
        )
    return tuple(found), problems


def _some_workload(space: Space) -> None:
    """Make the workload of the first point, if no other can be made either, raise why."""
    counts = [len(axis.values) if axis.of_workload else 1 for axis in space.axes]
    first: InputError | None = None
    for rank in range(prod(counts)):
        point = []
        for count in reversed(counts):
            rank, index = divmod(rank, count)
            point.append(index)
        try:
            space.workload(tuple(reversed(point)))
        except InputError as error:
            first = first or error
        else:
            return
    if first is not None:
        raise InputError(_at_workload(space, problem) for problem in first.problems)


def _at_workload(space: Space, problem: Problem) -> Problem:
    """A problem of `trace_network`, placed at the key of the space that gave the parameter."""
    key = problem.where.partition(": ")[0]
    origin = space.loaded.origin
    place = origin.get(("axes", f"workload.{key}")) or origin.get(("workload", key)) or origin["workload",]
    own = key in type(space.written.workload).model_fields
    inner = f"workload.{problem.where}" if own else f"workload: {problem.where}".removesuffix(": ")
    return Problem(where=f"{place}: {inner}", what=problem.what, right=problem.right)


def plain_workload(space: Space) -> dict[str, Any]:
    """What the workload writes, paths as written."""
    return {name: value for name, value in space.written.workload if value is not None}
