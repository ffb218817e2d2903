"""A run that is stopped and goes on at every step has the bits of one that never stopped; damage is seen."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.trace_rows import row_of
from tests.workloads.training.emulator.tiny import shrink, tiny
from workloads.networks.layer import Role
from workloads.training.emulator.checkpoint import (
    SCHEMA,
    Arrays,
    DamagedError,
    load_checkpoint,
    restore,
    save_checkpoint,
)
from workloads.training.emulator.choices import Choices, Resolved, resolve
from workloads.training.emulator.parts import Parts, parts
from workloads.training.emulator.train import Run
from workloads.training.emulator.trainer import Trainer
from workloads.training.recipes import RECIPES


@pytest.fixture(autouse=True)
def _shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Choices, and changes to a plan that nobody can choose."""

    choices: Choices
    epsilon: float = 1e-8
    label: str = ""

    def __str__(self) -> str:
        return self.label or str(self.choices.recipe)

    def resolved(self) -> Resolved:
        found = resolve(self.choices)
        optimizer = replace(found.plan.optimizer, epsilon=self.epsilon)
        return replace(found, plan=replace(found.plan, optimizer=optimizer))


WORDS = {"words": 5, "length": 4}
LONGER = {"ac_dc": 40, "gradual": 24}
CASES = [Case(choices=tiny(name, steps=LONGER.get(name, 12))) for name in RECIPES] + [
    Case(choices=tiny("rigl", optimizer="sgd"), label="rigl sgd"),
    Case(choices=tiny("ac_dc", steps=40, optimizer="sgd", pattern="30 %"), label="ac_dc sgd 30 %"),
    Case(choices=tiny("sr_ste", probes=2), label="sr_ste with probes"),
    Case(
        choices=tiny("fst", task="translate", heads=2, sizes=WORDS, steps=3),
        label="fst translate",
    ),
    Case(choices=tiny("step", beta2=0.8, steps=20), epsilon=0.05, label="step that settles"),
]
"""All recipes, so all that a recipe keeps from step to step; both optimizers; a phase that ends early."""


def begun(resolved: Resolved, running: Parts) -> Run:
    return Run(resolved, Trainer(resolved.model, resolved.task, resolved.plan, running), None)


def one_step(run: Run) -> None:
    """Train until the first look at whether to stop, which is after one step."""
    with pytest.raises(KeyboardInterrupt):
        run.to_the_end(lambda: True)


def everything(run: Run, result: dict[str, Any]) -> dict[str, Any]:
    trainer = run.trainer
    return {
        "values": trainer.values.tobytes(),
        "moments": [moment.tobytes() for moment in trainer.optimizer.moments],
        "updates": trainer.optimizer.updates,
        "rows": run.history.rows,
        "weights": run.history.weights,
        "noise": run.history.noise,
        "trace": [row_of(step) for step in run.recorder.steps()],
        "flops": run.recorder.flops,
        "phases": {str(role): line.phases for role, line in trainer.lines.items()},
        "served": {weight.name: weight.forward.tobytes() for weight in trainer.weights},
        "result": result,
    }


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_run_that_goes_on_after_every_step_is_the_undisturbed_one(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.npz"
    with parts() as running:
        whole = begun(case.resolved(), running)
        right = everything(whole, whole.to_the_end(lambda: False).result)
        run = begun(case.resolved(), running)
        for step in range(case.choices.steps or 0):
            one_step(run)
            assert run.trainer.step == step + 1
            save_checkpoint(file, run.trainer, run.recorder, run.history)
            run = begun(case.resolved(), running)
            restore(*load_checkpoint(file), run.trainer, run.recorder, run.history)
        found = everything(run, run.to_the_end(lambda: False).result)
    assert found.keys() == right.keys()
    for name, value in right.items():
        assert found[name] == value, name


def test_the_step_that_settles_did_settle() -> None:
    with parts() as running:
        run = begun(CASES[-1].resolved(), running)
        run.to_the_end(lambda: False)
    first, second = run.trainer.lines[Role.FF].phases
    assert 2 < first.steps < 10, "between its bounds"
    assert first.steps + second.steps == 20


def test_saving_changes_nothing(tmp_path: Path) -> None:
    with parts() as running:
        whole, saved = (begun(resolve(tiny("set")), running) for _ in range(2))
        right = everything(whole, whole.to_the_end(lambda: False).result)
        for _ in range(12):
            one_step(saved)
            save_checkpoint(tmp_path / "x.npz", saved.trainer, saved.recorder, saved.history)
        assert everything(saved, saved.to_the_end(lambda: False).result) == right


@contextmanager
def saved(folder: Path) -> Iterator[tuple[Path, dict[str, Any], Arrays]]:
    """A checkpoint with masks and notes, and what it holds."""
    file = folder / "checkpoint.npz"
    with parts() as running:
        run = begun(resolve(tiny("s_ste", width=8, inner=8, batch=8, steps=3)), running)
        one_step(run)
        save_checkpoint(file, run.trainer, run.recorder, run.history)
    yield file, *load_checkpoint(file)


def same(found: Arrays, right: Arrays) -> bool:
    return found.keys() == right.keys() and all(
        found[name].dtype == array.dtype
        and found[name].shape == array.shape
        and found[name].tobytes() == array.tobytes()
        for name, array in right.items()
    )


def test_one_flipped_byte_is_seen_or_changes_nothing(tmp_path: Path) -> None:
    """A zip file has bytes that nothing reads, such as the time of day."""
    with saved(tmp_path) as (file, meta, arrays):
        data, rng = file.read_bytes(), random.Random(0)
        directory = data.index(b"PK\x01\x02")
        places = [*rng.sample(range(directory), 150), *rng.sample(range(directory, len(data)), 250)]
        heads = [at for at in range(directory) if data[at : at + 4] == b"PK\x03\x04"]
        places += [at + rng.randrange(200) for at in heads for _ in range(8)]
        seen = 0
        for at in places:
            flipped = bytearray(data)
            flipped[at] ^= rng.randrange(1, 256)
            file.write_bytes(flipped)
            try:
                found, others = load_checkpoint(file)
            except DamagedError:
                seen += 1
                continue
            assert found == meta
            assert same(others, arrays)
        assert seen > len(places) / 2


def test_a_truncated_file_is_seen_wherever_it_ends(tmp_path: Path) -> None:
    with saved(tmp_path) as (file, _, _arrays):
        data = file.read_bytes()
        for end in [0, 1, 3, 4, 29, 30, *range(100, len(data), 997), len(data) - 22, len(data) - 1]:
            file.write_bytes(data[:end])
            with pytest.raises(DamagedError):
                load_checkpoint(file)


def written(file: Path, **arrays: Any) -> None:
    buffer = BytesIO()
    np.savez(buffer, **arrays)
    file.write_bytes(buffer.getvalue())


def as_bytes(meta: object) -> Any:
    return np.frombuffer(json.dumps(meta).encode(), np.uint8)


@pytest.mark.parametrize(
    "meta", [{"schema": SCHEMA + 1}, {"schema": 0}, {"schema": "1"}, {}, [], 1, None, "schema"]
)
def test_another_schema_or_no_meta_is_seen(meta: object, tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.npz"
    written(file, meta=as_bytes(meta), values=np.zeros(3))
    with pytest.raises(DamagedError):
        load_checkpoint(file)


def test_a_newer_schema_is_told(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.npz"
    written(file, meta=as_bytes({"schema": 2}))
    with pytest.raises(DamagedError, match=r"^it has schema 2, and this version reads 1$"):
        load_checkpoint(file)


@pytest.mark.parametrize(
    "data", [b"", b"no zip", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"PK\x05\x06" + bytes(18)]
)
def test_what_is_no_checkpoint_at_all(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.npz"
    file.write_bytes(data)
    with pytest.raises(DamagedError):
        load_checkpoint(file)


def test_nothing_in_it_is_unpickled(tmp_path: Path) -> None:
    file, trap = tmp_path / "checkpoint.npz", np.array([Fraction(1, 2)], dtype=object)
    written(file, meta=as_bytes({"schema": SCHEMA}), values=trap)
    with pytest.raises(DamagedError, match="allow_pickle"):
        load_checkpoint(file)
