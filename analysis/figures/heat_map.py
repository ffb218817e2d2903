"""Utilization by layer and pass: effective multiply-adds over what the peak allows, as shades."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from analysis.canvas import SMALL, STYLE, blank, name
from analysis.figures.drawing import Asked, Drawing, Figure, LackingError
from analysis.figures.sources import one_each, reports_of
from analysis.reported import utilization_of
from simulator.gemm import GEMM, Pass

PASSES = tuple(str(pass_) for pass_ in (Pass.FWD, Pass.DGRAD, Pass.WGRAD))
ROW_INCHES, EDGE_INCHES, LAYERS_MAX = 0.125, 0.45, 64
MAP = "cividis"
"""Its shades rise evenly in grey, and for any colour vision."""
LIGHT = 0.6


class Line(NamedTuple):
    """One line of the map: the layers that it stands for, and the utilization of each pass that they have."""

    layers: tuple[str, ...]
    said: str
    shares: tuple[float | None, ...]


def find(asked: Asked) -> Iterator[Drawing]:
    """A map for each machine, of a report that skips zeros if there is one."""
    ones = one_each(reports_of(asked))
    for one in ones:
        lines = merged(utilizations(one.rows))
        if not lines:
            raise LackingError.of("nothing was multiplied", "simulate a trace with matrix products")
        if len(lines) > LAYERS_MAX:
            what = f"{len(lines)} unlike layers are more than it shows, {LAYERS_MAX}"
            raise LackingError.of(what, "name a smaller network")
        numbers = [
            {"machine": one.arch, "layer": layer, **dict(zip(PASSES, line.shares, strict=True))}
            for line in lines
            for layer in line.layers
        ]
        title = f"{name(one.arch)}, {name(one.ran)}"
        yield Drawing(
            numbers=numbers,
            draw=partial(heat_map, lines, title),
            said=f"Effective multiply-adds over peak, by layer and pass: {one.ran} on {one.arch}.",
            part="" if len(ones) == 1 else one.arch,
        )


def utilizations(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Utilization of each layer's products by pass."""
    found: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for row in rows:
        if row["op"] == GEMM and row["cycles"]:
            found.setdefault(row["layer"], {}).setdefault(row["pass"], []).append(row)
    return {
        layer: {pass_: utilization_of(own) for pass_, own in passes.items()}
        for layer, passes in found.items()
    }


def merged(found: Mapping[str, Mapping[str, float]]) -> list[Line]:
    """A line for each layer; alike ones whose names differ in one number share it."""
    groups: dict[tuple[str, tuple[float | None, ...]], list[str]] = {}
    for layer, own in found.items():
        shares = tuple(None if pass_ not in own else round(own[pass_], 6) for pass_ in PASSES)
        groups.setdefault((re.sub(r"[0-9]+", "*", layer, count=1), shares), []).append(layer)
    return [
        Line(tuple(layers), layers[0] if len(layers) == 1 else f"{pattern} (×{len(layers)})", shares)
        for (pattern, shares), layers in groups.items()
    ]


def heat_map(lines: Sequence[Line], title: str, width: float) -> Any:
    """The map, layers from the top down, with a bar of shades."""
    import matplotlib as mpl
    import numpy as np

    values = np.array([[np.nan if v is None else 100 * v for v in line.shares] for line in lines], float)
    most = float(np.nanmax(values)) or 1.0
    with mpl.rc_context(STYLE):
        figure = blank(EDGE_INCHES + ROW_INCHES * max(len(lines), 4), width)
        axis = figure.subplots()
        image = axis.imshow(values, aspect="auto", cmap=MAP, vmin=0, vmax=most, interpolation="nearest")
        for row, column in np.argwhere(~np.isnan(values)):
            value = values[row, column]
            axis.text(
                column,
                row,
                f"{value:.1f}" if value >= 9.95 else f"{value:.2g}",
                ha="center",
                va="center",
                fontsize=5.5,
                color="black" if value > LIGHT * most else "white",
            )
        axis.set_xticks(range(len(PASSES)), PASSES)
        axis.set_yticks(range(len(lines)), [name(line.said, 34) for line in lines], fontsize=SMALL)
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
        axis.set_title(title, fontsize=7)
        bar = figure.colorbar(image, ax=axis, pad=0.02, aspect=30)
        bar.set_label("utilization (%)")
        bar.outline.set_linewidth(0.4)
        return figure


FIGURE = Figure(
    name="heat_map",
    about="utilization by layer and pass",
    kinds=("study", "run", "trace", "report"),
    needs="reports: those of a study or a run, or --arch",
    find=find,
)
