"""MNIST, or anything in its files: Fashion-MNIST, KMNIST."""

from pathlib import Path

from workloads.tasks.pictures import Pictures
from workloads.tasks.readers.idx import read_mnist


class Mnist(Pictures):
    """The files that begin with t10k are held out."""

    name = "mnist"
    summary = "images in the files of MNIST, of ten classes"
    reads = "a folder with the four files of MNIST, as they are or gzipped"

    def __init__(self, path: Path) -> None:
        super().__init__(*read_mnist(path), classes=10)
