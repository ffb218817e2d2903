"""Whose results a directory holds, and what may change between two runs on it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from analysis.sweep.space import Space, plain_workload
from analysis.sweep.store import Store
from analysis.sweep.values import canonical
from simulator.atomic import writing
from simulator.errors import InputError, Problem, shown
from simulator.spec_errors import flow

STORE, MARK, POINTS = "sweep.db", "sweep.json", "points.csv"
OWN = tuple(f"{dot}{name}" for name in (STORE, MARK, POINTS) for dot in ("", "."))
RIGHT = "name another directory with --out"
Identity = Mapping[str, Any]


def identity_of(space: Space) -> dict[str, Any]:
    """What two runs on one directory have in common; of axes and points, the later run may have more."""
    written = space.written
    return {
        "name": written.name,
        "arch": space.arch,
        "machine": space.machines.base.digest,
        "workload": plain_workload(space),
        "fidelity": written.fidelity,
        "choose": written.choose,
        "seed": written.seed,
        "generation": written.generation,
        "points": written.points,
        "axes": {key: list(values) for key, values in written.axes.items()},
    }


def check_folder(folder: Path) -> None:
    """Refuse a place that holds anything but a sweep; make the directory if there is none."""
    with writing(folder):
        if folder.exists() and not folder.is_dir():
            raise InputError.of("is a file", "name a directory", where=str(folder))
        folder.mkdir(parents=True, exist_ok=True)
        names = [path.name for path in folder.iterdir()]
    if any(name.startswith(OWN) for name in names) or not names:
        return
    raise InputError.of("the directory holds files, and no sweep", f"{RIGHT}, or empty it", where=str(folder))


def claim(store: Store, space: Space, folder: Path) -> None:
    """Let the store go on as that of `space`; InputError with what differs if it is that of another one."""
    before, now = store.identity, identity_of(space)
    if before == now:
        return
    if problems := [one.at(str(folder)) for one in _differences(before, now)]:
        raise InputError(problems)
    store.adopt(now)


def _differences(before: Identity, now: Identity) -> Iterator[Problem]:
    """What makes it another space: all but more values of an axis, and more points drawn."""
    for key in ("name", "arch", "workload", "fidelity", "choose", "seed", "generation"):
        if before.get(key) != now[key]:
            yield _held(key, _text(before.get(key)), _text(now[key]))
    if before.get("arch") == now["arch"] and before.get("machine") != now["machine"]:
        what = f"holds the sweep of another {now['arch']}: what it writes has changed since"
        yield Problem(what=what, right=RIGHT)
    if (before.get("points") or 0) > (now["points"] or 0):
        yield _held("points", _text(before["points"]), _text(now["points"]))
    axes, wanted = before.get("axes", {}), now["axes"]
    if list(axes) != list(wanted):
        yield _held("axes", ", ".join(axes), ", ".join(wanted))
        return
    for key, values in axes.items():
        kept = {canonical(value) for value in wanted[key]}
        if gone := [value for value in values if canonical(value) not in kept]:
            what = f"holds a sweep with {key} at {flow(gone)} too, which this space leaves out"
            yield Problem(what=what, right=f"keep it, or {RIGHT}")


def _held(key: str, before: str, now: str) -> Problem:
    return Problem(what=f"holds the sweep of another space: {key} was {before}, not {now}", right=RIGHT)


def _text(value: Any) -> str:
    return "left out" if value is None else shown(flow(value))
