"""The progress of a sweep on a terminal; nothing where stderr is none."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class Points:
    """How far a sweep is: `done` of `whole` points, those of earlier generations and runs included."""

    def __init__(self, bar: Progress | None) -> None:
        self.done = self.whole = 0
        self._bar = bar
        self._line: TaskID | None = None
        self._start = monotonic()
        self._first = 0

    def __call__(self, done: int, whole: int) -> None:
        """Note how many points are known."""
        if self._line is None:
            self._start, self._first = monotonic(), done
        self.done, self.whole = done, whole
        if self._bar is None:
            return
        elapsed = monotonic() - self._start
        rate = f"{(done - self._first) / elapsed:.0f} points/s" if elapsed > 1 else ""
        if self._line is None:
            self._line = self._bar.add_task("sweeping", total=whole, completed=done, rate=rate)
        self._bar.update(self._line, completed=done, total=whole, rate=rate)


@contextmanager
def shown_points() -> Iterator[Points]:
    """Count points, and show them, their rate and the time that is left while the block runs."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield Points(None)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Points(bar)
