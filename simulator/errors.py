"""Errors as part of the interface: one line per problem, `where: what is wrong; what would be right`."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with an input, in the user's own words.

    `where` is `file:line:column: key` for a file, the option for a command line, and empty where only the
    caller knows the place; `what` says what was seen, `right` what would be accepted.
    """

    where: str = ""
    what: str
    right: str

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}; {self.right}"

    def at(self, where: str) -> "Problem":
        """The same problem at `where`, in front of the place that it already names."""
        place = f"{where}: {self.where}" if self.where else where
        return Problem(where=place, what=self.what, right=self.right)


class InputError(ValueError):
    """An input was refused; `problems` holds every reason, and the text is one line for each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[Problem, ...]]]:
        # A copy, or an error that crosses processes, would be rebuilt from the text, not from the problems.
        return type(self), (self.problems,)

    @classmethod
    def of(cls, what: str, right: str, *, where: str = "") -> Self:
        """An error with the single problem `where: what; right`."""
        return cls([Problem(where=where, what=what, right=right)])

    def at(self, where: str) -> "InputError":
        """The same error with every problem placed at `where`."""
        return InputError(problem.at(where) for problem in self.problems)


def shown(value: object, limit: int = 60) -> str:
    """`value` as an error message quotes it: as a person wrote it, on one line, printable, cut where long."""
    if isinstance(value, list | tuple | dict):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = str(value).lower() if isinstance(value, bool) else value if isinstance(value, str) else repr(value)
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[: limit + 1])
    return f"`{text}`" if len(text) <= limit else f"`{text[:limit]}…`"


def suggestion(name: str, known: Iterable[str]) -> str:
    """What would be right instead of `name`: the nearest of `known` if one is near, then all of them."""
    names = sorted(known)
    near = get_close_matches(name[:60], names, n=1, cutoff=0.6)
    nearest = f"did you mean `{near[0]}`? " if near else ""
    return f"{nearest}known: {', '.join(names)}"


def lookup(table: Mapping[str, T], name: str, *, kind: str, where: str = "") -> T:
    """The entry `name` of a registry, or an InputError that lists the known names and the nearest."""
    if isinstance(name, str) and name in table:
        return table[name]
    nearest = suggestion(name if isinstance(name, str) else "", table)
    raise InputError.of(f"no {kind} is called {shown(name)}", nearest, where=where)


@contextmanager
def placed(where: str) -> Iterator[None]:
    """Place at `where` the problems of any InputError raised within."""
    try:
        yield
    except InputError as error:
        raise error.at(where) from None
