"""train: a whole run, from choices to a history and a Trace; the reading of the emulator starts here."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from time import monotonic
from typing import Any

from simulator.errors import InputError
from simulator.notebook import counted, html_table, line
from simulator.trace import Trace
from workloads.training.emulator.choices import Choices, Resolved, resolve
from workloads.training.emulator.folder import RunFolder
from workloads.training.emulator.history import History, Row
from workloads.training.emulator.losses import mean_loss
from workloads.training.emulator.noise import probe_noise
from workloads.training.emulator.parts import parts
from workloads.training.emulator.recorder import Recorder
from workloads.training.emulator.trainer import Stepped, Trainer
from workloads.training.emulator.weight import Weight

LOGGED, MEASURED = 200, 8
"""How many rows a history has, and on how many of them the held-out samples are measured."""
PROBED = (0.3, 0.6, 0.95)
"""When gradient noise is probed, as shares of the run."""
SAVED_EVERY = 30.0
"""Seconds from one checkpoint to the next; a run that is killed loses no more."""

FIGURES = ("metric", "value", "held_out_loss", "density", "hardware_flops", "steps")
"""What of a result a notebook shows."""

Progress = Callable[[int, int, Row | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a run came to: `result` has its figures, `history` the way there, `trace` what it multiplied."""

    result: dict[str, Any]
    history: History
    trace: Trace
    provenance: dict[str, Any]
    folder: Path | None = None

    def __repr__(self) -> str:
        result = self.result
        length = counted(result["steps"], "training step")
        return line("Trained", self._name, length, f"{result['metric']} {result['value']:.4g}")

    def _repr_html_(self) -> str:
        return html_table(self._name, [{name: self.result[name] for name in FIGURES}])

    @property
    def _name(self) -> str:
        """The task, and how it was trained."""
        made = (self.provenance.get(name) for name in ("task", "recipe", "pattern"))
        return " ".join(str(one) for one in made if one)


def train(
    choices: Choices | None = None,
    /,
    *,
    out: str | Path | None = None,
    resume: bool = False,
    mask_every: int | None = None,
    progress: Progress | None = None,
    **chosen: Any,
) -> Trained:
    """Train as `choices` say, changed by keywords of the same names: task="teacher", recipe="sr_ste".

    With `out`, the run is a directory that is loadable at any moment, however it ends; with `resume` it goes
    on from the last checkpoint there, to the same bits. Interrupted once, it ends after the step with all
    that it has, and raises KeyboardInterrupt.
    """
    resolved = resolve(replace(choices, **chosen) if choices is not None else Choices(**chosen))
    with ExitStack() as held:
        folder = None
        if out is not None:
            folder = held.enter_context(RunFolder.opened(Path(out), resolved.provenance, resume=resume))
        running = held.enter_context(parts())
        run = Run(resolved, Trainer(resolved.model, resolved.task, resolved.plan, running), folder)
        if folder is not None and resume:
            folder.restore(run.trainer, run.recorder, run.history)
            run.check_finite()
            if folder.result is not None and run.trainer.step == run.steps:
                run.rewrite(folder.result)
                return run.finished(folder.result)
        stop = held.enter_context(_interruptible())
        return run.to_the_end(stop, mask_every=mask_every, progress=progress)


class Run:
    """A training run with its records."""

    def __init__(self, resolved: Resolved, trainer: Trainer, folder: RunFolder | None) -> None:
        self.resolved, self.trainer, self.folder = resolved, trainer, folder
        self.history = History()
        self.recorder = Recorder(resolved.model.network, resolved.manner)
        self.steps = resolved.plan.steps
        self._saved = monotonic()
        task, batch = resolved.task, resolved.plan.batch
        self.held_out, self.sample = task.held_out(batch), task.training_sample(batch)

    def to_the_end(
        self, stop: Callable[[], bool], *, mask_every: int | None = None, progress: Progress | None = None
    ) -> Trained:
        """Train what is left, and measure."""
        while self.trainer.step < self.steps:
            row = self._advance(mask_every)
            if progress is not None:
                progress(self.trainer.step, self.steps, row)
            if row is not None and not isfinite(row["loss"]):
                self._save(complete=False)
                right = "begin another run with a lower rate; the history until then is kept"
                raise InputError.of(f"the loss is {row['loss']} at step {row['step']}", right, where="rate")
            if stop():
                self._save(complete=False)
                raise KeyboardInterrupt
            if monotonic() - self._saved > SAVED_EVERY:
                self._save(complete=False)
        result = self._result()
        self._save(complete=True, result=result)
        return self.finished(result)

    def rewrite(self, result: dict[str, Any]) -> None:
        """Write a finished run again, which mends what of it was lost, where anything can be written."""
        try:
            self._save(complete=True, result=result)
        except InputError as error:
            logging.getLogger(__name__).warning("%s", error)

    def check_finite(self) -> None:
        """Refuse to go on with a run that has diverged."""
        row = self.history.rows[-1] if self.history.rows else {"loss": 0.0}
        if not isfinite(row["loss"]):
            right = "begin another one, with a lower rate, in another directory"
            raise InputError.of(f"the run here diverged at step {row['step']}", right, where="rate")

    def finished(self, result: dict[str, Any]) -> Trained:
        """The run with its result."""
        return Trained(
            result=result,
            history=self.history,
            trace=self._trace(complete=True),
            provenance=self.resolved.provenance,
            folder=None if self.folder is None else self.folder.path,
        )

    def _advance(self, mask_every: int | None) -> Row | None:
        """One step and what is noted of it; the row of the history, if it has one."""
        trainer, step = self.trainer, self.trainer.step
        due = trainer.prepare()
        if self.resolved.provenance["probes"] and step in {int(share * self.steps) for share in PROBED}:
            self.history.noise += probe_noise(trainer, self.resolved.provenance["probes"])
        stepped = trainer.advance(due)
        self.recorder.record(step, trainer.states(stepped))
        row = None
        last = step == self.steps - 1
        if step % max(1, self.steps // LOGGED) == 0 or last or not isfinite(mean_loss(stepped.tally)):
            row = self._log(step, stepped, last=last)
        self.history.before = trainer.masks
        if self.folder is not None and mask_every and (step + 1) % mask_every == 0:
            self.folder.save_masks(trainer)
        return row

    def _log(self, step: int, stepped: Stepped, *, last: bool) -> Row:
        row = self.history.log(self.trainer, step, stepped, self.recorder.flops)
        every = max(1, self.steps // LOGGED)
        measured = max(every, -(-self.steps // MEASURED) // every * every)
        if last or (step and step % measured == 0):
            held, sample = self.trainer.measure(self.held_out, self.sample)
            row |= self._figures(held, "held_out") | self._figures(sample, "training")
        return row

    def _figures(self, tally: Any, where: str) -> Row:
        """Loss, metric and output entropy (nats) on fixed samples."""
        figures: Row = {
            f"{where}_loss": mean_loss(tally),
            f"{where}_metric": self.resolved.task.metric.of(tally),
        }
        if self.resolved.task.metric.loss == "cross_entropy":
            figures[f"{where}_entropy"] = tally.entropy / tally.count
        return figures

    def _result(self) -> dict[str, Any]:
        """The figures of the network as it is served."""
        held, sample = self.trainer.measure(self.held_out, self.sample, served=True)
        metric = self.resolved.task.metric
        result: dict[str, Any] = {
            "metric": metric.name,
            "unit": metric.unit,
            "lower_is_better": metric.lower_is_better,
            "value": metric.of(held),
            "steps": self.steps,
        }
        result |= self._figures(held, "held_out") | self._figures(sample, "training")
        weights = self.trainer.weights
        total = sum(weight.values.size for weight in weights)
        result["density"] = sum(map(self._served, weights)) / total if total else 1.0
        return result | {f"{name}_flops": cost for name, cost in self.recorder.flops.items()}

    def _served(self, weight: Weight) -> int:
        """How many of the values of a weight the served network multiplies by."""
        last = self.resolved.plan.recipe.last_phase(weight.line.target)
        return weight.kept if last.face.forward else weight.values.size

    def _save(self, *, complete: bool, result: dict[str, Any] | None = None) -> None:
        """Write all that there is, if there is a place for it."""
        if self.folder is not None:
            trace = self._trace(complete=complete)
            self.folder.save(self.trainer, self.recorder, self.history, trace, result=result)
        self._saved = monotonic()

    def _trace(self, *, complete: bool) -> Trace:
        """The Trace so far."""
        steps = tuple(self.recorder.steps())
        return Trace(steps=steps, provenance=self.resolved.provenance, complete=complete)


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed: the first time is noted, so that a step is never cut in two."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    pressed: list[int] = []

    def note(number: int, _frame: object) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)
