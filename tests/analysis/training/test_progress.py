"""The bar of a training run: steps, loss and time left on a terminal, and nothing elsewhere."""

import io
import sys

import pytest

from analysis.training.progress import shown_steps

Capture = pytest.CaptureFixture[str]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_steps_and_loss_and_is_left_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "stderr", terminal)
    with shown_steps() as steps:
        steps(1, 40, {"loss": 1.25})
        steps(2, 40, None)
    assert (steps.done, steps.whole) == (2, 40)
    shown = terminal.getvalue()
    assert "training" in shown
    assert "2/40" in shown
    assert "loss 1.25" in shown
    assert shown.endswith("\x1b[2K")  # the last that is written clears the line


@pytest.mark.parametrize("closed", [False, True])
def test_elsewhere_nothing_is_shown(closed: bool, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    if closed:
        monkeypatch.setattr(sys, "stderr", None)
    with shown_steps() as steps:
        steps(7, 40, {"loss": 1.25})
    assert (steps.done, steps.whole) == (7, 40)
    assert capsys.readouterr() == ("", "")
