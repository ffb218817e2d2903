import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.sweep import evaluate as room
from analysis.sweep.evaluate import Designs, evaluate, why
from analysis.sweep.points import chosen_points
from analysis.sweep.space import load_space
from simulator.errors import InputError, Problem
from tests.analysis.sweep.spaces import write_space


def keys(folder: Path, **given: str) -> list[str]:
    space = load_space(write_space(folder, **given))
    designs = Designs(space)
    return [designs.of(point)[0] for point in chosen_points(space)]


def test_a_key_is_of_what_decides_the_metrics_and_of_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = "{core.array.rows: [4, 8], cores: [216, 432]}"
    before = keys(tmp_path, axes=both)
    assert len(set(before)) == 4
    turned = keys(tmp_path, axes="{cores: [432, 216, 108], core.array.rows: [8, 4]}")
    assert set(before) < set(turned)
    same = keys(
        tmp_path, axes=both, name="other", objectives="[energy]", constraints="[seconds <= 1 s]", seed="9"
    )
    assert same == before
    for other in (
        keys(tmp_path, axes=both, fidelity="tile"),
        keys(tmp_path, axes=both, arch="a100_80gb"),
        keys(tmp_path, axes=both, workload="{network: net.yaml, recipe: sr_ste, pattern: 1:4}"),
    ):
        assert not set(other) & set(before)
    monkeypatch.setattr(room, "__version__", "9.9.9")
    assert not set(keys(tmp_path, axes=both)) & set(before)


def test_a_component_table_that_changes_changes_the_key(tmp_path: Path) -> None:
    shipped = Path("arch_configs")
    (tmp_path / "m.yaml").write_text(
        (shipped / "a100.yaml")
        .read_text()
        .replace("[cmos, sram_cacti, dram]", "[cmos, sram_cacti, mine.yaml]")
    )
    table = (shipped / "components" / "dram.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(table)
    before = keys(tmp_path, arch="m.yaml")
    (tmp_path / "mine.yaml").write_text(table.replace("name: ", "name: my "))
    assert not set(keys(tmp_path, arch="m.yaml")) & set(before)


def test_a_worker_that_reads_other_files_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_batches", type(room._batches)())
    space = load_space(write_space(tmp_path))
    _, design = Designs(space).of((0,))
    sent = pickle.loads(pickle.dumps(design))
    assert evaluate(sent) == evaluate(design)
    room._batches.clear()
    other = replace(sent, shared=replace(sent.shared, tables={**sent.shared.tables, "dram": "0"}))
    with pytest.raises(ValueError, match="the worker finds another content of dram"):
        evaluate(other)


def test_why_names_the_key_and_no_place_of_this_machine() -> None:
    problems = [
        Problem(where="/somewhere/a.yaml:3:4: memory.1.per", what="this", right="that"),
        Problem(where="b", what="this", right="that"),
    ]
    assert why(InputError(problems[:1])) == "memory.1.per: this; that"
    assert why(InputError(problems)) == "memory.1.per: this; that (and 1 more)"
    assert why(InputError.of("this", "that")) == "this; that"
