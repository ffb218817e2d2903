"""The progress of a training run on a terminal; nothing where stderr is none."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class Steps:
    """How far a run is: `done` of `whole` steps, 0 of 0 before the first."""

    def __init__(self, bar: Progress | None) -> None:
        self.done = self.whole = 0
        self._bar = bar
        self._line: TaskID | None = None
        self._loss = ""

    def __call__(self, done: int, whole: int, row: Mapping[str, Any] | None) -> None:
        """Note a step that was taken, with its row of the history if it has one."""
        self.done, self.whole = done, whole
        if self._bar is None:
            return
        if row is not None:
            self._loss = f"loss {row['loss']:.4g}"
        if self._line is None:
            self._line = self._bar.add_task("training", total=whole, completed=done, loss=self._loss)
        self._bar.update(self._line, completed=done, loss=self._loss)


@contextmanager
def shown_steps() -> Iterator[Steps]:
    """Count steps, and show them, the loss and the time that is left while the block runs."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield Steps(None)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Steps(bar)
