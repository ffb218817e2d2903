"""The stages of one product over time, tile by tile: fetches, the core, and the way out of results."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from analysis.canvas import SMALL, STYLE, blank, name
from analysis.figures.drawing import Asked, Drawing, Figure, LackingError
from analysis.figures.ranges import scale_of
from analysis.figures.sources import Reported, Traced, one_each, reports_of, traced
from simulator.errors import InputError, lookup
from simulator.gemm import GEMM, Product, Step
from simulator.machine import resolve
from simulator.timeline import Timeline, drawn
from simulator.timeline_trace import Slice, Track

TRACK_INCHES, EDGE_INCHES = 0.24, 0.62
TILES_FEW, TILES_MANY = 24, 120
"""Tiles of a stage that have room, with a number each and as lines."""
TRIES = 8
DIGIT_POINTS, ROOMY = 3.6, 0.8
"""The width of a digit on paper, and the share of blocks with room from which on a line has numbers."""
FETCH, CORE, OUT = ("#009E73", "#B3E2D5"), ("#0072B2", "#A6CEE8"), ("#D55E00", "#F3C6A5")
"""Shades of one tile and of the next."""


def find(asked: Asked) -> Iterator[Drawing]:
    """For each machine the product that takes it the longest, or the longest of --layer."""
    ones = one_each(reports_of(asked))
    for one in ones:
        step, found = _longest(one, traced(one, asked), asked.layer)
        whole, until = len(found.items), window(found)
        tracks = [
            track._replace(slices=[piece for piece in track.slices if piece.start < until])
            for track in found.tracks
        ]
        seen = max(len(track.slices) for track in tracks)
        numbers = [
            {
                "machine": one.arch,
                "layer": step.layer,
                "pass": str(step.pass_),
                "stage": track.name,
                "tile": piece.name,
                "start (cycles)": piece.start,
                "end (cycles)": piece.end,
                "moved (B)": sum(piece.moved.values()),
            }
            for track in tracks
            for piece in track.slices
        ]
        first = f", first {seen} of {whole} tiles" if whole > seen else ""
        title = f"{name(one.arch)}: {name(step.layer)} {step.pass_}{first}"
        yield Drawing(
            numbers=numbers,
            draw=partial(stages_figure, tracks, title, until),
            said=f"{found} ({step.layer} {step.pass_} of {one.ran}); shades alternate from tile to tile.",
            part="" if len(ones) == 1 else one.arch,
        )


def _longest(one: Reported, at: Traced, layer: str | None) -> tuple[Step, Timeline]:
    """The product of the most cycles whose tiles can be looked at one by one."""
    layers = {row["layer"]: row["layer"] for row in one.rows if row["op"] == GEMM}
    if not layers:
        raise LackingError.of("nothing was multiplied", "name a trace with matrix products")
    if layer is not None:
        lookup(layers, layer, kind="layer", where="--layer")
    each = {(row["layer"], row["pass"], row["first_step"]): row["cycles"] / row["count"] for row in one.rows}
    steps = [step for step in at.trace.steps if isinstance(step.work, Product)]
    wanted = [step for step in steps if layer is None or step.layer == layer]
    ranked = sorted(wanted, key=lambda s: -each.get((s.layer, str(s.pass_), s.when.first_step), 0.0))
    machine, refused = resolve(at.arch.value), None
    for step in ranked[:TRIES]:
        assert isinstance(step.work, Product)
        try:
            return step, drawn(step.work, machine)
        except InputError as error:
            refused = error
    raise LackingError((refused or LackingError.of("nothing was multiplied", "name another trace")).problems)


def window(found: Timeline) -> int:
    """Cycles that are drawn: all of few tiles, else until the first results have left, or of few tiles."""
    every = [piece for track in found.tracks for piece in track.slices]
    if len(found.items) <= TILES_FEW:
        return max(piece.end for piece in every)
    (core,) = (track.slices for track in found.tracks if track.name.startswith("core"))
    first = [track.slices[0].end for track in found.tracks if track.slices]
    few = core[TILES_FEW - 1].end
    until = 1 + max(*first, few)
    return until if sum(piece.start < until for piece in core) <= TILES_MANY else few


def stages_figure(tracks: Sequence[Track], title: str, until: int, width: float) -> Any:
    """A line for each stage from the outermost level inwards, a block for each tile, up to a cycle."""
    import matplotlib as mpl

    most = max(until, 1)
    size, unit = scale_of([most], "")
    with mpl.rc_context(STYLE):
        figure = blank(EDGE_INCHES + TRACK_INCHES * len(tracks), width)
        axis = figure.subplots()
        for place, track in enumerate(tracks):
            shades = CORE if track.name.startswith("core") else FETCH if track.level else OUT
            cut = [piece._replace(end=min(piece.end, until)) for piece in track.slices]
            _blocks(axis, place, cut, shades, size)
        axis.set_yticks(range(len(tracks)), [_said(track.name) for track in tracks], fontsize=SMALL)
        axis.set_ylim(len(tracks) - 0.45, -0.55)
        axis.set_xlim(0, 1.02 * most / size)
        axis.tick_params(axis="y", length=0)
        axis.set_xlabel(f"time ({unit.strip()} cycles)" if unit.strip() else "time (cycles)")
        axis.set_title(title, fontsize=7, loc="left")
        figure.draw_without_rendering()
        whole = [track._replace(slices=[p for p in track.slices if p.end <= until]) for track in tracks]
        _number(axis, whole, size)
        return figure


def _blocks(axis: Any, place: int, slices: Sequence[Slice], shades: tuple[str, str], size: float) -> None:
    for index, piece in enumerate(slices):
        look: Any = {"color": shades[index % 2], "linewidth": 0}
        axis.barh(place, (piece.end - piece.start) / size, 0.72, left=piece.start / size, **look)


def _number(axis: Any, tracks: Sequence[Track], size: float) -> None:
    """The place of each tile in its block, on the lines where nearly all have room for it."""
    pixels = axis.get_window_extent().width / axis.get_xlim()[1] / size
    points = axis.get_figure().dpi / 72
    for place, track in enumerate(tracks):
        wide = DIGIT_POINTS * points * (len(str(len(track.slices) - 1)) + 0.5)
        roomy = [(piece.end - piece.start) * pixels > wide for piece in track.slices]
        if sum(roomy) < ROOMY * len(roomy):
            continue
        for index, (piece, room) in enumerate(zip(track.slices, roomy, strict=True)):
            if room:
                middle = (piece.start + piece.end) / 2 / size
                colour = "white" if index % 2 == 0 else "black"
                axis.text(middle, place, str(index), ha="center", va="center", fontsize=5.5, color=colour)


def _said(stage: str) -> str:
    return name(stage.split(":")[0].replace("->", "→"), 28)


FIGURE = Figure(
    name="timeline",
    about="the stages of one product over time, tile by tile",
    kinds=("study", "run", "trace"),
    needs="a trace and its machine: a study, or --arch for a trace or a run; --layer chooses the product",
    find=find,
)
