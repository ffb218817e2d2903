"""What stands beside a figure: the command that draws it again, the version, and digests of its data."""

import hashlib
import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from analysis.figures.drawing import Asked
from analysis.results import Results
from simulator.version import __version__

MARK = "figure of nmsim\n"
"""How the text beside a figure begins: where it is, the files of that name are ours to replace."""
INPUTS = {
    "sweep": ("sweep.json", "points.csv"),
    "study": ("study.json", "results.csv", "summary.csv"),
    "run": ("run.json", "history.csv", "weights.csv", "trace/meta.json"),
    "trace": ("meta.json",),
    "report": ("",),
}
"""The files that stand for what a figure was drawn from."""
OPTIONS = {
    "--arch": "archs",
    "--set": "settings",
    "--only": "only",
    "--x": "x",
    "--y": "y",
    "--convention": "convention",
    "--layer": "layer",
}
"""The options of `nmsim plot` and the fields of Asked that they are."""


def about_text(results: Results, command: str) -> str:
    """The command, the version, and the digest of each file that stands for what was drawn."""
    lines = [f"command  {on_one_line(command)}", f"version  nmsim {__version__}"]
    lines += [f"sha256   {digest}  {name}" for name, digest in _digests(results)]
    return "\n".join(lines) + "\n"


def _digests(results: Results) -> Iterator[tuple[str, str]]:
    for name in INPUTS[results.kind]:
        file = results.path / name if name else results.path
        if file.is_file():
            with file.open("rb") as opened:
                yield name or file.name, hashlib.file_digest(opened, "sha256").hexdigest()


def call_of(
    asked: Asked,
    path: str | Path,
    names: Sequence[str],
    out: str | Path | None,
    width: str,
    kinds: Sequence[str],
) -> str:
    """The command line that asks for the same."""
    words = ["nmsim", "plot", os.fspath(path), *names]
    for option, field in OPTIONS.items():
        value = getattr(asked, field)
        for one in value if isinstance(value, tuple) else () if value is None else (value,):
            words += [option, str(one)]
    words += ["--width", width, "--as", ",".join(kinds)]
    return shlex.join(words if out is None else [*words, "--out", os.fspath(out)])


def on_one_line(text: str) -> str:
    """`text` without the breaks in it."""
    return " ".join(text.split())
