"""Points are evaluated once, whoever dies, and what is known is not evaluated again."""

import sys
from pathlib import Path

import pytest

from analysis.runner import runner
from analysis.sweep.drive import Chunk, driven, evaluate_chunk, split_chunk
from analysis.sweep.store import Row, Store, Stored
from tests.analysis.sweep import tiny_sweep
from tests.analysis.sweep.storm import Storm
from tests.analysis.sweep.tiny_sweep import KILLER, RAISER, evaluate, key_of

SPACE = """
spec: 1
name: storm
arch: a100
fidelity: bound
workload: {network: bert_base, recipe: sr_ste, pattern: 2:4, batch: 1, steps: 1}
axes:
  core.array.rows: [4, 8, 16]
  cores: [108, 432]
  memory.dram.bandwidth: [400 GB/s, 1600 GB/s]
  workload.pattern: [2:4, 1:4]
choose: grid
objectives: [seconds, area_mm2]
"""
WHY = {RAISER: "ValueError: seventeen", KILLER: runner.KILLER}


def test_what_is_known_is_not_evaluated_again_and_equal_keys_are_one_point(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    with (
        Store.opened(tmp_path / "s.db", identity={}) as store,
        driven(evaluate, store, workers=1) as drive,
    ):
        store.add([Row("b", "done", "known")])
        points = [("a", 1), ("b", 97), ("c", 17), ("a", 1), ("d", 2)]
        found = drive.evaluate(points, lambda done, whole: told.append((done, whole)))
        assert list(found) == ["a", "b", "c", "d"]
        assert found == {
            "a": Stored("refused", {"why": "one too many"}),
            "b": Stored("done", "known"),
            "c": Stored("set aside", {"why": "ValueError: seventeen"}),
            "d": Stored("done", {"seconds": 0.2, "cycles": 32}),
        }
        assert told[0] == (1, 4)
        assert told[-1] == (4, 4)
        assert drive.evaluate(points) == found == store.known("abcd")
        assert drive.evaluate([]) == {}


def test_a_chunk_is_the_sum_of_its_parts() -> None:
    chunk = Chunk(evaluate=evaluate, points=[(key_of(point), point) for point in range(20)])
    parts = split_chunk(chunk)
    assert [key for key, _ in parts] == [key for key, _ in chunk.points]
    assert evaluate_chunk(chunk) == [row for _, part in parts for row in evaluate_chunk(part)]


def stormed(kills: int, points: int, out: Path) -> Storm:
    """A storm over the toy sweep, after which every run has written the same bytes."""
    command = [sys.executable, "-m", tiny_sweep.__name__, str(out), str(points)]
    storm = Storm(command, out, seed=kills)
    whole = storm.undisturbed()
    lines = whole["points.csv"].decode().splitlines()
    assert len(lines) == points
    aside = {point: f'{point},set aside,{{"why":"{why}"}}' for point, why in WHY.items() if point < points}
    assert {point: line for point, line in enumerate(lines) if "set aside" in line} == aside
    storm.blow(kills, whole)
    return storm


def test_a_short_storm_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    storm = stormed(4, 60, tmp_path / "out")
    assert storm.struck.total() == 4


@pytest.mark.full
def test_a_storm_over_the_command_itself_changes_no_byte(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(SPACE)
    out = tmp_path / "out"
    command = [sys.executable, "-c", "from analysis.cli import main; main()", "sweep", *("--workers", "2")]
    storm = Storm([*command, str(tmp_path / "space.yaml"), "-o", str(out)], out)
    whole = storm.undisturbed()
    assert len(whole["points.csv"].splitlines()) == 1 + 24
    storm.blow(15, whole)


@pytest.mark.full
def test_a_long_storm_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    storm = stormed(50, 600, tmp_path / "out")
    assert min(storm.struck.values()) > 5
