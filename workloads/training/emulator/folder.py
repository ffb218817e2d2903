"""RunFolder: a training run on disk, loadable at every moment, and held by one process at a time."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import numpy as np

from simulator.atomic import check_replaceable, locked, write_file, writing
from simulator.errors import InputError, Problem, shown
from simulator.trace import Trace
from simulator.trace_files import read_regular
from workloads.training.emulator.checkpoint import DamagedError, load_checkpoint, restore, save_checkpoint
from workloads.training.emulator.history import History, csv_text
from workloads.training.emulator.recorder import Recorder
from workloads.training.emulator.trainer import Trainer

META, CHECKPOINT, TRACE = "run.json", "checkpoint.npz", "trace"
SCHEMA = 1
META_MAX = 1 << 26


class RunFolder:
    """run.json (what was chosen, and the result), the tables of the history, trace/ and checkpoint.npz."""

    def __init__(self, path: Path, provenance: dict[str, Any]) -> None:
        self.path, self.provenance = path, provenance
        self.result: dict[str, Any] | None = None
        self.step = 0

    @classmethod
    @contextmanager
    def opened(cls, path: Path, provenance: dict[str, Any], *, resume: bool) -> Iterator[Self]:
        """The folder for a run of that provenance: a new or an empty one, or one to `resume` in."""
        check_replaceable(path, mark=META)
        with locked(path):
            folder = cls(path, json.loads(json.dumps(provenance)))
            if (path / META).exists():
                folder._check_same(resume=resume)
            else:
                if resume:
                    raise InputError.of("holds no run", "leave --resume out to begin one", where=str(path))
                folder._write_meta(step=0, result=None)
            yield folder

    def _check_same(self, *, resume: bool) -> None:
        """Refuse to go on with another run than the one that is here, or to write over it."""
        meta = read_run(self.path)
        if not resume:
            state = "a finished run" if meta["result"] else f"an unfinished run, at step {meta['step']}"
            right = "--resume goes on with it; for a new run name another directory"
            raise InputError.of(f"holds {state}", right, where=str(self.path))
        self.result, self.step = meta["result"], meta["step"]
        here, ours = meta["provenance"], self.provenance
        problems = [
            Problem(
                where=str(self.path),
                what=f"the run here has {name} {shown(_plain(here.get(name)))}",
                right=f"not {shown(_plain(ours.get(name)))}: resume with the same choices",
            )
            for name in dict.fromkeys([*ours, *here])
            if here.get(name) != ours.get(name)
        ]
        if problems:
            raise InputError(problems)

    def restore(self, trainer: Trainer, recorder: Recorder, history: History) -> None:
        """Put the run where its last checkpoint was; a damaged one is set aside, and the run begins anew."""
        path = self.path / CHECKPOINT
        if not path.exists():
            if self.step:
                logging.getLogger(__name__).warning("%s is missing; the run begins anew", path)
            return
        try:
            meta, arrays = load_checkpoint(path)
            restore(meta, arrays, trainer, recorder, history)
        except DamagedError as error:
            aside = path.with_name(f"{CHECKPOINT}.damaged")
            with writing(path):
                path.replace(aside)
            logging.getLogger(__name__).warning(
                "%s is damaged (%s) and was set aside as %s; the run begins anew", path, error, aside.name
            )

    def save(
        self,
        trainer: Trainer,
        recorder: Recorder,
        history: History,
        trace: Trace,
        *,
        result: dict[str, Any] | None,
    ) -> None:
        """Write the run as it stands, what it goes on from first; `result` once it is complete."""
        save_checkpoint(self.path / CHECKPOINT, trainer, recorder, history)
        tables = {"history": history.rows, "weights": history.weights, "noise": history.noise}
        for name, rows in tables.items():
            if rows:
                write_file(self.path / f"{name}.csv", csv_text(rows).encode())
        trace.save(self.path / TRACE)
        self._write_meta(step=trainer.step, result=result)

    def save_masks(self, trainer: Trainer) -> None:
        """Write the masks of the last step, a bit a weight, as masks/step-<step>.npz."""
        arrays = {}
        for weight in trainer.weights:
            mask = trainer.masks.get(weight.name)
            if mask is not None:
                arrays[weight.name] = np.packbits(mask, axis=-1, bitorder="little")
        buffer = BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
        write_file(self.path / "masks" / f"step-{trainer.step - 1:09}.npz", buffer.getvalue())

    def _write_meta(self, *, step: int, result: dict[str, Any] | None) -> None:
        meta = {"schema": SCHEMA, "step": step, "result": result, "provenance": self.provenance}
        write_file(self.path / META, (json.dumps(meta, indent=1, ensure_ascii=False) + "\n").encode())


def _plain(value: object) -> str:
    """A choice as a person reads it."""
    return value if isinstance(value, str) else json.dumps(value)


def read_run(path: str | Path) -> dict[str, Any]:
    """What run.json of the run in the directory `path` says."""
    file = Path(path) / META
    if not Path(path).is_dir() or not file.exists():
        raise InputError.of("holds no run", "name a directory that `nmsim train` wrote", where=str(path))
    try:
        meta = json.loads(read_regular(file, META_MAX, right="run.json is small"))
        known = meta["schema"], meta["provenance"], meta["step"], meta["result"]
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        right = "train it again"
        raise InputError.of(f"is damaged: {type(error).__name__}", right, where=str(file)) from None
    if known[0] != SCHEMA:
        right = f"this version reads {SCHEMA}"
        raise InputError.of(f"has schema {shown(known[0])}", right, where=str(file))
    return dict(meta)
