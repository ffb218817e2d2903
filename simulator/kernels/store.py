"""Sealed files in a folder that is ours alone: one that is not whole is set aside, never read as if it were.

What is in them runs as machine code, and wrong code ends the process where no handler can stop it. So a file
is read only where nobody else can have written it, and only if its seal, over its name and content, is right.
"""

import logging
import os
import tempfile
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

MAGIC = b"nmsim kernel 1\n"
SEAL = len(MAGIC) + sha256().digest_size
LIMIT = 1 << 26  # bytes of a file; what is larger is not ours
OLD = 3 * 24 * 3600  # seconds: a day of edits leaves a copy of every kernel for each
_said: set[str] = set()


def warn(text: str, *, topic: str = "") -> None:
    """Log `text`, and only the first time that this process says it, or anything on `topic`."""
    if (topic or text) not in _said:
        _said.add(topic or text)
        logging.getLogger("nmsim").warning(text)


def place() -> Path:
    """Where compiled kernels lie: NMSIM_CACHE_DIR, else nmsim/ in XDG_CACHE_HOME or ~/.cache."""
    named, caches = os.environ.get("NMSIM_CACHE_DIR"), Path(os.environ.get("XDG_CACHE_HOME", ""))
    if named:
        return Path(named)
    try:
        return (caches if caches.is_absolute() else Path.home() / ".cache") / "nmsim"
    except RuntimeError:
        raise OSError("there is no home folder, and NMSIM_CACHE_DIR is not set") from None


def folder() -> Path:
    """`place()`, made where it is missing; OSError where it cannot be, or where others may write to it."""
    path = place()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.stat()
    if found.st_uid not in (0, os.geteuid()) or found.st_mode & 0o022:
        raise PermissionError("others may write to it (chmod go-w, or another NMSIM_CACHE_DIR)")
    return path


def read(name: str) -> bytes | None:
    """What was written as `name`; None where nothing was, or where it is not whole and was set aside."""
    path = folder() / name
    if not os.path.lexists(path):
        return None
    try:  # what is no file is not opened: a pipe would wait for ever
        sealed = path.read_bytes() if path.is_file() and path.stat().st_size <= LIMIT else b""
    except FileNotFoundError:
        return None
    if sealed[:SEAL] == _seal(name, sealed[SEAL:]):
        return sealed[SEAL:]
    set_aside(name, "it is not whole")
    return None


def write(name: str, content: bytes) -> None:
    """Write `name`, whole or not at all, whoever else writes it now; OSError where that is impossible."""
    draft, path = tempfile.mkstemp(dir=folder(), prefix=f"{name}.", suffix=".draft")
    try:
        with os.fdopen(draft, "wb") as file:
            file.write(_seal(name, content) + content)
        os.replace(path, place() / name)  # noqa: PTH105
    except BaseException:
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108
        raise


def set_aside(name: str, reason: str) -> None:
    """Keep `name` out of the way, for whoever wants to know what became of it."""
    path = place() / name
    aside = path.with_name(f"{name}.damaged")
    warn(f"{path} is set aside as {aside.name} and made anew: {reason}")
    path.replace(aside)


def forget(family: str, *, current: str = "") -> None:
    """Remove the files of `family` older than 3 days, but those of the sources `current`; without, all."""
    before = time.time() - OLD if current else float("inf")
    for path in place().glob(f"{family}-*"):
        with suppress(OSError):
            if path.lstat().st_mtime < before and not (
                current and path.name.startswith(f"{family}-{current}-")
            ):
                path.unlink()


def _seal(name: str, content: bytes) -> bytes:
    """The opening of a file; its name is sealed too, since a file that was renamed is another kernel's."""
    return MAGIC + sha256(MAGIC + name.encode() + b"\n" + content).digest()
