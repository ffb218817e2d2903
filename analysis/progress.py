"""How far a long job is: counted everywhere, and shown on a terminal; nothing where stderr is none."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

Progress = Callable[[int, int], object]
"""Told how many are done, and of how many; those that were there before are done."""


def untold(_done: int, _whole: int) -> None:
    """A Progress for nobody."""


class Counted:
    """A Progress that knows what it was told last: `done` of `whole`, 0 of 0 before the first."""

    def __init__(self, what: str, bar: "Bar | None") -> None:
        self.done = self.whole = 0
        self._what, self._bar = what, bar
        self._line: TaskID | None = None
        self._first, self._start = 0, 0.0

    def __call__(self, done: int, whole: int, said: str = "") -> None:
        """Note how far it is, and what else is `said` of it."""
        self.done, self.whole = done, whole
        if self._bar is None:
            return
        if self._line is None:
            self._first, self._start = done, monotonic()
            self._line = self._bar.add_task(self._what, total=whole, completed=done, said=said)
        told = ", ".join(filter(None, (said, self._rate)))
        self._bar.update(self._line, completed=done, total=whole, said=told)

    @property
    def _rate(self) -> str:
        """How many a second there were since the first; nothing of what takes longer, or has just begun."""
        elapsed = monotonic() - self._start
        new = self.done - self._first
        return f"{new / elapsed:.0f}/s" if new > elapsed > 1 else ""


@contextmanager
def shown(what: str) -> Iterator[Counted]:
    """Count, and show how many are done, how fast, and the time that is left while the block runs."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield Counted(what, None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[said]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Counted(what, bar)
