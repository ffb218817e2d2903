"""`nmsim plot` as the command line sees it."""

from pathlib import Path
from typing import Annotated

import typer

from analysis.options import Form, FormOption, SetOption

Run = Annotated[
    Path | None,
    typer.Argument(
        metavar="RUN", help="directory of a study, sweep, training run or trace, or a report's JSON"
    ),
]
Names = Annotated[
    list[str] | None, typer.Argument(metavar="FIGURE", help="figures (--list); left out: all that apply")
]
Out = Annotated[
    Path | None,
    typer.Option("-o", "--out", help="directory; left out: figures/ in RUN, or beside a trace or report"),
]
Width = Annotated[str, typer.Option(help="column (3.35 in) or page (7 in)")]
Kinds = Annotated[str, typer.Option("--as", metavar="KINDS", help="what files: pdf, svg, png")]
Archs = Annotated[
    list[str] | None,
    typer.Option("--arch", metavar="ARCH", help="a machine for a trace or a run; may be repeated"),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="WORD", help="of a study: rows of this recipe, pattern, machine, task or length"
    ),
]
Column = Annotated[str | None, typer.Option(metavar="COLUMN", help="of a sweep: a measure or an axis")]
Convention = Annotated[str, typer.Option(help="how FLOPs count: algorithmic, hardware or all_sparse")]
Layer = Annotated[str | None, typer.Option(help="the layer whose product the timeline is of")]
Listed = Annotated[bool, typer.Option("--list", help="list the figures, or those of RUN")]


def plot(
    run: Run = None,
    figures: Names = None,
    out: Out = None,
    width: Width = "column",
    kinds: Kinds = "pdf,png",
    arch: Archs = None,
    settings: SetOption = None,
    only: Only = None,
    x: Column = None,
    y: Column = None,
    convention: Convention = "hardware",
    layer: Layer = None,
    listed: Listed = False,
    form: FormOption = Form.TABLE,
) -> None:
    """Draw results as figures that a paper can print.

    Each has its numbers beside it (.csv), and what made it (.txt): the command, the version, the digests.
    """
    from analysis.console import naming, write
    from analysis.figures.text import list_text, plotted_text

    if listed:
        write(list_text(run, form))
        return
    if run is None:
        raise typer.BadParameter("is missing; name a directory of results, or --list", param_hint="RUN")
    from analysis.figures.plot import plot as drawn
    from analysis.progress import shown

    with naming("width", "convention", kinds="--as"), shown("drawing") as done:
        plotted = drawn(
            run,
            *(figures or ()),
            out=out,
            progress=done,
            width=width,
            kinds=tuple(dict.fromkeys(kind.strip() for kind in kinds.split(","))),
            archs=arch or (),
            settings=settings or (),
            only=only or (),
            x=x,
            y=y,
            convention=convention,
            layer=layer,
        )
    write(plotted_text(plotted, form))
