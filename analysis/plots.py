"""Figures that a paper can print: column width, TrueType fonts, colours and hatches that survive grey."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from simulator.atomic import write_file
from simulator.errors import InputError, shown
from simulator.gemm import Pass

COLUMN_INCHES, WIDTH_INCHES = 3.35, 3.3
TITLE_MAX = 24
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.5,
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


def check_figure(path: Path) -> None:
    """Refuse a figure that no ending says the kind of."""
    if path.suffix not in KINDS:
        ends = "end its name in .pdf, .svg or .png"
        raise InputError.of(f"{shown(str(path))} names no kind of figure", ends, where="--out")


def blank(height: float) -> Any:
    """An empty figure of WIDTH_INCHES and this height, with little room around."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_INCHES, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02)  # type: ignore[union-attr, call-arg]
    return figure


def write_figure(figure: Any, path: Path) -> None:
    """Write the figure as what the ending of `path` says, the same bytes each time."""
    data = io.BytesIO()
    figure.savefig(data, format=path.suffix[1:], metadata=KINDS[path.suffix], dpi=300)
    write_file(path, data.getvalue())


def write_both(figure: Any, path: Path) -> list[Path]:
    """Write the figure as PDF and PNG; returns the files."""
    written = [path.with_suffix(kind) for kind in (".pdf", ".png")]
    for file in written:
        write_figure(figure, file)
    return written


def time_by_pass(bars: Sequence[Mapping[str, Any]], path: Path) -> list[Path]:
    """Stacked bars of milliseconds a training step by pass, one group a machine and one bar a recipe.

    A bar is {"machine", "recipe", "pattern", and seconds a step under the name of each pass}. The number over
    a bar is its speed-up over the first bar of its machine.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    machines = list(dict.fromkeys(bar["machine"] for bar in bars))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(COLUMN_INCHES, 2.3), layout="constrained")
        axes = figure.subplots(1, len(machines), squeeze=False)[0]
        for axis, machine in zip(axes, machines, strict=True):
            _stack(axis, [bar for bar in bars if bar["machine"] == machine])
            axis.set_title(machine, fontsize=7)
        axes[0].set_ylabel("bound on step time (ms)")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, handlelength=1.4
        )
        return write_both(figure, path)


def _stack(axis: Any, bars: Sequence[Mapping[str, Any]]) -> None:
    """The bars of one machine."""
    places = range(len(bars))
    tops = [0.0] * len(bars)
    for pass_, (colour, hatch) in PASS_STYLES.items():
        heights = [1e3 * bar[pass_] for bar in bars]
        axis.bar(
            places,
            heights,
            0.68,
            bottom=tops,
            label=str(pass_),
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0.3,
        )
        tops = [top + height for top, height in zip(tops, heights, strict=True)]
    for place, top in zip(places, tops, strict=True):
        axis.annotate(f"{tops[0] / top:.2f}×", (place, top), ha="center", va="bottom", fontsize=6.5)
    axis.set_xticks(list(places), [f"{bar['recipe']}\n{bar['pattern']}" for bar in bars], fontsize=6)
    axis.set_ylim(0, 1.12 * max(tops))
    axis.tick_params(length=2, width=0.6)
