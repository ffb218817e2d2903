"""Writing so that a killed run, a full disk or a second process never leaves a half-written result."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from simulator.errors import InputError


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses while writing `path` into one clear line."""
    try:
        yield
    except OSError as error:
        raise InputError.of(
            f"cannot be written: {error.strerror or error}",
            "name a place that can be written and has room; an earlier result there is unchanged",
            where=str(path),
        ) from error


def resolved(path: Path) -> Path:
    """`path` with its links followed; one that leads to itself is an OSError, whatever the Python."""
    with suppress(FileNotFoundError):
        path.stat()
    return path.resolve()


def write_file(path: Path, data: bytes) -> None:
    """Replace the file `path` by `data` in one move: at every moment it is the old or the new one, whole.

    A link stays, and what it leads to is replaced. A directory, a device or a pipe is left alone.
    """
    with writing(path):
        target = resolved(path)
        if target.exists() and not target.is_file():
            found = "is a directory" if target.is_dir() else "is a device or pipe"
            raise InputError.of(found, "name a file", where=str(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold `path` for this process alone, by a lock file beside it; another holder is an InputError.

    The lock is the kernel's and ends with its holder, so a dead holder's lock is free at once.
    """
    with writing(path):
        beside = resolved(path)
        file = beside.with_name(f".{beside.name}.lock")
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = _lock(file)
    if handle is None:
        right = "wait for it, or name another directory"
        raise InputError.of("another process is writing here", right, where=str(path))
    try:
        yield
    finally:
        with suppress(OSError):
            file.unlink()
        os.close(handle)


def _lock(file: Path) -> int | None:
    """The handle of a lock on `file`, or None if taken; a file that its last holder removed is retried."""
    while True:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_ino == file.stat().st_ino:
                return handle
        except BlockingIOError:
            os.close(handle)
            return None
        except FileNotFoundError:
            pass
        os.close(handle)


@contextmanager
def replacing_directory(path: Path, *, mark: str) -> Iterator[Path]:
    """Fill a fresh directory that takes the place of `path` when the block ends well, and only then.

    An existing `path` is replaced only if it is empty or holds the file `mark`: nothing but an earlier result
    of the same kind is ever removed.
    """
    check_replaceable(path, mark=mark)
    with writing(path):
        target = resolved(path)
    if _holds_us(target):
        found = "is the current directory, or one that holds it"
        raise InputError.of(found, "name a directory within it", where=str(path))
    fresh, old = (target.with_name(f".{target.name}.{kind}") for kind in ("new", "old"))
    with locked(path):
        try:
            with writing(path):
                _mend(target, fresh, old)
                fresh.mkdir()
            yield fresh
            with writing(path):
                if target.exists():
                    target.rename(old)
                fresh.rename(target)
        finally:
            with suppress(OSError):
                _mend(target, fresh, old)


def _holds_us(directory: Path) -> bool:
    """Whether the current directory lies in `directory`, which then cannot be moved without moving us."""
    try:
        here = Path.cwd()
    except FileNotFoundError:  # it was removed
        return False
    return directory in (here, *here.parents)


def _mend(target: Path, fresh: Path, old: Path) -> None:
    """Bring back an old result that was moved away, and remove what a killed or refused run has left."""
    if old.exists() and not target.exists():
        old.rename(target)
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def check_replaceable(path: Path, *, mark: str) -> None:
    """Refuse an output directory that holds something other than an earlier result of the same kind."""
    with writing(path):
        if path.is_dir() and not (path / mark).is_file() and any(path.iterdir()):
            raise InputError.of(
                f"the directory holds files, but no {mark} of an earlier result",
                "name a new or an empty directory",
                where=str(path),
            )
        if path.exists() and not path.is_dir():
            raise InputError.of("is a file", "name a directory", where=str(path))
