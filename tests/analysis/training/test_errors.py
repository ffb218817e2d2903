"""Bad command lines of `nmsim train`: a line a problem, the option in front, and nothing written."""

import fcntl
import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from analysis.cli import run
from simulator.arch import arch_names
from workloads.models.registry import MODELS
from workloads.tasks import TASKS
from workloads.training.recipes import RECIPES
from workloads.training.settings import parameters

Capture = pytest.CaptureFixture[str]
RECIPE = "teacher --pattern 2:4 --recipe"


def known(names: Iterable[str]) -> str:
    """The names as an error lists them."""
    return ", ".join(sorted(names))


BAD = {
    "": "task: is missing; see `nmsim train --help`",
    "grammer": f"task: no task is called `grammer`; did you mean `grammar`? known: {known(TASKS)}",
    f"{RECIPE} sr_st": (
        f"--recipe: no recipe is called `sr_st`; did you mean `sr_ste`? known: {known(RECIPES)}"
    ),
    f"{RECIPE} ./no.yaml": "./no.yaml: no such file; give the path of a YAML file",
    "teacher --recipe ste": "--pattern: recipe ste needs one; write the target, as in 2:4",
    "teacher --recipe ste --pattern 5:4": "--pattern: `5:4` keeps 5 of 4; kept is 1 to 4 for a group of 4",
    "teacher --pattern 2:4": "--pattern: recipe dense uses none; leave it out, or choose a recipe that does",
    f"{RECIPE} ste --sparse head": "--sparse: `head` layers stay dense; roles that may: ff, qkv, proj, conv",
    f"{RECIPE} sr_ste --with strenght=1": (
        "--with: no parameter is called `strenght`; did you mean `strength`? "
        f"known: {known(parameters(RECIPES['sr_ste']))}"
    ),
    f"{RECIPE} sr_ste --with strength": "--with: `strength` sets nothing; write KEY=VALUE",
    "teacher --with strength=1": "--with: recipe dense has no parameters; leave it out",
    f"{RECIPE} mdgf_exp --with final=x": "--with: final is `x`; write a share, as in 10 % or 1/10",
    "teacher --model mpl": (f"--model: no model is called `mpl`; did you mean `mlp`? known: {known(MODELS)}"),
    "teacher --model decoder": (
        "--model: `decoder` reads tokens, and the task gives vectors; models for vectors: mlp"
    ),
    "grammar --heads 3": "--heads: 3 heads do not share a width of 64 equally; a divisor of the width",
    "teacher --width 0": "--width: `0`; a whole number from 1 to 65536",
    "teacher --width 1e3": "--width: `1e3` is no whole number; write one, as in 32",
    "teacher --depth 0": "--depth: `0`; a whole number from 1 to 256",
    "teacher --inner 0": "--inner: `0`; a whole number from 1 to 1048576",
    "teacher --activation silu": "--activation: `silu`; one of relu, gelu",
    "teacher --size width": "--size: `width` sets nothing; write KEY=VALUE",
    "teacher --size width=2.5": "--size: width is `2.5`, no whole number; write one, as in 32",
    "teacher --size width=3 --size width=4": "--size: `width` is set twice; set it once",
    "teacher --size widht=3": (
        "--size: no setting is called `widht`; did you mean `width`? known: features, outputs, variant, width"
    ),
    "teacher --size width=0": ("--size width: `0` is not in its range; write a whole number from 1 to 2048"),
    "teacher --data x": "--data: task teacher reads no data of yours; leave it out",
    "text": "--data: task text needs data of yours; give a file of UTF-8 text",
    "teacher --batch 3": "--batch: a batch of 3 has no 2 equal parts; a multiple of 2",
    "teacher --steps 0": "--steps: `0`; a whole number from 1 to 10000000",
    "teacher --longer 0": "--longer: `0`; a whole number from 1 to 1000",
    "teacher --budget lots": (
        "--budget: `lots` is no budget; write FLOPs, as in `2.5 PFLOP` or `1e15`, or `1000 dense steps`"
    ),
    "teacher --budget 1e6 --steps 3": "--budget: steps are given too; leave one of the two out",
    "teacher --budget 1e12 --convention x": (
        "--convention: no convention is called `x`; known: algorithmic, all_sparse, hardware"
    ),
    "teacher --rate 0": "--rate: `0.0` is no rate; a number above 0, up to 1e6",
    "teacher --rate nan": "--rate: `nan` is no number; write one, as in 1e-3",
    "teacher --rate 1_0": "--rate: `1_0` is no number; write one, as in 1e-3",
    "teacher --warmup 5": "--warmup: `5` is no share; write one, as in 5 % or 0.05",
    "teacher --floor x": "--floor: `x` is no share; write one, as in 5 % or 0.05",
    "teacher --schedule linear": (
        "--schedule: no schedule is called `linear`; known: constant, cosine, rsqrt, step"
    ),
    "teacher --optimizer lion": "--optimizer: no optimizer is called `lion`; known: adamw, sgd",
    "teacher --decay -1": "--decay: `-1.0` is no decay; a number from 0 to below 1e+06",
    "teacher --momentum 1": "--momentum: `1.0` is no momentum; a number from 0 to below 1",
    "teacher --beta2 1": "--beta2: `1.0` is no beta2; a number from 0 to below 1",
    "teacher --clip -1": "--clip: `-1.0`; a number from 0 to below 1e+09",
    "teacher --smoothing 1": "--smoothing: `1.0`; a number from 0 to below 1",
    "teacher --seed -1": "--seed: `-1`; a whole number from 0 to 2^63 - 1",
    "teacher --dtype f8": (
        "--dtype: no dtype is called `f8`; did you mean `fp8`? "
        "known: bf16, fp16, fp32, fp64, fp8, int32, int4, int8, tf32"
    ),
    "teacher --resume": "--resume: there is no run to go on with; name its directory with --out",
    "teacher --resume --out t": "t: holds no run; leave --resume out to begin one",
    "teacher --mask-every 5": (
        "--mask-every: masks are kept in the directory of the run; name it with --out"
    ),
    "teacher --out t --mask-every 0": (
        "--mask-every: `0` is no number of steps; write a whole number from 1"
    ),
    "teacher --arch a10": (
        f"--arch: no machine is called `a10`; did you mean `a100`? known: {', '.join(arch_names())}"
    ),
    "teacher --arch a100 --arch a100": (
        "--arch: two machines are called `a100`, and so would be their reports; give each a name of its own"
    ),
    "teacher --arch ./no.yaml": "./no.yaml: no such file; give the path of a YAML file",
    "teacher --set cores=3": "--set: sets keys of machines, and there is none; name one with --arch",
    "teacher --against t": "--against: t: holds no run; name a directory that `nmsim train` wrote",
    "teacher --format xml": "--format: 'xml' is not one of 'table', 'json', 'csv'; see `nmsim train --help`",
}


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal(line: str, capsys: Capture) -> str:
    """What `nmsim train` says of a bad command line."""
    assert run(["train", *line.split()]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


@pytest.mark.parametrize("line", BAD)
def test_a_bad_choice_is_one_line_with_its_option(line: str, capsys: Capture, tmp_path: Path) -> None:
    assert refusal(line, capsys).splitlines() == [BAD[line]]
    assert list(tmp_path.iterdir()) == []


def test_a_machine_that_does_not_multiply_the_dtype_is_refused_before_training(capsys: Capture) -> None:
    said = refusal("teacher --arch stc --dtype fp64", capsys)
    assert said.startswith("--dtype: no dtype of ")
    assert "is called `fp64`; " in said


def test_data_that_cannot_be_read_are_named(capsys: Capture) -> None:
    said = refusal("text --data gone.txt", capsys)
    assert said == "gone.txt: cannot be read (no such file or directory); give a file of UTF-8 text\n"


def test_places_that_take_no_run(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert refusal("teacher --out file", capsys) == "file: is a file; name a directory\n"
    assert refusal("teacher --out file/run", capsys) == (
        "file/run: cannot be written: Not a directory; name a place that can be written and has room; "
        "an earlier result there is unchanged\n"
    )
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "main.tex").write_text("x")
    assert refusal("teacher --out thesis", capsys) == (
        "thesis: the directory holds files, but no run.json of an earlier result; "
        "name a new or an empty directory\n"
    )
    assert [file.name for file in (tmp_path / "thesis").iterdir()] == ["main.tex"]


def test_a_run_that_another_process_holds(capsys: Capture, tmp_path: Path) -> None:
    handle = os.open(tmp_path / ".r.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    said = refusal("teacher --out r", capsys)
    assert said == "r: another process is writing here; wait for it, or name another directory\n"
    os.close(handle)


def test_a_run_is_compared_with_one_of_its_task_that_is_finished(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    meta = {"schema": 1, "step": 3, "result": None, "provenance": {"task": "teacher", "steps": 9}}
    (tmp_path / "r" / "run.json").write_text(json.dumps(meta))
    assert refusal("teacher --against r", capsys) == (
        "--against: r: holds an unfinished run, at step 3 of 9; --resume it first\n"
    )
    (tmp_path / "r" / "run.json").write_text(json.dumps(meta | {"result": {}}))
    assert refusal("grammar --against r", capsys) == (
        "--against: r: holds a run of `teacher`, and this is one of `grammar`; name a run of the same task\n"
    )
    assert "run.json: is damaged" in _of_torn(tmp_path, capsys)


def _of_torn(folder: Path, capsys: Capture) -> str:
    (folder / "r" / "run.json").write_text('{"schema": 1')
    return refusal("teacher --against r", capsys)


def test_a_rate_at_which_the_loss_is_lost(capsys: Capture, tmp_path: Path) -> None:
    small = "--steps 20 --batch 512 --width 16 --depth 1 --out r"
    said = refusal(f"teacher --rate 1e6 --optimizer sgd --clip 0 {small}", capsys)
    assert said.startswith("--rate: the loss is ")
    assert said.endswith("; begin another run with a lower rate; the history until then is kept\n")
    assert run(["check", "r"]) == 0
