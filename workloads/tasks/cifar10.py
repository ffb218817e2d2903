"""CIFAR-10 in its binary version."""

from pathlib import Path

from workloads.tasks.pictures import Pictures
from workloads.tasks.readers.cifar import read_cifar10


class Cifar10(Pictures):
    """test_batch.bin is held out."""

    name = "cifar10"
    summary = "colour images of 32 x 32 pixels, of ten classes"
    reads = "a folder with the six .bin files of CIFAR-10's binary version"

    def __init__(self, path: Path) -> None:
        super().__init__(*read_cifar10(path), classes=10)
