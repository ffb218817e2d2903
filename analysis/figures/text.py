"""What `nmsim plot` says: the figures that there are, and those that were written."""

from pathlib import Path

from analysis.figures.plot import Plotted, applying
from analysis.figures.registry import FIGURES
from analysis.results import load_results
from analysis.tables import table_text


def list_text(run: Path | None, form: str) -> str:
    """The figures, or those of the results at `run`, with what they need."""
    known = FIGURES if run is None else applying(load_results(run))
    rows = [
        {"figure": one.name, "shows": one.about, "of": ", ".join(one.kinds), "needs": one.needs}
        for one in known.values()
    ]
    return table_text(rows, form)


def plotted_text(done: Plotted, form: str) -> str:
    """A row for each file in JSON and CSV; for people one for each figure, and why others were left out."""
    if form != "table":
        return table_text(
            [
                {"figure": one.name, "file": str(file), "about": one.said}
                for one in done.drawn
                for file in one.files
            ],
            form,
        )
    rows = [
        {
            "figure": one.name,
            "files": f"{one.files[0].with_suffix('')}{_endings(one.files)}",
            "about": one.said,
        }
        for one in done.drawn
    ]
    return table_text(rows, form, notes=[f"left out: {name}: {why}" for name, why in done.left_out.items()])


def _endings(files: tuple[Path, ...]) -> str:
    return "{" + ",".join(file.suffix for file in files) + "}"
