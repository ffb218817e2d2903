"""How far a job is: shown on a terminal with what is said of it, and nothing elsewhere."""

import io
import sys

import pytest

from analysis import progress
from analysis.progress import shown

Capture = pytest.CaptureFixture[str]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def terminal_of(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """What stderr is from now on; not in a fixture, after which pytest puts its own there."""
    made = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "stderr", made)
    return made


def test_a_terminal_shows_how_far_it_is_and_is_left_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    with shown("training") as steps:
        steps(1, 40, "loss 1.25")
        steps(2, 40, "loss 1.25")
    assert (steps.done, steps.whole) == (2, 40)
    text = terminal.getvalue()
    assert "training" in text
    assert "2/40" in text
    assert "loss 1.25" in text
    assert text.endswith("\x1b[2K")  # the last that is written clears the line


def test_the_rate_leaves_out_what_was_there_before(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    times = iter((10.0, 10.0, 12.0))
    monkeypatch.setattr(progress, "monotonic", lambda: next(times))
    with shown("sweeping") as points:
        points(1000, 2000)
        points(1100, 2000)
    assert "50/s" in terminal.getvalue()


@pytest.mark.parametrize("closed", [False, True])
def test_elsewhere_nothing_is_shown(closed: bool, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    if closed:
        monkeypatch.setattr(sys, "stderr", None)
    with shown("training") as steps:
        steps(7, 40, "loss 1.25")
    assert (steps.done, steps.whole) == (7, 40)
    assert capsys.readouterr() == ("", "")
