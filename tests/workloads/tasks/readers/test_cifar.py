from pathlib import Path

from tests.workloads.tasks.readers.made_files import cifar_files, refused, write
from workloads.tasks import load_task
from workloads.tasks.readers.cifar import read_cifar10

FOLDER = "give a folder with the six .bin files of CIFAR-10's binary version"
RECORDS = "a file has from 1 to 12000 records of 3073 bytes"


def test_the_planes_of_a_record_become_the_channels_of_its_pixels(tmp_path: Path) -> None:
    files = cifar_files()
    trained, held = read_cifar10(write(tmp_path, files))
    assert (trained.images.shape, held.images.shape) == ((20, 32, 32, 3), (4, 32, 32, 3))
    fourth = files["data_batch_3.bin"][3073 * 1 :]
    assert trained.labels[9] == fourth[0]
    for row, column, channel in ((0, 0, 0), (5, 31, 1), (31, 2, 2)):
        assert trained.images[9, row, column, channel] == fourth[1 + channel * 1024 + row * 32 + column]
    assert held.labels.tolist() == list(files["test_batch.bin"][::3073])


def test_a_task_has_what_the_folder_holds(tmp_path: Path) -> None:
    task = load_task("cifar10", path=write(tmp_path, cifar_files()))
    assert (task.shape.side, task.shape.channels, task.shape.outputs) == (32, 3, 10)
    assert len(task.held_out(2)) == 2


def test_every_problem_of_a_folder_is_told_at_once(tmp_path: Path) -> None:
    files = cifar_files()
    del files["data_batch_2.bin"]
    files["data_batch_1.bin"] = files["data_batch_1.bin"][:-1]
    files["data_batch_3.bin"] = b""
    files["data_batch_4.bin"] = b"\x0a" + files["data_batch_4.bin"][1:]
    write(tmp_path, files)
    with (tmp_path / "data_batch_5.bin").open("wb") as file:
        file.truncate(3073 * 12_001)
    assert refused(tmp_path, lambda: read_cifar10(tmp_path)) == [
        f"data_batch_1.bin: has 12291 bytes; {RECORDS}",
        f".: has no file data_batch_2.bin; {FOLDER}",
        f"data_batch_3.bin: has 0 bytes; {RECORDS}",
        "data_batch_4.bin: label 0 is 10; a label is from 0 to 9",
        f"data_batch_5.bin: has {3073 * 12_001} bytes; {RECORDS}",
    ]
