"""Writing: whole or not at all, an earlier result stays, and strangers' files are never removed."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from simulator.atomic import locked, replacing_directory, write_file
from simulator.errors import InputError

RIGHT = "name a place that can be written and has room; an earlier result there is unchanged"


def full_disk(*_: object) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "result.json"
    write_file(file, b"old")
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(InputError) as refused:
        write_file(file, b"new")
    assert str(refused.value) == f"{file}: cannot be written: No space left on device; {RIGHT}"
    assert file.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["result.json"]


def test_a_file_where_a_folder_is_needed(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"")
    with pytest.raises(InputError) as refused:
        write_file(tmp_path / "x" / "y.json", b"")
    assert str(refused.value) == f"{tmp_path}/x/y.json: cannot be written: Not a directory; {RIGHT}"


@pytest.mark.parametrize(
    ("make", "found"), [(os.mkfifo, "is a device or pipe"), (os.mkdir, "is a directory")]
)
def test_only_a_file_is_replaced_by_a_file(tmp_path: Path, make: Callable[[Path], None], found: str) -> None:
    """A device most of all: whoever may would replace /dev/null for every program."""
    make(tmp_path / "x")
    before = (tmp_path / "x").stat()
    with pytest.raises(InputError) as refused:
        write_file(tmp_path / "x", b"data")
    assert str(refused.value) == f"{tmp_path}/x: {found}; name a file"
    assert (tmp_path / "x").stat().st_ino == before.st_ino


@pytest.mark.parametrize("device", ["/dev/null", "/dev/full"])
def test_a_device_is_no_file(device: str) -> None:
    with pytest.raises(InputError, match="is a device or pipe; name a file"):
        write_file(Path(device), b"data")


def test_a_file_behind_a_link_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    for data in (b"old", b"new"):
        write_file(tmp_path / "link", data)
        assert (tmp_path / "file").read_bytes() == data
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize(
    "write",
    [lambda path: write_file(path, b""), lambda path: replacing_directory(path, mark="m").__enter__()],
)
@pytest.mark.parametrize("name", ["loop", "x" * 300, "x" * 250])
def test_a_name_that_cannot_be_is_said(tmp_path: Path, name: str, write: Callable[[Path], object]) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(InputError, match=r"cannot be written: (Too many levels|File name too long)"):
        write(tmp_path / name)
    assert [entry.name for entry in tmp_path.iterdir()] == ["loop"]


@pytest.mark.parametrize("place", [".", "..", "/"])
def test_the_current_directory_is_never_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "mark").touch()
    with pytest.raises(InputError), replacing_directory(Path(place), mark="mark"):
        pass
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["here", "mark"]
    if place != "/":
        with pytest.raises(InputError, match="is the current directory, or one that holds it"):
            replacing_directory(Path(place), mark="mark").__enter__()


def test_a_directory_is_replaced_whole(tmp_path: Path) -> None:
    for content in ("old", "new"):
        with replacing_directory(tmp_path / "t", mark="mark") as fresh:
            (fresh / "mark").write_text(content)
            assert not (tmp_path / "t" / "mark").exists() or content == "new"
    assert (tmp_path / "t" / "mark").read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["t"]


def test_a_failure_leaves_the_old_directory(tmp_path: Path) -> None:
    with replacing_directory(tmp_path / "t", mark="mark") as fresh:
        (fresh / "mark").write_text("old")

    def fails() -> None:
        with replacing_directory(tmp_path / "t", mark="mark") as fresh:
            (fresh / "mark").write_text("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    assert (tmp_path / "t" / "mark").read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["t"]


def test_a_last_move_that_is_refused_brings_the_old_directory_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with replacing_directory(tmp_path / "t", mark="mark") as fresh:
        (fresh / "mark").write_text("old")
    rename = Path.rename

    def refuse_new(path: Path, target: Path) -> Path:
        return full_disk() if path.name == ".t.new" else rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse_new)
    with pytest.raises(InputError, match="No space left"), replacing_directory(tmp_path / "t", mark="mark"):
        pass
    assert (tmp_path / "t" / "mark").read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["t"]


def test_a_kill_after_the_last_move_is_mended(tmp_path: Path) -> None:
    for name in ("t", ".t.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mark").write_text(name)
    with replacing_directory(tmp_path / "t", mark="mark") as fresh:
        (fresh / "mark").write_text("new")
    assert (tmp_path / "t" / "mark").read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["t"]


def test_a_kill_between_the_last_two_moves_is_mended(tmp_path: Path) -> None:
    (tmp_path / ".t.old").mkdir()
    (tmp_path / ".t.old" / "mark").write_text("old")

    def fails() -> None:
        with replacing_directory(tmp_path / "t", mark="mark"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    assert (tmp_path / "t" / "mark").read_text() == "old"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda t: (t.mkdir(), (t / "thesis.tex").write_text("x")),
            "the directory holds files, but no mark of an earlier result; name a new or an empty directory",
        ),
        (lambda t: t.write_text("x"), "is a file; name a directory"),
    ],
)
def test_strangers_files_are_never_removed(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    target = tmp_path / "t"
    make(target)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError) as refused, replacing_directory(target, mark="mark"):
        pass
    assert str(refused.value) == f"{target}: {message}"
    assert sorted(tmp_path.rglob("*")) == before


def test_a_lock_is_held_once_and_leaves_no_file(tmp_path: Path) -> None:
    with locked(tmp_path / "t"):
        with pytest.raises(InputError, match="another process is writing here"), locked(tmp_path / "t"):
            pass
        assert (tmp_path / ".t.lock").exists()
    with locked(tmp_path / "t"):
        pass
    assert list(tmp_path.iterdir()) == []
