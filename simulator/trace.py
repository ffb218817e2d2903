"""Trace: the ordered Steps of a run and its provenance, as an object and as a directory of Parquet parts."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from simulator.atomic import check_replaceable, locked, replacing_directory, write_file, writing
from simulator.gemm import Product, Step, pattern_text
from simulator.notebook import counted, html_table, line
from simulator.trace_files import META, TraceMeta, part_bytes, part_name, read_meta, read_part
from simulator.trace_rows import row_of

PART_ROWS = 50_000


@dataclass(frozen=True, kw_only=True, repr=False)
class Trace:
    """What a training run multiplied: Steps, run-length coded, in the order in which they first happened."""

    steps: tuple[Step, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    complete: bool = True

    def __repr__(self) -> str:
        steps = self.provenance.get("steps")
        length = counted(steps, "training step") if isinstance(steps, int) else ""
        cut = "" if self.complete else "cut short"
        return line("Trace", self._name, length, counted(len(self.steps), "row"), cut)

    def _repr_html_(self) -> str:
        return html_table(self._name, self.summary)

    @property
    def _name(self) -> str:
        """The network, and how it was trained."""
        made = (self.provenance.get(name) for name in ("network", "recipe", "pattern"))
        return " ".join(str(one) for one in made if one) or "-"

    @property
    def summary(self) -> tuple[dict[str, str | int | None], ...]:
        """A row for each Pass and pattern: rows, happenings, multiply-adds as if dense, and without zeros."""
        parts: dict[tuple[str, str | None], list[Step]] = {}
        for step in self.steps:
            pattern = pattern_text(step.work) if isinstance(step.work, Product) else None
            parts.setdefault((str(step.pass_), pattern), []).append(step)
        return tuple(
            {
                "pass": pass_,
                "pattern": pattern,
                "rows": len(steps),
                "happenings": sum(step.when.count for step in steps),
                "dense_macs": sum(
                    step.when.count * step.work.dense_macs for step in steps if isinstance(step.work, Product)
                ),
                "effective_macs": sum(
                    step.when.count * step.work.effective_macs
                    for step in steps
                    if isinstance(step.work, Product)
                ),
            }
            for (pass_, pattern), steps in parts.items()
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over every Step: equal for equal traces, however they were cut into parts."""
        sha = hashlib.sha256()
        for step in self.steps:
            sha.update(json.dumps(list(row_of(step).values())).encode())
        return sha.hexdigest()

    def save(self, path: str | Path) -> None:
        """Write the trace as the directory `path`; an earlier trace there stays until this one is whole."""
        with (
            replacing_directory(Path(path), mark=META) as fresh,
            TraceWriter(fresh, provenance=self.provenance, complete=self.complete) as writer,
        ):
            writer.append(self.steps)


def load_trace(path: str | Path) -> Trace:
    """The Trace in the directory `path`, every part checked against its digest.

    A run that was killed loads up to its last whole part, with `complete` False.
    """
    folder = Path(path)
    meta = read_meta(folder)
    steps = coalesced(step for part in meta.parts for step in read_part(folder, part, meta.schema))
    return Trace(steps=tuple(steps), provenance=meta.provenance, complete=meta.complete)


class TraceWriter(AbstractContextManager["TraceWriter"]):
    """Append Steps to the trace directory `path` while a run goes on; a kill loses only the last part.

    Steps that continue one another are joined as they come, so that a long run is a small file. Entering the
    `with` block discards an earlier trace there; leaving it without an exception marks the new one complete,
    unless it is said not to be.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        provenance: Mapping[str, Any],
        part_rows: int = PART_ROWS,
        complete: bool = True,
    ) -> None:
        self.path = Path(path)
        self.part_rows, self.complete = part_rows, complete
        self._meta = TraceMeta(provenance=dict(provenance), parts=(), complete=False)
        self._open: list[Step] = []
        self._held = ExitStack()

    def __enter__(self) -> Self:
        check_replaceable(self.path, mark=META)
        with ExitStack() as held:
            held.enter_context(locked(self.path))
            self._write_meta()
            with writing(self.path):
                for old in self.path.glob("part-*.parquet"):
                    old.unlink()
            self._held = held.pop_all()
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        with self._held:
            self.flush()
            if kind is None:
                self._meta = replace(self._meta, complete=self.complete)
                self._write_meta()

    def append(self, steps: Iterable[Step]) -> None:
        """Add Steps; those that continue an earlier one of the current part lengthen it."""
        self._open.extend(steps)
        if len(self._open) >= self.part_rows:
            self._open = list(coalesced(self._open))
            if len(self._open) >= self.part_rows // 2:
                self.flush()

    def flush(self) -> None:
        """Write what has been appended as a part of its own; from here on a kill does not lose it."""
        rows = [row_of(step) for step in coalesced(self._open)]
        self._open = []
        for start in range(0, len(rows), self.part_rows):
            name = part_name(len(self._meta.parts))
            part = rows[start : start + self.part_rows]
            data = part_bytes(part)
            meta = self._meta.with_part(name, data, rows=len(part))
            write_file(self.path / name, data)
            self._meta = meta
        self._write_meta()

    def _write_meta(self) -> None:
        write_file(self.path / META, self._meta.to_bytes())


def coalesced(steps: Iterable[Step]) -> Iterator[Step]:
    """The same happenings in fewer Steps: one that starts where an equal one ended lengthens it.

    Only consecutive spans are joined. The order is that of first happening.
    """
    joined: dict[int, Step] = {}
    latest: dict[tuple[object, ...], int] = {}
    for index, step in enumerate(steps):
        key = (step.layer, step.pass_, step.work)
        before = joined.get(latest.get(key, -1))
        if before is not None and (when := before.when.followed_by(step.when)) is not None:
            joined[latest[key]] = replace(before, when=when)
        else:
            joined[index] = step
            latest[key] = index
    yield from joined.values()
