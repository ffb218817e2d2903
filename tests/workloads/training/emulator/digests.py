"""Digests of small runs, printed as JSON: run in processes of their own, in which all must be the same."""

import hashlib
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numba
import pytest

from tests.workloads.training.emulator.tiny import shrink, tiny
from workloads.tasks import teacher, translate
from workloads.training.emulator.choices import Choices
from workloads.training.emulator.train import train

TINY = {"width": 8, "inner": 8, "steps": 5, "batch": 8}
WORDS = {
    "task": "translate",
    "sizes": {"words": 5, "length": 4},
    "heads": 2,
    "width": 8,
    "inner": 8,
    "batch": 4,
}
RUNS: dict[str, Choices] = {name: tiny(name, **TINY) for name in ("sr_ste", "fst", "rigl", "bi_mask", "dst")}
RUNS["words"] = tiny("s_ste", **WORDS, steps=3, pattern="1:2")
LARGER: dict[str, Choices] = {
    name: tiny(name, width=64, inner=128, batch=128, steps=8) for name in ("sr_ste", "fst", "rigl")
}
"""Large enough for BLAS to want threads; too large for kernels that are not compiled."""


def sha256(*rows: object) -> str:
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def digest(choices: Choices) -> dict[str, str]:
    with TemporaryDirectory() as folder:
        found = train(choices, out=Path(folder) / "run")
        files = {
            str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(Path(folder).rglob("*"))
            if file.is_file() and file.suffix != ".npz"
        }
    return {
        "result": sha256(found.result),
        "history": sha256(found.history.rows, found.history.weights),
        "trace": found.trace.digest,
        **files,
    }


def main() -> None:
    patch = pytest.MonkeyPatch()
    shrink(patch)
    patch.setattr(translate, "FIXED_SAMPLES", 8)
    found = {name: digest(choices) for name, choices in RUNS.items()}
    patch.setattr(teacher, "FIXED_SAMPLES", 128)
    if not numba.config.DISABLE_JIT:
        found |= {f"larger {name}": digest(choices) for name, choices in LARGER.items()}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
