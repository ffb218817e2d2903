"""The identity of a kernel: equal for what would be the same machine code, and for nothing else."""

import shutil
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from simulator.kernels import identity
from simulator.kernels.identity import closed_over, described, digest, sources, surroundings
from tests.simulator.kernels.tiny import make_of


@pytest.mark.parametrize("value", [2, -1, True, "a", None])
def test_a_factory_gives_constants(value: object) -> None:
    assert closed_over(make_of(value)) == [("closed", value)]


@pytest.mark.parametrize("value", [2.0, (1, 2), np.int64(2), np.zeros(1), digest])
def test_a_factory_gives_nothing_else(value: object) -> None:
    with pytest.raises(TypeError) as raised:
        closed_over(make_of(value))
    assert str(raised.value) == (
        f"make_of.<locals>.answer closes over `closed`, of type {type(value).__name__}; "
        "a kernel closes over ints, strings, bools and None"
    )


def test_a_kernel_does_not_close_over_what_comes_later() -> None:
    def early() -> Any:
        return late

    with pytest.raises(TypeError, match="closes over `late`, of type ellipsis"):
        closed_over(early)
    late = 1


def test_true_is_not_one() -> None:
    assert digest(closed_over(make_of(True))) != digest(closed_over(make_of(1)))


def test_the_code_is_its_instructions_and_its_constants() -> None:
    texts = ["x + 1", "x + 2", "x - 1", "y + 1", "[i for i in x]", "[-i for i in x]", "x + 1.0"]
    found = [digest(described(compile(text, "a", "eval"))) for text in texts]
    assert len(set(found)) == len(texts)
    assert found == [digest(described(compile(text, "b", "eval"))) for text in texts]


def test_a_change_of_any_kernel_is_a_change_of_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kernels"
    shutil.copytree(Path(identity.__file__).parent, folder)
    monkeypatch.setattr(identity, "__file__", str(folder / "identity.py"))
    other = tmp_path / "other.py"
    other.write_text("1")
    before = [sources(folder / "threads.py"), sources(other)]
    assert before[0] != before[1]
    (folder / "compile.py").write_text("edited")
    after = [sources(folder / "threads.py"), sources(other)]
    assert set(before).isdisjoint(after)
    other.write_text("2")
    assert sources(other) != after[1]
    assert sources(folder / "threads.py") == after[0]


def test_a_change_beside_a_kernel_is_a_change_of_its_sources(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    for folder in (own, other):
        folder.mkdir()
        for name in ("caller.py", "callee.py"):
            (folder / name).write_text(name)
    before = [sources(own / "caller.py"), sources(other / "caller.py"), sources(Path(identity.__file__))]
    assert before[0] == before[1]
    assert before[0] != before[2]
    (own / "callee.py").write_text("edited")
    after = [sources(own / "caller.py"), sources(other / "caller.py"), sources(Path(identity.__file__))]
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, True, True]


def test_where_the_sources_lie_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = sources(Path(identity.__file__))
    shutil.copytree(Path(identity.__file__).parent, tmp_path / "kernels")
    monkeypatch.setattr(identity, "__file__", str(tmp_path / "kernels" / "identity.py"))
    assert sources(Path(identity.__file__)) == here


def test_sources_that_cannot_be_read_are_empty() -> None:
    assert sources(Path("<stdin>")) == ""


@pytest.mark.parametrize("name", ["BOUNDSCHECK", "OPT", "LOOP_VECTORIZE", "DEBUGINFO_DEFAULT", "USING_SVML"])
def test_a_setting_that_changes_code_counts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest(surroundings())
    monkeypatch.setattr(numba.config, name, "other")
    assert digest(surroundings()) != before


@pytest.mark.parametrize("name", ["NUMBA_NUM_THREADS", "CACHE_DIR", "DUMP_IR"])
def test_a_setting_that_does_not_is_left_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest(surroundings())
    monkeypatch.setattr(numba.config, name, "other")
    assert digest(surroundings()) == before
