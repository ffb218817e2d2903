"""The machine of a space under the values of its axes: what can be set, and what may never be."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from analysis.sweep.axes import Axis
from simulator.arch import Arch, ArchFamily, load_arch
from simulator.components import FOLDER, load_table, table_names
from simulator.errors import InputError, Problem, shown, suggestion
from simulator.spec import Loaded, is_path, read_content

CHECKED_MAX = 1000
SHOWN_MAX = 5
TEXTS = ("name", "source")
KeyPath = tuple[str | int, ...]


class Machines:
    """A machine that is read once, and every design that settings make of it."""

    def __init__(self, name_or_path: str) -> None:
        self.base: Loaded[Arch] = load_arch(name_or_path)
        # A worker may run in another directory.
        given = str(Path(name_or_path).absolute()) if is_path(name_or_path) else name_or_path
        self.family = ArchFamily(given)
        if is_path(name_or_path):
            content = read_content(name_or_path)
        else:
            with as_file(files("arch_configs") / f"{name_or_path}.yaml") as path:
                content = read_content(path)
        self.content = {key: value for key, value in content.items() if key != "spec"}

    def path_of(self, key: str) -> KeyPath:
        """The path of a key in the machine's content, items of a list by their index."""
        node: Any = self.content
        path: list[str | int] = []
        for part in key.split("."):
            if isinstance(node, list):
                names = [str(item.get("name", index)) for index, item in enumerate(node)]
                known = {name: index for index, name in enumerate(names)}
                known |= {str(index): index for index in range(len(node))}
                if part not in known:
                    what = f"`{'.'.join(map(str, path))}` has no item {shown(part)}"
                    raise InputError.of(what, suggestion(part, names))
                path.append(known[part])
                node = node[known[part]]
            else:
                path.append(part)
                node = node.get(part) if isinstance(node, Mapping) else None
        return tuple(path)

    def written(self, key: str) -> Any:
        """The value that the machine itself has at a key; KeyError where it writes none."""
        node: Any = self.content
        for part in self.path_of(key):
            if isinstance(node, Mapping) and part not in node:
                raise KeyError(key)
            node = node[part]
        return node

    def problems(self, axis: Axis) -> Iterator[Problem]:
        """What is wrong with the values of an axis whatever the other axes say."""
        if axis.key in TEXTS:
            what, right = "what it is called is no property of a machine", "vary another key"
            yield Problem(where=axis.where, what=what, right=right)
            return
        try:
            path = self.path_of(axis.key)
        except InputError as error:
            yield from error.at(axis.where).problems
            return
        few = axis.values if axis.listed else (axis.values[0], axis.values[-1])
        wrong = [value for value in few[:CHECKED_MAX] if self._never(path, value)]
        seen = set()
        for value in wrong[:SHOWN_MAX]:
            for problem in self._said(axis, value):
                if problem not in seen:
                    seen.add(problem)
                    yield problem
        if len(wrong) > SHOWN_MAX:
            what = f"{len(wrong) - SHOWN_MAX} more of its values are refused"
            yield Problem(where=axis.where, what=what, right="mend these first")

    def _never(self, path: KeyPath, value: Any) -> bool:
        """Whether the model refuses this very value, and not what it makes of another key."""
        laid = _laid(self.content, path, value)
        if laid is None:
            return True
        try:
            Arch.model_validate_json(json.dumps(laid), strict=True)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
            return any(
                one["loc"][: len(path)] == path
                or (one["type"] == "extra_forbidden" and path[: len(one["loc"])] == one["loc"])
                for one in found
            )
        return False

    def _said(self, axis: Axis, value: Any) -> Iterator[Problem]:
        """Why a value is refused, at the place of the space that wrote it."""
        setting = axis.setting(value)
        place = f"--set {shown(setting, 80)[1:-1]}"
        where = axis.place_of(value)
        try:
            self.family.load((setting,))
        except InputError as error:
            for problem in error.problems:
                if problem.where.startswith(place):
                    inner = problem.where.removeprefix(place).removeprefix(": ")
                    own = inner in ("", axis.key, ".".join(map(str, self.path_of(axis.key))))
                    at = where if own else f"{where}: {inner}"
                    yield Problem(where=at, what=problem.what, right=problem.right)


def tables_of(base: Loaded[Arch], more: Iterable[str] = ()) -> dict[str, str]:
    """The digests of the component tables that a machine names, and of `more`, by name."""
    found: dict[str, str] = {}
    for index, name in enumerate(base.value.components or ()):
        place = base.origin.get(("components", index), "")
        written = re.fullmatch(r"(.*):[0-9]+:[0-9]+", place)
        found[name] = _table_digest(name, Path(written[1]).parent if written else Path())
    return found | {name: _table_digest(name, Path()) for name in more}


def _table_digest(name: str, beside: Path) -> str:
    """The digest of a table; of one that comes with the program, that of its bytes: it is long to read."""
    if is_path(name) or name not in table_names():
        return load_table(name, beside=beside).digest
    data = (files("arch_configs") / FOLDER / f"{name}.yaml").read_bytes()
    return load_table(name).digest if b"\nextends:" in data else hashlib.sha256(data).hexdigest()


def _laid(content: Any, path: KeyPath, value: Any) -> Any:
    """A copy of `content` with `value` at `path`; None where something on the way holds no keys."""
    if not path:
        return value
    part, rest = path[0], path[1:]
    if isinstance(content, list) and isinstance(part, int):
        inner = _laid(content[part], rest, value)
        return None if inner is None else [*content[:part], inner, *content[part + 1 :]]
    if not isinstance(content, Mapping):
        return None
    inner = _laid(content.get(str(part), {}), rest, value)
    return None if inner is None else {**content, str(part): inner}
