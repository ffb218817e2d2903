"""The directory of a study: whose it is, what it says of itself, and which of its Reports are whole."""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from analysis.study.cells import Cells
from analysis.study.interval import method_text
from simulator.atomic import locked, write_file, writing
from simulator.errors import InputError, shown
from simulator.places import printable
from simulator.trace_files import read_regular
from simulator.version import __version__

META, SCHEMA, META_MAX = "study.json", 1, 1 << 26
RUNS, REPORTS = "runs", "reports"
FILE_MAX = 1 << 28
RUN_FILES = ("run.json", "history.csv", "weights.csv", "noise.csv")
"""What of a run its digest is of; its trace has digests of its own."""


@contextmanager
def opened(path: Path, name: str) -> Iterator[dict[str, Any]]:
    """Hold `path` for the study `name`, and give what it says of an earlier run of it; nothing if new."""
    with locked(path):
        with writing(path):
            if path.exists() and not path.is_dir():
                raise InputError.of("is a file", "name a directory", where=str(path))
            kept = path.is_dir() and any(not one.name.startswith(".") for one in path.iterdir())
        if kept and not (path / META).is_file():
            what = f"the directory holds files, but no {META} of an earlier result"
            raise InputError.of(what, "name a new or an empty directory", where=str(path))
        yield _earlier(path / META, name) if kept else {}


def _earlier(file: Path, name: str) -> dict[str, Any]:
    """What an earlier run of the same study wrote; a damaged file is kept beside, by another name."""
    data = read_regular(file, META_MAX, right="study.json is small")
    try:
        meta = json.loads(data)
        schema = meta["schema"]
        theirs = _name_in(meta) if schema == SCHEMA else ""
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        aside = file.with_name(f"{META}.damaged")
        write_file(aside, data)
        said = (
            f"{file} is damaged ({type(error).__name__}), was set aside as {aside.name}, and is written anew"
        )
        logging.getLogger(__name__).warning("%s", printable(said))
        return {}
    if schema != SCHEMA:
        raise InputError.of(f"has schema {shown(schema)}", f"this version reads {SCHEMA}", where=str(file))
    if theirs != name:
        right = f"name another directory for {shown(name)}: a study grows in its own"
        raise InputError.of(f"holds the study {shown(theirs)}", right, where=str(file.parent))
    return dict(meta)


def _name_in(meta: Mapping[str, Any]) -> Any:
    """The name of the study that wrote `meta`; TypeError where that is not what a study writes."""
    if not all(isinstance(meta.get(key, {}), dict) for key in ("provenance", "study", RUNS, REPORTS)):
        raise TypeError
    return meta["study"]["name"]


def meta_of(cells: Cells, *, counts: Mapping[str, int], compared: int, complete: bool) -> dict[str, Any]:
    """What study.json says, but for the digests of the Reports."""
    study = cells.study
    return {
        "schema": SCHEMA,
        "provenance": {
            "tool": "nmsim",
            "version": __version__,
            "study": {"given": study.name, "sha256": study.digest},
            "tasks": dict(cells.task_digests),
            "machines": [
                {"name": one.name, "given": one.arch.name, "sha256": one.arch.digest}
                for one in cells.machines
            ],
        },
        "study": study.value.model_dump(mode="json", by_alias=True, exclude_unset=True),
        "metric": {
            task: {"name": metric.name, "unit": metric.unit, "lower_is_better": metric.lower_is_better}
            for task, metric in cells.metrics.items()
        },
        "baseline": cells.baseline,
        "method": method_text(study.value.comparisons, compared),
        "counts": dict(counts),
        "complete": complete,
    }


def write_meta(path: Path, meta: Mapping[str, Any]) -> None:
    """Replace study.json."""
    write_file(path / META, (json.dumps(meta, indent=1, ensure_ascii=False) + "\n").encode())


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes, empty where there is none."""
    try:
        return hashlib.sha256(read_regular(path, FILE_MAX, right="remove it")).hexdigest()
    except InputError:
        return ""


def sha256_of_run(path: Path) -> str:
    """The digest of what a training run says of itself."""
    digests = [sha256_of(path / name) for name in RUN_FILES]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
