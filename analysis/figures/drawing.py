"""What a figure is to this room: asked of results, found as numbers, drawn at a width."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.results import Results
from simulator.errors import InputError, suggestion

if TYPE_CHECKING:
    import pandas as pd

Numbers = Sequence[Mapping[Any, Any]]


class LackingError(InputError):
    """These results lack what a figure draws; who asked for all figures does without this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The results that a figure is of, and what was chosen for it.

    `archs` and `settings` are machines for a trace or a run; `only` are words that rows must have, any one of
    those that stand in one column; `x` and `y` are columns of a sweep, `convention` that of FLOPs.
    """

    results: Results
    archs: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    x: str | None = None
    y: str | None = None
    convention: str = "hardware"
    layer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The numbers of one figure, units in their headers, and how they are drawn so many inches wide.

    `part` tells it from others of the same figure; `said` is the sentence for its caption.
    """

    numbers: Numbers
    draw: Callable[[float], Any]
    said: str
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure by its name: the kinds of results that it is of, what those must hold, and how it is found."""

    name: str
    about: str
    kinds: tuple[str, ...]
    needs: str
    find: Callable[[Asked], Iterable[Drawing]]


def chosen(frame: "pd.DataFrame", only: Sequence[str], columns: Sequence[str]) -> "pd.DataFrame":
    """The rows that have the words of `only`, each in one of `columns`; InputError for an unknown word.

    A pattern leaves in what has none, which is what it is compared with.
    """
    wanted: dict[str, set[str]] = {}
    texts = {column: frame[column].astype(str) for column in columns if column in frame}
    for word in only:
        where = [column for column, cells in texts.items() if (cells == word).any()]
        if not where:
            known = {cell for cells in texts.values() for cell in cells if cell}
            raise InputError.of(f"no row has `{word[:60]}`", suggestion(word, known), where="--only")
        wanted.setdefault(where[0], set()).add(word)
    for column, words in wanted.items():
        kept = words | {""} if column == "pattern" else words
        frame = frame[frame[column].astype(str).isin(kept)]
    return frame


def check_few(names: Sequence[object], most: int, what: str) -> None:
    """Refuse more than a figure can show apart."""
    if len(names) > most:
        raise LackingError.of(f"{len(names)} {what} are more than it shows, {most}", "choose with --only")
