"""The files of results as plain data, each refused by name where it is damaged."""

import csv
import json
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.errors import InputError, shown
from simulator.trace_files import read_regular

if TYPE_CHECKING:
    import pandas as pd

JSON_MAX, CSV_MAX = 1 << 28, 1 << 30
TEXTS = frozenset(
    (
        *(
            "task",
            "model",
            "recipe",
            "settings",
            "pattern",
            "label",
            "run",
            "metric",
            "unit",
            "arch",
            "report",
        ),
        *(
            "against",
            "method",
            "state",
            "why",
            "weight",
            "layer",
            "pass",
            "op",
            "runs_as",
            "note",
            "fidelity",
        ),
        *("order", "bound_by", "workload.pattern", "workload.recipe"),
    )
)
"""Columns that are text whatever is in them: a recipe may be called 1e3."""
FLAGS = {"true": True, "false": False}


def read_json(path: Path, *, right: str) -> dict[str, Any]:
    """The object in a JSON file."""
    data = read_regular(path, JSON_MAX, right=right)
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise InputError.of("is damaged: it is no JSON", right, where=str(path)) from None
    if not isinstance(content, dict):
        raise InputError.of("is damaged: it is no JSON object", right, where=str(path))
    return content


def read_table(path: Path, needed: Sequence[str], *, right: str) -> "pd.DataFrame":
    """The rows of a CSV file with the columns `needed`, each of the type of its cells.

    Columns of text are as they are, true and false are flags. Whole numbers without a gap stay exact; an
    empty cell among numbers is NaN.
    """
    import pandas as pd

    data = read_regular(path, CSV_MAX, right=right)
    try:
        lines = csv.reader(StringIO(data.decode(), newline=""), strict=True)
        columns = next(lines, [])
        rows = list(lines)
    except (UnicodeError, csv.Error) as error:
        what = f"is damaged: it is no CSV ({type(error).__name__})"
        raise InputError.of(what, right, where=str(path)) from None
    lacking = [name for name in needed if name not in columns]
    if lacking:
        raise InputError.of(f"has no column {shown(lacking[0])}", right, where=str(path))
    bad = next((place for place, row in enumerate(rows) if len(row) != len(columns)), None)
    if bad is not None or not data.endswith(b"\n"):
        what = (
            "its end is missing"
            if bad is None
            else f"row {bad + 1} has {len(rows[bad])} cells, not {len(columns)}"
        )
        raise InputError.of(f"is damaged: {what}", right, where=str(path))
    cells = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return pd.DataFrame({name: _column(name, own) for name, own in zip(columns, cells, strict=True)})


def _column(name: str, cells: Sequence[str]) -> Any:
    import pandas as pd

    if name in TEXTS:
        return pd.Series(cells, dtype=object)
    if cells and all(cell in FLAGS for cell in cells):
        return pd.Series([FLAGS[cell] for cell in cells], dtype=bool)
    try:
        numbers = [number(cell) for cell in cells]
    except ValueError:
        return pd.Series(cells, dtype=object)
    if any(not isinstance(one, int) for one in numbers) or not numbers:
        return pd.Series([float(one) for one in numbers], dtype=float)
    fits = all(-(2**63) <= one < 2**63 for one in numbers)
    return pd.Series(numbers, dtype="int64" if fits else object)


def number(cell: str) -> int | float:
    """What a cell of a column of numbers says; NaN where it is empty."""
    if not cell:
        return float("nan")
    if "_" in cell:  # which Python takes
        raise ValueError(cell)
    try:
        return int(cell)
    except ValueError:
        return float(cell)


def frame_of(rows: Sequence[Mapping[str, Any]]) -> "pd.DataFrame":
    """Rows of JSON as a frame; their texts and whole numbers stay what they are."""
    import pandas as pd

    return pd.DataFrame(list(rows))
