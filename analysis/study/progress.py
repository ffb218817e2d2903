"""The progress of a study on a terminal; nothing where stderr is none."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def shown_runs() -> Iterator[Callable[[int, int], None]]:
    """Show how many training runs there are while the block runs."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _done, _whole: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        line = bar.add_task("training runs", total=None)
        yield lambda done, whole: bar.update(line, completed=done, total=whole)
