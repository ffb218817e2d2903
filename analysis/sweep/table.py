"""The points of a sweep as a table, ranked by what is wanted, and the files that hold it."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import getitem
from pathlib import Path
from typing import Any

from analysis.sweep.front import RULE, front_of, is_feasible, reference_of, volume_of
from analysis.sweep.identity import MARK, POINTS
from analysis.sweep.metrics import METRICS
from analysis.sweep.space import Point, Space, plain_workload
from analysis.sweep.store import DONE, REFUSED, SET_ASIDE, Stored
from simulator.atomic import write_file
from simulator.version import __version__

SCHEMA = 1
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A row for each point in their order, and what follows from all of them."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    counts: Mapping[str, int]
    reference: Mapping[str, float]
    hypervolume: float | None

    @property
    def front(self) -> tuple[Row, ...]:
        """The rows that no other row beats."""
        return tuple(row for row in self.rows if row["front"])

    def of_state(self, state: str) -> tuple[Row, ...]:
        """The rows of that state: done, refused or set aside."""
        return tuple(row for row in self.rows if row["state"] == state)

    def csv(self) -> str:
        """The rows under a header; numbers are exact, and what is not known is an empty cell."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        words = {True: "true", False: "false"}
        flags = (self.columns.index("feasible"), self.columns.index("front"))
        for row in self.rows:
            cells = list(row.values())
            for place in flags:
                cells[place] = words[cells[place]]
            writer.writerow(cells)
        return text.getvalue()


def rank(space: Space, found: Sequence[tuple[Point, Stored]]) -> Ranked:
    """The table of the points, with which of them are feasible, and which of these nothing beats."""
    written = space.written
    empty = dict.fromkeys(METRICS)
    keys = [axis.key for axis in space.axes]
    cells = [[axis.cell(index) for index in range(len(axis.values))] for axis in space.axes]
    rows: list[Row] = []
    for index, (point, (state, value)) in enumerate(found):
        done = state == DONE
        metrics = {name: value[name] for name in METRICS} if done else empty
        feasible = done and is_feasible(metrics, written.constraints)
        tail = {"feasible": feasible, "front": False, "state": state, "why": "" if done else value["why"]}
        rows.append(
            {"point": index, **dict(zip(keys, map(getitem, cells, point), strict=True)), **metrics, **tail}
        )
    feasible_rows = [row for row in rows if row["feasible"]]
    for row, kept in zip(feasible_rows, front_of(feasible_rows, written.objectives), strict=True):
        row["front"] = kept
    front = [row for row in feasible_rows if row["front"]]
    reference = reference_of(feasible_rows, written.objectives, written.reference)
    states = [row["state"] for row in rows]
    counts = {
        "points": len(rows),
        "done": states.count(DONE),
        "refused": states.count(REFUSED),
        "set_aside": states.count(SET_ASIDE),
        "feasible": len(feasible_rows),
        "front": len(front),
    }
    return Ranked(
        columns=("point", *keys, *METRICS, "feasible", "front", "state", "why"),
        rows=tuple(rows),
        counts=counts,
        reference=reference,
        hypervolume=volume_of(front, written.objectives, reference),
    )


def summary(space: Space, ranked: Ranked, *, search: str = "") -> dict[str, Any]:
    """What sweep.json says: where the points are from, what was wanted, and what came of it."""
    written = space.written
    return {
        "schema": SCHEMA,
        "provenance": provenance(space, search),
        "name": written.name,
        "choose": written.choose,
        "axes": [axis.key for axis in space.axes],
        "objectives": [{"name": one.name, "goal": one.goal} for one in written.objectives],
        "constraints": [one.text for one in written.constraints],
        "counts": dict(ranked.counts),
        "hypervolume": ranked.hypervolume,
        "reference": dict(ranked.reference),
        "reference_rule": "as given" if written.reference is not None else RULE,
    }


def provenance(space: Space, search: str) -> dict[str, Any]:
    """The tool, and digests of all that decides the points."""
    base, written = space.machines.base, space.written
    return {
        "tool": "nmsim",
        "version": __version__,
        "space": {"given": space.loaded.name, "sha256": space.loaded.digest},
        "arch": {"given": space.arch, "name": base.value.name, "sha256": base.digest},
        "components": [{"given": name, "sha256": digest} for name, digest in space.tables.items()],
        "workload": plain_workload(space),
        "traces": space.traces,
        "fidelity": written.fidelity,
        "seed": written.seed,
        "search": search or None,
    }


def write_results(folder: Path, ranked: Ranked, said: Mapping[str, Any]) -> None:
    """Write points.csv and sweep.json, which names the digest of the former."""
    points = ranked.csv().encode()
    write_file(folder / POINTS, points)
    whole = {**said, "points_sha256": hashlib.sha256(points).hexdigest()}
    write_file(folder / MARK, (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode())
