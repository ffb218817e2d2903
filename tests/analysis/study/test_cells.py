"""What a study file asks for, and every problem of it before anything trains."""

import gc
import weakref
from pathlib import Path

import pytest

from analysis.study.cells import Cells, cells_of
from analysis.study.spec import WrittenStudy
from simulator.errors import InputError
from simulator.spec import json_schema, load_spec
from tests.analysis.study.tiny import SMALL, TASK, TRAIN
from workloads.tasks import Task
from workloads.training.emulator.choices import Choices, Resolved, resolve

HEAD = f"spec: 1\nname: s\ntrain: {TRAIN}\n"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def cells(text: str) -> Cells:
    Path("s.yaml").write_text(text)
    return cells_of(load_spec("s.yaml", WrittenStudy))


def problems(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        cells(text)
    return str(caught.value).splitlines()


def test_everything_is_crossed_and_dense_runs_once() -> None:
    found = cells(SMALL.replace("[2:4]", "[2:4, 1:4]").replace("steps: 24", "steps: [24, 48]"))
    told = [(cell.of.label, cell.of.pattern, cell.of.steps, cell.seed) for cell in found.runs]
    sparse = [("sr_ste", pattern) for pattern in ("2:4", "1:4")]
    combinations = [("dense", ""), *sparse]
    assert told == [(*one, steps, seed) for steps in (24, 48) for one in combinations for seed in (0, 1)]
    assert len({cell.run for cell in found.runs}) == len(found.runs) == 12
    assert found.baseline == "dense"


def test_the_data_of_a_combination_is_let_go_before_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[weakref.ref[Task]] = []

    def watched(choices: Choices) -> Resolved:
        gc.collect()
        assert [one() for one in held] == [None] * len(held)
        resolved = resolve(choices)
        held.append(weakref.ref(resolved.task))
        return resolved

    monkeypatch.setattr("analysis.study.cells.resolve", watched)
    cells(SMALL)
    assert len(held) == 2


def test_a_run_is_called_by_what_decides_it() -> None:
    (dense, _, sparse, _) = (cell.run for cell in cells(SMALL).runs)
    assert dense.startswith("teacher-dense-s0-")
    assert sparse.startswith("teacher-sr_ste-2x4-s0-")
    named = SMALL.replace("sr_ste]", "{recipe: sr_ste, name: mine, with: {strength: 2e-4}}]")
    assert [cell.run for cell in cells(named).runs][2] == sparse, "the default, written out, is the same run"
    other = SMALL.replace("sr_ste]", "{recipe: sr_ste, with: {strength: 1e-3}}]")
    assert [cell.run for cell in cells(other).runs][2] != sparse
    assert [cell.of.label for cell in cells(other).runs][2] == "sr_ste strength=0.001"


def test_a_recipe_goes_before_its_model_its_task_and_the_study() -> None:
    text = (
        f"{HEAD}seeds: [5]\nsteps: 8\nrecipes: [dense, {{recipe: dense, name: d, train: {{rate: 4e-3}}}}]\n"
    )
    text += "models: [{model: mlp, name: m, train: {rate: 3e-3, depth: 2}}, {model: mlp, name: n}]\n"
    text += (
        f"tasks: [{{task: teacher, train: {{rate: 2e-3}}}}, {TASK.replace('task:', 'name: small, task:')}]\n"
    )
    found = {(c.of.task, c.of.model, c.of.label): c.choices for c in cells(text).runs}
    assert found["teacher", "m", "d"].rate == 4e-3
    assert (found["teacher", "m", "dense"].rate, found["teacher", "m", "dense"].depth) == (3e-3, 2)
    assert (found["teacher", "n", "dense"].rate, found["teacher", "n", "dense"].depth) == (2e-3, 1)
    assert (found["small", "n", "dense"].rate, found["small", "n", "dense"].seed) == (None, 5)


def test_a_budget_gives_each_recipe_its_own_steps() -> None:
    runs = cells(SMALL.replace("steps: 24", "budget: 24 dense steps")).runs
    steps = {cell.of.label: cell.of.steps for cell in runs}
    assert steps["dense"] == 24
    assert steps["sr_ste"] > 24
    assert {cell.of.length for cell in runs} == {("24 dense steps", 0)}


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "own.yaml").write_text(
        "spec: 1\nname: own\nsummary: s\nphases: [{share: 100 %, pattern: target, forward: true}]\n"
    )
    text = SMALL.replace("sr_ste]", "./own.yaml]")
    (tmp_path / "in" / "s.yaml").write_text(text)
    found = cells_of(load_spec("in/s.yaml", WrittenStudy))
    assert {cell.of.label for cell in found.runs} == {"dense", "own"}


def test_every_problem_is_named_at_its_key() -> None:
    text = f"""\
spec: 1
name: bad
tasks: [{TASK}, techer, {{task: teacher, name: t2, sizes: {{widht: 8}}}}]
recipes: [dense, sr_ste, sr_ste, {{recipe: step, train: {{optimizer: sgd}}}}, nope, ./own.yaml]
patterns: [2:4, 9:8]
machines: [a10, {{arch: h100, set: [core.array.row=16]}}, a100, a100]
baseline: denso
"""
    found = problems(text)
    step = "recipe step needs the variance of Adam (in teacher step 2:4)"
    assert [line.partition(";")[0] for line in found] == [
        "s.yaml:3:71: tasks.1: no task is called `techer`",
        "s.yaml:3:112: tasks.2.sizes: no setting is called `widht`",
        "s.yaml:4:26: recipes.2: `sr_ste` is there twice",
        f"s.yaml:4:68: recipes.3.train.optimizer: {step}",
        "s.yaml:4:75: recipes.4: no recipe is called `nope`",
        "s.yaml:4:81: recipes.5: own.yaml: no such file",
        "s.yaml:5:17: patterns.1: `9:8` keeps 9 of 8 (in teacher sr_ste 9:8 and 2 more)",
        "s.yaml:6:12: machines.0: no machine is called `a10`",
        "s.yaml:6:35: machines.1.set: core.array.row: unknown key",
        "s.yaml:6:63: machines.3: two machines are called `a100`",
        "s.yaml:7:11: baseline: no recipe here is called `denso`",
    ]
    assert not Path("bad").exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("seeds: 0", "s.yaml:6:8: seeds: `0` is no number of seeds; write one from 1 to 1000"),
        ("seeds: [1, 1]", "s.yaml:6:12: seeds.1: `1` is there twice; leave one out"),
        ("steps: 3\nbudget: 3 PFLOP", "s.yaml:7:9: budget: steps are given too; leave one of the two out"),
        ("budget: nothing", "s.yaml:6:9: budget: `nothing` is no budget (in teacher dense);"),
        ("train: {steps: 3}", "s.yaml:6:9: train.steps: unknown key;"),
        ("train: {dtype: fp8}\nmachines: [a100]", "s.yaml:7:12: machines.0: "),
        ("pairs: [[dense, x]]", "s.yaml:6:17: pairs.0.1: no recipe here is called `x`;"),
        ("comparisons: t", "s.yaml:6:14: comparisons: the text `t` is none of the values known here;"),
        (
            "seeds: 1000\nsteps: [1,2,3,4,5,6,7,8,9,10,11]",
            "s.yaml:6:8: seeds: these are 11000 training runs;",
        ),
    ],
)
def test_a_problem_has_one_line(line: str, said: str) -> None:
    found = problems(f"spec: 1\nname: s\n\ntasks: [{TASK}]\nrecipes: [dense]\n{line}\n")
    assert len(found) == 1
    assert found[0].startswith(said)


def test_a_name_stands_for_a_mapping_in_the_schema_too() -> None:
    schema = json_schema(WrittenStudy)
    assert schema["$defs"]["RecipeEntry"]["anyOf"][0] == {"type": "string"}
    assert {one["type"] for one in schema["properties"]["seeds"]["anyOf"]} == {"integer", "array"}
