"""Parts of a batch: results in their order, failures once all have ended, BLAS on one thread."""

import threading
from collections.abc import Callable

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from simulator.kernels.threads import spread
from workloads.training.emulator.parts import PARTS, Parts, parts


@pytest.fixture(params=["1", "2", "5"])
def _threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMSIM_THREADS", request.param)


def after_the_others() -> Callable[[int], int]:
    """Work of which the first part ends last, where parts run at once."""
    done = threading.Event()

    def work(part: int) -> int:
        if part == PARTS - 1:
            done.set()
        elif threading.current_thread() is not threading.main_thread():
            done.wait(10)
        return 10 * part

    return work


@pytest.mark.usefixtures("_threads")
def test_results_are_in_the_order_of_the_parts() -> None:
    with parts() as running:
        for _ in range(20):
            assert running.run(after_the_others()) == [0, 10]


def test_parts_run_at_once_where_there_are_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMSIM_THREADS", "2")
    meeting = threading.Barrier(PARTS, timeout=10)
    with parts() as running:
        assert sorted(running.run(lambda part: (meeting.wait(), part)[1])) == [0, 1]
        assert len(set(running.run(lambda _: threading.get_ident()))) == PARTS


def test_one_thread_runs_them_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMSIM_THREADS", "1")
    with parts() as running:
        assert running.run(lambda _: threading.get_ident()) == [threading.get_ident()] * PARTS


@pytest.mark.parametrize("fails", [0, 1])
def test_a_failure_is_raised_once_all_have_ended(fails: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMSIM_THREADS", "2")
    ended: list[int] = []
    failed = threading.Event()

    def work(part: int) -> int:
        if part == fails:
            failed.set()
            raise ArithmeticError(f"part {part}")
        assert failed.wait(10)
        threading.Event().wait(0.05)
        ended.append(part)
        return part

    with parts() as running:
        with pytest.raises(ArithmeticError, match=f"part {fails}"):
            running.run(work)
        assert ended == [1 - fails]
        assert running.run(lambda part: part) == [0, 1], "and it goes on"


@pytest.mark.usefixtures("_threads")
def test_of_two_failures_the_first_part_is_told() -> None:
    def work(part: int) -> int:
        raise ArithmeticError(f"part {part}")

    with parts() as running, pytest.raises(ArithmeticError, match="part 0"):
        running.run(work)


def test_kernels_of_a_part_stay_on_its_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMSIM_THREADS", "2")

    def work(_part: int) -> bool:
        seen: set[int] = set()
        spread(lambda _first, _last: seen.add(threading.get_ident()), 64, values=1 << 24)
        return seen == {threading.get_ident()}

    with parts() as running:
        assert running.run(work) == [True, True]
    seen: set[int] = set()
    meeting = threading.Barrier(2, timeout=10)

    def meet(_first: int, _last: int) -> None:
        meeting.wait()
        seen.add(threading.get_ident())

    spread(meet, 64, values=1 << 24)
    assert len(seen) == 2, "outside of parts it is spread"


def blas_threads() -> set[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return {info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"}


def test_blas_has_one_thread_within_and_its_own_again_afterwards() -> None:
    before = blas_threads()
    with parts() as running:
        assert running.run(lambda _: blas_threads()) == [{1}] * PARTS
    assert blas_threads() == before
    with pytest.raises(ArithmeticError), parts():
        raise ArithmeticError
    assert blas_threads() == before


def test_threads_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMSIM_THREADS", "2")
    with parts() as running:
        running.run(lambda part: part)
        assert any(thread.name.startswith("nmsim-part") for thread in threading.enumerate())
    assert not any(thread.name.startswith("nmsim-part") for thread in threading.enumerate())
    assert isinstance(running, Parts)
