"""What every figure of the program obeys."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.canvas import COLUMN_INCHES

FORMS = ("pdf", "svg", "png")


def drawn_twice(draw: Callable[[Path], object], form: str, folder: Path) -> bytes:
    """The bytes of a figure, the same each time; as PDF one column wide, with its letters as letters."""
    files = [folder / f"{name}.{form}" for name in "ab"]
    for file in files:
        draw(file)
    first, second = (file.read_bytes() for file in files)
    assert first == second
    if form == "pdf":
        assert b"/FontFile2" in first
        assert b"/Type3" not in first
        assert b"CreationDate" not in first
        box = re.search(rb"/MediaBox \[ 0 0 ([0-9.]+) ([0-9.]+) \]", first)
        assert box is not None
        assert float(box[1]) == pytest.approx(72 * COLUMN_INCHES)
    return first
