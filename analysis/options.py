"""Options that several verbs take, and the words that they accept."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

DIGITS_MAX = 30


class Form(StrEnum):
    """How a verb prints what it found."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Part(StrEnum):
    """What of a trace has a row of its own."""

    TOTAL = "total"
    PASS = "pass"
    LAYER = "layer"


class Points(StrEnum):
    """What of a trace has a point of its own in a roofline."""

    PASS = "pass"
    LAYER = "layer"


def whole(help_text: str) -> Any:
    """An option that takes a whole number."""
    return typer.Option(parser=parse_whole, metavar="N", help=help_text)


def parse_whole(text: str | int) -> int:
    """The whole number that `text` writes; its range is checked by who uses it."""
    if isinstance(text, int):
        return text
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or len(text) > DIGITS_MAX:
        raise typer.BadParameter(f"`{text[:40]}` is no whole number; write one, as in 32")
    return int(text)


FormOption = Annotated[Form, typer.Option("--format", help="how to print the result")]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="override a key: core.array.rows=32")
]
ArchArgument = Annotated[str, typer.Argument(help="a machine's name (`nmsim list archs`) or YAML file")]
TraceArgument = Annotated[Path, typer.Argument(help="directory of a trace, or of a training run")]
FidelityOption = Annotated[str, typer.Option(help="how time is modelled: bound, tile or cycle")]
FigureOption = Annotated[
    Path | None, typer.Option("-o", "--out", help="draw the whole of it: .pdf, .svg or .png")
]
ResultsOption = Annotated[
    Path | None,
    typer.Option("-o", "--out", help="directory of the results; left out: named after the file, here"),
]
WorkersOption = Annotated[int | None, whole("processes; left out: one for each processor")]
SchedulerOption = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="a Dask cluster in their place: tcp://host:8786")
]
