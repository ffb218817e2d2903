"""What a worker does for a study: one training run, or one Report; what is there is not done again."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from math import isfinite
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from analysis.study.cells import HARMLESS
from analysis.study.machines import FIDELITY
from analysis.training.run_files import read_history, trace_of
from simulator.arch import Arch
from simulator.atomic import locked, write_file, writing
from simulator.errors import InputError
from simulator.places import printable
from simulator.simulate import simulate
from simulator.spec import Loaded
from simulator.trace_files import read_regular
from workloads.training.emulator.choices import Choices, resolve
from workloads.training.emulator.folder import META, read_run
from workloads.training.emulator.train import train

PATIENCE = 10.0
"""Seconds to wait for a run that the worker of a killed study still holds; such workers end by themselves."""
REPORT_MAX = 1 << 28
ASIDE = "set_aside"
"""Where in a study runs lie that cannot be gone on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """Train as `choices` say, in the directory `path`."""

    choices: Choices
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """Charge a machine with the trace of the run in `run`, and keep the Report as `path`."""

    arch: Loaded[Arch]
    run: Path
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended: `result` as run.json has it, None where `why` says what came in between.

    `trace` is the digest of its Trace.
    """

    result: Mapping[str, Any] | None
    trace: str = ""
    why: str = ""


def carry_out(job: Training | Simulation) -> Ended | InputError | None:
    """Do a job; an InputError, which the study ends with, is returned, since it crosses processes."""
    try:
        if isinstance(job, Training):
            return trained(job)
        report = simulate(job.arch, trace_of(job.run), fidelity=FIDELITY)
        write_file(job.path, report.to_json().encode())
    except InputError as error:
        return error
    return None


def trained(job: Training) -> Ended:
    """The end of a run: of the one that is there, or of what is left of it, or of all of it."""
    found = finished(job.path)
    if found is not None:
        return found
    _wait_for(job.path)
    begun = _ready(job)
    try:
        train(job.choices, out=job.path, resume=begun)
    except InputError:
        if (diverged := _diverged(job.path)) is None:
            raise
        return diverged
    found = finished(job.path)
    if found is None:
        raise InputError.of("was changed while it was written", "run the study again", where=str(job.path))
    return found


def finished(path: Path) -> Ended | None:
    """The end of the run in `path`, if it has one and its tables and its trace are whole."""
    try:
        result = read_run(path)["result"]
        if result is None:
            return _diverged(path)
        rows, trace = read_history(path), trace_of(path)
    except InputError:
        return None
    if not (trace.complete and rows and rows[-1].get("step") == result["steps"] - 1):
        return None
    if not isfinite(result["value"]):
        return Ended(result=None, why=f"diverged: {result['metric']} is {result['value']}")
    return Ended(result=result, trace=trace.digest)


def _diverged(path: Path) -> Ended | None:
    """The end of a run whose loss is not finite: it can never be gone on with."""
    try:
        rows = read_history(path)
    except InputError:
        return None
    last = rows[-1] if rows else {}
    loss, step = last.get("loss"), last.get("step")
    if loss is None or step is None or isfinite(loss):
        return None
    return Ended(result=None, why=f"diverged: the loss is {loss} at step {step:.0f}")


def _wait_for(path: Path) -> None:
    """Wait until nobody writes the run: its worker may be about to end."""
    until = monotonic() + PATIENCE
    while True:
        try:
            with locked(path):
                return
        except InputError:
            if monotonic() > until:
                raise
            sleep(0.1)


def _ready(job: Training) -> bool:
    """Whether there is a run to go on with; what is there and cannot be gone on with is set aside by name."""
    path = job.path
    with writing(path):
        for torn in path.glob(".*.tmp"):
            with suppress(FileNotFoundError):
                torn.unlink()
    if not path.exists() or not any(path.iterdir()):
        return False
    try:
        made = read_run(path)["provenance"]
        ours = json.loads(json.dumps(resolve(job.choices).provenance))
        unlike = sorted(name for name in HARMLESS if made.get(name) != ours.get(name))
        if not unlike:
            return True
        why = f"was begun under other {' and '.join(unlike)}"
    except InputError as error:
        why = error.problems[0].what if (path / META).exists() else f"has no {META}"
    set_aside(path, why)
    return False


def set_aside(path: Path, why: str) -> None:
    """Move the run in `path` out of the way, and say so."""
    aside = path.parent.parent / ASIDE / path.name
    with writing(path):
        aside.parent.mkdir(exist_ok=True)
        path.replace(next(one for one in _names(aside) if not one.exists()))
    said = f"{path} {why} and was set aside in {ASIDE}/; the run begins anew"
    logging.getLogger(__name__).warning("%s", printable(said))


def _names(path: Path) -> Iterator[Path]:
    """The path, then others like it."""
    yield path
    for number in count(2):
        yield path.with_name(f"{path.name}.{number}")


def read_report(path: Path, sha256: str) -> dict[str, Any] | None:
    """The Report in the file `path`, or None where there is none, or no whole one of that trace."""
    try:
        report = json.loads(read_regular(path, REPORT_MAX, right="remove it, and run the study again"))
        if report["provenance"]["trace"]["sha256"] == sha256 and report["rows"] and report["totals"]:
            return dict(report)
    except (OSError, KeyError, TypeError, ValueError):
        return None
    return None
