"""Checkpoint: all that a run needs to go on to the same bits, as one file."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import numpy as np
from numpy.typing import NDArray

from simulator.atomic import write_file
from simulator.trace_files import read_regular
from simulator.trace_rows import Works, row_of, step_of
from workloads.training.emulator.history import History
from workloads.training.emulator.recorder import Recorder
from workloads.training.emulator.trainer import Trainer

SCHEMA = 1
BYTES_MAX = 1 << 30
MASKS = ("mask", "second", "used", "logged")
"""Of each weight: both masks, the one of the last step, and the one of the history's last row."""
Arrays = dict[str, NDArray[Any]]


class DamagedError(Exception):
    """A checkpoint that is torn, flipped, or none."""


def save_checkpoint(path: Path, trainer: Trainer, recorder: Recorder, history: History) -> None:
    """Replace the checkpoint by that of the run as it stands."""
    arrays: Arrays = {"values": trainer.values}
    arrays |= {f"moment{index}": moment for index, moment in enumerate(trainer.optimizer.moments)}
    for weight in trainer.weights:
        used, logged = trainer.masks.get(weight.name), history.logged.get(weight.name)
        masks = dict(zip(MASKS, (weight.mask, weight.second, used, logged), strict=True))
        arrays |= {
            f"{weight.name}/{name}": np.packbits(mask) for name, mask in masks.items() if mask is not None
        }
        arrays |= {f"{weight.name}/note/{name}": note for name, note in weight.notes.items()}
    meta = {
        "schema": SCHEMA,
        "step": trainer.step,
        "updates": trainer.optimizer.updates,
        "lines": {str(role): line.saved() for role, line in trainer.lines.items()},
        "rows": history.rows,
        "weights": history.weights,
        "noise": history.noise,
        "trace": [row_of(step) for step in recorder.steps()],
    }
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    buffer = BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    write_file(path, buffer.getvalue())


def load_checkpoint(path: Path) -> tuple[dict[str, Any], Arrays]:
    """The meta and the arrays of a checkpoint; DamagedError where it is not whole."""
    data = BytesIO(read_regular(path, BYTES_MAX, right="name a directory that `nmsim train` wrote"))
    try:
        with ZipFile(data) as listed:
            if any(entry.compress_type != ZIP_STORED for entry in listed.infolist()):
                raise DamagedError("its arrays are compressed")  # few bytes may hold any number of zeros
        with np.load(data, allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
        meta = json.loads(arrays.pop("meta").tobytes())
        if meta["schema"] != SCHEMA:
            raise DamagedError(f"it has schema {meta['schema']}, and this version reads {SCHEMA}")
        return meta, arrays
    except DamagedError:
        raise
    except Exception as error:  # one flipped byte makes zipfile and numpy raise almost anything
        raise DamagedError(f"{type(error).__name__}: {error}") from error


def check_fits(meta: dict[str, Any], arrays: Arrays, trainer: Trainer) -> None:
    """Refuse a checkpoint that is not of this run, before anything of it is used."""
    keys = {"step", "updates", "lines", "rows", "weights", "noise", "trace"}
    if missing := keys - meta.keys() or trainer.lines.keys() - meta["lines"].keys():
        raise DamagedError(f"it has no {', '.join(sorted(missing))}")
    sizes = {"values": trainer.values.size}
    sizes |= {f"moment{index}": trainer.values.size for index in range(len(trainer.optimizer.moments))}
    for name, size in sizes.items():
        if name not in arrays or arrays[name].shape != (size,):
            raise DamagedError(f"its {name} are not the {size} of this run")
    for weight in trainer.weights:
        for name in MASKS:
            bits = arrays.get(f"{weight.name}/{name}")
            if bits is not None and bits.shape != (-(-weight.values.size // 8),):
                raise DamagedError(f"its {name} of {weight.name} has another size")


def restore(
    meta: dict[str, Any], arrays: Arrays, trainer: Trainer, recorder: Recorder, history: History
) -> None:
    """Put a run that was just begun where the checkpoint was written."""
    check_fits(meta, arrays, trainer)
    trainer.step, trainer.optimizer.updates = meta["step"], meta["updates"]
    trainer.values[...] = arrays["values"]
    for index, moment in enumerate(trainer.optimizer.moments):
        moment[...] = arrays[f"moment{index}"]
    for role, line in trainer.lines.items():
        line.restore(meta["lines"][str(role)], max(trainer.step - 1, 0))
    for weight in trainer.weights:
        shape = weight.values.shape

        def mask(name: str, weight_name: str = weight.name, shape: tuple[int, ...] = shape) -> Any:
            bits = arrays.get(f"{weight_name}/{name}")
            if bits is None:
                return None
            return np.unpackbits(bits, count=int(np.prod(shape))).astype(np.bool_).reshape(shape)

        used = mask("used")
        weight.mask, weight.second = mask("mask"), mask("second")
        trainer.masks[weight.name] = history.before[weight.name] = used
        history.logged[weight.name] = mask("logged")
        prefix = f"{weight.name}/note/"
        weight.notes = {
            name.removeprefix(prefix): note for name, note in arrays.items() if name.startswith(prefix)
        }
    history.rows, history.weights, history.noise = meta["rows"], meta["weights"], meta["noise"]
    works: Works = {}
    recorder.restore(step_of(row, works) for row in meta["trace"])
