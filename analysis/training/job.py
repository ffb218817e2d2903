"""`nmsim train`, behind its options: check all that can be checked, train, charge machines, tell."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from analysis.console import Stopped, naming, write
from analysis.progress import Counted
from analysis.progress import shown as shown_progress
from analysis.training.against import compare, load_other
from analysis.training.machines import charge, load_archs
from analysis.training.run_files import is_run
from analysis.training.text import Told, told_text
from simulator.errors import InputError, Problem, shown
from workloads.tasks import TASKS
from workloads.training.emulator.choices import Choices
from workloads.training.emulator.folder import read_run
from workloads.training.emulator.train import Progress, Trained, train

OPTIONS = tuple(field.name for field in fields(Choices) if field.name not in ("task", "settings", "sizes"))
ON_DATA = {"task": "task", "path": "--data", "settings": "--size"}
"""Places within the data of a run, as options."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a command line asks for: fields of Choices, KEY=VALUE of the task's sizes, and what to do."""

    chosen: Mapping[str, Any]
    sizes: Sequence[str]
    out: Path | None
    resume: bool
    mask_every: int | None
    archs: Sequence[str]
    settings: Sequence[str]
    against: Path | None


def run_job(job: Job, form: str) -> None:
    """Train, and print what came of it."""
    _check_place(job)
    choices = Choices(**job.chosen, sizes=parse_sizes(job.sizes))
    archs = load_archs(job.archs, job.settings, choices.dtype)
    other = None if job.against is None else load_other(job.against, choices.task)
    with naming(*OPTIONS, **{"with": "--with"}), _data_named(choices.task):
        run = _train(choices, job)
    told = Told(
        run=run,
        machines=charge(archs, run.trace, job.out),
        against=None if other is None else compare(run, other),
    )
    write(told_text(told, form))


def _train(choices: Choices, job: Job) -> Trained:
    """Train with a bar on a terminal; an interrupt says how far it came, and how to go on."""
    with shown_progress("training") as steps:
        progress = _with_loss(steps)
        try:
            return train(
                choices, out=job.out, resume=job.resume, mask_every=job.mask_every, progress=progress
            )
        except KeyboardInterrupt:
            if not steps.done:
                raise
            done, right = steps.done, "nothing is kept without --out"
            if job.out is not None and is_run(job.out):
                done, right = read_run(job.out)["step"], "`nmsim train ... --resume` goes on"
            raise Stopped(f"interrupted at step {done} of {steps.whole}; {right}") from None


def _with_loss(steps: Counted) -> Progress:
    """Tell `steps` of each step with the loss that was logged last."""
    loss = ""

    def note(done: int, whole: int, row: Mapping[str, Any] | None) -> None:
        nonlocal loss
        loss = loss if row is None else f"loss {row['loss']:.4g}"
        steps(done, whole, loss)

    return note


def _check_place(job: Job) -> None:
    """Refuse what makes sense only for a run that is kept, where none is."""
    if job.out is None and job.resume:
        raise InputError.of(
            "there is no run to go on with", "name its directory with --out", where="--resume"
        )
    if job.mask_every is None:
        return
    if job.mask_every < 1:
        right = "write a whole number from 1"
        raise InputError.of(f"{shown(job.mask_every)} is no number of steps", right, where="--mask-every")
    if job.out is None:
        what, right = "masks are kept in the directory of the run", "name it with --out"
        raise InputError.of(what, right, where="--mask-every")


def parse_sizes(texts: Sequence[str]) -> dict[str, int]:
    """The sizes of a task that people write KEY=VALUE."""
    sizes: dict[str, int] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not name or not equals:
            raise InputError.of(f"{shown(text)} sets nothing", "write KEY=VALUE", where="--size")
        if not (value.isascii() and value.isdecimal()) or len(value) > 18:
            right = "write one, as in 32"
            raise InputError.of(f"{name} is {shown(value)}, no whole number", right, where="--size")
        if name in sizes:
            raise InputError.of(f"{shown(name)} is set twice", "set it once", where="--size")
        sizes[name] = int(value)
    return sizes


@contextmanager
def _data_named(task: str) -> Iterator[None]:
    """Give what is wrong with the data of a run the name of the option that chose it."""
    try:
        yield
    except InputError as error:
        raise InputError(_of_data(problem, task) for problem in error.problems) from None


def _of_data(problem: Problem, task: str) -> Problem:
    prefix, colon, within = problem.where.partition(": ")
    if prefix != "data" or not colon:
        return problem
    if within in ON_DATA:
        return replace(problem, where=ON_DATA[within])
    sizes = {size.name for size in TASKS[task].settings} if task in TASKS else set()
    return replace(problem, where=f"--size {within}" if within in sizes else within)
