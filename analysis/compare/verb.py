"""`nmsim compare` as the command line sees it."""

from pathlib import Path
from typing import Annotated

import typer

from analysis.options import Form, FormOption


def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="studies, training runs, reports as JSON")
    ],
    against: Annotated[
        str | None, typer.Option(help="a recipe, a run or a report by its name; left out: the first")
    ] = None,
    form: FormOption = Form.TABLE,
) -> None:
    """Hold results against each other.

    Speed-up, energy and EDP at equal work; of a study with several lengths also what equal accuracy takes,
    and what equal FLOPs bring.
    """
    from analysis.compare.comparison import compare as compared
    from analysis.compare.text import comparison_text
    from analysis.console import naming, write

    with naming("against"):
        found = compared(runs, against=against)
    write(comparison_text(found, form))
