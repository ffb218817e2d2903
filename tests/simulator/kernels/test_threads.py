"""Work spread over threads: all of it, once, whatever fails, nests or forks."""

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.kernels.threads import GRAIN, spread, threads

ROOT = Path(__file__).parents[3]


@given(
    count=st.integers(0, 5000),
    step=st.integers(1, 70),
    number=st.integers(1, 6),
    values=st.integers(0, 8 * GRAIN),
)
def test_every_index_is_in_one_part(count: int, step: int, number: int, values: int) -> None:
    parts: list[tuple[int, int]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMSIM_THREADS", str(number))
        spread(lambda first, last: parts.append((first, last)), count, values=values, step=step)
    parts.sort()
    assert [first for first, _ in parts] == [0, *(last for _, last in parts[:-1])]
    assert parts[-1][1] == count
    assert all(last - first >= step and last % step == 0 for first, last in parts[:-1])
    assert len(parts) == max(1, min(number, values // GRAIN, count // step))


def test_parts_run_in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMSIM_THREADS", "3")
    meeting = threading.Barrier(3, timeout=20)  # passes only if all three parts run at the same time
    spread(lambda *_: meeting.wait(), 3, values=3 * GRAIN)


def test_small_work_stays_in_the_callers_thread() -> None:
    seen = []
    spread(lambda *_: seen.append(threading.current_thread()), 10, values=GRAIN)
    assert seen == [threading.current_thread()]


@pytest.mark.parametrize("failing", [{0, 2}, {2, 3}, {3}])
@pytest.mark.parametrize("first_is_last", [True, False])
def test_the_error_is_that_of_the_first_part_and_comes_when_all_have_ended(
    failing: set[int], first_is_last: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NMSIM_THREADS", "4")
    ended = []

    def run(first: int, _: int) -> None:
        time.sleep(0.02 * (3 - first if first_is_last else first))
        ended.append(first)
        if first in failing:
            raise ZeroDivisionError(first)

    with pytest.raises(ZeroDivisionError) as raised:
        spread(run, 4, values=4 * GRAIN)
    assert raised.value.args == (min(failing),)
    assert sorted(ended) == [0, 1, 2, 3]


def check_that_it_ends(script: str) -> None:
    head = "import os, threading, time\nfrom simulator.kernels.threads import GRAIN, spread\n"
    environment = {**os.environ, "NMSIM_THREADS": "4"}
    subprocess.run([sys.executable, "-c", head + script], cwd=ROOT, env=environment, check=True, timeout=60)


def test_a_call_within_a_part_ends() -> None:
    check_that_it_ends("""
covered = []
def cover(row):
    spread(lambda *part: covered.append((row, *part)), 8, values=8 * GRAIN)
spread(lambda first, last: [cover(row) for row in range(first, last)], 8, values=8 * GRAIN)
found = sorted(i for _, first, last in covered for i in range(first, last))
assert found == sorted([*range(8)] * 8), found
""")


def test_a_forked_child_has_threads_of_its_own() -> None:
    """All threads of the parent are idle when it forks: a child that took them for its own would wait."""
    check_that_it_ends("""
meeting = threading.Barrier(4, timeout=20)
spread(lambda *_: meeting.wait(), 4, values=4 * GRAIN)
time.sleep(0.2)
child = os.fork()
done = []
spread(lambda *part: done.append(part), 4, values=4 * GRAIN)
assert len(done) == 4, done
assert not child or os.waitpid(child, 0)[1] == 0
""")


@pytest.mark.parametrize(
    "named", ["two", "0", "-1", "1.5", "1025", "1000000000", " 4", "²", "1_0", "9" * 5000]
)
def test_a_bad_number_of_threads_is_refused(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMSIM_THREADS", named)
    with pytest.raises(
        InputError, match=r"^NMSIM_THREADS is `.+`; a whole number from 1 to 1024, or unset$"
    ) as raised:
        spread(lambda *_: None, 1, values=1)
    assert re.escape(named[:60]) in re.escape(str(raised.value))


@pytest.mark.parametrize("named", ["1", "007", "1024"])
def test_the_number_of_threads_is_taken(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMSIM_THREADS", named)
    assert threads() == int(named)


def test_without_a_number_there_are_as_many_as_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMSIM_THREADS", "")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert threads() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert threads() == 1
