"""What may be wrong with a store's file: told from what the disk refuses, set aside, and saved from."""

import hashlib
import logging
import sqlite3
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from simulator.atomic import writing
from simulator.errors import InputError
from simulator.places import printable

HEADER = 100
VERSIONS = slice(18, 20)  # of the file format, for writing and for reading: 1 or 2 each, or SQLite reads only
BESIDE = ("-wal", "-shm")  # what SQLite keeps beside the file while it is open, or after a kill
# What SQLite answers where the disk or another process is to blame, and the file is not.
REFUSED = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOLFS,
    sqlite3.SQLITE_AUTH,
}
Text3 = tuple[str, str, str]


class DamagedError(Exception):
    """The file is not, or no longer, what a store wrote; the text says how that showed."""


@contextmanager
def judged(path: Path) -> Iterator[None]:
    """Turn what SQLite refuses into one clear line, and what it cannot make sense of into a DamagedError."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF not in REFUSED:
            raise DamagedError(str(error)) from error
        raise InputError.of(
            f"cannot be written: {error}",
            "name a place that can be written and has room; what was there is unchanged",
            where=str(path),
        ) from error
    except MemoryError as error:
        raise DamagedError("it asks for more memory than there is") from error


def check_place(path: Path) -> None:
    """Refuse what is there and is no file of its own."""
    with writing(path), suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            kinds = {stat.S_IFLNK: "a link", stat.S_IFDIR: "a directory"}
            found = f"is {kinds.get(stat.S_IFMT(mode), 'a device or pipe')}, where the results' file belongs"
            raise InputError.of(found, "move it away, or name another directory", where=str(path))


def check_header(path: Path) -> None:
    """DamagedError for a file that SQLite would not write for its format, though the disk would take it."""
    with writing(path), path.open("rb") as file:
        header = file.read(HEADER)
    if header and not set(header[VERSIONS]) <= {1, 2}:
        raise DamagedError("its header is not SQLite's")


def seal(*texts: str) -> str:
    """The digest of a row: SHA-256 of its texts, each on a line."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def sound_rows(rows: Iterable[tuple[Any, ...]], faulty: Callable[[Any], object]) -> Iterator[Text3]:
    """The rows whose last column seals the others, without it; the keys of others go to `faulty`.

    Columns are bytes: a flipped bit may leave no UTF-8, or a value of another type.
    """
    for row in rows:
        try:
            *texts, sealed = (column.decode() for column in row)
        except (AttributeError, UnicodeDecodeError):
            faulty(row[0])
            continue
        if seal(*texts) == sealed:
            yield texts[0], texts[1], texts[2]
        else:
            faulty(row[0])


def salvaged(path: Path) -> dict[str, Text3]:
    """The rows of a damaged store that are intact and can be reached, from either end."""
    found: dict[str, Text3] = {}
    for order in ("", "DESC"):
        with suppress(sqlite3.Error, MemoryError), closing(sqlite3.connect(path)) as connection:
            connection.text_factory = bytes
            rows = connection.execute(f"SELECT key, state, value, seal FROM results ORDER BY key {order}")
            for row in sound_rows(rows, lambda _: None):
                found[row[0]] = row
    return found


def set_aside(path: Path, *, reason: str, kept: int) -> None:
    """Move a damaged store, and what SQLite keeps beside it, out of the way, and say so."""
    aside = path.with_name(f"{path.name}.damaged")
    with writing(path):
        for ending in (*BESIDE, ""):
            with suppress(FileNotFoundError):
                path.with_name(f"{path.name}{ending}").replace(f"{aside}{ending}")
    logging.getLogger(__name__).warning(
        "%s is damaged (%s) and was set aside as %s; %d intact results are kept, others computed anew",
        *(printable(str(path)), " ".join(reason.split()), printable(aside.name), kept),
    )
