"""`nmsim report` as the command line sees it."""

from pathlib import Path
from typing import Annotated

import typer

from analysis.console import write

RunArgument = Annotated[
    Path,
    typer.Argument(
        metavar="RUN", help="directory of a study, sweep, training run or trace, or a report's JSON"
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option("-o", "--out", help="the file; left out: report.html in RUN, or beside a trace or a report"),
]


def report(run: RunArgument, out: OutOption = None) -> None:
    """Write results as one HTML page that works offline.

    Charts and tables that know of one another, the machines drawn, and where every number is from.
    """
    from analysis.page.page import write_page

    file = write_page(run, out)
    write(f"{file}: open it in a browser; {file.stat().st_size / 1e3:.0f} kB, nothing else is needed\n")
