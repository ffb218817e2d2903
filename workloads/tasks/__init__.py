"""Tasks: what is learnt, from data that the project makes or gets from a package, or the user's own."""

from collections.abc import Callable, Mapping
from pathlib import Path

from simulator.errors import InputError, lookup
from workloads.tasks.batch import Batch
from workloads.tasks.cifar10 import Cifar10
from workloads.tasks.digits import Digits
from workloads.tasks.grammar import Grammar
from workloads.tasks.images import UserImages
from workloads.tasks.metric import Metric, Tally
from workloads.tasks.mnist import Mnist
from workloads.tasks.setting import complete
from workloads.tasks.shape import Shape
from workloads.tasks.stdlib_chars import StdlibChars
from workloads.tasks.task import Task
from workloads.tasks.teacher import Teacher
from workloads.tasks.text import UserText
from workloads.tasks.translate import Translate

__all__ = ["TASKS", "Batch", "Metric", "Shape", "Tally", "Task", "load_task"]

TASKS: dict[str, type[Task]] = {
    task.name: task
    for task in (
        *(StdlibChars, Grammar, Translate, Digits, Teacher),
        *(UserText, Mnist, Cifar10, UserImages),
    )
}
"""Tasks by name; a class tells its name, summary, metric and settings without loading any data."""


def load_task(
    name: str, *, path: str | Path | None = None, settings: Mapping[str, int] | None = None
) -> Task:
    """The task of that name with its data, those at `path` for a task that `reads` the user's own."""
    kind = lookup(TASKS, name, kind="task", where="task")
    if path is not None and not kind.reads:
        raise InputError.of(f"task {name} reads no data of yours", "leave it out", where="path")
    if path is None and kind.reads:
        raise InputError.of(f"task {name} needs data of yours", f"give {kind.reads}", where="path")
    sizes = complete(kind.settings, settings or {})
    build: Callable[..., Task] = kind
    return build(**sizes) if path is None else build(Path(path), **sizes)
