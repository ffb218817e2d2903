"""Studies that take seconds, and a runner that needs no processes."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from analysis.runner.runner import Outcome
from analysis.study import conduct as room
from analysis.study.conduct import Study

TASK = "{task: teacher, sizes: {features: 8, width: 16, outputs: 4}}"
TRAIN = "{width: 16, depth: 1, batch: 256}"
SMALL = f"""\
spec: 1
name: tiny
tasks: [{TASK}]
recipes: [dense, sr_ste]
patterns: [2:4]
seeds: 2
steps: 24
train: {TRAIN}
machines: [a100]
"""
TABLES = ("results.csv", "summary.csv", "comparisons.csv", "study.json")


class Inline:
    """Runs jobs here and now; `jobs` are the keys of those that it was given."""

    jobs: list[str]

    def __init__(self, function: Callable[[Any], Any], **_: Any) -> None:
        self.function = function
        Inline.jobs = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def run(self, jobs: Iterable[tuple[str, Any]]) -> Iterator[Outcome[Any]]:
        """The outcome of each job, in order."""
        for key, payload in jobs:
            Inline.jobs.append(key)
            yield Outcome(key=key, value=self.function(payload), failed=None)


def carried_out(folder: Path, text: str, out: str = "out") -> Study:
    """The study of that text, its file in `folder`."""
    file = folder / "study.yaml"
    file.write_text(text)
    return room.conduct(file, folder / out)


def content(folder: Path) -> dict[str, bytes]:
    """The tables and the Reports of a study."""
    files = [folder / name for name in TABLES] + sorted((folder / "reports").glob("*"))
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}
