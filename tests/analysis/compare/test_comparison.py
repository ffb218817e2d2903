"""`nmsim compare` over studies, runs and reports, from tables written by hand."""

import csv
import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from analysis import compare
from analysis.cli import run
from analysis.study.rows import SUMMARY
from simulator.errors import InputError
from simulator.gemm import Pass, Span, Step
from simulator.simulate import simulate
from simulator.trace import Trace
from tests.simulator.steps import product

Row = dict[str, Any]
DENSE = {1000: (0.40, 1e15), 2000: (0.30, 2e15)}
SPARSE = {1000: (0.45, 0.5e15), 2000: (0.35, 1e15), 4000: (0.25, 2e15)}
COMMON: Row = {"task": "teacher", "model": "mlp", "seeds": 6, "metric": "loss", "lower_is_better": "true"}
STATIC = {1000: (0.60, 0.5e15), 2000: (0.55, 1e15)}


def rows(label: str, pattern: str, lengths: dict[int, tuple[float, float]], arch: str = "a100") -> list[Row]:
    return [
        COMMON
        | {"label": label, "pattern": pattern, "steps": steps, "arch": arch, "value_mean": value}
        | {"algorithmic_flops": flops, "hardware_flops": 2 * flops, "all_sparse_flops": flops / 2}
        | {"seconds": flops / 1e15, "energy_j": flops / 1e14}
        for steps, (value, flops) in lengths.items()
    ]


def study(path: Path, summary: list[Row], **meta: Any) -> Path:
    path.mkdir()
    known = {"schema": 1, "provenance": {}, "study": {}, "metric": {}, "baseline": "dense", "complete": True}
    (path / "study.json").write_text(json.dumps(known | meta))
    with (path / "summary.csv").open("w") as file:
        writer = csv.DictWriter(file, SUMMARY)
        writer.writeheader()
        writer.writerows(summary)
    return path


@pytest.fixture
def several(tmp_path: Path) -> Path:
    parts = [rows("dense", "", DENSE), rows("sr_ste", "2:4", SPARSE), rows("static", "2:4", STATIC)]
    return study(tmp_path / "several", [row for part in parts for row in part])


def of(found: Any, **wanted: Any) -> list[Row]:
    return [row for row in found if all(row[name] == value for name, value in wanted.items())]


def test_at_equal_work_every_ratio_is_the_references_over_the_rows(several: Path) -> None:
    found = compare([several])
    (row,) = of(found.equal_work, name="sr_ste", length="1000 steps")
    assert (row["speed_up"], row["less_energy"], row["less_edp"]) == (2.0, 2.0, 4.0)
    assert (row["fewer_algorithmic_flops"], row["against"]) == (2.0, "dense")
    alone = of(found.equal_work, name="sr_ste", length="4000 steps")[0]
    assert alone["against"] == "sr_ste 2:4", "the first of a length that dense has not"


def test_equal_accuracy_reads_the_cost_between_lengths(several: Path) -> None:
    found = compare([several]).equal_accuracy
    (row,) = of(found, name="sr_ste", length="1000 steps", measure="algorithmic FLOPs")
    assert row["status"] == "between"
    assert row["cost"] == pytest.approx(0.5e15 * 2**0.5), "0.40 lies half-way between 0.45 and 0.35"
    assert row["ratio"] == pytest.approx(2**-0.5)
    (row,) = of(found, name="sr_ste", length="2000 steps", measure="joules")
    assert (row["machine"], row["ratio"]) == ("a100", pytest.approx(2**-0.5))
    assert {row["status"] for row in of(found, name="static")} == {"not reached"}


def test_equal_flops_reads_the_value_between_lengths(several: Path) -> None:
    found = compare([several]).equal_flops
    (row,) = of(found, name="sr_ste", length="1000 steps", measure="algorithmic FLOPs")
    assert (row["value"], row["reference_value"], row["status"]) == (0.35, 0.40, "measured")
    (row,) = of(found, name="static", length="2000 steps", measure="algorithmic FLOPs")
    assert (row["value"], row["status"]) == (None, "outside")


def test_another_reference(several: Path) -> None:
    found = compare([several], against="static")
    assert {row["against"] for row in found.equal_accuracy} == {"static 2:4"}
    (row,) = of(found.equal_accuracy, name="sr_ste", length="1000 steps", measure="seconds")
    assert (row["status"], row["ratio"]) == ("at most", 1.0)
    with pytest.raises(InputError, match="against: no subject is called `statix`; did you mean `static`"):
        compare([several], against="statix")


def test_one_length_says_what_is_lacking(tmp_path: Path) -> None:
    one = [row for row in rows("dense", "", DENSE) + rows("sr_ste", "2:4", SPARSE) if row["steps"] == 1000]
    found = compare([study(tmp_path / "one", one)])
    assert found.equal_accuracy == found.equal_flops == []
    assert found.lacking[0] == (
        "equal accuracy needs recipes at several lengths (`steps: [1000, 3000]` in a study): "
        "there is one: 1000 steps"
    )
    assert found.lacking[1].startswith("equal FLOPs need recipes at several lengths, or a `budget`")


def test_a_budget_is_equal_flops_by_itself(tmp_path: Path) -> None:
    both = rows("dense", "", {1000: (0.4, 1e15)}) + rows("sr_ste", "2:4", {1999: (0.35, 0.9995e15)})
    for row in both:
        row["budget"] = "1000 dense steps"
    found = compare([study(tmp_path / "budget", both)])
    assert [(row["measure"], row["value"]) for row in found.equal_flops if row["value"] is not None] == [
        ("algorithmic FLOPs", 0.35),
        ("hardware FLOPs", 0.35),
        ("all_sparse FLOPs", 0.35),
    ]


def test_two_studies_are_told_apart_by_their_names(several: Path, tmp_path: Path) -> None:
    other = study(tmp_path / "other", rows("dense", "", {1000: (0.5, 4e15)}))
    found = compare([several, other])
    (row,) = of(found.equal_work, name="other: dense")
    assert (row["against"], row["speed_up"]) == ("several: dense", 0.25)


def test_reports_are_held_against_the_first_across_machines(tmp_path: Path) -> None:
    work = product(m=256, n=256, k=256)
    trace = Trace(steps=(Step(layer="a", pass_=Pass.FWD, work=work, when=Span(first_step=0, count=1)),))
    files = []
    for arch in ("a100", "h100"):
        files.append(tmp_path / f"{arch}.json")
        files[-1].write_text(simulate(arch, trace).to_json())
    found = compare(files)
    first, second = found.equal_work
    assert first["speed_up"] == 1.0
    assert second["speed_up"] == pytest.approx(first["seconds"] / second["seconds"])
    assert (second["machine"], second["against"]) == ("h100", "a100")
    with redirect_stdout(io.StringIO()) as printed:
        assert run(["compare", *map(str, files), "--format", "json"]) == 0
    assert json.loads(printed.getvalue())["equal_work"] == list(found.equal_work)


def test_the_command_prints_tables(several: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", str(several)]) == 0
    said = capsys.readouterr().out
    assert "teacher mlp, 1000 steps on a100, against dense; value: loss\n" in said
    assert "teacher mlp: what equal loss takes, over what dense takes for it\n" in said
    assert "0.4 (dense, 1000 steps)  sr_ste      2:4             0.707x" in said
    assert "not reached" in said
    assert run(["compare", str(several), "--format", "csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 8


def test_what_cannot_be_compared_has_one_line(tmp_path: Path, several: Path) -> None:
    begun = study(tmp_path / "begun", [], complete=False)
    with pytest.raises(InputError, match="begun: is a study without its end"):
        compare([begun])
    lonely = study(tmp_path / "lonely", rows("dense", "", {1000: (0.4, 1e15)}))
    with pytest.raises(InputError, match="RUN: there is one subject"):
        compare([lonely])
    with pytest.raises(InputError, match="nowhere: does not exist"):
        compare([tmp_path / "nowhere"])
