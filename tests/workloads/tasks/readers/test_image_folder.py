import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.workloads.tasks.readers.made_files import refused, write
from workloads.tasks import load_task
from workloads.tasks.readers.image_folder import read_images

FOLDER = "give a folder with a folder of .png, .jpg or .npy images for each class"
AGAIN = "save the image again"


def pixels(seed: int, *shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def png(array: NDArray[np.uint8], mode: str | None = None, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(file, kind)
    return file.getvalue()


def npy(array: NDArray[np.generic]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def two_classes() -> dict[str, bytes]:
    return {
        f"{name}/{index}.png": png(pixels(index, 4, 4, 3)) for name in ("cat", "dog") for index in range(6)
    }


def lines(folder: Path, **changed: bytes) -> list[str]:
    """What is said of two good classes and the first dog as it is `changed`."""
    files = {**two_classes(), **{f"dog/0.{suffix}": data for suffix, data in changed.items()}}
    if "png" not in changed:
        del files["dog/0.png"]
    write(folder, files)
    return refused(folder, lambda: read_images(folder))


def test_classes_are_folders_by_name_and_every_fifth_image_is_held_out(tmp_path: Path) -> None:
    write(tmp_path, {**two_classes(), "cat/.hidden": b"", ".git/x": b""})
    trained, held, classes = read_images(tmp_path)
    assert classes == 2
    assert (trained.images.shape, held.images.shape) == ((10, 4, 4, 3), (2, 4, 4, 3))
    assert trained.labels.tolist() == [0] * 5 + [1] * 5
    assert held.labels.tolist() == [0, 1]
    assert np.array_equal(held.images[1], pixels(4, 4, 4, 3))
    assert np.array_equal(trained.images[4], pixels(5, 4, 4, 3))


def test_png_and_npy_of_the_same_pixels_are_the_same_task(tmp_path: Path) -> None:
    grey = {f"{name}/{index}": pixels(index, 5, 5) for name in "ab" for index in range(5)}
    kinds = {
        "png": {f"{name}.PNG": png(array) for name, array in grey.items()},
        "npy": {f"{name}.npy": npy(array) for name, array in grey.items()},
        "fortran": {f"{name}.npy": npy(np.asfortranarray(array)) for name, array in grey.items()},
        "deep": {f"{name}.npy": npy(array[..., None]) for name, array in grey.items()},
    }
    tasks = [load_task("images", path=write(tmp_path / kind, files)) for kind, files in kinds.items()]
    assert len({task.digest for task in tasks}) == 1
    assert (tasks[0].shape.channels, tasks[0].shape.outputs) == (1, 2)


def test_a_jpeg_is_read_about_as_it_was_saved(tmp_path: Path) -> None:
    flat = np.full((8, 8), 100, np.uint8)
    write(tmp_path, {f"{name}/{i}.jpg": png(flat, kind="JPEG") for name in "ab" for i in range(5)})
    trained, _, _ = read_images(tmp_path)
    assert np.abs(trained.images.astype(int) - 100).max() <= 2


def test_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    write(tmp_path / "one", {"only/1.png": b""})
    need = "give each of 2 to 1000 classes a folder of its own"
    assert refused(tmp_path, lambda: read_images(tmp_path / "one")) == [f"one: has 1 folder; {need}"]
    write(tmp_path / "flat", {"1.png": b"", "2.png": b""})
    assert refused(tmp_path, lambda: read_images(tmp_path / "flat")) == [
        f"flat/1.png: is no image of a class; {FOLDER}",
        f"flat/2.png: is no image of a class; {FOLDER}",
        f"flat: has 0 folders; {need}",
    ]
    write(tmp_path / "mixed", {**two_classes(), "readme.txt": b"", "cat/a.gif": b"", "eel/1.png": b""})
    assert refused(tmp_path / "mixed", lambda: read_images(tmp_path / "mixed")) == [
        f"readme.txt: is no image of a class; {FOLDER}",
        f"cat/a.gif: is no image of a class; {FOLDER}",
        "eel: has 1 images; a class has at least 5, of which one is held out",
    ]


def test_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "good", two_classes())
    path = tmp_path / "good" / "dog" / "3.png"
    path.unlink()
    path.symlink_to(tmp_path / "good" / "cat" / "3.png")
    assert refused(tmp_path, lambda: read_images(tmp_path / "good")) == [
        "good/dog/3.png: is a link; put the file itself into the folder"
    ]
    path.unlink()
    os.mkfifo(path)
    assert refused(tmp_path, lambda: read_images(tmp_path / "good")) == [
        f"good/dog/3.png: is a device or pipe; {AGAIN}"
    ]


def test_images_of_other_sizes_and_kinds(tmp_path: Path) -> None:
    first = "all images are as the first one, 4 x 4 x 3"
    square = "images are square, from 1 to 256 pixels a side, grey or RGB"
    plain = "save it as 8-bit grey or RGB, without transparency or palette"
    cases = {
        f"is 5 x 5 x 3; {first}": png(pixels(0, 5, 5, 3)),
        f"is 4 x 4 x 1; {first}": png(pixels(0, 4, 4)),
        f"is 4 x 5 x 3; {square}": png(pixels(0, 4, 5, 3)),
        f"is 257 x 257 x 3; {square}": png(pixels(0, 257, 257, 3)),
        f"has pixels of the kind RGBA; {plain}": png(pixels(0, 4, 4, 4)),
        f"has pixels of the kind P; {plain}": png(pixels(0, 4, 4, 3), "P"),
        f"is no png image that can be read (UnidentifiedImageError); {AGAIN}": b"oops",
    }
    for index, (expected, data) in enumerate(cases.items()):
        assert lines(tmp_path / str(index), png=data) == [f"dog/0.png: {expected}"]


def test_arrays_that_are_no_images(tmp_path: Path) -> None:
    good = npy(pixels(0, 4, 4, 3))
    pickled = io.BytesIO()
    np.save(pickled, np.array([object], dtype=object), allow_pickle=True)
    cases = {
        "holds float64 values; save the pixels as uint8, from 0 to 255": npy(np.zeros((4, 4, 3))),
        "holds object values; save the pixels as uint8, from 0 to 255": pickled.getvalue(),
        f"holds fewer than the 48 values of its header; {AGAIN}": good[:-1],
        f"holds more than the 48 values of its header; {AGAIN}": good + b"x",
        f"is no npy image that can be read (ValueError); {AGAIN}": b"oops",
        "is 1000000 x 1000000 x 1; images are square, from 1 to 256 pixels a side, grey or RGB": good.replace(
            b"(4, 4, 3)", b"(1000000, 1000000)"
        ).replace(b" " * 16, b" " * 7, 1),
    }
    for index, (expected, data) in enumerate(cases.items()):
        assert lines(tmp_path / str(index), npy=data) == [f"dog/0.npy: {expected}"]


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header declares a size, and whose few bytes of data inflate to a thousand times as much."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", header)
        + part(b"IDAT", zlib.compress(bytes(2**24)))
        + part(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [10_000, 100_000])
def test_a_picture_of_a_billion_pixels_is_refused_by_its_header(tmp_path: Path, side: int) -> None:
    (line,) = lines(tmp_path, png=bomb(side, side))
    what = f"is {side} x {side} x 3" if side == 10_000 else "has far too many pixels"
    assert line == f"dog/0.png: {what}; images are square, from 1 to 256 pixels a side, grey or RGB"


def test_a_picture_that_goes_on_inflating_is_cut_at_its_size(tmp_path: Path) -> None:
    files = {**two_classes(), "dog/0.png": bomb(4, 4)}
    trained, _, _ = read_images(write(tmp_path, files))
    assert not trained.images[5].any()


def test_all_images_together_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workloads.tasks.readers.image_folder.BYTES_MAX", 12 * 48 - 1)
    write(tmp_path, two_classes())
    assert refused(tmp_path, lambda: read_images(tmp_path)) == [
        ".: are 12 images of 4 x 4 x 3; their values are 575 at most; give fewer or smaller ones"
    ]
