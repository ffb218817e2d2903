"""The files of results as plain data, each refused by name where it is damaged."""

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from io import StringIO
from math import inf
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
            "budget",
        ),
        *(
            "against",
            "against_pattern",
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
BEYOND = 2**1023
"""Where whole numbers end that may be held against others as floats."""
FLAGS = {"true": True, "false": False}
FLAGGED = frozenset(("feasible", "front", "lower_is_better"))
"""Columns of flags; every other one that is no text and is not `free` is of numbers."""
WHOLE = frozenset(("point", "seed", "seeds", "step", "steps", "pairs"))
"""Columns of whole numbers, without a gap."""


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


def read_table(
    path: Path, needed: Sequence[str], *, right: str, free: Collection[str] = (), sha256: object = None
) -> "pd.DataFrame":
    """The rows of a CSV file with the columns `needed`, each of the type that its name says.

    Columns of text are as they are, flags are true or false, and `free` columns have the type of their cells.
    Whole numbers without a gap stay exact; an empty cell among numbers is NaN. `sha256` is the digest of the
    bytes where it is known.
    """
    import pandas as pd

    data = read_regular(path, CSV_MAX, right=right)
    columns, rows = _cells(path, data, right)
    lacking = [name for name in needed if name not in columns]
    if lacking:
        raise InputError.of(f"has no column {shown(lacking[0])}", right, where=str(path))
    if twice := next((name for name, count in Counter(columns).items() if count > 1), None):
        raise InputError.of(f"is damaged: it has two columns {shown(twice)}", right, where=str(path))
    found = {}
    for name, cells in zip(columns, zip(*rows, strict=True) if rows else ((),) * len(columns), strict=True):
        try:
            found[name] = _column(name, cells, free=name in free)
        except ValueError as error:
            kind = "flag" if name in FLAGGED else "whole number" if name in WHOLE else "number"
            what = f"is damaged: {shown(str(error))} is no {kind}, in column {shown(name)}"
            raise InputError.of(what, right, where=str(path)) from None
    if isinstance(sha256, str) and hashlib.sha256(data).hexdigest() != sha256:
        what = "is not the file that its results name: its digest differs"
        raise InputError.of(what, right, where=str(path))
    return pd.DataFrame(found)


def _cells(path: Path, data: bytes, right: str) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of a CSV file, each row of as many cells."""
    try:
        lines = csv.reader(StringIO(data.decode(), newline=""), strict=True)
        columns = next(lines, [])
        rows = list(lines)
    except (UnicodeError, csv.Error) as error:
        what = f"is damaged: it is no CSV ({type(error).__name__})"
        raise InputError.of(what, right, where=str(path)) from None
    bad = next((place for place, row in enumerate(rows) if len(row) != len(columns)), None)
    if columns and (bad is not None or not data.endswith(b"\n")):
        what = (
            "its end is missing"
            if bad is None
            else f"row {bad + 1} has {len(rows[bad])} cells, not {len(columns)}"
        )
        raise InputError.of(f"is damaged: {what}", right, where=str(path))
    return columns, rows


def _column(name: str, cells: Sequence[str], *, free: bool) -> Any:
    """A column as its name says, or as its cells say where it is `free`; ValueError with a wrong cell."""
    import pandas as pd

    if name in TEXTS:
        return pd.Series(cells, dtype=object)
    if name in FLAGGED or (free and cells and all(cell in FLAGS for cell in cells)):
        if wrong := [cell for cell in cells if cell not in FLAGS]:
            raise ValueError(wrong[0])
        return pd.Series([FLAGS[cell] for cell in cells], dtype=bool)
    try:
        numbers = [number(cell) for cell in cells]
    except ValueError:
        if not free:
            raise
        return pd.Series(cells, dtype=object)
    exact = [isinstance(one, int) and -(2**63) <= one < 2**63 for one in numbers]
    if name in WHOLE and not all(exact):
        raise ValueError(cells[exact.index(False)])
    if any(not isinstance(one, int) for one in numbers) or not numbers:
        return pd.Series([float(one) for one in numbers], dtype=float)
    return pd.Series(numbers, dtype="int64" if all(exact) else object)


def number(cell: str) -> int | float:
    """What a cell of a column of numbers says; NaN where it is empty, infinite beyond all floats."""
    if not cell:
        return float("nan")
    if "_" in cell:  # which Python takes
        raise ValueError(cell)
    try:
        whole = int(cell)
    except ValueError:
        try:
            return float(cell)
        except ValueError:
            raise ValueError(cell) from None
    return whole if abs(whole) < BEYOND else inf if whole > 0 else -inf


def frame_of(rows: Sequence[Mapping[str, Any]]) -> "pd.DataFrame":
    """Rows of JSON as a frame; their texts and whole numbers stay what they are."""
    import pandas as pd

    return pd.DataFrame(list(rows))
