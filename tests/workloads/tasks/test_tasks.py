"""What holds for every task: shapes, dtypes, and that batches follow from the Generator alone."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from simulator.errors import InputError
from workloads.tasks import TASKS, Batch, Task, load_task

ROOT = Path(__file__).parents[3]
OWN = [name for name, task in TASKS.items() if not task.reads]
SIZES = {
    "stdlib_chars": {"length": 8},
    "grammar": {"length": 6},
    "translate": {"words": 6},
    "teacher": {"width": 9},
}


@pytest.fixture(scope="module", params=OWN)
def task(request: pytest.FixtureRequest) -> Task:
    return load_task(request.param, settings=SIZES.get(request.param, {}))


def same(one: Batch, other: Batch) -> bool:
    return all(map(np.array_equal, one, other))


def check(task: Task, batch: Batch, size: int) -> None:
    """A batch is what the shape of its task says."""
    shape = task.shape
    assert batch.inputs.shape == shape.inputs(size)
    assert batch.inputs.flags.c_contiguous
    assert batch.targets.flags.c_contiguous
    if shape.kind in ("tokens", "pairs"):
        assert batch.inputs.dtype == np.int64
        assert 0 <= batch.inputs.min() <= batch.inputs.max() < shape.vocabulary
    else:
        assert batch.inputs.dtype == np.float32
    if task.metric.loss == "squared_error":
        assert batch.targets.dtype == np.float32
        assert batch.targets.shape == (size, shape.outputs)
        return
    assert batch.targets.dtype == np.int64
    assert batch.targets.size == size * shape.rows
    assert len(batch.targets) == size
    assert -1 <= batch.targets.min() <= batch.targets.max() < shape.outputs


def test_batches_are_as_the_shape_says(task: Task) -> None:
    rng = np.random.default_rng(0)
    for size in (1, 7):
        check(task, task.batch(rng, size), size)
    for batches in (task.held_out(50), task.training_sample(50)):
        assert len(batches) >= 4
        for batch in batches:
            check(task, batch, 50)


def test_batches_follow_from_the_generator_alone(task: Task) -> None:
    one, other = np.random.default_rng(5), np.random.default_rng(5)
    first = [task.batch(one, 4) for _ in range(3)]
    task.held_out(10)
    task.batch(np.random.default_rng(6), 9)
    again = [task.batch(other, 4) for _ in range(3)]
    assert all(map(same, first, again))
    assert not same(first[0], first[1])
    assert one.bit_generator.state == other.bit_generator.state


def test_held_out_batches_never_change_and_are_not_the_training_sample(task: Task) -> None:
    first, again = task.held_out(20), task.held_out(20)
    assert all(map(same, first, again))
    assert not same(first[0], first[1])
    assert not same(first[0], task.training_sample(20)[0])


def test_another_batch_size_cuts_the_same_samples(task: Task) -> None:
    few, many = task.held_out(10), task.held_out(30)
    assert same(many[0], Batch(*(np.concatenate(part) for part in zip(*few[:3], strict=True))))


def test_more_samples_than_there_are_make_no_batch(task: Task) -> None:
    count = len(task.all_held_out().inputs)
    assert len(task.held_out(count)) == 1
    with pytest.raises(InputError, match=f"batch: task {task.name} has {count} held-out samples"):
        task.held_out(count + 1)


def fingerprints() -> str:
    """What every task of ours drew, and its digest."""
    lines = []
    for name in OWN:
        task = load_task(name, settings=SIZES.get(name, {}))
        drawn = [task.batch(np.random.default_rng(9), 5), task.held_out(100)[1], task.training_sample(100)[1]]
        found = hashlib.sha256(b"".join(part.tobytes() for batch in drawn for part in batch))
        lines.append(f"{name} {task.digest} {found.hexdigest()}")
    return "\n".join(lines)


def test_a_process_with_another_hash_seed_time_zone_and_locale_reads_the_same() -> None:
    script = "from tests.workloads.tasks.test_tasks import fingerprints; print(fingerprints())"
    environment = {**os.environ, "PYTHONHASHSEED": "2", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Kolkata"}
    found = subprocess.check_output([sys.executable, "-c", script], cwd=ROOT, env=environment, text=True)
    assert found.splitlines() == fingerprints().splitlines()
    assert len(set(found.split())) == 3 * len(OWN)


def test_the_digest_tells_settings_apart() -> None:
    found = {
        load_task("grammar", settings=settings).digest
        for settings in ({}, {"length": 31}, {"symbols": 17}, {"variant": 1})
    }
    assert len(found) == 4
    assert load_task("grammar").digest == load_task("grammar", settings={"length": 32}).digest
