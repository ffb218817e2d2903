"""The results of a sweep on disk: one SQLite file, safe to kill, checked row by row when it is opened.

    with Store.opened(folder / "sweep.db", identity={"space": digest}) as store:
        store.known(keys)                                         # {key: Stored} of those that are there
        store.add([Row(key=key, state="done", value={...}), ...])     # all of them or none

A row never changes, because its key is the digest of all that decides its value.
"""

import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Self

from analysis.sweep.damage import (
    DamagedError,
    check_header,
    check_place,
    judged,
    salvaged,
    seal,
    set_aside,
    sound_rows,
)
from analysis.sweep.values import canonical
from simulator.atomic import locked
from simulator.errors import InputError
from simulator.places import printable
from simulator.version import __version__

SCHEMA = 1
DONE, REFUSED, SET_ASIDE = "done", "refused", "set aside"
"""What may have become of a point: it has metrics, the model does not take it, or its evaluation failed."""
ASKED_AT_ONCE = 500
TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT, seal TEXT) WITHOUT ROWID",
    "CREATE TABLE results (key TEXT PRIMARY KEY, state TEXT, value TEXT, seal TEXT) WITHOUT ROWID",
)
# In WAL, NORMAL is whole after a loss of power too, less the last commits; after a kill, it lacks none.
SETTINGS = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL")


class Stored(NamedTuple):
    """What is known of a point: DONE, REFUSED or SET_ASIDE, and a JSON value that says the rest."""

    state: str
    value: Any


class Row(NamedTuple):
    """What is known of the point `key`."""

    key: str
    state: str
    value: Any


class Store:
    """A store that this process alone holds open; made by `Store.opened`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    @contextmanager
    def opened(cls, path: Path, *, identity: Mapping[str, Any]) -> Iterator[Self]:
        """The store at `path`, made with `identity` if there is none, and checked to the last row.

        A damaged one is set aside with a warning, and its intact rows are taken over. InputError where
        another process has it open, a newer nmsim wrote it, or nothing can be written.
        """
        check_place(path)
        with locked(path), _connected(path, identity) as connection:
            yield cls(path, connection)

    @property
    def identity(self) -> dict[str, Any]:
        """With what the store was made, or what it has adopted since."""
        return dict(_about(self._connection)["identity"])

    def adopt(self, identity: Mapping[str, Any]) -> None:
        """Let the store belong to `identity` from now on; its rows stay."""
        with self._changing():
            _write_about(self._connection, identity)

    def known(self, keys: Iterable[str]) -> dict[str, Stored]:
        """What is known of those of `keys` that the store has."""
        found: dict[str, Stored] = {}
        left = iter(dict.fromkeys(keys))
        with self._undamaged():
            while some := list(islice(left, ASKED_AT_ONCE)):
                marks = ",".join("?" * len(some))
                query = f"SELECT key, state, value FROM results WHERE key IN ({marks})"
                for key, state, value in self._connection.execute(query, some):
                    found[key.decode()] = Stored(state.decode(), json.loads(value))
        return found

    def add(self, rows: Iterable[Row]) -> None:
        """Keep `rows`, all of them or none; one whose key is there already changes nothing."""
        texts = [(row.key, row.state, canonical(row.value)) for row in rows]
        with self._changing():
            _insert(self._connection, texts)

    def forget(self, state: str) -> int:
        """Drop the rows of that state, so that they are computed anew; how many there were."""
        with self._changing():
            return self._connection.execute("DELETE FROM results WHERE state = ?", (state,)).rowcount

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._undamaged(), _transaction(self._connection):
            yield

    @contextmanager
    def _undamaged(self) -> Iterator[None]:
        """A file that is damaged while it is open is found so when it is opened next."""
        try:
            with judged(self.path):
                yield
        except DamagedError as error:
            right = "run this again: what is intact is kept"
            raise InputError.of(f"was damaged meanwhile ({error})", right, where=str(self.path)) from error


@contextmanager
def _connected(path: Path, identity: Mapping[str, Any]) -> Iterator[sqlite3.Connection]:
    """A connection to a sound store at `path`, whatever was there."""
    connection, saved = None, []
    try:
        connection = _sound(path, identity)
    except DamagedError as error:
        saved = list(salvaged(path).values())
        set_aside(path, reason=str(error), kept=len(saved))
    try:
        connection = connection or _sound(path, identity)
        with closing(connection):
            with judged(path), _transaction(connection):
                _insert(connection, saved)
            yield connection
    except DamagedError as error:
        raise InputError.of(f"cannot be written: {error}", "name another place", where=str(path)) from error


def _sound(path: Path, identity: Mapping[str, Any]) -> sqlite3.Connection:
    """A connection to the store at `path`, made if there is none; DamagedError where it must be set aside."""
    with judged(path):
        if path.exists():
            check_header(path)
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.text_factory = bytes
            for setting in SETTINGS:
                connection.execute(setting)
            if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                with _transaction(connection):
                    for table in TABLES:
                        connection.execute(table)
                    _write_about(connection, identity)
            _check(path, connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _check(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse a newer store, report a damaged one, and drop each row that is not as it was written."""
    schema, version = (_about(connection)[name] for name in ("schema", "version"))
    if schema > SCHEMA:
        written = f"schema {schema} (written by nmsim {version})"
        newer = f"{written} is newer than this nmsim {__version__} reads, which is {SCHEMA}"
        raise InputError.of(newer, "upgrade nmsim, or name another directory", where=str(path))
    if (said := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != b"ok":
        raise DamagedError(said.decode(errors="replace"))
    faulty: list[Any] = []
    for _ in sound_rows(connection.execute("SELECT key, state, value, seal FROM results"), faulty.append):
        pass
    if not faulty:
        return
    with _transaction(connection):
        for key in faulty:
            if connection.execute("DELETE FROM results WHERE key = CAST(? AS TEXT)", (key,)).rowcount != 1:
                raise DamagedError("a key is not in its place")
    logging.getLogger(__name__).warning(
        "%s: %d of its results are damaged; they are dropped and computed anew",
        *(printable(str(path)), len(faulty)),
    )


def _about(connection: sqlite3.Connection) -> dict[str, Any]:
    """What the store says of itself; DamagedError where it says nothing that holds."""
    rows = connection.execute("SELECT name, '', value, seal FROM meta WHERE name = 'about'")
    for _, _, value in sound_rows(rows, lambda _: None):
        about = json.loads(value)
        if isinstance(about, dict) and {"schema", "version", "identity"} <= about.keys():
            return about
    raise DamagedError("it does not say what it is")


def _write_about(connection: sqlite3.Connection, identity: Mapping[str, Any]) -> None:
    about = canonical({"schema": SCHEMA, "version": __version__, "identity": dict(identity)})
    connection.execute(
        "INSERT OR REPLACE INTO meta VALUES ('about', ?, ?)", (about, seal("about", "", about))
    )


def _insert(connection: sqlite3.Connection, rows: Iterable[tuple[str, str, str]]) -> None:
    sealed = ((*texts, seal(*texts)) for texts in rows)
    connection.executemany("INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?)", sealed)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
