import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis import sweep
from analysis.sweep.search import Search
from analysis.sweep.space import Point, Space, load_space
from simulator.errors import InputError
from tests.analysis.sweep.spaces import Here, write_space

SIDE = "{from: 1, to: 64, step: 1}"
AXES = f"{{core.array.rows: {SIDE}, core.array.columns: {SIDE}}}"
KEYS = {"axes": AXES, "objectives": "[seconds, area]", "points": "96", "generation": "16", "seed": "7"}
WAYS = pytest.mark.parametrize("choose", ["nsga2", "tpe"])


def searched(space: Space, metrics: Callable[[Point], dict[str, float] | None]) -> list[Point]:
    """All that a search asks for, where a function says what becomes of a point."""
    search = Search(space)
    while points := search.ask():
        search.tell({point: metrics(point) for point in points})
    return list(search.asked)


def far(point: Point) -> dict[str, float]:
    """Two objectives that are best at opposite places of the first axis, and at 20 of the second."""
    x, y = point
    return {"seconds": 1.0 + x + (y - 20) ** 2, "area_mm2": 65.0 - x + (y - 20) ** 2}


@WAYS
def test_a_search_asks_for_so_many_different_points_and_for_the_same_ones_again(
    tmp_path: Path, choose: str
) -> None:
    space = load_space(write_space(tmp_path, choose=choose, **KEYS))
    asked = searched(space, far)
    assert len(asked) == 96 == len(set(asked))
    assert searched(space, far) == asked
    other = load_space(write_space(tmp_path, choose=choose, **{**KEYS, "seed": "8"}))
    assert searched(other, far) != asked


@WAYS
def test_a_search_comes_nearer_than_chance(tmp_path: Path, choose: str) -> None:
    asked = searched(load_space(write_space(tmp_path, choose=choose, **KEYS)), far)
    early, late = asked[:16], asked[-32:]
    off = [sum(abs(y - 20) for _, y in some) / len(some) for some in (early, late)]
    assert off[1] < 0.7 * off[0]


@WAYS
def test_a_search_keeps_to_the_constraints(tmp_path: Path, choose: str) -> None:
    space = load_space(write_space(tmp_path, choose=choose, **KEYS, constraints="[seconds <= 20 s]"))
    asked = searched(space, far)
    met = [
        sum(far(point)["seconds"] <= 20 for point in some) / len(some) for some in (asked[:16], asked[-32:])
    ]
    assert met[1] > met[0]


@WAYS
def test_refused_points_end_no_search(tmp_path: Path, choose: str) -> None:
    space = load_space(write_space(tmp_path, choose=choose, **KEYS))
    assert len(searched(space, lambda point: None if point[0] % 2 else far(point))) == 96
    assert len(searched(space, lambda _: None)) == 96


def test_a_small_space_is_searched_to_its_end(tmp_path: Path) -> None:
    axes = "{core.array.rows: [2, 4, 8], core.array.columns: [2, 4]}"
    space = load_space(write_space(tmp_path, choose="nsga2", **{**KEYS, "axes": axes}))
    asked = searched(space, lambda point: far((point[0], 20 + point[1])))
    assert sorted(asked) == [(a, b) for a in range(3) for b in range(2)]


def test_a_search_that_was_stopped_goes_on_to_the_same_table(
    tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {**KEYS, "points": "12", "generation": "4"}
    path = write_space(tmp_path, choose="nsga2", **keys)
    whole = sweep(path, out=tmp_path / "whole")
    assert here.points == 12

    tell, told = Search.tell, []

    def stopped(search: Search, metrics: Any) -> None:
        told.append(len(metrics))
        if len(told) == 2:
            raise KeyboardInterrupt
        tell(search, metrics)

    with monkeypatch.context() as patched:
        patched.setattr(Search, "tell", stopped)
        with pytest.raises(KeyboardInterrupt):
            sweep(path, out=tmp_path / "stopped")
    before = here.points
    again = sweep(path, out=tmp_path / "stopped")
    assert 0 < here.points - before < 12
    for name in ("points.csv", "sweep.json"):
        assert (again.path / name).read_bytes() == (whole.path / name).read_bytes()
    said = json.loads((whole.path / "sweep.json").read_text())
    assert said["provenance"]["search"].startswith("optuna ")


def test_without_optuna_the_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError) as caught:
        Search(load_space(write_space(tmp_path, choose="tpe", **KEYS)))
    what = "a search needs Optuna, which is not installed"
    assert str(caught.value) == f'choose: {what}; pip install "nmsim[search]", or choose sobol'
