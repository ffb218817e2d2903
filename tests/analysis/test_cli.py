"""The command line as users script against it: exit codes, streams, exact words, nothing on errors."""

import csv
import io
import json
import os
import subprocess
import sys
from math import fsum
from pathlib import Path

import numpy as np
import pytest

from analysis.cli import run
from simulator.arch import arch_names
from simulator.trace import load_trace
from workloads.networks.layer import Role
from workloads.training.recipes import RECIPES as ALL_RECIPES
from workloads.training.unroll import SPARSE_ROLES
from workloads.training.upkeep import OPTIMIZERS

ROOT = Path(__file__).parents[2]
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def said(capsys: Capture, *arguments: str) -> str:
    """What a command that succeeds prints."""
    assert run(arguments) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


TRACE = ("trace", "vit_b16", "-o", "t", "--batch", "2")
RECIPES = f"known: {', '.join(sorted(ALL_RECIPES))}"
STEPS = "write a whole number from 1 to 1000000000"
MACHINES = ", ".join(arch_names())
BAD = {
    "trace": ["network: is missing; see `nmsim trace --help`"],
    "trace vit_b16": ["--out: is missing; see `nmsim trace --help`"],
    "trace vit_b61 -o t": [
        "network: no network is called `vit_b61`; did you mean `vit_b16`? known: bert_base, gpt2_small, "
        "gpt3_6b7, gpt3_small, llama3_8b, resnet50, swin_t, t5_base, transformer_big, vit_b16"
    ],
    "trace vit_b16 -o t --recipe sr_st --pattern 2:4": [
        f"--recipe: no recipe is called `sr_st`; did you mean `sr_ste`? {RECIPES}"
    ],
    "trace vit_b16 -o t --recipe sr_ste": ["--pattern: recipe sr_ste needs one; write the target, as in 2:4"],
    "trace vit_b16 -o t --recipe sr_ste --pattern 124": [
        "--pattern: `124` is not a pattern; write kept:group, as in 2:4, or a share of each layer, as in 10 %"
    ],
    "trace vit_b16 -o t --recipe sr_ste --pattern 5:4": [
        "--pattern: `5:4` keeps 5 of 4; kept is 1 to 4 for a group of 4"
    ],
    "trace vit_b16 -o t --recipe sr_ste --pattern 0:4": [
        "--pattern: `0:4` keeps 0 of 4; kept is 1 to 4 for a group of 4"
    ],
    "trace vit_b16 -o t --recipe sr_ste --pattern 1:99999": [
        "--pattern: `1:99999` has a group of 99999; a group has 1 to 4096 values"
    ],
    "trace vit_b16 -o t --pattern 2:4": [
        "--pattern: recipe dense uses none; leave it out, or choose a recipe that does"
    ],
    "trace vit_b16 -o t --steps 0": ["--steps: `0` is no number of steps; " + STEPS],
    "trace vit_b16 -o t --steps -1": ["--steps: `-1` is no number of steps; " + STEPS],
    "trace vit_b16 -o t --steps 1e5": ["--steps: `1e5` is no whole number; write one, as in 32"],
    "trace vit_b16 -o t --steps ٣": ["--steps: `٣` is no whole number; write one, as in 32"],
    "trace vit_b16 -o t --inference --steps 3": [
        "--steps: an inference is one forward pass; leave steps out"
    ],
    "trace vit_b16 -o .": [".: is the current directory, or one that holds it; name a directory within it"],
    "trace vit_b16 -o t --steps nan": ["--steps: `nan` is no whole number; write one, as in 32"],
    "trace vit_b16 -o t --steps 10000000000": ["--steps: `10000000000` is no number of steps; " + STEPS],
    "trace vit_b16 -o t --batch 0": ["--batch: `0` is no batch size; write a whole number from 1 to 1048576"],
    "trace vit_b16 -o t --seq 5": ["--seq: vit_b16 reads images; leave seq out, or set image"],
    "trace vit_b16 -o t --batch 0 --seq 5": [
        "--batch: `0` is no batch size; write a whole number from 1 to 1048576",
        "--seq: vit_b16 reads images; leave seq out, or set image",
    ],
    "trace vit_b16 -o t --sparse head": [
        "--sparse: `head` layers stay dense; roles that may: ff, qkv, proj, conv"
    ],
    "trace vit_b16 -o t --sparse fff": [
        "--sparse: no role of layers that may be sparse is called `fff`; did you mean `ff`? "
        "known: conv, ff, proj, qkv"
    ],
    "trace vit_b16 -o t --dtype f16": [
        "--dtype: no dtype is called `f16`; did you mean `fp16`? "
        "known: bf16, fp16, fp32, fp64, fp8, int32, int4, int8, tf32"
    ],
    "trace vit_b16 -o t --optimizer adm": [
        "--optimizer: no optimizer is called `adm`; did you mean `adamw`? known: adamw, sgd"
    ],
    "trace vit_b16 -o t --format xml": [
        "--format: 'xml' is not one of 'table', 'json', 'csv'; see `nmsim trace --help`"
    ],
    "trace no.yaml -o t": ["no.yaml: no such file; give the path of a YAML file"],
    "trace vit_b16 -o t --recipe ./no.yaml": ["./no.yaml: no such file; give the path of a YAML file"],
    "simulat": ["nmsim: No such command 'simulat'. Did you mean 'simulate'?; see `nmsim --help`"],
    "simulate a100": ["trace: is missing; see `nmsim simulate --help`"],
    "simulate a10 t": [f"no machine is called `a10`; did you mean `a100`? known: {', '.join(arch_names())}"],
    "simulate a100 t": ["t: does not exist; name a directory that `nmsim trace` wrote"],
    "simulate a100 t --set core.aray.rows=3": [
        "--set core.aray.rows=3: core.aray: unknown key; did you mean `array`? "
        "known: accumulators, array, dataflow, decode, feed, fetch_ahead, gate_zeros, lanes, overlap, "
        "patterns, select, vector"
    ],
    "list machine": [
        "no list is called `machine`; known: archs, components, formats, models, networks, recipes, "
        "references, tasks"
    ],
    "schema arch": [
        "no YAML file is called `arch`; known: components, machine, network, recipe, study, sweep"
    ],
}


@pytest.mark.parametrize("line", BAD)
def test_a_bad_command_line_is_one_line_a_problem(line: str, capsys: Capture, tmp_path: Path) -> None:
    assert run(line.split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == BAD[line]
    assert list(tmp_path.iterdir()) == []


def test_a_trace_says_its_flops_and_each_convention(capsys: Capture) -> None:
    text = said(capsys, *TRACE, "--recipe", "sr_ste", "--pattern", "2:4", "--format", "json")
    rows = {row["convention"]: row for row in json.loads(text)["rows"]}
    assert list(rows) == ["algorithmic", "hardware", "all_sparse"]
    assert rows["all_sparse"]["total"] < rows["algorithmic"]["total"] < rows["hardware"]["total"]
    assert load_trace("t").provenance["recipe"] == "sr_ste"


def test_a_long_run_is_small_and_its_report_adds_up(capsys: Capture, tmp_path: Path) -> None:
    said(capsys, *TRACE, "--recipe", "mdgf_exp", "--pattern", "1:16", "--steps", "300000")
    assert sum(file.stat().st_size for file in (tmp_path / "t").iterdir()) < 2**20
    report = json.loads(said(capsys, "simulate", "a100", "t", "--fidelity", "bound", "--format", "json"))
    for name, total in report["totals"].items():
        if name.startswith("energy_"):  # exact in zeptojoules: each row is rounded to pJ by itself
            assert total == pytest.approx(fsum(row[name] for row in report["rows"]), rel=1e-13)
            continue
        add = fsum if name == "seconds" else sum
        assert total == add(row[name] for row in report["rows"])
    steps = {row["first_step"] + row["count"] for row in report["rows"]}
    assert max(steps) == 300_000


def test_reports_as_csv_and_as_a_file(capsys: Capture, tmp_path: Path) -> None:
    said(capsys, *TRACE)
    text = said(capsys, "simulate", "dense128", "t", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["layer"] == "patches"
    assert said(capsys, "simulate", "dense128", "t", "--format", "csv", "-o", "r.csv") == ""
    assert (tmp_path / "r.csv").read_text() == text


def test_the_table_says_why_a_sparse_product_runs_dense(capsys: Capture) -> None:
    said(capsys, *TRACE, "--recipe", "sr_ste", "--pattern", "2:4")
    text = said(capsys, "simulate", "a100", "t")
    assert "runs dense: grouped along n, not along the reduction" in text
    assert "fidelity tile\n" in text
    bound = said(capsys, "simulate", "a100", "t", "--fidelity", "bound")
    assert "fidelity bound (a lower bound on time)\n" in bound


def test_the_same_command_writes_the_same_bytes(capsys: Capture, tmp_path: Path) -> None:
    script = "import sys; from analysis.cli import run; sys.exit(run(sys.argv[1:]))"
    results = []
    for seed, zone, locale, folder in (("1", "UTC", "C", "x"), ("2", "Asia/Kolkata", "de_DE.UTF-8", "y")):
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONHASHSEED": seed,
            "TZ": zone,
            "LC_ALL": locale,
        }
        (tmp_path / folder).mkdir()
        for arguments in (TRACE, ("simulate", "a100", "t", "--format", "json", "-o", "r.json")):
            command = [sys.executable, "-c", script, *arguments]
            subprocess.run(command, cwd=tmp_path / folder, env=environment, check=True, capture_output=True)
        files = (tmp_path / folder / "r.json", *(tmp_path / folder / "t").iterdir())
        results.append({file.name: file.read_bytes() for file in files})
    assert results[0] == results[1]


def test_an_earlier_trace_is_replaced_and_strangers_are_not(capsys: Capture, tmp_path: Path) -> None:
    said(capsys, *TRACE)
    said(capsys, *TRACE, "--steps", "7")
    assert load_trace("t").provenance["steps"] == 7
    (tmp_path / "u").mkdir()
    (tmp_path / "u" / "thesis.tex").write_text("x")
    assert run(["trace", "vit_b16", "-o", "u"]) == 2
    assert capsys.readouterr().err == (
        "u: the directory holds files, but no meta.json of an earlier result; "
        "name a new or an empty directory\n"
    )
    assert [file.name for file in (tmp_path / "u").iterdir()] == ["thesis.tex"]


def test_inference_is_one_forward_pass(capsys: Capture) -> None:
    said(capsys, "trace", "resnet50", "-o", "t", "--batch", "1", "--inference")
    trace = load_trace("t")
    assert {str(step.pass_) for step in trace.steps} == {"FWD"}
    assert len(trace.steps) == 54


def test_check_names_every_problem_of_every_file(capsys: Capture, tmp_path: Path) -> None:
    said(capsys, *TRACE)
    (tmp_path / "m.yaml").write_text("spec: 1\nname: x\ncores: -1\n")
    (tmp_path / "r.yaml").write_text(
        "spec: 1\nname: r\nsummary: s\nphases:\n  - {share: 50 %, pattern: dense}\n"
    )
    assert run(["check", "m.yaml", "t", "r.yaml", "gone.yaml", "--format", "json"]) == 2
    printed = capsys.readouterr()
    rows = json.loads(printed.out)["rows"]
    assert [(row["file"], row["kind"]) for row in rows] == [
        ("m.yaml", "machine"),
        ("t", "trace"),
        ("r.yaml", "recipe"),
        ("gone.yaml", ""),
    ]
    assert [row["problems"] > 0 for row in rows] == [True, False, True, True]
    assert len(printed.err.splitlines()) == sum(row["problems"] for row in rows)
    assert "r.yaml:5:3: phases: the shares sum to 1/2 of the run; they sum to 1" in printed.err.splitlines()


def test_check_tells_a_file_by_what_it_extends(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        "spec: 1\nname: n\nsource: s\nlayers:\n  - {name: a, role: ff, m: 1, n: 1, k: 1}\n"
    )
    (tmp_path / "mine.yaml").write_text("spec: 1\nextends: base.yaml\nname: m\n")
    rows = json.loads(said(capsys, "check", "mine.yaml", "--format", "json"))["rows"]
    assert rows == [{"file": "mine.yaml", "kind": "network", "obeys": "", "problems": 0}]


def test_check_tells_the_patterns_that_an_array_obeys(capsys: Capture) -> None:
    weights = np.zeros((8, 12), np.float32)
    weights[:, ::4] = weights[:4, 1::4] = 1
    np.save("w.npy", weights)
    np.save("zeros.npy", np.zeros((4, 4)))
    rows = json.loads(said(capsys, "check", "w.npy", "zeros.npy", "--format", "json"))["rows"]
    assert [(row["kind"], row["obeys"]) for row in rows] == [
        ("array", "2:4 along axis 1"),
        ("array", "no pattern"),
    ]


@pytest.mark.parametrize("name", ["text", "cut", "objects", "ints", "gone"])
def test_check_refuses_what_is_no_array_of_numbers(capsys: Capture, name: str) -> None:
    path = Path(f"{name}.npy")
    if name == "text":
        path.write_text("not an array")
    elif name == "cut":
        np.save(path, np.zeros(100))
        path.write_bytes(path.read_bytes()[:200])
    elif name == "objects":
        np.save(path, np.array([{}]), allow_pickle=True)
    elif name == "ints":
        np.save(path, np.zeros(4, np.int32))
    assert run(["check", str(path)]) == 2
    said_of_it = capsys.readouterr().err.splitlines()
    assert len(said_of_it) == 1
    assert said_of_it[0].startswith(f"{name}.npy: ")


@pytest.mark.parametrize("what", ["components", "machine", "network", "recipe"])
def test_a_schema_is_json_schema(capsys: Capture, what: str) -> None:
    schema = json.loads(said(capsys, "schema", what))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "spec" in schema["required"]


@pytest.mark.parametrize("what", ["archs", "components", "formats", "networks", "recipes"])
def test_a_list_has_a_row_a_name(capsys: Capture, what: str) -> None:
    rows = json.loads(said(capsys, "list", what, "--format", "json"))["rows"]
    assert all(cell not in ("", None) for row in rows for cell in row.values())
    assert said(capsys, "list", what).count("\n") > len(rows)


def test_help_lists_what_there_is(capsys: Capture) -> None:
    text = " ".join(said(capsys, "trace", "--help").split())
    assert ",".join(role for role in Role if role.may_be_sparse) in text
    assert " or ".join(OPTIMIZERS) in text
    assert f"[default: {','.join(role for role in Role if role in SPARSE_ROLES)}]" in text


def test_help_imports_nothing_heavy() -> None:
    script = """
import sys
from analysis.cli import run
run(["--help"])
heavy = {"numba", "pandas", "pyarrow", "matplotlib", "numpy", "pydantic", "yaml"}
print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"
    assert "Usage: nmsim" in done.stdout


def test_an_interrupt_says_so(capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("simulator.trace.row_of", interrupted)
    assert run(TRACE) == 130
    assert capsys.readouterr() == ("", "nmsim: interrupted; what was there before is unchanged\n")
    assert list(tmp_path.iterdir()) == []


def in_a_shell(command: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    """What `nmsim` says in a shell, as {nmsim} in `command`."""
    nmsim = f"{sys.executable} -c 'from analysis.cli import main; main()'"
    whole = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    line = command.replace("{nmsim}", nmsim)
    return subprocess.run(["bash", "-c", line], env=whole, capture_output=True, check=False)


@pytest.mark.parametrize("verb", ["list networks", "--help"])
@pytest.mark.parametrize(
    ("stream", "status", "said"),
    [
        (
            ">/dev/full",
            2,
            "stdout: cannot be written: No space left on device; let it go to a place that takes it\n",
        ),
        ("| true; exit ${PIPESTATUS[0]}", 0, ""),
        ("2>&- >/dev/full", 2, ""),
    ],
)
def test_a_stdout_that_takes_nothing(verb: str, stream: str, status: int, said: str) -> None:
    done = in_a_shell(f"{{nmsim}} {verb} {stream}")
    assert (done.returncode, done.stderr.decode()) == (status, said)


def test_closed_streams_are_not_written_into_results(tmp_path: Path) -> None:
    done = in_a_shell(f"{{nmsim}} {' '.join(TRACE)} <&- >&- 2>&-")
    assert done.returncode == 2
    assert load_trace("t").complete
    assert (
        in_a_shell("{nmsim} list archs >&-").stderr
        == b"stdout: is closed; let it go to a place that takes it\n"
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_the_same_text_in_every_encoding(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "é×.yaml").write_text(
        'spec: 1\nname: "网"\nsource: x\nlayers: [{name: "é×", role: ff, m: 4, n: 4, k: 4}]\n',
        encoding="utf-8",
    )
    made = in_a_shell("{nmsim} trace é×.yaml -o é", PYTHONIOENCODING=encoding)
    assert (made.returncode, made.stderr) == (0, b"")
    assert made.stdout.decode().startswith("é: 网, dense")
    for form in ("json", "csv"):
        done = in_a_shell(f"{{nmsim}} simulate a100 é --format {form}", PYTHONIOENCODING=encoding)
        assert "é×" in done.stdout.decode()
        assert (done.returncode, done.stderr) == (0, b"")


def test_a_name_that_is_no_text_is_shown_on_one_line(tmp_path: Path) -> None:
    name = "$'a\\n\\e[31m\\xff'"
    done = in_a_shell(f"{{nmsim}} trace vit_b16 --batch 1 -o {name}; {{nmsim}} simulate a100 {name}/x")
    assert done.stdout.startswith(b"a\\x0a\\x1b[31m\\xdcff: vit_b16, dense\n")
    assert done.stderr.count(b"\n") == 1
    assert done.stderr.startswith(b"a\\x0a\\x1b[31m\\xdcff/x: does not exist;")


def test_a_table_is_plain_text_whatever_the_terminal() -> None:
    assert b"\x1b" not in in_a_shell("{nmsim} list archs", FORCE_COLOR="1", TERM="xterm-256color").stdout


def test_a_reader_that_leaves_early_is_no_fault(capsys: Capture) -> None:
    said(capsys, *TRACE)
    arguments = ["simulate", "a100", "t", "--format", "csv"]
    script = f"import sys; from analysis.cli import main; sys.argv[1:] = {arguments}; main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = f'{sys.executable} -c "{script}" | head -n 1; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(
        ["bash", "-c", command], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith("layer,pass,")
