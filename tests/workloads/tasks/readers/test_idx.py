import gzip
import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import examples
from tests.workloads.tasks.readers.made_files import idx, mnist_files, outcome, refused, write
from workloads.tasks import load_task
from workloads.tasks.pictures import Pictures
from workloads.tasks.readers.idx import read_idx, read_mnist

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
ONE_OF = "give one of the files of MNIST"
FOLDER = "give a folder with the four files of MNIST"


def test_the_four_files_give_the_two_parts(tmp_path: Path) -> None:
    files = mnist_files()
    trained, held = read_mnist(write(tmp_path, files))
    assert (trained.images.shape, held.images.shape) == ((30, 6, 6, 1), (12, 6, 6, 1))
    assert trained.images.tobytes() == files[IMAGES][16:]
    assert held.labels.tolist() == list(files["t10k-labels-idx1-ubyte"][8:])


def test_gzipped_files_and_other_names_read_the_same(tmp_path: Path) -> None:
    files = mnist_files()
    dotted = {name.replace("-idx", ".idx"): data for name, data in files.items()}
    folders = [
        write(tmp_path / "plain", files),
        write(tmp_path / "gzip", files, gzipped=True),
        write(tmp_path / "dotted", dotted),
    ]
    tasks = [load_task("mnist", path=folder) for folder in folders]
    assert len({task.digest for task in tasks}) == 1
    assert load_task("mnist", path=write(tmp_path / "other", mnist_files(1))).digest != tasks[0].digest


def test_a_task_of_them_scales_pixels_to_one(tmp_path: Path) -> None:
    task = load_task("mnist", path=write(tmp_path, mnist_files()))
    assert isinstance(task, Pictures)
    held = task.held_out(12)[0]
    assert np.allclose(held.inputs, task.held.images / 127.5 - 1, atol=1e-6)
    assert held.targets.tolist() == task.held.labels.tolist()


GOOD = idx(np.arange(24, dtype=np.uint8).reshape(6, 2, 2))
WRONG = {
    "empty": (b"", "begins with nothing, not with 0x00000803"),
    "labels": (idx(np.zeros(3, np.uint8)), "begins with 0x00000801, not with 0x00000803"),
    "floats": (b"\0\0\x0d\3" + GOOD[4:], "begins with 0x00000d03, not with 0x00000803"),
    "header": (GOOD[:10], "ends within its header, after 10 bytes"),
    "short": (GOOD[:-1], "has 39 bytes where 6 x 2 x 2 values need 40"),
    "long": (GOOD + b"\0", "has 41 bytes where 6 x 2 x 2 values need 40"),
}


@pytest.mark.parametrize(("data", "what"), WRONG.values(), ids=WRONG)
def test_a_file_that_is_not_what_it_should_be(tmp_path: Path, data: bytes, what: str) -> None:
    path = write(tmp_path, {"a": data}) / "a"
    assert refused(tmp_path, lambda: read_idx(path, 3)) == [f"a: {what}; {ONE_OF}"]


@pytest.mark.parametrize("shape", [(2**31, 2**31, 2**31), (0, 28, 28), (2**27 + 1, 1, 1)])
def test_sizes_are_refused_before_memory_is_taken(tmp_path: Path, shape: tuple[int, ...]) -> None:
    header = b"\0\0\x08\3" + b"".join(size.to_bytes(4, "big") for size in shape)
    expected = f"declares {' x '.join(map(str, shape))} values; a file has from 1 to {2**27}"
    for gzipped in (False, True):
        write(tmp_path, {"a": header}, gzipped=gzipped)
        path = tmp_path / ("a.gz" if gzipped else "a")
        assert refused(tmp_path, partial(read_idx, path, 3)) == [f"{path.name}: {expected}"]


def test_a_gzipped_file_is_checked_to_its_end(tmp_path: Path) -> None:
    def lines(data: bytes) -> list[str]:
        (tmp_path / "a").write_bytes(data)
        return refused(tmp_path, lambda: read_idx(tmp_path / "a", 3))

    packed = gzip.compress(GOOD, mtime=0)
    again = "get the file again"
    assert lines(gzip.compress(GOOD[:-1])) == [
        f"a: ends after 23 of the 24 values that its header declares; {ONE_OF}"
    ]
    assert lines(gzip.compress(GOOD + b"\0")) == [
        f"a: goes on after the 24 values that its header declares; {ONE_OF}"
    ]
    soon = f"a: is damaged as a gzip file (the compressed data end too soon); {again}"
    assert [lines(packed[:-count]) for count in (1, 8, 12)] == [[soon]] * 3
    follows = f"a: is damaged as a gzip file (something follows the compressed data); {again}"
    assert lines(packed + b"x") == lines(packed + packed) == [follows]
    (flipped,) = lines(packed[:-6] + bytes([packed[-6] ^ 1]) + packed[-5:])
    assert flipped.startswith("a: is damaged as a gzip file (Error -3")


@given(st.data())
@examples(60)
def test_a_damaged_gzip_file_is_read_right_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    packed = bytearray(gzip.compress(GOOD, mtime=0))
    at = data.draw(st.integers(0, len(packed) - 1))
    packed[at] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(bytes(packed))
    found = outcome(lambda: read_idx(path, 3))
    assert found.startswith(f"{path}: ") if isinstance(found, str) else found.tobytes() == GOOD[16:]


def test_every_problem_of_a_folder_is_told_at_once(tmp_path: Path) -> None:
    files = mnist_files()
    del files["t10k-images-idx3-ubyte"]
    files[LABELS] = idx(np.array([3, 10, 255, *[0] * 27], np.uint8))
    files["t10k-labels-idx1-ubyte"] = b"oops"
    write(tmp_path, files)
    assert refused(tmp_path, lambda: read_mnist(tmp_path)) == [
        f"{LABELS}: label 1 is 10, and 1 more are above 9 too; a label is from 0 to 9",
        f".: has no file t10k-images-idx3-ubyte; {FOLDER}",
        f"t10k-labels-idx1-ubyte: begins with 0x6f6f7073, not with 0x00000801; {ONE_OF}",
    ]


def test_counts_and_sides_agree(tmp_path: Path) -> None:
    files = mnist_files()
    zeros = np.zeros
    together = "give files that belong together"
    cases = {
        ".: part train has 30 images and 29 labels; " + together: {LABELS: idx(zeros(29, np.uint8))},
        ".: the two parts have images of 5 and 6 pixels a side; " + together: {
            IMAGES: idx(zeros((30, 5, 5), np.uint8))
        },
        f"{IMAGES}: has images of 5 x 6 pixels; images are square, of 256 at most": {
            IMAGES: idx(zeros((30, 5, 6), np.uint8))
        },
        f"{IMAGES}: has images of 257 x 257 pixels; images are square, of 256 at most": {
            IMAGES: idx(zeros((30, 257, 257), np.uint8))
        },
    }
    for expected, changed in cases.items():
        write(tmp_path, {**files, **changed})
        assert refused(tmp_path, lambda: read_mnist(tmp_path)) == [expected]


def test_what_is_no_folder_or_no_file(tmp_path: Path) -> None:
    write(tmp_path / "good", mnist_files())
    missing = refused(tmp_path, lambda: load_task("mnist", path=tmp_path / "nowhere"))
    assert missing == [f"nowhere: cannot be read (no such file or directory); {FOLDER}"]
    assert refused(tmp_path, lambda: load_task("mnist", path=tmp_path / "good" / IMAGES)) == [
        f"good/{IMAGES}: cannot be read (not a directory); {FOLDER}"
    ]
    assert refused(tmp_path, lambda: load_task("mnist", path="a\0b")) == [
        f"a\\x00b: no file has such a name; {FOLDER}"
    ]


def test_a_pipe_a_folder_or_a_link_in_place_of_a_file(tmp_path: Path) -> None:
    write(tmp_path, mnist_files())
    path = tmp_path / IMAGES
    path.rename(tmp_path / "moved")
    os.mkfifo(path)
    assert refused(tmp_path, lambda: read_mnist(tmp_path)) == [f"{IMAGES}: is a device or pipe; {ONE_OF}"]
    path.unlink()
    path.mkdir()
    assert refused(tmp_path, lambda: read_mnist(tmp_path)) == [
        f"{IMAGES}: cannot be read (is a directory); {ONE_OF}"
    ]
    path.rmdir()
    path.symlink_to(tmp_path / "moved")
    assert refused(tmp_path, lambda: read_mnist(tmp_path)) == [
        f"{IMAGES}: is a link; put the file itself into the folder"
    ]
