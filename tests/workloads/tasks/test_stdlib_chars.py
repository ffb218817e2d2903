import sysconfig
from pathlib import Path

import numpy as np
import pytest

from simulator.errors import InputError
from workloads.tasks import load_task
from workloads.tasks.characters import Characters
from workloads.tasks.stdlib_chars import PRINTABLE, source_files, symbols_of

UNKNOWN = len(PRINTABLE)


def shown(symbols: bytes) -> str:
    return "".join((PRINTABLE + "?")[symbol] for symbol in symbols)


def test_the_vocabulary_is_printable_ascii_the_end_of_a_line_and_one_unknown() -> None:
    assert len(PRINTABLE) == 96
    assert load_task("stdlib_chars").shape.vocabulary == 97


def test_a_character_is_one_symbol_and_a_tab_is_four_spaces() -> None:
    source = "a\tb\r\n\x00é漢😀!\n".encode()
    assert shown(symbols_of(source)) == "a    b\n????!\n"
    assert symbols_of("é".encode())[0] == UNKNOWN


def test_only_modules_of_the_standard_library_are_read_in_the_order_of_their_names() -> None:
    folder = Path(sysconfig.get_path("stdlib"))
    names = [path.relative_to(folder).as_posix() for path in source_files(folder)]
    assert {"ast.py", "json/decoder.py", "asyncio/tasks.py", "typing.py"} <= set(names)
    assert names == sorted(names)
    avoided = ("test", "tests", "site-packages", "idlelib", "lib2to3", "__pycache__")
    assert [name for name in names if set(avoided) & set(name.split("/"))] == []
    assert [name for name in names if name.startswith("_sysconfigdata")] == []


def test_what_the_user_put_beside_the_library_is_not_read(tmp_path: Path) -> None:
    for name in (
        "ast.py",
        "mine.py",
        "sitecustomize.py",
        "json/decoder.py",
        "json/tests/ast.py",
        "mine/ast.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    names = [path.relative_to(tmp_path).as_posix() for path in source_files(tmp_path)]
    assert names == ["ast.py", "json/decoder.py"]


def test_whole_files_are_held_out_about_a_twentieth_of_the_text() -> None:
    task = load_task("stdlib_chars")
    assert isinstance(task, Characters)
    assert 0.02 < len(task.held) / (len(task.held) + len(task.trained)) < 0.1
    assert len(task.trained) > 2**21
    line = bytes(task.held[1000:1200])
    assert bytes(task.trained).find(line) < 0


def test_targets_are_the_inputs_one_place_on_and_windows_start_anywhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = load_task("stdlib_chars", settings={"length": 10})
    assert isinstance(task, Characters)
    task.trained = np.arange(14, dtype=np.uint8)
    batch = task.batch(np.random.default_rng(0), 500)
    assert np.array_equal(batch.targets, batch.inputs + 1)
    assert set(batch.inputs[:, 0].tolist()) == {0, 1, 2, 3}


def test_held_out_windows_do_not_overlap_and_reach_over_the_whole_part() -> None:
    task = load_task("stdlib_chars", settings={"length": 4})
    assert isinstance(task, Characters)
    task.held = np.arange(22, dtype=np.uint8)
    assert task.all_held_out().inputs.tolist() == [list(range(s, s + 4)) for s in (0, 4, 8, 12, 16)]
    assert task.all_held_out().targets.max() == 20
    task.held = np.zeros(1_000_001, np.uint8)
    starts = task.all_held_out().inputs
    assert len(starts) == 2048


def test_a_python_without_the_source_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(InputError) as caught:
        load_task("stdlib_chars")
    assert str(caught.value) == (
        "stdlib_chars: this Python has no source of its standard library; train another task"
    )
