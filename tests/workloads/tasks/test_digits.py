import sys

import numpy as np
import pytest

from simulator.errors import InputError
from workloads.tasks import load_task
from workloads.tasks.pictures import Pictures


def test_the_images_are_split_in_a_fixed_way_and_scaled() -> None:
    task = load_task("digits")
    assert isinstance(task, Pictures)
    assert (len(task.trained.labels), len(task.held.labels)) == (1498, 299)
    assert (task.shape.side, task.shape.channels, task.shape.outputs) == (8, 1, 10)
    held = task.all_held_out()
    assert (held.inputs.min(), held.inputs.max()) == (-1, 1)
    assert np.array_equal(held.inputs[..., 0], task.held.images[..., 0] / np.float32(8) - 1)
    assert set(held.targets.tolist()) == set(range(10))


def test_a_batch_pairs_images_with_their_own_labels() -> None:
    task = load_task("digits")
    assert isinstance(task, Pictures)
    known = {image.tobytes(): label for image, label in zip(*task.trained, strict=True)}
    batch = task.batch(np.random.default_rng(0), 64)
    pixels = ((batch.inputs + 1) * 8).astype(np.uint8)
    assert [known[image.tobytes()] for image in pixels] == batch.targets.tolist()


def test_without_scikit_learn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(InputError) as caught:
        load_task("digits")
    assert str(caught.value) == (
        "digits: scikit-learn, which has the images, is not installed; "
        "install the extra: pip install nmsim[digits]"
    )
