"""Published numbers that the model is held against: `analysis/references`, one CSV file for each source."""

import csv
from importlib.resources import files
from importlib.resources.abc import Traversable

from simulator.errors import lookup


def published_names() -> tuple[str, ...]:
    """The tables of published numbers, in order of their names."""
    return tuple(sorted(_tables()))


def read_published(name: str) -> list[dict[str, str]]:
    """The rows of a table as its source prints them, each value under the name of its column."""
    header, *rows = csv.reader(line for line in _lines(name) if not line.startswith("#"))
    return [dict(zip(header, row, strict=True)) for row in rows]


def published_source(name: str) -> str:
    """Where a table is from, under which licence, and what its columns mean, a line for each."""
    return "\n".join(line.removeprefix("# ") for line in _lines(name) if line.startswith("#"))


def _lines(name: str) -> list[str]:
    return lookup(_tables(), name, kind="table of published numbers").read_text(encoding="utf-8").splitlines()


def _tables() -> dict[str, Traversable]:
    found = (files("analysis") / "references").iterdir()
    return {file.name.removesuffix(".csv"): file for file in found if file.name.endswith(".csv")}
