"""A folder of images for each class; sizes are read and checked before any pixel is."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, Problem
from simulator.places import PROBLEMS_MAX, printable
from workloads.tasks.pictures import BYTES_MAX, SIDE_MAX, Labelled
from workloads.tasks.readers.regular import entries, regular

HELD_OUT_EVERY = 5
CLASSES_MAX = 1000
FILE_BYTES_MAX = 2**24
FOLDER = "give a folder with a folder of .png, .jpg or .npy images for each class"
AGAIN = "save the image again"
SQUARE = f"images are square, from 1 to {SIDE_MAX} pixels a side, grey or RGB"
CHANNELS = {"L": 1, "RGB": 3}
Pixels = NDArray[np.uint8]


def read_images(folder: Path) -> tuple[Labelled, Labelled, int]:
    """What is trained on, every fifth image of each class that is held out, and the number of classes."""
    files, classes = _listed(folder)
    pixels = _read_all(files)
    labels = np.array([label for _, label, _ in files], np.int64)
    held = np.array([held for _, _, held in files])
    return Labelled(pixels[~held], labels[~held]), Labelled(pixels[held], labels[held]), classes


def _listed(folder: Path) -> tuple[list[tuple[Path, int, bool]], int]:
    """The files with their classes and whether they are held out, by class and name."""
    found = entries(folder, FOLDER)
    problems = [_stray(Path(entry.path)) for entry in found if not entry.is_dir(follow_symlinks=False)]
    classes = [Path(entry.path) for entry in found if entry.is_dir(follow_symlinks=False)]
    if not 2 <= len(classes) <= CLASSES_MAX:
        what = f"has {len(classes)} {'folder' if len(classes) == 1 else 'folders'}"
        right = f"give each of 2 to {CLASSES_MAX} classes a folder of its own"
        problems.append(Problem(where=printable(str(folder)), what=what, right=right))
        raise InputError(problems[-PROBLEMS_MAX:])
    files: list[tuple[Path, int, bool]] = []
    for label, one in enumerate(classes):
        images = [Path(entry.path) for entry in entries(one, FOLDER)]
        problems += [_stray(path) for path in images if path.suffix.lower() not in READERS]
        if len(images) < HELD_OUT_EVERY:
            right = f"a class has at least {HELD_OUT_EVERY}, of which one is held out"
            problems.append(Problem(where=printable(str(one)), what=f"has {len(images)} images", right=right))
        files += (
            (path, label, index % HELD_OUT_EVERY == HELD_OUT_EVERY - 1) for index, path in enumerate(images)
        )
    if problems:
        raise InputError(problems[:PROBLEMS_MAX])
    return files, len(classes)


def _stray(path: Path) -> Problem:
    return Problem(where=printable(str(path)), what="is no image of a class", right=FOLDER)


def _read_all(files: list[tuple[Path, int, bool]]) -> Pixels:
    """All images, which are of one size: that of the first."""
    first = _read(files[0][0], None)
    if len(files) * first.size > BYTES_MAX:
        what = f"are {len(files)} images of {_sizes(first.shape)}"
        right = f"their values are {BYTES_MAX} at most; give fewer or smaller ones"
        raise InputError.of(what, right, where=printable(str(files[0][0].parents[1])))
    pixels = np.empty((len(files), *first.shape), np.uint8)
    problems: list[Problem] = []
    for index, (path, _, _) in enumerate(files):
        try:
            pixels[index] = _read(path, first.shape)
        except InputError as error:
            problems += error.problems
            if len(problems) >= PROBLEMS_MAX:
                break
    if problems:
        raise InputError(problems)
    return pixels


def _read(path: Path, expected: tuple[int, ...] | None) -> Pixels:
    """One image (side, side, channels), of the `expected` shape where there is one."""
    with regular(path, AGAIN, within=True) as (file, size):
        if size > FILE_BYTES_MAX:
            raise _refusal(path, f"has {size} bytes", f"an image has {FILE_BYTES_MAX} at most")
        try:
            return READERS[path.suffix.lower()](path, file, expected)
        except InputError:
            raise
        except Exception as error:  # what reads images raises anything at all on a damaged one
            what = f"is no {path.suffix[1:].lower()} image that can be read ({type(error).__name__})"
            raise _refusal(path, what, AGAIN) from None


def _read_picture(path: Path, file: BinaryIO, expected: tuple[int, ...] | None) -> Pixels:
    """A PNG or JPEG, of which Pillow has read no more than the header when its size is checked."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our limit is far below
        try:
            opened = Image.open(file, formats=("PNG", "JPEG"))
        except Image.DecompressionBombError:
            raise _refusal(path, "has far too many pixels", SQUARE) from None
        with opened as image:
            if image.mode not in CHANNELS:
                right = "save it as 8-bit grey or RGB, without transparency or palette"
                raise _refusal(path, f"has pixels of the kind {image.mode}", right)
            shape = (image.height, image.width, CHANNELS[image.mode])
            _check_shape(path, shape, expected)
            return np.asarray(image, np.uint8).reshape(shape)


def _read_array(path: Path, file: BinaryIO, expected: tuple[int, ...] | None) -> Pixels:
    """A .npy file of bytes, (side, side) or (side, side, channels)."""
    version = np.lib.format.read_magic(file)
    read: Any = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    shape, by_columns, dtype = read[version](file)
    if dtype != np.uint8:
        raise _refusal(path, f"holds {dtype} values", "save the pixels as uint8, from 0 to 255")
    full = (*shape, 1) if len(shape) == 2 else tuple(shape)
    _check_shape(path, full, expected)
    count = full[0] * full[1] * full[2]
    data = np.frombuffer(file.read(count + 1), np.uint8)
    if len(data) != count:
        least = "more" if len(data) > count else "fewer"
        raise _refusal(path, f"holds {least} than the {count} values of its header", AGAIN)
    return data.reshape(full, order="F" if by_columns else "C")


def _check_shape(path: Path, shape: tuple[int, ...], expected: tuple[int, ...] | None) -> None:
    right = SQUARE
    good = len(shape) == 3 and shape[0] == shape[1] and 1 <= shape[0] <= SIDE_MAX and shape[2] in (1, 3)
    if not good or expected not in (None, shape):
        if good and expected:
            right = f"all images are as the first one, {_sizes(expected)}"
        raise _refusal(path, f"is {_sizes(shape)}", right)


def _sizes(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _refusal(path: Path, what: str, right: str) -> InputError:
    return InputError.of(what, right, where=printable(str(path)))


READERS: dict[str, Callable[[Path, BinaryIO, tuple[int, ...] | None], Pixels]] = {
    ".png": _read_picture,
    ".jpg": _read_picture,
    ".jpeg": _read_picture,
    ".npy": _read_array,
}
