import io
import sys

import pytest

from analysis.sweep.progress import shown_points


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_is_shown_how_far_the_sweep_is(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with shown_points() as points:
        points(0, 20)
        points(20, 20)
    assert "20/20" in terminal.getvalue()


@pytest.mark.parametrize("stream", [io.StringIO(), None])
def test_elsewhere_nothing_is_shown(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with shown_points() as points:
        points(3, 20)
    assert (points.done, points.whole) == (3, 20)
    assert stream is None or stream.getvalue() == ""
