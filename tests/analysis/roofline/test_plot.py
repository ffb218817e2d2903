"""Figures of rooflines: names hide no point, no line and no other name, and both axes can be read."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from math import inf
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.path import Path as Outline

from analysis.canvas import STYLE
from analysis.quantities import scaled
from analysis.roofline.labels import Line, places
from analysis.roofline.plot import drawn_roofs, roofline_figure
from analysis.roofline.roofline import Roofline, roofline
from simulator import Trace, load_arch
from simulator.arch import arch_names
from simulator.gemm import Product
from workloads import trace_network

ROOF, SLOPE = r"(?P<name>.+): [0-9.]+ [kMGTP]?op/s", r"(?P<name>.+): [0-9.]+ [kMGTP]?B/s"


@pytest.fixture(autouse=True)
def measured_as_it_is_drawn() -> Iterator[None]:
    """The widths of letters are those of the style in which a figure is written."""
    with mpl.rc_context(STYLE):
        yield


@cache
def trace_of(dtype: str) -> Trace:
    """The products of ViT-B/16 in 2:4."""
    whole = trace_network("vit_b16", recipe="sr_ste", pattern="2:4", dtype=dtype)
    return Trace(steps=tuple(one for one in whole.steps if isinstance(one.work, Product)))


@cache
def figure_of(name: str, by: str, fidelity: str, *settings: str) -> tuple[Roofline, Any]:
    """The roofline of a machine and the axes of its figure, laid out."""
    trace = trace_of(next(iter(load_arch(name).value.core.lanes)))
    found = roofline(name, trace, by=by, fidelity=fidelity, settings=settings)
    figure = roofline_figure(found)
    figure.draw_without_rendering()
    return found, figure.axes[0]


def outline(text: Any) -> Outline:
    """The box of a name in pixels."""
    box = text.get_bbox_patch()
    return Outline(box.get_transform().transform(box.get_path().vertices))


CASES = [
    *((name, "pass", "tile") for name in arch_names()),
    ("a100", "layer", "tile"),
    ("vegeta", "pass", "bound"),
    ("vegeta", "layer", "bound"),
]


@pytest.mark.parametrize(("name", "by", "fidelity"), CASES)
def test_a_name_hides_no_point_no_line_and_no_name(name: str, by: str, fidelity: str) -> None:
    _, axis = figure_of(name, by, fidelity)
    boxes = {text.get_text(): outline(text) for text in axis.texts}
    assert len(boxes) == len(axis.texts)
    for (one, mine), (other, yours) in combinations(boxes.items(), 2):
        assert not mine.intersects_path(yours), f"{one} hides {other}"
    for line in axis.lines:
        drawn = axis.transData.transform_path(line.get_path())
        lone = len(line.get_xdata()) == 1
        for said, box in boxes.items():
            if lone:
                assert not box.contains_points(drawn.vertices).any(), f"{said} hides a point"
            else:
                assert not box.intersects_path(drawn, filled=True), f"{said} hides a line"


@pytest.mark.parametrize(("name", "by", "fidelity"), CASES)
def test_every_roof_in_sight_has_its_name_inside_the_axes(name: str, by: str, fidelity: str) -> None:
    found, axis = figure_of(name, by, fidelity)
    names = [row for text in axis.texts for row in text.get_text().split("\n")]
    flat = [match["name"] for one in names if (match := re.fullmatch(ROOF, one))]
    assert sorted(flat) == sorted(roof.name for roof in drawn_roofs(found))
    slanted = [match["name"] for one in names if (match := re.fullmatch(SLOPE, one))]
    (left, _), top = axis.get_xlim(), float(drawn_roofs(found)[-1].ops)
    seen = [one.level for one in found.slopes if left * float(one.rate or inf) < top]
    assert sorted(", ".join(slanted).split(", ")) == sorted(seen or [""])
    frame = axis.get_window_extent()
    for text in axis.texts:
        across, up = np.transpose(outline(text).vertices)
        assert frame.x0 - 1 <= across.min() <= across.max() <= frame.x1 + 2
        assert frame.y0 - 1 <= up.min() <= up.max() <= frame.y1 + 1


@pytest.mark.parametrize(("name", "by", "fidelity"), CASES)
def test_each_axis_has_two_ticks_with_numbers_in_one_style(name: str, by: str, fidelity: str) -> None:
    _, axis = figure_of(name, by, fidelity)
    for line, (low, high) in ((axis.xaxis, axis.get_xlim()), (axis.yaxis, axis.get_ylim())):
        ticks = [tick for tick in line.get_major_ticks() if low <= tick.get_loc() <= high]
        assert len(ticks) > 1
        assert [tick.label1.get_text() for tick in ticks] == [scaled(tick.get_loc()) for tick in ticks]
        assert not any(tick.label1.get_text() for tick in line.get_minor_ticks())


def test_levels_that_look_like_one_line_share_a_name() -> None:
    _, apart = figure_of("vegeta", "pass", "tile")
    assert "l2: 96 GB/s\ndram: 94 GB/s" in [text.get_text() for text in apart.texts]
    _, axis = figure_of("vegeta", "pass", "tile", "memory.l2.bandwidth=94 GB/s")
    assert "dram, l2: 94 GB/s" in [text.get_text() for text in axis.texts]


def test_the_axis_says_what_grey_is_where_there_is_grey() -> None:
    assert figure_of("a100", "pass", "tile")[1].get_xlabel() == (
        "operations a byte of dram (grey: of the other levels)"
    )
    assert figure_of("systolic", "pass", "tile")[1].get_xlabel() == "operations a byte of dram"


def test_a_name_longer_than_its_line_stands_level_at_the_upper_end() -> None:
    found = list(places(Line(0, 0, 30, 40), 51, 10))
    assert {(one.y, one.angle) for one in found} == {(42, 0)}
    along = [one for one in places(Line(0, 0, 30, 40), 20, 10) if one.angle]
    assert len({one.x for one in along}) == len(along) > 2
