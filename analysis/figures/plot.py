"""`nmsim plot`: the figures of results as files, each with its numbers and what made it."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.canvas import KINDS, WIDTHS, figure_bytes
from analysis.figures.about import MARK, about_text, call_of, on_one_line
from analysis.figures.drawing import Asked, Drawing, Figure, LackingError
from analysis.figures.registry import FIGURES
from analysis.progress import Progress, untold
from analysis.results import Results, load_results
from simulator.atomic import locked, write_file
from simulator.errors import InputError, lookup
from simulator.report import csv_text
from simulator.trace_files import read_regular
from simulator.version import __version__
from workloads.training.flops import CONVENTIONS

NUMBERS, ABOUT = ".csv", ".txt"
STEM_MAX = 120
ABOUT_MAX = 1 << 20
Found = tuple[str, Figure, Drawing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A figure that was written: its name, its files, and the sentence for its caption."""

    name: str
    files: tuple[Path, ...]
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plotted:
    """What was drawn, and why what was not."""

    drawn: tuple[Drawn, ...]
    left_out: Mapping[str, str]


def plot(
    path: str | Path,
    *names: str,
    out: str | Path | None = None,
    width: str = "column",
    kinds: Sequence[str] = ("pdf", "png"),
    archs: Sequence[str] = (),
    settings: Sequence[str] = (),
    only: Sequence[str] = (),
    x: str | None = None,
    y: str | None = None,
    convention: str = "hardware",
    layer: str | None = None,
    progress: Progress = untold,
) -> Plotted:
    """Draw the figures `names` of the results at `path`, or all that apply, with the choices of an Asked.

    They go to `out`, or to figures/ in a directory of results, beside a report or a trace. Nothing is written
    unless every figure that was named can be drawn.
    """
    inches = lookup(WIDTHS, width, kind="width", where="width")
    endings = [
        f".{lookup({kind[1:]: kind[1:] for kind in KINDS}, kind, kind='form', where='kinds')}"
        for kind in kinds
    ]
    figures = [lookup(FIGURES, name, kind="figure") for name in dict.fromkeys(names)]
    lookup(CONVENTIONS, convention, kind="convention", where="convention")
    asked = Asked(
        results=load_results(path),
        archs=tuple(archs),
        settings=tuple(settings),
        only=tuple(only),
        x=x,
        y=y,
        convention=convention,
        layer=layer,
    )
    found, left_out = _found(asked, figures)
    folder = Path(out) if out is not None else default_folder(asked.results)
    about = about_text(asked.results, call_of(asked, path, names, out, width, kinds))
    with locked(folder / "figures"):
        for stem, _, _ in found:
            check_ours(folder / stem)
        files = {}
        for done, (stem, one, drawing) in enumerate(found):
            progress(done, len(found))
            files[folder / stem] = (one, drawing, _contents(one, drawing, inches, endings, about))
        drawn = tuple(_write(place, *content) for place, content in files.items())
    return Plotted(drawn=drawn, left_out=left_out)


def applying(results: Results) -> dict[str, Figure]:
    """The figures that are of this kind of results."""
    return {name: figure for name, figure in FIGURES.items() if results.kind in figure.kinds}


def default_folder(results: Results) -> Path:
    """Where the figures of results go."""
    if results.kind in ("report", "trace"):  # a trace that is written anew replaces its directory
        return results.path.resolve().with_name(f"{results.path.resolve().stem}-figures")
    return results.path / "figures"


def _found(asked: Asked, figures: Sequence[Figure]) -> tuple[list[Found], dict[str, str]]:
    """What to draw under which file names; a figure that was not named may be left out, with the reason."""
    found: list[Found] = []
    left_out: dict[str, str] = {}
    for figure in figures or applying(asked.results).values():
        if asked.results.kind not in figure.kinds:
            what = f"{figure.name} is no figure of a {asked.results.kind}"
            raise InputError.of(what, f"it needs {figure.needs}", where=str(asked.results.path))
        try:
            found += [(_stem(figure, drawing), figure, drawing) for drawing in figure.find(asked)]
        except LackingError as error:
            if figures:
                raise InputError(replace(p, where=p.where or figure.name) for p in error.problems) from None
            left_out[figure.name] = "; ".join(str(problem) for problem in error.problems)
    stems = [stem.lower() for stem, _, _ in found]  # on some disks A is a
    if twice := next((stem for stem in stems if stems.count(stem) > 1), None):
        right = "give machines and tasks names of their own, or choose with --only"
        raise InputError.of(f"two figures would be called {twice}", right, where=str(asked.results.path))
    if not found:
        right = "; ".join(f"{name}: {why}" for name, why in left_out.items()) or "name other results"
        raise InputError.of("no figure can be drawn", right, where=str(asked.results.path))
    return found, left_out


def _stem(figure: Figure, drawing: Drawing) -> str:
    """A file name of letters, digits, dots and dashes; what was cut or changed is told apart by a digest."""
    if not drawing.part:
        return figure.name
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", drawing.part)
    if plain != drawing.part or len(plain) > STEM_MAX:
        digest = hashlib.sha256(drawing.part.encode(errors="surrogatepass")).hexdigest()[:8]
        plain = f"{plain[:STEM_MAX]}-{digest}"
    return f"{figure.name}-{plain}"


def check_ours(place: Path) -> None:
    """Refuse to replace a file that no earlier figure of this name left."""
    about = place.with_name(place.name + ABOUT)
    others = [place.with_name(place.name + ending) for ending in (*KINDS, NUMBERS)]
    if about.exists():
        text = read_regular(about, ABOUT_MAX, right="name another directory with --out")
        others = [] if text.startswith(MARK.encode()) else [about]
    for file in others:
        if file.exists():
            what = "is no figure of an earlier `nmsim plot`"
            raise InputError.of(what, "name another directory with --out", where=str(file))


def _contents(
    figure: Figure, drawing: Drawing, inches: float, endings: Sequence[str], about: str
) -> dict[str, bytes]:
    """The bytes of each file by its ending, the text first, which says that the others are ours."""
    image = drawing.draw(inches)
    text = f"{MARK}name     {figure.name}\nabout    {on_one_line(drawing.said)}\n{about}"
    columns = list(dict.fromkeys(column for row in drawing.numbers for column in row))
    texts = {ABOUT: text, NUMBERS: csv_text(columns, drawing.numbers)}
    images = {ending: figure_bytes(image, ending, _metadata(ending, figure)) for ending in endings}
    return {ending: one.encode(errors="backslashreplace") for ending, one in texts.items()} | images


def _write(place: Path, figure: Figure, drawing: Drawing, contents: Mapping[str, bytes]) -> Drawn:
    """Each file in one move."""
    files = {ending: place.with_name(place.name + ending) for ending in contents}
    for ending, content in contents.items():
        write_file(files[ending], content)
    ordered = sorted(files, key=[*KINDS, NUMBERS, ABOUT].index)
    return Drawn(name=figure.name, files=tuple(files[one] for one in ordered), said=on_one_line(drawing.said))


def _metadata(ending: str, figure: Figure) -> dict[str, str]:
    """What a file of this kind says of itself."""
    key = "Creator" if ending != ".png" else "Author"
    return {"Title": figure.about, key: f"nmsim {__version__}"}
