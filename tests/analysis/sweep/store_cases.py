"""Stores that are whole, and what the tests do to them."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from analysis.sweep.store import Row, Store

IDENTITY = {"space": "here"}


def rows_of(count: int) -> list[Row]:
    """Results of many sizes, under keys in no order."""
    return [
        Row(f"{value * 7919 % 65521:08x}", "done", {"joules": value * 0.1, "text": "x" * (value % 50)})
        for value in range(count)
    ]


def stored(path: Path, rows: Iterable[Row], **identity: str) -> Path:
    """`path`, where a store has been closed that holds `rows`."""
    with Store.opened(path, identity=identity or IDENTITY) as store:
        store.add(rows)
    return path


def values_of(path: Path, rows: Iterable[Row]) -> dict[str, Any]:
    """What a store knows of the keys of `rows`."""
    with Store.opened(path, identity=IDENTITY) as store:
        return {key: found.value for key, found in store.known(row.key for row in rows).items()}


def changed(path: Path, statement: str, *values: Any) -> None:
    """Change what is in a closed store behind its back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement, values)
