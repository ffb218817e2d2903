"""Studies: tasks, recipes, patterns, seeds and machines crossed, and what their differences are worth."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.study.conduct import Study

__all__ = ["study"]


def study(
    path: str | Path,
    out: str | Path | None = None,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
) -> "Study":
    """Carry out the study in the file `path`, in the directory `out` or one that is called like the file."""
    from analysis.study.conduct import conduct  # it loads the compiler

    return conduct(path, out, workers=workers, scheduler=scheduler)
