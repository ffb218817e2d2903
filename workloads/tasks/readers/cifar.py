"""The binary version of CIFAR-10: records of one label and 3 x 32 x 32 pixels, plane after plane."""

from pathlib import Path

import numpy as np

from simulator.errors import InputError, Problem
from simulator.places import printable
from workloads.tasks.pictures import Labelled
from workloads.tasks.readers.labels import check_labels
from workloads.tasks.readers.regular import entries, regular

SIDE, CHANNELS = 32, 3
RECORD = 1 + CHANNELS * SIDE * SIDE
RECORDS_MAX = 12_000
FOLDER = "give a folder with the six .bin files of CIFAR-10's binary version"
TRAINED = tuple(f"data_batch_{index}.bin" for index in range(1, 6))
HELD_OUT = "test_batch.bin"


def read_records(path: Path) -> Labelled:
    """The images and labels of one file, the channels of a pixel side by side."""
    with regular(path, FOLDER, within=True) as (file, size):
        if not size or size % RECORD or size > RECORDS_MAX * RECORD:
            right = f"a file has from 1 to {RECORDS_MAX} records of {RECORD} bytes"
            raise InputError.of(f"has {size} bytes", right, where=printable(str(path)))
        data = np.frombuffer(file.read(size), np.uint8)
    if len(data) != size:
        raise InputError.of("became shorter while it was read", FOLDER, where=printable(str(path)))
    records = data.reshape(-1, RECORD)
    labels = records[:, 0].astype(np.int64)
    check_labels(path, labels)
    planes = records[:, 1:].reshape(-1, CHANNELS, SIDE, SIDE)
    return Labelled(np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels)


def read_cifar10(folder: Path) -> tuple[Labelled, Labelled]:
    """What is trained on, from five files in their order, and what is held out."""
    names = {entry.name for entry in entries(folder, FOLDER)}
    problems: list[Problem] = []
    parts: list[Labelled] = []
    for name in (*TRAINED, HELD_OUT):
        try:
            if name not in names:
                raise InputError.of(f"has no file {name}", FOLDER, where=printable(str(folder)))
            parts.append(read_records(folder / name))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    *trained, held = parts
    return Labelled(*map(np.concatenate, zip(*trained, strict=True))), held
