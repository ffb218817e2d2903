"""What runs looked like while they trained: learning curves, density and flip rate of the masks."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from analysis.canvas import DASHES, SMALL, STYLE, blank, looks, name
from analysis.figures.drawing import Asked, Drawing, Figure, LackingError, check_few, chosen
from analysis.figures.sources import CHOICE, ran_text
from analysis.results import Results, load_results

if TYPE_CHECKING:
    import pandas as pd

LINES_MAX, WEIGHTS_MAX = 16, 60
PANEL_INCHES, ENTRY_INCHES = 1.15, 0.125
MARKS = 6
"""Markers on a line."""
WIDE = 30
"""From this ratio of the largest to the smallest on, an axis counts decades."""


class Line(NamedTuple):
    """A run: the recipe and pattern that tell it from others, its history, and that of each weight."""

    label: str
    pattern: str
    history: "pd.DataFrame"
    weights: "pd.DataFrame"

    @property
    def said(self) -> str:
        """Its name in the legend."""
        return " ".join(filter(None, (self.label, self.pattern)))


class Panel(NamedTuple):
    """A column of the history, what its axis says, and the size that counts as one there."""

    column: str
    said: str
    size: float = 1.0


DENSITY = (Panel("density", "density (%)", 0.01), Panel("flip_rate", "flips a step (%)", 0.01))


def masks(asked: Asked) -> Iterator[Drawing]:
    """Density and flip rate over training steps; of a single run also those of each weight, thin."""
    for part, lines in _lines(asked):
        columns = [panel.column for panel in DENSITY]
        if not any(
            (line.history["flip_rate"] > 0).any() or (line.history["density"] < 1).any() for line in lines
        ):
            raise LackingError.of("nothing was pruned", "train with a recipe and a pattern")
        yield Drawing(
            numbers=_numbers(lines, columns),
            draw=partial(lines_figure, lines, DENSITY),
            said="Density of the weights that follow the recipe, and the share of their masks that flips"
            f"{_whose(asked)}.",
            part=part,
        )


def learning(asked: Asked) -> Iterator[Drawing]:
    """Loss on held-out samples over training steps, or that of the batches where none was measured."""
    for part, lines in _lines(asked):
        held = all(
            "held_out_loss" in line.history and line.history["held_out_loss"].notna().any() for line in lines
        )
        several = all(
            (line.history.get("held_out_loss", line.history["loss"]).notna().sum()) > 1 for line in lines
        )
        panels = (
            [Panel("held_out_loss", "held-out loss")]
            if held and several
            else [Panel("loss", "loss of the batch")]
        )
        yield Drawing(
            numbers=_numbers(lines, [panel.column for panel in panels]),
            draw=partial(lines_figure, lines, panels),
            said=f"Learning curves: {panels[0].said} over training steps{_whose(asked)}.",
            part=part,
        )


def _whose(asked: Asked) -> str:
    """Of a study, which runs a caption is about."""
    return "; the first seed of each recipe and pattern" if asked.results.kind == "study" else ""


def _lines(asked: Asked) -> Iterator[tuple[str, list[Line]]]:
    """The lines of each figure: one run, or the first seed of each cell of each task and length."""
    results = asked.results
    if results.kind == "run":
        yield "", [_line(results, *_words(results))]
        return
    frame = chosen(results.table("results"), asked.only, CHOICE)
    runs = results.runs()
    frame = frame[frame["run"].isin(list(runs))]
    if frame.empty:
        raise LackingError.of("the study keeps no training runs", "restore its runs/, or run it again")
    groups = list(frame.groupby(["task", "model", "steps"], sort=False))
    for (task, model, steps), own in groups:
        cells = own.drop_duplicates(subset=["label", "pattern"])
        check_few(list(cells["run"]), LINES_MAX, "runs")
        lines = [
            _line(load_results(runs[row["run"]]), row["label"], row["pattern"])
            for row in cells.to_dict("records")
        ]
        yield "" if len(groups) == 1 else f"{task!s}-{model!s}-{steps!s}", lines


def _words(results: Results) -> tuple[str, str]:
    return ran_text(results.meta["provenance"]), ""


def _line(results: Results, label: str, pattern: str) -> Line:
    history = results.table("history")
    if history.empty:
        raise LackingError.of("the run has no history", "train it further", where=str(results.path))
    for column in ("density", "flip_rate"):
        if column not in history:
            history[column] = float("nan")
    return Line(label, pattern, history, results.table("weights"))


def _numbers(lines: Sequence[Line], columns: Sequence[str]) -> list[dict[Any, object]]:
    return [
        {"recipe": line.label, "pattern": line.pattern, **row}
        for line in lines
        for row in line.history[["step", *columns]].dropna(subset=list(columns), how="all").to_dict("records")
    ]


def lines_figure(lines: Sequence[Line], panels: Sequence[Panel], width: float) -> Any:
    """The panels over training steps; a colour and a marker for a recipe, dashes for a pattern."""
    import matplotlib as mpl

    styles = looks([line.label for line in lines])
    patterns = list(dict.fromkeys(line.pattern for line in lines))
    columns = 3 if width < 5 else 6
    rows = -(-len(lines) // columns)
    with mpl.rc_context(STYLE):
        figure = blank(
            0.4 + PANEL_INCHES * len(panels) + 0.6 * (len(panels) == 1) + ENTRY_INCHES * rows, width
        )
        axes = figure.subplots(len(panels), 1, squeeze=False, sharex=True)[:, 0]
        for axis, panel in zip(axes, panels, strict=True):
            if len(lines) == 1:
                _weights(axis, lines[0], panel)
            for line in lines:
                own = line.history[["step", panel.column]].dropna()
                dash = DASHES[patterns.index(line.pattern) % len(DASHES)]
                colour, marker, _ = styles[line.label]
                look: Any = {"color": colour, "linestyle": dash, "linewidth": 1.0, "markersize": 3}
                if len(lines) > 1:  # so that recipes are told apart in grey
                    look |= {"marker": marker, "markevery": max(1, len(own) // MARKS), "markeredgewidth": 0}
                values = own[panel.column].astype(float) / panel.size
                axis.plot(own["step"], values, label=name(line.said, 28), **look)
            _scale(axis, lines, panel)
            axis.set_ylabel(panel.said)
        axes[-1].set_xlabel("training step")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(columns, len(labels)))
        return figure


def _weights(axis: Any, line: Line, panel: Panel) -> None:
    """Each weight of a run on its own, thin and grey."""
    if panel.column not in line.weights or line.weights["weight"].nunique() > WEIGHTS_MAX:
        return
    for place, (_, own) in enumerate(line.weights.groupby("weight", sort=False)):
        label = "each weight" if place == 0 else None
        values = own[panel.column].astype(float) / panel.size
        axis.plot(own["step"], values, color="0.75", linewidth=0.4, label=label, zorder=1)


def _scale(axis: Any, lines: Sequence[Line], panel: Panel) -> None:
    """Decades where the values span them; zeros are then below the axis."""
    import numpy as np

    values = np.concatenate([line.history[panel.column].to_numpy(float) for line in lines]) / panel.size
    positive = values[np.isfinite(values) & (values > 0)]
    if panel.column == "density":
        axis.set_ylim(0, 105)
    elif positive.size and positive.max() > WIDE * positive.min():
        axis.set_yscale("log", nonpositive="mask")
        axis.yaxis.set_major_formatter(lambda value, _: f"{value:.3g}")
        axis.yaxis.set_minor_formatter(lambda *_: "")
    axis.tick_params(labelsize=SMALL)


MASKS_FIGURE = Figure(
    name="masks",
    about="density and flip rate of the masks over training",
    kinds=("run", "study"),
    needs="a training run with a pattern, or a study that keeps its runs",
    find=masks,
)
LEARNING_FIGURE = Figure(
    name="learning",
    about="learning curves",
    kinds=("run", "study"),
    needs="a training run, or a study that keeps its runs",
    find=learning,
)
