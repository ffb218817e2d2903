"""The cache of compiled kernels: whatever becomes of it, results are right, and who waits is told why."""

import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from simulator.kernels import cache, store
from tests.simulator.kernels.tiny import VALUES, expected, make

pytestmark = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="nothing is compiled, so nothing is kept"
)

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NMSIM_CACHE_DIR", str(tmp_path / "kept"))
    monkeypatch.setattr(store, "_said", set())
    return tmp_path / "kept"


def hits_of(times: int = 3, plus: int = 1) -> int:
    """Make the kernel anew, as a new process does, and call it: 1 if it was kept, 0 if it was compiled."""
    weigh = make(times, plus)
    assert weigh(VALUES) == expected(times, plus)
    return sum(weigh.stats.cache_hits.values())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def only(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def start(*, times: int = 3, plus: int = 1, most: int = -1, **settings: str) -> subprocess.Popen[str]:
    script = f"from tests.simulator.kernels.tiny import call; call({times}, {plus}, {most})"
    command = [sys.executable, "-c", script]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **settings}, stdout=pipe, stderr=pipe, text=True
    )


def said(process: subprocess.Popen[str], *, times: int = 3, plus: int = 1) -> str:
    """What a process logged that called the kernel; it was right, and wrote nothing else to stdout."""
    out, log = process.communicate(timeout=120)
    assert (process.returncode, out) == (0, f"{expected(times, plus)}\n"), log
    return log


def compiling(folder: Path) -> str:
    return f"compiling tiny.make.weigh, and other kernels when they are first called; kept in {folder}\n"


def test_a_kernel_is_compiled_once(kept: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert [hits_of(), hits_of()] == [0, 1]
    assert len(names(kept)) == 1
    assert caplog.messages == [compiling(kept).rstrip()]


def test_each_signature_and_each_constant_has_its_own_file(kept: Path) -> None:
    assert [hits_of(3, 1), hits_of(3, 2), hits_of(2, 1)] == [0, 0, 0]
    make(3, 1)(VALUES.astype(np.float32))
    make(3, 1)(VALUES[::2])
    assert len(names(kept)) == 5
    assert [hits_of(3, 1), hits_of(3, 2), hits_of(2, 1)] == [1, 1, 1]


def test_kernels_of_one_factory_from_two_processes_are_told_apart() -> None:
    """Each is the first of its process, so the compiler gives both the same number."""
    first, second = start(plus=1), start(plus=2)
    assert said(first) == said(second, plus=2)
    one, two = make(3, 1), make(3, 2)
    assert (one(VALUES), two(VALUES)) == (expected(3, 1), expected(3, 2))
    both = numba.njit(lambda values: (one(values), two(values)))
    assert both(VALUES) == (expected(3, 1), expected(3, 2))
    assert [sum(each.stats.cache_hits.values()) for each in (one, two)] == [1, 1]


def test_the_first_process_says_that_it_compiles_the_next_is_silent_and_checks_are_apart(kept: Path) -> None:
    for log in (compiling(kept), ""):
        processes = [start(NUMBA_BOUNDSCHECK=each) for each in "01"]
        assert [said(each) for each in processes] == [log, log]


def test_without_the_compiler_nothing_is_kept(kept: Path) -> None:
    assert said(start(NUMBA_DISABLE_JIT="1")) == ""
    assert not kept.exists()


def test_processes_that_compile_at_once_leave_one_file(kept: Path) -> None:
    processes = [start() for _ in range(3)]
    assert {said(each) for each in processes} <= {compiling(kept), ""}  # one may come late
    assert len(names(kept)) == 1
    assert hits_of() == 1


def damages(content: bytes, *, every: int) -> Iterator[bytes]:
    for at in range(0, len(content), every):
        yield content[:at]
        yield content[:at] + bytes([content[at] ^ 0x41]) + content[at + 1 :]


def check_damages(kept: Path, *, every: int) -> None:
    hits_of()
    path = only(kept)
    whole = path.read_bytes()
    for damaged in damages(whole, every=every):
        path.write_bytes(damaged)
        assert hits_of() == 0
        assert path.with_name(f"{path.name}.damaged").read_bytes() == damaged
        assert hits_of() == 1


def test_a_damaged_file_is_set_aside_and_made_anew(kept: Path, caplog: pytest.LogCaptureFixture) -> None:
    check_damages(kept, every=6000)
    name = next(name for name in names(kept) if not name.endswith(".damaged"))
    assert f"{kept / name} is set aside as {name}.damaged and made anew: it is not whole" in caplog.messages


@pytest.mark.full
def test_a_storm_of_damages(kept: Path) -> None:
    check_damages(kept, every=149)


@pytest.mark.full
def test_a_storm_in_processes(kept: Path) -> None:
    said(start())
    path = only(kept)
    for damaged in damages(path.read_bytes(), every=2999):
        path.write_bytes(damaged)
        assert "it is not whole\n" in said(start())


def test_a_folder_in_the_place_of_a_file(kept: Path) -> None:
    hits_of()
    path = only(kept)
    path.unlink()
    path.mkdir()
    assert [hits_of(), hits_of()] == [0, 1]


def test_another_kernels_file_is_not_taken(kept: Path) -> None:
    hits_of(3, 1)
    path = only(kept)
    content = path.read_bytes()
    hits_of(3, 2)
    for each in kept.iterdir():
        each.write_bytes(content)
    assert [hits_of(3, 2), hits_of(3, 1)] == [0, 1]


def test_a_whole_file_that_numba_cannot_read(kept: Path, caplog: pytest.LogCaptureFixture) -> None:
    hits_of()
    name = only(kept).name
    store.write(name, b"no pickle")
    assert [hits_of(), hits_of()] == [0, 1]
    assert any(f"{name}.damaged and made anew: UnpicklingError: " in text for text in caplog.messages)


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_place_that_cannot_be_a_folder(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NMSIM_CACHE_DIR", str(tmp_path / place))
    assert [hits_of(), hits_of()] == [0, 0]
    seen = "File exists" if place == "file" else "Not a directory"
    assert caplog.messages == [
        f"compiled kernels are not kept in {tmp_path / place}, so every start compiles them: {seen}"
    ]


def test_a_folder_of_others(kept: Path, caplog: pytest.LogCaptureFixture) -> None:
    kept.mkdir()
    kept.chmod(0o777)
    assert hits_of() == 0
    assert names(kept) == []
    assert caplog.messages == [
        f"compiled kernels are not kept in {kept}, so every start compiles them: "
        "others may write to it (chmod go-w, or another NMSIM_CACHE_DIR)"
    ]


def test_no_place_at_all(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> Path:
        raise OSError("there is no home folder")

    monkeypatch.setattr(store, "place", fail)
    assert hits_of() == 0
    assert caplog.messages == [
        "compiled kernels are not kept, so every start compiles them: there is no home folder"
    ]


def test_a_full_disk(kept: Path) -> None:
    log = f"compiled kernels are not kept in {kept}, so every start compiles them: File too large\n"
    assert said(start(most=4096)) == compiling(kept) + log
    assert names(kept) == []


def test_a_read_only_folder(
    kept: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As root may write anywhere, the refusal is the system call's."""

    def refuse(**_: object) -> Any:
        raise OSError(30, "Read-only file system", str(kept))

    hits_of(3, 1)
    monkeypatch.setattr("tempfile.mkstemp", refuse)
    assert [hits_of(3, 1), hits_of(3, 2)] == [1, 0]
    assert caplog.messages[1:] == [
        f"compiled kernels are not kept in {kept}, so every start compiles them: Read-only file system"
    ]


def test_an_edit_since_the_import_is_not_kept(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weigh = make(3, 1)
    monkeypatch.setattr(cache, "sources", lambda _: "edited")
    assert weigh(VALUES) == expected(3, 1)
    assert names(kept) == []


def test_a_function_as_argument_is_not_kept(kept: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = cache.KernelCache(damages)
    with pytest.raises(
        TypeError, match=r"^test_cache\.damages takes a function, which another process has elsew"
    ):
        made.name("type(CPUDispatcher(<function f at 0x7f00>))", None)


def test_what_is_recompiled_is_kept_anew(kept: Path) -> None:
    weigh = make(3, 1)
    weigh(VALUES)
    before = only(kept).stat().st_mtime_ns
    weigh.recompile()
    assert only(kept).stat().st_mtime_ns != before
    assert hits_of() == 1


def test_a_cache_can_be_switched_off(kept: Path) -> None:
    weigh = make(3, 1)
    weigh._cache.disable()
    assert weigh(VALUES) == expected(3, 1)
    assert not kept.exists()
    weigh._cache.enable()
    weigh(VALUES.astype(np.float32))
    assert len(names(kept)) == 1
    assert weigh.stats.cache_path == str(kept)


def test_what_is_asked_of_numba_is_there() -> None:
    """All of it is numba's own business, so a new version may move it: then the cache needs another look."""
    from numba.core import caching, compiler, serialize

    def parameters(function: Any) -> list[str]:
        return list(inspect.signature(function).parameters)

    assert caching._Cache.__abstractmethods__ == cache.INTERFACE
    for name in cache.INTERFACE - {"cache_path"}:
        ours, theirs = (parameters(getattr(kind, name)) for kind in (cache.KernelCache, caching._Cache))
        assert ours == theirs
    assert parameters(compiler.CompileResult._reduce) == ["self"]
    assert parameters(compiler.CompileResult._rebuild)[0] == "target_context"
    assert serialize.loads(serialize.dumps((1, "a"))) == (1, "a")
    assert cache.fits(make(3, 1))
