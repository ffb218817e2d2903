from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.sweep.points import chosen_points
from analysis.sweep.space import load_space
from analysis.sweep.written import WrittenSpace
from simulator.errors import InputError
from simulator.spec import json_schema, load_spec
from tests.analysis.sweep.spaces import NETWORK, write_space

METRICS = "known: area, area_high_mm2, area_low_mm2, area_mm2, cycles, dense_macs, dram_bytes, edp, edp_js"
HUGE = "{core.array.rows: {from: 1, to: 1000, step: 1}, core.array.columns: {from: 1, to: 1001, step: 1}}"

REFUSED = [
    (
        {"axes": "{core.array.row: [4]}"},
        "6:25: axes.core.array.row.0: unknown key; did you mean `rows`? known: columns, rows",
    ),
    (
        {"axes": "{cora.array.rows: [4]}"},
        "6:26: axes.cora.array.rows.0: cora: unknown key; did you mean `core`? ",
    ),
    (
        {"axes": "{cores.rows: [4]}"},
        "6:21: axes.cores.rows.0: `cores` is one value and holds no keys; set `cores` itself",
    ),
    (
        {"axes": "{memory.l9.bandwidth: [1 GB/s]}"},
        "6:29: axes.memory.l9.bandwidth: `memory` has no item `l9`; known: dram, l2, registers, shared",
    ),
    (
        {"axes": "{name: [a, b]}"},
        "6:14: axes.name: what it is called is no property of a machine; vary another key",
    ),
    ({"axes": "{spec: [1]}"}, "6:15: axes.spec.0: `spec` cannot be set; write it in the file"),
    ({"axes": "{'core array': [4]}"}, "6:8: axes.core array: "),
    (
        {"axes": "{core.array.rows: []}"},
        "6:25: axes.core.array.rows: there are none; write [4, 8, 16], or {from: 4, to: 64, times: 2}",
    ),
    ({"axes": "{}"}, "6:7: axes: has 0 of them; it has at least 1"),
    (
        {"axes": "{core.array.rows: [4, 4]}"},
        "6:29: axes.core.array.rows.1: `4` is written twice, at 0 too; write each value once",
    ),
    (
        {"axes": "{core.array.rows: [.nan]}"},
        "6:26: axes.core.array.rows.0: `.nan` is not a finite number; write a finite one",
    ),
    (
        {"axes": "{core.array.rows: [~, 4]}"},
        "6:26: axes.core.array.rows.0: it has no value; write one, or leave the key out",
    ),
    (
        {"axes": "{core.array.rows: {from: 4, to: .inf, step: 1}}"},
        "6:39: axes.core.array.rows.to: `.inf` is not a finite number; write a finite one",
    ),
    (
        {"axes": "{core.array.rows: {from: 4, to: 2, step: 1}}"},
        "6:39: axes.core.array.rows.to: `2` is not more than `from`, `4`; write the smaller end first, o",
    ),
    (
        {"axes": "{core.array.rows: [4, -1, x]}"},
        "6:29: axes.core.array.rows.1: `-1` is too small; it is at least 1",
    ),
    (
        {"axes": "{memory.dram.bandwidth: [4 GB]}"},
        "6:32: axes.memory.dram.bandwidth.0: `4 GB` is a size, not a bandwidth; write a bandwidth such a",
    ),
    (
        {"axes": "{core.array.rows: {from: 0, to: 4, step: 1}}"},
        "6:25: axes.core.array.rows: `0` is too small; it is at least 1",
    ),
    (
        {"axes": HUGE},
        "6:7: axes: these are 1001000 points; a grid has at most 1000000: shorten an axis, or `choose: s",
    ),
    (
        {"axes": "{core.array: [{rows: 2, columns: 2}], core.array.rows: [2]}"},
        "6:62: axes.core.array.rows: `core.array` sets it too; leave one of the two axes out",
    ),
    (
        {"axes": "{memory.dram.latency: [1 us], memory.0.latency: [2 us]}"},
        "6:55: axes.memory.0.latency: `memory.dram.latency` sets it too; leave one of the two axes out",
    ),
    (
        {"axes": "{workload.patern: [2:4]}"},
        "6:25: axes.workload.patern: no key of the workload is called `patern`; did you mean `pattern`? ",
    ),
    (
        {"axes": "{workload.pattern: [2:4, 5:4]}"},
        "6:32: axes.workload.pattern.1: `5:4` keeps 5 of 4; kept is 1 to 4 for a group of 4",
    ),
    ({"axes": "{workload.steps: [x]}"}, "6:25: axes.workload.steps.0: `x` is no steps; write one, such as 1"),
    (
        {"axes": "{workload.recipe: [sr_sta]}"},
        "6:26: axes.workload.recipe.0: no recipe is called `sr_sta`; did you mean `sr_ste`? ",
    ),
    (
        {"axes": "{workload.trace: [nowhere]}", "workload": "{}"},
        "nowhere: does not exist; name a directory that `nmsim trace` wrote",
    ),
    (
        {"axes": "{workload.steps: [0, -1]}"},
        "6:24: workload.steps: `0` is no number of steps; write a whole number from 1 to 1000000000",
    ),
    (
        {"workload": "{network: vit_b17}"},
        "4:21: workload.network: no network is called `vit_b17`; did you mean `vit_b16`? ",
    ),
    (
        {"workload": "{network: net.yaml, pattern: 2:4}"},
        "4:40: workload.pattern: recipe dense uses none; leave it out, or choose a recipe that does",
    ),
    (
        {"workload": "{network: net.yaml, trace: runs/x}"},
        "4:11: workload: names a network and a trace; write one of them",
    ),
    (
        {"workload": "{recipe: sr_ste}"},
        "4:11: workload: names nothing to run; write network: vit_b16, or trace: runs/first",
    ),
    (
        {"workload": "{trace: runs/x, steps: 2}"},
        "4:11: workload: a trace is as it was made, and steps would make it; leave them out",
    ),
    ({"arch": "a10"}, "3:7: arch: no machine is called `a10`; did you mean `a100`? "),
    ({"arch": "nope.yaml"}, "nope.yaml: no such file; give the path of a YAML file"),
    (
        {"objectives": "[second]"},
        "7:14: objectives.0: no metric is called `second`; did you mean `seconds`? " + METRICS,
    ),
    (
        {"arch": "systolic", "objectives": "[area]", "workload": "{network: net.yaml}"},
        "7:13: objectives: `area_mm2` needs component tables, and systolic names none; name component ta",
    ),
    ({"constraints": "[area <= 4 ms]"}, "8:15: constraints.0: `ms` is no unit of area; known: mm^2, um^2"),
    (
        {"reference": "{area: 4 mm^2}"},
        "8:12: reference: it is not a point among the objectives; write one value for each of seconds",
    ),
    (
        {"choose": "gird"},
        "8:9: choose: the text `gird` is none of the values known here; did you mean `grid`? ",
    ),
    ({"choose": "sobol"}, "1:1: points: missing; sobol takes a number"),
    ({"points": "4"}, "8:9: points: grid takes all points there are; leave it out, or choose sobol"),
    ({"generation": "4"}, "8:13: generation: grid asks for nothing; leave it out, or choose nsga2 or tpe"),
    (
        {"choose": "tpe", "points": "200000"},
        "9:9: points: 200000 points are more than a search asks for; it is at most 100000",
    ),
    (
        {"choose": "one_at_a_time", "axes": "{core.overlap: [false]}"},
        "6:22: axes.core.overlap: a100 writes no such key; write it there: one_at_a_time starts from wha",
    ),
    ({"spec": "2"}, "1:7: spec: 2 is newer than this program, which reads 1; update the program"),
    ({"fidelty": "tile"}, "8:1: fidelty: unknown key; did you mean `fidelity`? "),
]


@pytest.mark.parametrize(("keys", "said"), REFUSED, ids=[said.partition(";")[0] for _, said in REFUSED])
def test_what_no_point_could_be_free_of_is_refused_before_anything_runs(
    tmp_path: Path, keys: dict[str, str], said: str
) -> None:
    path = write_space(tmp_path, **keys)
    with pytest.raises(InputError) as caught:
        load_space(path)
    lines = str(caught.value).replace(f"{path}:", "").replace(f"{tmp_path}/", "").splitlines()
    assert any(line.startswith(said) or line.endswith(f": {said}") for line in lines), lines
    assert sorted(one.name for one in tmp_path.iterdir()) == ["net.yaml", "space.yaml"]


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    axes = "{core.array.row: [4], workload.patern: [2:4], cores: [-1]}"
    with pytest.raises(InputError) as caught:
        load_space(write_space(tmp_path, axes=axes))
    assert len(caught.value.problems) == 3


def test_a_value_that_another_axis_may_allow_is_no_mistake(tmp_path: Path) -> None:
    """A fan-in of 2 cannot serve the 2:4 that the machine writes, and can serve the 1:2 of another axis."""
    space = load_space(
        write_space(tmp_path, axes="{core.select.fan_in: [2, 4], core.patterns: [[1:2], [2:4]]}")
    )
    assert space.size == 4


def test_a_grid_moves_its_last_axis_first(tmp_path: Path) -> None:
    space = load_space(
        write_space(
            tmp_path, axes="{cores: [216, 432], core.array: [{rows: 4, columns: 4}], launch: [1 us, 2 us]}"
        )
    )
    points = chosen_points(space)
    assert [space.cells(point) for point in points] == [
        {"cores": cores, "core.array": "{rows: 4, columns: 4}", "launch": launch}
        for cores in (216, 432)
        for launch in ("1 us", "2 us")
    ]


def test_one_at_a_time_starts_from_what_is_written(tmp_path: Path) -> None:
    axes = "{core.array.rows: [4, 8, 16], workload.pattern: [1:4], memory.dram.bandwidth: [800 GB/s]}"
    space = load_space(write_space(tmp_path, axes=axes, choose="one_at_a_time"))
    points = [tuple(space.assignment(point).values()) for point in chosen_points(space)]
    assert points == [
        (8, "2:4", "1555 GB/s"),
        (4, "2:4", "1555 GB/s"),
        (16, "2:4", "1555 GB/s"),
        (8, "1:4", "1555 GB/s"),
        (8, "2:4", "800 GB/s"),
    ]


def sobol(folder: Path, points: int, seed: int = 0) -> list[tuple[int, ...]]:
    axes = "{core.array.rows: {from: 1, to: 32, step: 1}, cores: {from: 4, to: 128, step: 4}}"
    return chosen_points(
        load_space(write_space(folder, axes=axes, choose="sobol", points=str(points), seed=str(seed)))
    )


def test_sobol_points_are_different_spread_and_grow_at_their_end(tmp_path: Path) -> None:
    points = sobol(tmp_path, 64)
    assert len(set(points)) == 64
    assert sobol(tmp_path, 100)[:64] == points
    assert sobol(tmp_path, 64, seed=1) != points
    for axis in (0, 1):  # each quarter of an axis has a quarter of them, which chance alone would not give
        quarters = [sum(point[axis] // 8 == quarter for point in points) for quarter in range(4)]
        assert max(quarters) - min(quarters) <= 4


def test_more_points_than_there_are_is_all_of_them(tmp_path: Path) -> None:
    path = write_space(
        tmp_path, choose="sobol", points="50", axes="{core.array.rows: [2, 4, 8], cores: [216, 432]}"
    )
    assert sorted(chosen_points(load_space(path))) == [(a, b) for a in range(3) for b in range(2)]


def test_names_are_relative_to_the_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "machine.yaml").write_text("spec: 1\nextends: other.yaml\ncores: 216\n")
    (tmp_path / "other.yaml").write_text((Path("arch_configs") / "a100.yaml").read_text())
    path = write_space(tmp_path, arch="machine.yaml")
    monkeypatch.chdir("/")
    space = load_space(path)
    assert space.machines.base.value.cores == 216
    assert space.workload((0,)).digest


def examples() -> Iterator[Path]:
    return Path("examples/sweeps").glob("*.yaml")


@pytest.mark.parametrize("path", sorted(examples()), ids=lambda path: path.stem)
def test_the_examples_can_be_read(path: Path) -> None:
    assert load_space(path).size > 20


def test_the_schema_names_every_key(tmp_path: Path) -> None:
    schema = json_schema(WrittenSpace)
    assert set(schema["properties"]) == {*WrittenSpace.model_fields, "spec", "extends"}
    assert load_spec(write_space(tmp_path), WrittenSpace).value.choose == "grid"
    assert NETWORK.startswith("spec: 1")
