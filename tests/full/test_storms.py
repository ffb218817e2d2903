"""Storms: a kill at every moment, a refusal by the disk at every call, a flip of every bit."""

import errno
import fcntl
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from analysis.cli import run
from simulator.errors import InputError
from simulator.trace import Trace, load_trace

pytestmark = pytest.mark.full

ROOT = Path(__file__).parents[2]
OLD = ("trace", "vit_b16", "-o", "t", "--batch", "1", "--image", "32")
NEW = (*OLD, "--recipe", "sr_ste", "--pattern", "2:4", "--steps", "9")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir"}


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def made(*arguments: str) -> dict[str, bytes]:
    """What a command that nothing disturbs leaves in its directory, which it then loses."""
    assert run(arguments) == 0
    folder = Path(arguments[arguments.index("-o") + 1])
    whole = content(folder)
    shutil.rmtree(folder)
    return whole


def changes(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether an audited event may change what lies on the disk; an opened file is written and synced."""
    if event == "open":
        return isinstance(arguments[2], int) and bool(arguments[2] & WRITING)
    return event in CHANGES


KILLED = """
import os, signal, sys
from tests.full.test_storms import changes
from analysis import cli

left = int(sys.argv[1])
cwd = os.getcwd()

def hook(event, arguments):
    global left
    if changes(event, arguments) and os.fspath(arguments[0] if event != "os.rmdir" else cwd).startswith(cwd):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
sys.exit(cli.run(sys.argv[2:]))
"""


def killed_at(call: int, *arguments: str) -> bool:
    """Run a command that is killed at its `call`-th change of the disk; whether it was."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLCONFIGDIR": str(Path("mpl").resolve())}
    command = [sys.executable, "-c", KILLED, str(call), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def survives(out: Path, old: dict[str, bytes], new: dict[str, bytes]) -> None:
    """What is there is the old or the new result, whole; or nothing, and the old one waits to be put back."""
    if out.exists():
        assert content(out) in (old, new)
    else:
        assert content(out.with_name(f".{out.name}.old")) == old


def test_a_kill_at_any_change_of_the_disk_leaves_a_whole_trace() -> None:
    old, new = made(*OLD), made(*NEW)
    run(OLD)
    call = 1
    while killed_at(call, *NEW):
        survives(Path("t"), old, new)
        assert run(NEW) == 0
        assert content(Path("t")) == new
        assert [entry.name for entry in Path().iterdir() if entry.name != "mpl"] == ["t"]
        assert run(OLD) == 0
        call += 1
    assert call > len(new) * 3  # each file is at least opened, renamed and its temporary name removed


def test_a_kill_at_any_time_leaves_a_whole_trace() -> None:
    old, new = made(*OLD), made(*NEW)
    run(OLD)
    command = [sys.executable, "-c", "from analysis.cli import main; main()", *NEW]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    began = time.monotonic()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    takes = time.monotonic() - began
    generator = random.Random(0)
    for _ in range(30):
        run(OLD)
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        time.sleep(generator.uniform(0.5, 1.1) * takes)
        process.send_signal(generator.choice([signal.SIGKILL, signal.SIGTERM]))
        process.wait()
        survives(Path("t"), old, new)
    assert run(NEW) == 0
    assert content(Path("t")) == new
    assert [entry.name for entry in Path().iterdir()] == ["t"]


class Refusals:
    """A disk that refuses the `call`-th change under a folder, or every change from then on."""

    def __init__(self) -> None:
        self.code, self.call, self.lasting, self.under, self.seen = 0, 0, False, "", 0

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.under and changes(event, arguments):
            path = os.fspath(arguments[0])
            if event == "os.rmdir" or str(Path(path).absolute()).startswith(self.under):
                self.refuse()

    def refuse(self) -> None:
        self.seen += 1
        if self.seen == self.call or (self.lasting and self.seen > self.call):
            raise OSError(self.code, os.strerror(self.code))

    @contextmanager
    def during(self, code: int, call: int, *, lasting: bool) -> Iterator[None]:
        self.code, self.call, self.lasting, self.seen = code, call, lasting, 0
        self.under = str(Path.cwd())
        try:
            yield
        finally:
            self.under = ""


@pytest.fixture(scope="module")
def disk() -> Refusals:
    refusals = Refusals()
    sys.addaudithook(refusals)  # which stays for good, and does nothing outside `during`
    return refusals


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
@pytest.mark.parametrize("lasting", [False, True])
def test_a_refusal_at_any_call_is_said_and_leaves_the_old_trace(
    code: int,
    lasting: bool,
    disk: Refusals,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sync = os.fsync

    def refusing(handle: int) -> None:
        disk.refuse()
        sync(handle)

    old, new = made(*OLD), made(*NEW)
    for call in range(1, 1000):
        assert run(OLD) == 0
        capsys.readouterr()
        with disk.during(code, call, lasting=lasting), monkeypatch.context() as patch:
            patch.setattr(os, "fsync", refusing)
            status = run(NEW)
            calls = disk.seen
        printed = capsys.readouterr()
        survives(Path("t"), old, new)
        if status == 0:
            assert content(Path("t")) == new
        else:
            assert (status, printed.out) == (2, "")
            assert "; name a place that can be written and has room" in printed.err
            assert f"cannot be written: {os.strerror(code)}" in printed.err
            assert printed.err.count("\n") == 1
        assert run(NEW) == 0
        assert content(Path("t")) == new
        assert [entry.name for entry in Path().iterdir()] == ["t"]
        if calls < call:
            break
    assert call > len(new) * 4


def test_a_file_that_may_not_grow_leaves_the_old_trace(capsys: pytest.CaptureFixture[str]) -> None:
    old, new = made(*OLD), made(*NEW)
    most = max(map(len, new.values()))
    for size in (0, 1, 100, 600, most // 2, most - 1):
        assert run(OLD) == 0
        capsys.readouterr()
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            status = run(NEW)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        assert status == 2
        assert "cannot be written: File too large" in capsys.readouterr().err
        assert content(Path("t")) == old
        assert [entry.name for entry in Path().iterdir()] == ["t"]


def damaged(file: Path, before: Trace, damage: Callable[[bytearray], object]) -> None:
    """The file after `damage`: its trace is refused, or is still `before`."""
    whole = file.read_bytes()
    data = bytearray(whole)
    damage(data)
    file.write_bytes(data)
    try:
        after = load_trace("t")
    except InputError:
        pass
    else:
        assert after == before, (file, data)
    file.write_bytes(whole)


def flipped(data: bytearray, *, place: int, bit: int) -> None:
    data[place] ^= 1 << bit


def cut(data: bytearray, *, length: int) -> None:
    del data[length:]


def test_a_flip_of_any_bit_of_a_trace_is_noticed_or_changes_nothing() -> None:
    assert run(NEW) == 0
    before, generator = load_trace("t"), random.Random(0)
    for name, step in (("meta.json", 1), ("part-00000.parquet", 101)):
        file = Path("t") / name
        for place in range(0, file.stat().st_size, step):
            for bit in range(8) if step == 1 else [generator.randrange(8)]:
                flip = partial(flipped, place=place, bit=bit)
                damaged(file, before, flip)


def test_a_trace_cut_anywhere_is_noticed() -> None:
    assert run(NEW) == 0
    before = load_trace("t")
    for name in ("meta.json", "part-00000.parquet"):
        file = Path("t") / name
        size = file.stat().st_size
        for length in {*range(0, size, 41), size - 1, size - 2}:
            damaged(file, before, partial(cut, length=length))


def test_two_at_once_on_one_directory_never_mix() -> None:
    old, new = made(*OLD), made(*NEW)
    script = "from analysis.cli import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(8):
        both = [
            subprocess.Popen(
                [sys.executable, "-c", script, *arguments],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for arguments in (OLD, NEW)
        ]
        said = [process.communicate()[1] for process in both]
        assert 0 in [process.returncode for process in both]
        for process, text in zip(both, said, strict=True):
            assert (process.returncode, "another process is writing here" in text) in ((0, False), (2, True))
        assert content(Path("t")) in (old, new)
        assert [entry.name for entry in Path().iterdir()] == ["t"]


def test_a_dead_holders_lock_is_free() -> None:
    holder = "import fcntl, sys, time; f = open('.t.lock', 'w'); fcntl.flock(f, fcntl.LOCK_EX)"
    subprocess.run([sys.executable, "-c", f"{holder}; import os; os._exit(1)"], check=False)
    assert Path(".t.lock").exists()
    assert run(NEW) == 0
    with Path(".t.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert run(NEW) == 2
