"""The store keeps what it was given, says what it cannot do, and never gives back what it was not given."""

import json
import logging
import os
import random
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.sweep.damage import seal
from analysis.sweep.store import Row, Store, Stored
from analysis.sweep.values import canonical
from simulator.errors import InputError
from tests.analysis.sweep.store_cases import IDENTITY, changed, rows_of, stored, values_of

ROOT = Path(__file__).parents[3]
ROOM = "name a place that can be written and has room; what was there is unchanged"
HOLDER = """
import sys, time
from pathlib import Path
from analysis.sweep.store import Store
with Store.opened(Path("s.db"), identity={}):
    print("open", flush=True)
    time.sleep(600)
"""
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def path() -> Path:
    return Path("s.db")


@settings(max_examples=25)
@given(st.lists(st.tuples(st.text("abc01", min_size=1), st.sampled_from(["done", "refused"]), json_values)))
def test_what_is_added_is_known_and_the_first_of_a_key_stays(rows: list[tuple[str, str, Any]]) -> None:
    Path("s.db").unlink(missing_ok=True)
    oracle: dict[str, Stored] = {}
    for key, state, value in rows:
        oracle.setdefault(key, Stored(state, value))
    stored(Path("s.db"), (Row(*row) for row in rows))
    with Store.opened(Path("s.db"), identity={}) as store:
        assert store.known([*oracle, "not there"]) == oracle
        assert canonical([*store.known(oracle).values()]) == canonical(
            [oracle[key] for key in store.known(oracle)]
        )


def test_a_closed_store_is_one_file(path: Path) -> None:
    stored(path, rows_of(10))
    assert [entry.name for entry in Path().iterdir()] == ["s.db"]


def test_a_store_keeps_the_identity_it_was_made_with_until_it_adopts_another(path: Path) -> None:
    stored(path, [], space="a")
    with Store.opened(path, identity={"space": "b"}) as store:
        assert store.identity == {"space": "a"}
        store.adopt({"space": "c"})
    with Store.opened(path, identity={}) as store:
        assert store.identity == {"space": "c"}


def test_what_is_forgotten_is_unknown_and_may_come_anew(path: Path) -> None:
    stored(path, [Row("a", "done", 1), Row("b", "set aside", {"why": "x"})])
    with Store.opened(path, identity={}) as store:
        assert store.forget("set aside") == 1
        store.add([Row("b", "done", 2)])
        assert store.known("ab") == {"a": Stored("done", 1), "b": Stored("done", 2)}


def test_a_value_that_is_no_json_is_refused_and_none_of_its_chunk_is_kept(path: Path) -> None:
    with Store.opened(path, identity={}) as store:
        with pytest.raises(ValueError, match="not JSON compliant"):
            store.add([Row("a", "done", 1), Row("b", "done", float("nan"))])
        assert store.known("ab") == {}


def test_ten_thousand_points_are_checked_and_read_in_a_moment(path: Path) -> None:
    rows = [
        Row(f"{value:064x}", "done", {f"m{m}": value * 1.1 + m for m in range(16)}) for value in range(10_000)
    ]
    stored(path, rows)
    best = min(timed(lambda: values_of(path, rows)) for _ in range(3))
    oracle = min(timed(lambda: [json.loads(canonical(row.value)) for row in rows]) for _ in range(3))
    assert best < 6 * oracle + 0.2


def timed(act: Callable[[], object]) -> float:
    began = perf_counter()
    act()
    return perf_counter() - began


def test_a_second_holder_is_refused_and_a_dead_ones_lock_is_free(path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], env=environment, stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(InputError) as refused, Store.opened(path, identity={}):
            pass
        assert str(refused.value) == (
            "s.db: another process is writing here; wait for it, or name another directory"
        )
    finally:
        holder.kill()
        holder.communicate()
    assert values_of(stored(path, rows_of(3)), rows_of(3)) == {row.key: row.value for row in rows_of(3)}


def test_a_newer_store_is_refused_and_left_as_it_is(path: Path) -> None:
    stored(path, rows_of(3))
    about = canonical({"schema": 2, "version": "9.1", "identity": {}})
    changed(path, "UPDATE meta SET value = ?, seal = ?", about, seal("about", "", about))
    before = path.read_bytes()
    with pytest.raises(InputError) as refused, Store.opened(path, identity={}):
        pass
    assert str(refused.value) == (
        "s.db: schema 2 (written by nmsim 9.1) is newer than this nmsim 0.1.0 reads, which is 1; "
        "upgrade nmsim, or name another directory"
    )
    assert path.read_bytes() == before
    assert [entry.name for entry in Path().iterdir()] == ["s.db"]


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: path.symlink_to("elsewhere"), "is a link"),
        (os.mkfifo, "is a device or pipe"),
    ],
)
def test_what_is_no_file_is_refused(path: Path, make: Callable[[Path], object], found: str) -> None:
    make(path)
    with pytest.raises(InputError) as refused, Store.opened(path, identity={}):
        pass
    right = "move it away, or name another directory"
    assert str(refused.value) == f"s.db: {found}, where the results' file belongs; {right}"
    assert not Path("elsewhere").exists()


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """A disk that takes no more, as far as this process can tell."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [0, 1, 4096, 5000, 100_000])
def test_where_there_is_no_room_it_says_so_and_what_was_there_stays(path: Path, size: int) -> None:
    rows = rows_of(500)
    stored(path, rows[:100])
    more = [row._replace(value="y" * 999) for row in rows[100:]]
    with files_of_at_most(size), pytest.raises(InputError) as refused:
        stored(path, more)
    assert str(refused.value) == f"s.db: cannot be written: disk I/O error; {ROOM}"
    found = values_of(path, rows)
    assert {row.key for row in rows[:100]} <= found.keys()
    assert all(found[row.key] in (row.value, "y" * 999) for row in rows if row.key in found)
    assert not Path("s.db.damaged").exists()


def test_a_place_that_only_others_may_write_is_said(path: Path) -> None:
    stored(path, rows_of(3))
    Path().chmod(0o555)
    try:
        script = (
            "import os, sys; from pathlib import Path; from analysis.sweep.store import Store\n"
            "os.getuid() or os.setuid(65534)\n"
            "try:\n    Store.opened(Path('s.db'), identity={}).__enter__()\n"
            "except ValueError as error: print(error)"
        )
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        said = subprocess.check_output([sys.executable, "-c", script], env=environment, text=True)
    finally:
        Path().chmod(0o755)
    assert said.startswith("s.db: cannot be written: Permission denied; ")
    assert said.count("\n") == 1


def test_a_row_that_is_not_as_it_was_written_is_dropped_with_a_warning(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = rows_of(20)
    stored(path, rows)
    for column, value in (("value", "{}"), ("state", "refused"), ("seal", b"\xff"), ("value", None)):
        changed(path, f"UPDATE results SET {column} = ? WHERE key = ?", value, rows[len(caplog.records)].key)
        with caplog.at_level(logging.WARNING):
            found = values_of(path, rows)
        assert caplog.messages[-1] == "s.db: 1 of its results are damaged; they are dropped and computed anew"
        assert found.keys() == {row.key for row in rows[len(caplog.records) :]}


def test_a_warning_is_one_line_whatever_sqlite_says(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stored(path, rows_of(200))
    data = path.read_bytes()
    path.write_bytes(data[:8192] + bytes(4096) + data[12288:])
    stored(path, rows_of(3))
    assert "btreeInitPage" in caplog.messages[0]
    assert "\n" not in caplog.messages[0]


def test_what_is_no_store_is_set_aside_with_a_warning(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_text("not a database at all, and longer than a header of SQLite would be" * 9)
    before = path.read_bytes()
    stored(path, rows_of(3))
    assert caplog.messages == [
        "s.db is damaged (its header is not SQLite's) and was set aside as s.db.damaged; "
        "0 intact results are kept, others computed anew"
    ]
    assert Path("s.db.damaged").read_bytes() == before
    assert len(values_of(path, rows_of(3))) == 3


def test_what_a_torn_store_still_has_is_taken_over(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = rows_of(400)
    stored(path, rows)
    data = bytearray(path.read_bytes())
    middle = len(data) // 4096 // 2 * 4096
    data[middle : middle + 4096] = bytes(4096)
    path.write_bytes(data)
    found = values_of(path, rows)
    assert 200 < len(found) < 400
    assert all(found[row.key] == row.value for row in rows if row.key in found)
    assert f"{len(found)} intact results are kept, others computed anew" in caplog.text
    assert stored(path, rows) == path
    assert len(values_of(path, rows)) == 400


def spoiled(path: Path, generator: random.Random) -> None:
    """Flip a bit of, or cut, the store or the log beside it."""
    name = generator.choice([path, path, path.with_name(f"{path.name}-wal")])
    data = bytearray(name.read_bytes())
    place = generator.choice([generator.randrange(min(len(data), 200)), generator.randrange(len(data))])
    if generator.random() < 0.2:
        del data[place:]
    else:
        data[place] ^= 1 << generator.randrange(8)
    name.write_bytes(data)


@pytest.mark.parametrize("rounds", [60, pytest.param(1500, marks=pytest.mark.full)])
def test_whatever_is_flipped_or_cut_no_wrong_value_comes_back(path: Path, rounds: int) -> None:
    logging.disable(logging.WARNING)
    rows = rows_of(150)
    generator = random.Random(rounds)
    try:
        stored(path, rows[:100])
        with Store.opened(path, identity=IDENTITY) as store:
            store.add(rows[100:])
            shutil.copytree(".", "whole")
        for _ in range(rounds):
            shutil.rmtree("spoiled", ignore_errors=True)
            shutil.copytree("whole", "spoiled")
            place = Path("spoiled/s.db")
            spoiled(place, generator)
            found = values_of(place, rows)
            assert all(found[row.key] == row.value for row in rows if row.key in found)
            assert len(values_of(stored(place, rows), rows)) == 150
    finally:
        logging.disable(logging.NOTSET)
