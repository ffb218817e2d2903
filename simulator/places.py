"""What was written where: values that know their line, and problems that can be put in order."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from simulator.errors import InputError, Problem, shown

PROBLEMS_MAX = 100
KeyPath = tuple[str | int, ...]
"""The keys and list indices that lead from the top of a file to a value."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something was written: `source:line:column`, or `source` alone where lines mean nothing.

    `rank` orders sources: 0 is the file that the user named, then its bases, then the settings.
    """

    rank: int
    line: int
    column: int
    source: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.column else self.source


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value and the place that wrote it.

    `key` is the place of its key; `bad` says that a Problem with the value is on record already.
    """

    value: "str | int | float | bool | dict[str, Node] | list[Node] | None"
    place: Place
    key: Place | None = None
    bad: bool = False

    def child(self, part: str | int) -> "Node | None":
        """The value under a key or at an index, if there is one."""
        if isinstance(self.value, dict) and isinstance(part, str):
            return self.value.get(part)
        if isinstance(self.value, list) and isinstance(part, int) and part < len(self.value):
            return self.value[part]
        return None

    def plain(self) -> object:
        """The value as dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


class Found(NamedTuple):
    """A Problem and the place that orders it among the others."""

    place: Place
    problem: Problem

    @classmethod
    def at(cls, place: Place, path: KeyPath, what: str, right: str) -> "Found":
        """The problem of the key at `path`, reported at `place`."""
        where = f"{place}: {dotted(path)}" if path else str(place)
        return cls(place, Problem(where=where, what=what, right=right))


def refuse(found: Iterable[Found]) -> NoReturn:
    """Raise the problems in order of place, the first 100 of them."""
    ordered = [problem for _, problem in sorted(found, key=lambda one: one.place)]
    if len(ordered) > PROBLEMS_MAX:
        more = f"{len(ordered) - PROBLEMS_MAX} more problems"
        ordered = [*ordered[:PROBLEMS_MAX], Problem(what=more, right="mend these first")]
    raise InputError(ordered)


def dotted(path: KeyPath) -> str:
    """The key as messages and settings write it: core.array.rows, memory.1.bandwidth."""
    return ".".join(shown(str(part), limit=60)[1:-1] for part in path)


def printable(text: str) -> str:
    """`text` as a message can name it: on one line and without control characters."""
    return shown(text, limit=4096)[1:-1]
