"""What every figure obeys: widths of a paper, TrueType fonts, colours and hatches that survive grey.

The same figure has the same bytes each time, and a text in it is shown as it is: a `$` begins no formula.
"""

import io
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from simulator.atomic import write_file
from simulator.errors import InputError, shown
from simulator.gemm import Pass

COLUMN_INCHES, PAGE_INCHES = 3.35, 7.0
WIDTHS = {"column": COLUMN_INCHES, "page": PAGE_INCHES}
TITLE_MAX = 24
SMALL = 6.0
"""Points of paper of what stands beside marks; all else has those of STYLE."""
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "text.parse_math": False,
    "text.hinting": "none",  # else letters are as wide as pixels like, and a layout fits no other size
    "axes.formatter.use_mathtext": False,
    "axes.linewidth": 0.6,
    "axes.titlesize": 7,
    "axes.labelsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.size": 2,
    "xtick.major.width": 0.6,
    "ytick.major.size": 2,
    "ytick.major.width": 0.6,
    "hatch.linewidth": 0.5,
    "legend.frameon": False,
    "legend.fontsize": SMALL,
    "legend.handletextpad": 0.4,
    "legend.columnspacing": 1.0,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "nmsim",
}
FINE: Any = {**STYLE, "hatch.linewidth": 0.35}
"""For low bars."""
KINDS: dict[str, dict[str, None]] = {
    ".pdf": {"CreationDate": None},
    ".svg": {"Date": None},
    ".png": {"Software": None},
}
"""The endings of a figure's name, and what to leave out so that the bytes are the same each time."""
PASS_STYLES = {
    Pass.FWD: ("#0072B2", ""),
    Pass.DGRAD: ("#56B4E9", "////"),
    Pass.WGRAD: ("#E69F00", "xxxx"),
    Pass.UPDATE: ("#999999", "...."),
}
"""Colours of Okabe and Ito, told apart by people with any colour vision, and a hatch for print in grey."""
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#333333", "#999999")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*")
DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (5, 1.5, 1, 1.5)), (0, (8, 2)))
LACKING = "\N{REPLACEMENT CHARACTER}"
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def check_figure(path: Path) -> None:
    """Refuse a figure that no ending says the kind of."""
    if path.suffix not in KINDS:
        ends = "end its name in .pdf, .svg or .png"
        raise InputError.of(f"{shown(str(path))} names no kind of figure", ends, where="--out")


def blank(height: float, width: float = COLUMN_INCHES) -> Any:
    """An empty figure of these inches, with little room around."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02)  # type: ignore[union-attr, call-arg]
    return figure


def figure_bytes(figure: Any, kind: str, about: Mapping[str, str] | None = None) -> bytes:
    """The figure as .pdf, .svg or .png, the same bytes each time; `about` becomes its metadata."""
    import matplotlib as mpl
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    data = io.BytesIO()
    with mpl.rc_context(STYLE):
        if isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine):
            figure.draw_without_rendering()  # finds the layout once, for all kinds of files
            figure.set_layout_engine("none")
        figure.savefig(data, format=kind[1:], metadata={**(about or {}), **KINDS[kind]}, dpi=300)
    return data.getvalue()


def write_figure(figure: Any, path: Path) -> None:
    """Write the figure as what the ending of `path` says."""
    write_file(path, figure_bytes(figure, path.suffix))


def machine_name(given: str) -> str:
    """A machine's name, or that of its file."""
    path = Path(given)
    return path.stem if path.suffix in (".yaml", ".yml") else given


def power_of_ten(power: int) -> str:
    """A power of ten as text."""
    return f"10{str(power).translate(SUPERSCRIPTS)}"


def name(text: object, most: int = TITLE_MAX) -> str:
    """`text` as a figure says it: on one line, cut where long, and � for what the font cannot show."""
    line = " ".join(re.sub(r"\s+", " ", str(text)).split())
    if len(line) > most:
        line = line[: most - 1].rstrip() + "…"
    known = _characters()
    hidden = " " if line.startswith("_") else ""  # which a legend leaves out
    return hidden + "".join(c if c.isprintable() and ord(c) in known else LACKING for c in line)


@cache
def _characters() -> frozenset[int]:
    """The code points that the font of all figures has."""
    from matplotlib import font_manager

    found = font_manager.findfont(STYLE["font.family"])
    return frozenset(font_manager.get_font(found).get_charmap())


def looks(names: Sequence[str]) -> dict[str, tuple[str, str, Any]]:
    """A colour, a marker and a dash for each name, by its place; no two of 96 look alike."""
    return {
        one: (
            COLOURS[place % len(COLOURS)],
            MARKERS[(place + place // (len(COLOURS) * 3)) % len(MARKERS)],
            DASHES[place % len(DASHES)],
        )
        for place, one in enumerate(dict.fromkeys(names))
    }


def legend_below(figure: Any, axis: Any, columns: int) -> None:
    """The legend of `axis` under the figure, in at most so many columns."""
    handles, labels = axis.get_legend_handles_labels()
    if labels:
        figure.legend(handles, labels, loc="outside lower center", ncols=min(columns, len(labels)))
