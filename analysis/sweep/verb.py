"""`nmsim sweep` as the command line sees it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from analysis.console import Stopped, naming, write
from analysis.options import Form, FormOption, ResultsOption, SchedulerOption, WorkersOption

OBJECTS = 50_000


def sweep(
    space: Annotated[str, typer.Argument(help="YAML file of a space: `nmsim schema sweep` has its keys")],
    out: ResultsOption = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    retry: Annotated[bool, typer.Option("--retry", help="try again the points that were set aside")] = False,
    form: FormOption = Form.TABLE,
) -> None:
    """Explore a space of designs, in parallel.

    Says which designs no other beats. Run it again to go on where it was stopped.
    """
    with _garbage_left_longer():
        _sweep(space, out, workers, scheduler, retry, form)


def _sweep(
    space: str, out: Path | None, workers: int | None, scheduler: str | None, retry: bool, form: Form
) -> None:
    from analysis.progress import shown
    from analysis.sweep.swept import sweep as run
    from analysis.sweep.text import swept_text

    with naming("workers", "scheduler"), shown("sweeping") as points:
        try:
            swept = run(space, out=out, workers=workers, scheduler=scheduler, retry=retry, progress=points)
        except KeyboardInterrupt:
            if not points.whole:
                raise
            done = f"interrupted at {points.done} of {points.whole} points"
            raise Stopped(f"{done}; the same command goes on") from None
    write(swept_text(swept, form))


@contextmanager
def _garbage_left_longer() -> Iterator[None]:
    """Look for garbage less often: points stay to the end, and to look at them takes a fifth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
