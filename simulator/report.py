"""Report: one row of Cost for each Step of a trace, and totals that are sums of rows and nothing else."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import fsum
from typing import Any

from simulator.cost import Cost, Stalls, Traffic
from simulator.gemm import GEMM, Product, Step, Stream
from simulator.lowering import Lowered
from simulator.mapping import Chosen

Column = str | int | float | None

SHAPE = ("op", "batch", "m", "n", "k", "pattern", "runs_as", "note")
MAPPING = Chosen._fields
TIMES = ("cycles", "compute_cycles", *(f"stall_{cause}" for cause in Stalls._fields))
MACS = ("dense_macs", "effective_macs", "padding_macs", "skipped_macs")


def byte_columns(levels: Iterable[str]) -> list[str]:
    """The columns of the bytes through each memory level, such as dram_metadata_read_bytes."""
    return [f"{level}_{way}_bytes" for level in levels for way in Traffic.__slots__]


def column_names(levels: Iterable[str]) -> list[str]:
    """The columns of a report in their order."""
    identity = ["layer", "pass", "first_step", "count", *SHAPE, "fidelity", *MAPPING, "bound_by"]
    return [*identity, *TIMES, "utilization", *MACS, "vector_ops", *byte_columns(levels), "seconds"]


def summed_names(levels: Iterable[str]) -> list[str]:
    """The columns that totals hold as exact sums; they hold the seconds too."""
    return [*TIMES, *MACS, "vector_ops", *byte_columns(levels)]


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """The rows as CSV under a header of `columns`; what is None is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@dataclass(frozen=True, kw_only=True)
class Row:
    """The cost of all happenings of one Step on one machine; `lowered` is None for a Stream."""

    step: Step
    lowered: Lowered | None
    cost: Cost
    bound_by: str
    fidelity: str
    clock_hz: int
    mapping: Chosen | None = None

    @property
    def utilization(self) -> float:
        """Effective multiply-adds over peak, at most 1."""
        if self.lowered is None or not self.cost.cycles:
            return 0.0
        return self.macs["effective_macs"] / (self.lowered.peak * self.cost.cycles)

    @property
    def seconds(self) -> float:
        """Cycles over clock."""
        return self.cost.cycles / self.clock_hz

    @cached_property
    def macs(self) -> dict[str, int]:
        """Every multiply of the dense product is effective, padding or skipped.

        Effective: wanted, and of no zero. Padding: performed, but with a zero or unwanted. Skipped: not done.
        """
        if isinstance(self.step.work, Stream):
            return dict.fromkeys(MACS, 0)
        assert self.lowered is not None
        dense, effective = self.step.work.dense_macs, self.step.work.effective_macs
        done = self.lowered.multiplies
        counts = (dense, effective, done - effective, dense - done)
        return {name: self.step.when.count * macs for name, macs in zip(MACS, counts, strict=True)}

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The row as flat columns, in the order of `column_names`."""
        step, cost = self.step, self.cost
        levels = [level for level, _ in cost.traffic]
        moved = [getattr(traffic, way) for _, traffic in cost.traffic for way in Traffic.__slots__]
        ops = step.when.count * step.work.ops if isinstance(step.work, Stream) else 0
        values = (
            *(step.layer, str(step.pass_), step.when.first_step, step.when.count),
            *self._shape(),
            *(self.fidelity, *(self.mapping or [None] * len(MAPPING)), self.bound_by),
            *(cost.cycles, cost.compute_cycles, *cost.stalls),
            *(self.utilization, *self.macs.values(), ops),
            *moved,
            self.seconds,
        )
        return dict(zip(column_names(levels), values, strict=True))

    def _shape(self) -> tuple[Column, ...]:
        """The columns SHAPE; null where a streaming operation has no such thing."""
        work = self.step.work
        if isinstance(work, Stream):
            return (work.op, *(None for _ in SHAPE[1:]))
        assert self.lowered is not None
        ran = (str(self.lowered.native or "dense"), self.lowered.note)
        return (GEMM, work.batch, work.gemm.m, work.gemm.n, work.gemm.k, pattern_text(work), *ran)


def pattern_text(product: Product) -> str:
    """The pattern of the operand that has one, with the axis of its groups unless that is the reduction."""
    for operand in (product.a, product.b, product.c):
        if operand.pattern is not None:
            return (
                str(operand.pattern) if operand.along == "k" else f"{operand.pattern} along {operand.along}"
            )
    return "dense"


@dataclass(frozen=True)
class Report:
    """Rows of Cost with their identity, the provenance of all, and the names of the memory levels."""

    provenance: Mapping[str, Any]
    rows: tuple[Row, ...]
    levels: tuple[str, ...]

    @property
    def table(self) -> tuple[dict[str, Column], ...]:
        """The columns of every row."""
        return tuple(row.columns for row in self.rows)

    @cached_property
    def totals(self) -> dict[str, int | float]:
        """The sums of the rows' summable columns; seconds are summed without rounding in between."""
        totals: dict[str, int | float] = {name: self._sum(name) for name in summed_names(self.levels)}
        return totals | {"seconds": fsum(row.seconds for row in self.rows)}

    def traffic(self, level: str) -> Traffic:
        """The bytes through one memory level."""
        moved = (traffic for row in self.rows for name, traffic in row.cost.traffic if name == level)
        return sum(moved, start=Traffic())

    def _sum(self, name: str) -> int:
        return sum(value for columns in self.table if isinstance(value := columns[name], int))

    def to_json(self) -> str:
        """{"provenance": ..., "rows": [...], "totals": {...}}, one row a line, counts as exact integers."""
        rows = ",\n  ".join(json.dumps(columns, ensure_ascii=False) for columns in self.table)
        head = json.dumps(self.provenance, ensure_ascii=False, sort_keys=True)
        return f'{{"provenance": {head},\n "rows": [\n  {rows}],\n "totals": {json.dumps(self.totals)}}}\n'

    def to_csv(self) -> str:
        """The rows as CSV with a header; provenance and totals are left out."""
        return csv_text(column_names(self.levels), self.table)

    def grouped(self, *names: str) -> Iterator[tuple[tuple[Column, ...], "Report"]]:
        """The report cut by the values of the columns `names`, in order of first appearance."""
        parts: dict[tuple[Column, ...], list[Row]] = {}
        for row in self.rows:
            parts.setdefault(tuple(row.columns[name] for name in names), []).append(row)
        for key, rows in parts.items():
            yield key, replace(self, rows=tuple(rows))
