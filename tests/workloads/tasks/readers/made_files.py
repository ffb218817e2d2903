"""Small data sets in the formats that are read, and what a reader says of a bad one."""

import gzip
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError

T = TypeVar("T")
Bytes = NDArray[np.uint8]


def outcome(read: Callable[[], T]) -> T | str:
    """What `read` returns, or the text of the InputError that it raises."""
    try:
        return read()
    except InputError as error:
        return str(error)


def refused(folder: Path, read: Callable[[], object]) -> list[str]:
    """The lines of the InputError that `read` raises, the folder in front of them left out."""
    text = outcome(read)
    assert isinstance(text, str), "nothing was refused"
    return [line.replace(f"{folder}/", "").replace(str(folder), ".") for line in text.splitlines()]


def idx(array: Bytes) -> bytes:
    """An array of bytes as an IDX file."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def mnist_files(seed: int = 0, *, side: int = 6) -> dict[str, bytes]:
    """The four files: 30 images to train on and 12 held out."""
    rng = np.random.default_rng(seed)
    files = {}
    for part, count in (("train", 30), ("t10k", 12)):
        files[f"{part}-images-idx3-ubyte"] = idx(rng.integers(0, 256, (count, side, side), np.uint8))
        files[f"{part}-labels-idx1-ubyte"] = idx(rng.integers(0, 10, count, np.uint8))
    return files


def cifar_files() -> dict[str, bytes]:
    """The six files, of four records each."""
    rng = np.random.default_rng(1)
    names = [*(f"data_batch_{index}.bin" for index in range(1, 6)), "test_batch.bin"]
    records = rng.integers(0, 256, (6, 4, 3073), np.uint8)
    records[..., 0] %= 10
    return {name: one.tobytes() for name, one in zip(names, records, strict=True)}


def write(folder: Path, files: Mapping[str, bytes], *, gzipped: bool = False) -> Path:
    """Write `files` into `folder`, below which their names may lie."""
    for name, data in files.items():
        path = folder / (f"{name}.gz" if gzipped else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data, mtime=0) if gzipped else data)
    return folder
