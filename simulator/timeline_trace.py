"""Slices on tracks and counters over time, and their JSON as Perfetto and Chrome read it.

A microsecond of the viewer is a cycle.
"""

import json
from collections import Counter as Counts
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

UNIT = "1 us here is 1 cycle"
Points = list[tuple[int, int | float]]


class Slice(NamedTuple):
    """A stretch of a track from cycle `start` to `end`, its bytes by kind, and what else the viewer shows."""

    name: str
    start: int
    end: int
    moved: dict[str, int]
    more: dict[str, Any]


class Track(NamedTuple):
    """What a stage did, in order; `level` is the memory level that it reads, if any."""

    name: str
    level: str
    slices: list[Slice]

    @property
    def busy(self) -> int:
        """Cycles in which the stage worked."""
        return sum(one.end - one.start for one in self.slices)


class Counter(NamedTuple):
    """A quantity over time: its name, its unit, and (cycle, value) where it changes."""

    name: str
    unit: str
    points: Points


def held(taken: Sequence[int], freed: Sequence[int]) -> Points:
    """How many are held at each cycle in which that changes; what is freed in a cycle makes room in it."""
    change, now, points = Counts(taken), 0, Points()
    change.subtract(freed)
    for cycle in sorted(change):
        if change[cycle]:
            points.append((cycle, now := now + change[cycle]))
    return points


def trace_json(name: str, tracks: Sequence[Track], counters: Iterable[Counter], about: dict[str, Any]) -> str:
    """The trace of the process `name`, an event a line; equal arguments give equal bytes."""
    events = _events(name, tracks, counters)
    lines = ",\n".join(json.dumps(event, separators=(",", ":")) for event in events)
    head = f'{{"displayTimeUnit": "ns",\n"otherData": {json.dumps(about)}'
    return f'{head},\n"traceEvents": [\n{lines}\n]}}\n'


def _events(process: str, tracks: Sequence[Track], counters: Iterable[Counter]) -> Iterator[dict[str, Any]]:
    """Names of process and tracks, a complete event for each slice, and the counters."""
    yield _event("M", 0, "process_name", {"name": process})
    yield _event("M", 0, "process_labels", {"labels": UNIT})
    for index, track in enumerate(tracks, start=1):
        yield _event("M", index, "thread_name", {"name": track.name})
        yield _event("M", index, "thread_sort_index", {"sort_index": index})
    for index, track in enumerate(tracks, start=1):
        for name, start, end, moved, more in track.slices:
            args = {"cycles": end - start, "bytes": moved, **more}
            yield _event("X", index, name, args, ts=start, dur=end - start)
    for name, unit, points in counters:
        for cycle, value in points:
            yield _event("C", 0, name, {unit: value}, ts=cycle)


def _event(ph: str, track: int, name: str, args: dict[str, Any], **when: int) -> dict[str, Any]:
    return {"ph": ph, "pid": 1, "tid": track, "name": name, **when, "args": args}
