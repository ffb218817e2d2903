"""The files of MNIST: bytes behind a header of big-endian sizes (the IDX format), gzipped or not."""

import zlib
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, Problem
from simulator.places import printable
from workloads.tasks.pictures import SIDE_MAX, Labelled
from workloads.tasks.readers.inflate import MAGIC, Inflated
from workloads.tasks.readers.labels import check_labels
from workloads.tasks.readers.regular import entries, regular

RIGHT = "give one of the files of MNIST"
FOLDER = "give a folder with the four files of MNIST"
PARTS = ("train", "t10k")
CHUNK = 2**20
BYTES_MAX = 2**27


def read_idx(path: Path, axes: int) -> NDArray[np.uint8]:
    """The array of bytes with `axes` axes that a file holds, gzipped or not."""
    with regular(path, RIGHT, within=True) as (file, size):
        try:
            if file.read(len(MAGIC)) != MAGIC:
                file.seek(0)
                return _Idx(path, file).array(axes, size)
            file.seek(0)
            return _Idx(path, Inflated(file)).array(axes, None)
        except zlib.error as error:
            _stop(path, f"is damaged as a gzip file ({error})", "get the file again")


def _stop(path: Path, what: str, right: str = RIGHT) -> NoReturn:
    raise InputError.of(what, right, where=printable(str(path)))


class _Idx:
    """An IDX file, open to read."""

    def __init__(self, path: Path, source: BinaryIO | Inflated) -> None:
        self.path, self.source = path, source

    def array(self, axes: int, size: int | None) -> NDArray[np.uint8]:
        """Its array; `size` is that of the file where it is known before it is read."""
        header = self.source.read(4 + 4 * axes)
        magic = bytes([0, 0, 8, axes])
        if header[:4] != magic:
            seen = f"0x{header[:4].hex()}" if header else "nothing"
            _stop(self.path, f"begins with {seen}, not with 0x{magic.hex()}")
        if len(header) < 4 + 4 * axes:
            _stop(self.path, f"ends within its header, after {len(header)} bytes")
        shape = tuple(int.from_bytes(header[at : at + 4], "big") for at in range(4, len(header), 4))
        declared = prod(shape)
        sizes = " x ".join(map(str, shape))
        if not 0 < declared <= BYTES_MAX:
            _stop(self.path, f"declares {sizes} values", f"a file has from 1 to {BYTES_MAX}")
        if size is not None and size != len(header) + declared:
            _stop(self.path, f"has {size} bytes where {sizes} values need {len(header) + declared}")
        return self._values(declared).reshape(shape)

    def _values(self, declared: int) -> NDArray[np.uint8]:
        values = np.empty(declared, np.uint8)
        filled = 0
        while filled < declared and (piece := self.source.read(min(CHUNK, declared - filled))):
            values[filled : filled + len(piece)] = np.frombuffer(piece, np.uint8)
            filled += len(piece)
        if filled < declared:
            _stop(self.path, f"ends after {filled} of the {declared} values that its header declares")
        if self.source.read(1):
            _stop(self.path, f"goes on after the {declared} values that its header declares")
        return values


def _find(folder: Path, names: set[str], part: str, kind: str) -> Path:
    """The file with the images or the labels of one part, by any of the names that it is spread under."""
    axes = {"images": 3, "labels": 1}[kind]
    plain = [f"{part}-{kind}-idx{axes}-ubyte", f"{part}-{kind}.idx{axes}-ubyte"]
    for name in plain:
        for full in (name, f"{name}.gz"):
            if full in names:
                return folder / full
    raise InputError.of(f"has no file {plain[0]}", FOLDER, where=printable(str(folder)))


def _read_part(folder: Path, names: set[str], part: str) -> Labelled:
    """The images and labels of one part, which agree in number; every problem of both files is told."""
    problems: list[Problem] = []
    read: dict[str, NDArray[Any]] = {}
    for kind, axes in (("images", 3), ("labels", 1)):
        try:
            path = _find(folder, names, part, kind)
            read[kind] = read_idx(path, axes)
            (_check_sides if kind == "images" else check_labels)(path, read[kind])
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    images, labels = read["images"], read["labels"]
    if len(images) != len(labels):
        what = f"part {part} has {len(images)} images and {len(labels)} labels"
        raise InputError.of(what, "give files that belong together", where=printable(str(folder)))
    return Labelled(images[..., None], labels.astype(np.int64))


def _check_sides(path: Path, images: NDArray[np.uint8]) -> None:
    _, rows, columns = images.shape
    if rows != columns or rows > SIDE_MAX:
        _stop(path, f"has images of {rows} x {columns} pixels", f"images are square, of {SIDE_MAX} at most")


def read_mnist(folder: Path) -> tuple[Labelled, Labelled]:
    """What is trained on and what is held out, from the four files in `folder`."""
    names = {entry.name for entry in entries(folder, FOLDER)}
    problems: list[Problem] = []
    parts = []
    for part in PARTS:
        try:
            parts.append(_read_part(folder, names, part))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    trained, held = parts
    if trained.images.shape[1:] != held.images.shape[1:]:
        sides = " and ".join(str(part.images.shape[1]) for part in parts)
        what = f"the two parts have images of {sides} pixels a side"
        raise InputError.of(what, "give files that belong together", where=printable(str(folder)))
    return trained, held
