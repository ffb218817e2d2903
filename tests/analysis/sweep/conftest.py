"""Sweeps without worker processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from analysis.sweep import swept
from analysis.sweep.drive import Drive
from tests.analysis.sweep.spaces import Here


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    """Sweep in this process."""
    runner = Here()

    @contextmanager
    def driven(evaluate: Any, store: Any, **_: object) -> Iterator[Any]:
        yield Drive(evaluate, store, runner)  # type: ignore[arg-type]

    monkeypatch.setattr(swept, "driven", driven)
    return runner
