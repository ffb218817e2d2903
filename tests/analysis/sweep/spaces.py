"""Small spaces for tests, and a sweep of them in this very process."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from analysis.runner import Outcome
from analysis.sweep.drive import evaluate_chunk

KEYS = {
    "spec": "1",
    "name": "tiny",
    "arch": "a100",
    "workload": "{network: net.yaml, recipe: sr_ste, pattern: 2:4}",
    "fidelity": "bound",
    "axes": "{core.array.rows: [4, 8]}",
    "objectives": "[seconds]",
}
NETWORK = """\
spec: 1
name: one layer
source: made up for a test
layers:
  - {name: ff, role: ff, m: 64, n: 64, k: 128}
"""


def write_space(folder: Path, **keys: str) -> Path:
    """A space file under `folder`, KEYS with `keys` in place of some; one that is empty is left out."""
    (folder / "net.yaml").write_text(NETWORK)
    path = folder / "space.yaml"
    given = KEYS | keys
    path.write_text("".join(f"{key}: {text}\n" for key, text in given.items() if text))
    return path


class Here:
    """A runner whose one worker is this process; `points` counts what it evaluated."""

    workers = 1

    def __init__(self) -> None:
        self.points = 0

    def run(self, jobs: Iterable[tuple[str, Any]]) -> Iterator[Outcome[Any]]:
        for key, chunk in jobs:
            self.points += len(chunk.points)
            yield Outcome(key=key, value=evaluate_chunk(chunk), failed=None)
