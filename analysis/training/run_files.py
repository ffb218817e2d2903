"""A training run on disk as other verbs see it: its trace, its history, and whether it is whole."""

import csv
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # --help waits for none of it
    from simulator.trace import Trace

META, TRACE, HISTORY, CHECKPOINT = "run.json", "trace", "history.csv", "checkpoint.npz"
HISTORY_MAX = 1 << 26
"""Names as RunFolder writes them: its module loads the compiler, and most verbs need none."""
Figures = dict[str, float | None]


def is_run(path: Path) -> bool:
    """Whether `path` is the directory of a training run."""
    return path.is_dir() and (path / META).is_file()


def trace_of(path: Path) -> "Trace":
    """The trace in the directory `path`, or that of the training run there."""
    from simulator.trace import load_trace

    return load_trace(path / TRACE if is_run(path) else path)


def read_history(path: Path) -> list[Figures]:
    """The rows of the history of the run in `path`; None where a row has no such figure."""
    from simulator.errors import InputError
    from simulator.trace_files import read_regular

    file = path / HISTORY
    try:
        text = read_regular(file, HISTORY_MAX, right="name a directory that `nmsim train` wrote").decode()
        return [
            {name: float(cell) if cell else None for name, cell in row.items()}
            for row in csv.DictReader(StringIO(text), strict=True)
        ]
    except (csv.Error, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        what = f"is no history: {type(error).__name__}"
        raise InputError.of(what, "train the run again", where=str(file)) from None


def check_run(path: Path) -> None:
    """Refuse a training run that is not whole, with every problem; one that has just begun has less."""
    from simulator.errors import InputError, Problem
    from workloads.training.emulator.checkpoint import DamagedError, load_checkpoint
    from workloads.training.emulator.folder import read_run

    begun: Any = read_run(path)["step"]
    problems: list[Problem] = []
    for name, read in (
        (HISTORY, lambda _: read_history(path)),
        (TRACE, trace_of),
        (CHECKPOINT, load_checkpoint),
    ):
        if not begun and not (path / name).exists():
            continue
        try:
            read(path / name)
        except InputError as error:
            problems += error.problems
        except DamagedError as error:
            right = "`nmsim train ... --resume` sets it aside and begins anew"
            problems.append(Problem(where=str(path / name), what=f"is damaged: {error}", right=right))
    if problems:
        raise InputError(problems)
