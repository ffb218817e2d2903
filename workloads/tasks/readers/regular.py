"""Regular files and folders of the user's, opened so that nothing blocks and a failure is one clear line."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from simulator.errors import InputError
from simulator.places import printable

ENTRIES_MAX = 100_000


@contextmanager
def reading(path: Path, right: str) -> Iterator[None]:
    """Say of a failure of the system within that it concerns `path`, and what would be `right`."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError.of(f"cannot be read ({reason})", right, where=printable(str(path))) from None


@contextmanager
def regular(path: Path, right: str, *, within: bool = False) -> Iterator[tuple[BinaryIO, int]]:
    """A regular file, open to read, and its bytes; one `within` a folder must not be a link out of it."""
    where = printable(str(path))
    with reading(path, right), _opened(path, right, within) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise InputError.of("is a device or pipe", right, where=where)
        yield file, status.st_size


def entries(folder: Path, right: str) -> list[os.DirEntry[str]]:
    """What lies in a folder, by name; hidden entries are left out."""
    found: list[os.DirEntry[str]] = []
    where = printable(str(folder))
    with reading(folder, right), _listing(folder, right) as listed:
        for entry in listed:
            if not entry.name.startswith("."):
                found.append(entry)
            if len(found) > ENTRIES_MAX:
                raise InputError.of(f"has more than {ENTRIES_MAX} entries", right, where=where)
    return sorted(found, key=lambda entry: entry.name)


def _opened(path: Path, right: str, within: bool) -> BinaryIO:
    flags = os.O_RDONLY | os.O_NONBLOCK | (os.O_NOFOLLOW if within else 0)
    with _name(path, right):
        if within and path.is_symlink():
            right = "put the file itself into the folder"
            raise InputError.of("is a link", right, where=printable(str(path)))
        return open(path, "rb", opener=lambda name, _: os.open(name, flags))


def _listing(folder: Path, right: str) -> "os._ScandirIterator[str]":
    with _name(folder, right):
        return os.scandir(folder)


@contextmanager
def _name(path: Path, right: str) -> Iterator[None]:
    """Refuse what can be the name of no file, such as one with a zero byte in it."""
    try:
        yield
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError.of("no file has such a name", right, where=printable(str(path))) from None
