"""Trace: what is saved is what is loaded, run-length coding loses nothing, and damage is never used."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.gemm import Span, Step
from simulator.trace import Trace, TraceWriter, coalesced, load_trace
from simulator.trace_rows import COLUMNS, row_of, step_of
from tests.simulator.steps import product, spans, step, steps
from workloads import trace_network


def happenings(some: list[Step] | tuple[Step, ...]) -> Counter[tuple[object, ...]]:
    return Counter(
        (one.layer, one.pass_, one.work, one.when.step_of(i)) for one in some for i in range(one.when.count)
    )


@given(steps())
def test_a_row_says_the_whole_step(one: Step) -> None:
    row = row_of(one)
    assert tuple(row) == COLUMNS
    assert step_of(row, {}) == one


@given(st.lists(steps(), max_size=12))
def test_coalescing_keeps_every_happening(some: list[Step]) -> None:
    assert happenings(list(coalesced(some))) == happenings(some)


@given(st.lists(spans, max_size=12))
def test_coalescing_one_work_keeps_every_happening(some: list[Span]) -> None:
    told = [replace(step(), when=span) for span in some]
    assert happenings(list(coalesced(told))) == happenings(told)


def test_a_single_step_of_a_period_is_joined_as_a_step_that_goes_on() -> None:
    told = [replace(step(), when=Span(first_step=5, period=5)), replace(step(), when=Span(first_step=6))]
    assert [one.when for one in coalesced(told)] == [Span(first_step=5, count=2)]


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=30))
def test_a_layer_that_runs_at_every_step_becomes_one_step(layers: list[str]) -> None:
    said = [step(layer, first=i) for i in range(50) for layer in dict.fromkeys(layers)]
    joined = list(coalesced(said))
    assert [one.layer for one in joined] == list(dict.fromkeys(layers))
    assert all(one.when == Span(count=50) for one in joined)


@settings(max_examples=25, deadline=None)
@given(st.lists(steps(), max_size=12))
def test_load_gives_what_was_saved(tmp_path_factory: pytest.TempPathFactory, some: list[Step]) -> None:
    folder = tmp_path_factory.mktemp("trace") / "t"
    trace = Trace(steps=tuple(coalesced(some)), provenance={"seed": 3, "name": "größe"})
    trace.save(folder)
    loaded = load_trace(folder)
    assert loaded == trace
    assert loaded.digest == trace.digest


def test_a_trace_of_the_first_schema_says_what_it_said() -> None:
    # written by the version before nonzeros: vit_b16, batch 1, 3 steps of sr_ste towards 2:4
    loaded = load_trace(Path(__file__).with_name("trace_schema_1"))
    assert loaded.complete
    assert loaded.provenance["recipe"] == "sr_ste"
    now = trace_network("vit_b16", recipe="sr_ste", pattern="2:4", steps=3, batch=1)
    assert loaded.steps == now.steps
    assert loaded.digest == now.digest


def test_the_same_trace_has_the_same_bytes(tmp_path: Path) -> None:
    trace = Trace(steps=(step(count=7),), provenance={"b": 1, "a": 2})
    for name in "xy":
        trace.save(tmp_path / name)
    for file in ("meta.json", "part-00000.parquet"):
        assert (tmp_path / "x" / file).read_bytes() == (tmp_path / "y" / file).read_bytes()


def test_a_streamed_run_is_joined_across_parts(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "t", provenance={}, part_rows=8) as writer:
        for i in range(100):
            writer.append([step("a", first=i), step("b", first=i)])
            if i % 10 == 9:
                writer.flush()
    loaded = load_trace(tmp_path / "t")
    assert loaded.steps == (step("a", count=100), step("b", count=100))
    assert len(list((tmp_path / "t").glob("part-*"))) == 10


def test_a_killed_run_loses_only_its_last_part(tmp_path: Path) -> None:
    script = """
import os, signal, sys
from simulator.trace import TraceWriter
from tests.simulator.steps import step
with TraceWriter(sys.argv[1], provenance={"seed": 1}) as writer:
    writer.append(step(first=i) for i in range(500)); writer.flush()
    writer.append(step(first=i) for i in range(500, 900))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path / "t")], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    trace = load_trace(tmp_path / "t")
    assert trace.steps == (step(count=500),)
    assert not trace.complete
    with TraceWriter(tmp_path / "t", provenance={}) as writer:  # the dead holder's lock is free
        writer.append([step()])
    assert load_trace(tmp_path / "t").complete


def test_more_rows_than_are_ever_read_are_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.trace_files.ROWS_MAX", 3)
    Trace(steps=tuple(step(name) for name in "abc")).save(tmp_path / "t")
    with pytest.raises(InputError) as refused:
        Trace(steps=tuple(step(name) for name in "abcd")).save(tmp_path / "t")
    assert str(refused.value) == "a trace of more than 3 rows; write fewer distinct steps, or more traces"
    assert [one.layer for one in load_trace(tmp_path / "t").steps] == ["a", "b", "c"]


def test_a_second_writer_is_told(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "t", provenance={}), pytest.raises(InputError) as refused:
        TraceWriter(tmp_path / "t", provenance={}).__enter__()
    where = tmp_path / "t"
    assert str(refused.value) == (
        f"{where}: another process is writing here; wait for it, or name another directory"
    )


def saved(folder: Path) -> Path:
    Trace(steps=(step(), step("b", work=product(m=3))), provenance={"recipe": "ste"}).save(folder)
    return folder


def changed(meta: Path, **values: object) -> None:
    """A meta.json that says something else, with the digest that belongs to it."""
    content = json.loads(meta.read_text()) | values
    del content["sha256"]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    meta.write_text(json.dumps(content | {"sha256": digest}))


def leading(file: Path, *, to: str) -> None:
    """A link in the place of a file."""
    file.unlink()
    file.symlink_to(to)


def piping(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def parquet(columns: dict[str, list[object]]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def with_part(folder: Path, data: bytes, *, rows: int = 2) -> None:
    """A part whose digest meta.json knows, so that only its content can betray it."""
    (folder / "part-00000.parquet").write_bytes(data)
    part = {"name": "part-00000.parquet", "rows": rows, "sha256": hashlib.sha256(data).hexdigest()}
    changed(folder / "meta.json", parts=[part])


def flipped(folder: Path) -> None:
    part = folder / "part-00000.parquet"
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)


def row_with(**values: object) -> bytes:
    from simulator.trace_files import part_bytes

    return part_bytes([row_of(step()) | values])


AGAIN = "restore this file or write the trace again"
TRACE = "name a directory that `nmsim trace` wrote"
PART = "{}/part-00000.parquet"

DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "torn part": (
        lambda t: (t / "part-00000.parquet").write_bytes(b"PAR1"),
        PART + ": is not the file that meta.json names: its digest differs; " + AGAIN,
    ),
    "flipped part": (flipped, PART + ": is not the file that meta.json names: its digest differs; " + AGAIN),
    "endless part": (
        lambda t: leading(t / "part-00000.parquet", to="/dev/zero"),
        PART + ": is no regular file; " + AGAIN,
    ),
    "endless meta": (
        lambda t: leading(t / "meta.json", to="/dev/zero"),
        "{}/meta.json: is no regular file; " + TRACE,
    ),
    "pipe for a meta": (
        lambda t: piping(t / "meta.json"),
        "{}/meta.json: is no regular file; " + TRACE,
    ),
    "meta too large": (
        lambda t: (t / "meta.json").write_bytes(b" " * (2**24 + 1)),
        "{}/meta.json: is larger than 16 MiB; " + TRACE,
    ),
    "provenance flipped": (
        lambda t: (t / "meta.json").write_text((t / "meta.json").read_text().replace("ste", "sue")),
        "{}/meta.json: is damaged; write the trace again",
    ),
    "missing part": (
        lambda t: (t / "part-00000.parquet").unlink(),
        PART + ": cannot be read: No such file or directory; " + AGAIN,
    ),
    "no parquet": (lambda t: with_part(t, b"hello"), PART + ": is no Parquet file; " + AGAIN),
    "foreign parquet": (
        lambda t: with_part(t, parquet({"layer": ["x"], "cycles": [3]})),
        PART + ": has other columns than a trace; " + AGAIN,
    ),
    "row count": (
        lambda t: with_part(t, row_with(), rows=5),
        PART + ": has another size than meta.json says; " + AGAIN,
    ),
    "negative size": (
        lambda t: with_part(t, row_with(m=-1), rows=1),
        PART + ": row 0: m is -1; m is a whole number from 1 to 1099511627776",
    ),
    "null size": (
        lambda t: with_part(t, row_with(k=None), rows=1),
        PART + ": row 0: k is None; k is a whole number from 1 to 1099511627776",
    ),
    "unknown pass": (
        lambda t: with_part(t, row_with(**{"pass": "FWDD"}), rows=1),
        PART + ": row 0: no pass is called `FWDD`; did you mean `FWD`? known: DGRAD, FWD, UPDATE, WGRAD",
    ),
    "bad pattern": (
        lambda t: with_part(t, row_with(b_pattern="5:4"), rows=1),
        PART + ": row 0: `5:4` keeps 5 of 4; kept is 1 to 4 for a group of 4",
    ),
    "null dtype": (
        lambda t: with_part(t, row_with(a_dtype=None), rows=1),
        PART + ": row 0: no dtype is called `None`; "
        "known: bf16, fp16, fp32, fp64, fp8, int32, int4, int8, tf32",
    ),
    "long layer": (
        lambda t: with_part(t, row_with(layer="x" * 201), rows=1),
        PART + ": row 0: layer has 201 characters; layer is a text of 1 to 200 characters",
    ),
    "no layer": (
        lambda t: with_part(t, row_with(layer=None), rows=1),
        PART + ": row 0: layer is None; layer is a text of 1 to 200 characters",
    ),
    "newer schema": (
        lambda t: changed(t / "meta.json", schema=3, version="9.9"),
        "{}/meta.json: schema 3 (written by nmsim 9.9) is newer than this nmsim 0.1.0 reads, which is 2; "
        "upgrade nmsim",
    ),
    "no schema": (
        lambda t: changed(t / "meta.json", schema=0),
        "{}/meta.json: is damaged; write the trace again",
    ),
    "columns of a newer schema": (
        lambda t: changed(t / "meta.json", schema=1),
        PART + ": has other columns than a trace; " + AGAIN,
    ),
    "more nonzeros than values": (
        lambda t: with_part(t, row_with(c_nonzeros=33), rows=1),
        PART + ": row 0: nonzeros of c is 33; nonzeros of c is a whole number from 1 to 32",
    ),
    "meta is no JSON": (
        lambda t: (t / "meta.json").write_text("{"),
        "{}/meta.json: is no JSON; write the trace again",
    ),
    "meta is deep": (
        lambda t: (t / "meta.json").write_text("[" * 100_000),
        "{}/meta.json: is no JSON; write the trace again",
    ),
    "meta of another tool": (
        lambda t: (t / "meta.json").write_text("{}"),
        "{}/meta.json: is not a trace's meta.json; " + TRACE,
    ),
    "meta without parts": (
        lambda t: changed(t / "meta.json", parts=None),
        "{}/meta.json: is damaged; write the trace again",
    ),
    "part outside": (
        lambda t: changed(
            t / "meta.json", parts=[{"name": "../part-00000.parquet", "rows": 1, "sha256": ""}]
        ),
        "{}/meta.json: is damaged; write the trace again",
    ),
    "too many rows": (
        lambda t: changed(
            t / "meta.json", parts=[{"name": "part-00000.parquet", "rows": 10**9, "sha256": ""}]
        ),
        "{}/meta.json: is damaged; write the trace again",
    ),
    "no meta": (
        lambda t: (t / "meta.json").unlink(),
        "{}/meta.json: cannot be read: No such file or directory; " + TRACE,
    ),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damage_is_said_and_never_used(tmp_path: Path, case: str) -> None:
    damage, message = DAMAGE[case]
    folder = saved(tmp_path / "t")
    damage(folder)
    with pytest.raises(InputError) as refused:
        load_trace(folder)
    assert str(refused.value) == message.format(folder)


def test_what_is_no_trace_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        load_trace(tmp_path / "nowhere")
    assert str(refused.value) == f"{tmp_path}/nowhere: does not exist; {TRACE}"
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError) as refused:
        load_trace(tmp_path / "file")
    assert str(refused.value) == f"{tmp_path}/file: is not a directory; {TRACE}"
