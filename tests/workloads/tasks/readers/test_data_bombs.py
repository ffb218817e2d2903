"""No data are too much: the largest that are read, and bombs, end within 5 s and 1 GiB."""

import gzip
import io
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.workloads.tasks.readers.made_files import mnist_files, outcome, write
from workloads.tasks import Task, load_task

ROOT = Path(__file__).parents[4]
HEADER = b"\0\0\x08\3" + b"".join(size.to_bytes(4, "big") for size in (2**11, 2**8, 2**8))


def zeros_gzipped(mib: int, head: bytes = b"") -> bytes:
    """`head` and then as many MiB of zeros as a gzip file, a thousandth as long."""
    packed = io.BytesIO()
    with gzip.open(packed, "wb", compresslevel=1) as file:
        file.write(head)
        for _ in range(mib):
            file.write(bytes(2**20))
    return packed.getvalue()


def sparse(path: Path, head: bytes, size: int) -> None:
    """A file of `size` bytes of which only `head` takes room on the disk."""
    path.write_bytes(head)
    with path.open("r+b") as file:
        file.truncate(size)


def bombs(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """A name, a task, and the path of its data, made when they are asked for."""
    path = write(folder / "inflates", mnist_files())
    (path / "train-images-idx3-ubyte").unlink()
    (path / "train-images-idx3-ubyte.gz").write_bytes(zeros_gzipped(256))
    yield "inflates without a header", "mnist", path
    (path / "train-images-idx3-ubyte.gz").write_bytes(zeros_gzipped(256, HEADER))
    yield "inflates past its header", "mnist", path
    sparse(path / "train-images-idx3-ubyte", HEADER, 2**40)
    yield "a terabyte", "mnist", path


def largest(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """The same for data that are as large as any that are read, and for one image more."""
    line = "a b c é 😀 \n".encode()
    (folder / "text").write_bytes(line * (2**27 // len(line)))
    yield "the longest text", "text", folder / "text"
    sparse(folder / "zeros", b"x", 2**27)
    yield "zeros", "text", folder / "zeros"
    path = folder / "cifar"
    path.mkdir()
    for name in (*(f"data_batch_{index}.bin" for index in range(1, 6)), "test_batch.bin"):
        sparse(path / name, b"", 3073 * 12_000)
    yield "the most images", "cifar10", path
    image = io.BytesIO()
    np.save(image, np.zeros((256, 256, 3), np.uint8))
    files = {f"{name}/{index}.npy": image.getvalue() for name in "ab" for index in range(682)}
    yield "the largest images", "images", write(folder / "images", files)
    (folder / "images" / "a" / "more.npy").write_bytes(image.getvalue())
    (folder / "images" / "a" / "most.npy").write_bytes(image.getvalue())
    yield "one image more", "images", folder / "images"


BOMBS = {
    "inflates without a header": "begins with 0x00000000",
    "inflates past its header": "goes on after the 134217728 values",
    "a terabyte": "has 1099511627776 bytes",
}
LARGEST = {
    "the longest text": "read",
    "zeros": "read",
    "the most images": "read",
    "the largest images": "read",
    "one image more": "are 1366 images of 256 x 256 x 3",
}


@pytest.mark.parametrize(
    "expected", [BOMBS, pytest.param(LARGEST, marks=pytest.mark.full)], ids=["bombs", "largest"]
)
def test_everything_ends_soon_and_small(tmp_path: Path, expected: dict[str, str]) -> None:
    kind = "bombs" if expected is BOMBS else "largest"
    command = [sys.executable, "-m", __name__, kind, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    found = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert list(found) == list(expected)
    assert {name: found[name] for name, seen in expected.items() if seen not in found[name]} == {}


def main(kind: str, folder: Path) -> None:
    """Load each with 1 GiB of memory, and print what came of it if that took less than 5 s."""
    for name, task, path in (bombs if kind == "bombs" else largest)(folder):
        start = time.process_time()
        found = _with_limit(task, path)
        if time.process_time() - start < 5:
            sys.stdout.write(f"{name}: {found if isinstance(found, str) else 'read'}\n")


def _with_limit(task: str, path: Path) -> Task | str:
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (2**30, hard))
    try:
        return outcome(lambda: load_task(task, path=path))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
