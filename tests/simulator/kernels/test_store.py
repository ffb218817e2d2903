"""The files of compiled kernels: what was written is read, and anything else is set aside."""

import os
import stat
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernels import store

DAY = 24 * 3600


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NMSIM_CACHE_DIR", str(tmp_path / "a" / "kept"))
    monkeypatch.setattr(store, "_said", set())
    return tmp_path / "a" / "kept"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_read() -> None:
    store.write("k", b"code")
    assert store.read("k") == b"code"


def test_what_was_never_written_is_missing(caplog: pytest.LogCaptureFixture) -> None:
    assert store.read("k") is None
    assert caplog.messages == []


def test_nobody_else_sees_the_folder_or_a_file(kept: Path) -> None:
    store.write("k", b"code")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert stat.S_IMODE((kept / "k").stat().st_mode) == 0o600
    assert names(kept) == ["k"]


@given(content=st.binary(), data=st.data())
def test_no_damage_is_read(content: bytes, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMSIM_CACHE_DIR", folder)
        store.write("k", content)
        path = Path(folder) / "k"
        whole = path.read_bytes()
        at = data.draw(st.integers(0, len(whole) - 1))
        flipped = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
        damaged = data.draw(
            st.sampled_from([whole[:at], flipped, whole + b"\0", content, b"\0" * len(whole)])
        )
        path.write_bytes(damaged)
        assert store.read("k") is None
        assert not path.exists()
        assert (Path(folder) / "k.damaged").read_bytes() == damaged
        store.write("k", content)
        assert store.read("k") == content


def test_damage_is_named(kept: Path, caplog: pytest.LogCaptureFixture) -> None:
    store.write("k", b"code")
    (kept / "k").write_bytes(b"no")
    store.read("k")
    assert caplog.messages == [f"{kept}/k is set aside as k.damaged and made anew: it is not whole"]


def test_another_files_content_is_damage(kept: Path) -> None:
    store.write("j", b"code")
    (kept / "j").rename(kept / "k")
    assert store.read("k") is None


def test_what_is_no_file_is_damage(kept: Path) -> None:
    store.folder()
    (kept / "folder").mkdir()
    os.mkfifo(kept / "pipe")
    (kept / "link").symlink_to("nowhere")
    with (kept / "vast").open("wb") as file:
        file.truncate(store.LIMIT + 1)
    damaged = ["folder", "link", "pipe", "vast"]
    assert [store.read(name) for name in damaged] == [None] * 4
    assert names(kept) == [f"{name}.damaged" for name in damaged]


def test_a_failed_write_leaves_the_old_file_and_no_draft(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    store.write("k", b"old")
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        store.write("k", b"new")
    assert store.read("k") == b"old"
    assert names(kept) == ["k"]


def test_a_folder_that_others_may_write_to_is_refused(kept: Path) -> None:
    store.write("k", b"code")
    kept.chmod(0o770)
    refusal = r"^others may write to it \(chmod go-w, or another NMSIM_CACHE_DIR\)$"
    with pytest.raises(PermissionError, match=refusal):
        store.read("k")
    with pytest.raises(PermissionError, match=refusal):
        store.write("k", b"")


def test_a_folder_of_another_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:  # what is root's is trusted by all
        os.chown(store.folder(), 1234, -1)
    owner = store.place().stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(PermissionError):
        store.folder()


@pytest.mark.parametrize(
    ("named", "caches", "place"),
    [
        ("/n", "/x", "/n"),
        ("", "/x", "/x/nmsim"),
        ("", "relative", "/h/.cache/nmsim"),
        ("", "", "/h/.cache/nmsim"),
    ],
)
def test_where_kernels_lie(named: str, caches: str, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"NMSIM_CACHE_DIR": named, "XDG_CACHE_HOME": caches, "HOME": "/h"}.items():
        monkeypatch.setenv(name, value)
    assert store.place() == Path(place)


def test_without_a_home_there_is_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("NMSIM_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", fail)
    with pytest.raises(OSError, match="there is no home folder, and NMSIM_CACHE_DIR is not set"):
        store.place()


def test_old_files_of_other_sources_are_forgotten(kept: Path) -> None:
    ages = {"f-new-1": 9, "f-new-1.damaged": 9, "f-old-1": 4, "f-old-2": 2, "g-old-1": 4, "ff-old-1": 4}
    for name, days in ages.items():
        store.write(name, b"")
        os.utime(kept / name, times=(time.time() - days * DAY,) * 2)
    store.forget("f", current="new")
    assert names(kept) == ["f-new-1", "f-new-1.damaged", "f-old-2", "ff-old-1", "g-old-1"]
    store.forget("f")
    assert names(kept) == ["ff-old-1", "g-old-1"]


def test_a_thing_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    for text, topic in (("a", ""), ("a", ""), ("b", ""), ("c", "t"), ("d", "t")):
        store.warn(text, topic=topic)
    assert caplog.messages == ["a", "b", "c"]
    assert {record.name for record in caplog.records} == {"nmsim"}
