"""Report: one row of Cost for each Step of a trace, and totals that are sums of rows and nothing else."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from math import fsum
from typing import Any

from simulator.cost import Cost, Stalls, Traffic
from simulator.gemm import Product, Step, Stream
from simulator.lowering import Lowered

Column = str | int | float | None

MACS = ("dense_macs", "effective_macs", "padding_macs", "skipped_macs")
SUMMED = ("cycles", "compute_cycles", *(f"stall_{cause}" for cause in Stalls._fields), *MACS, "vector_ops")
"""Columns that totals hold, besides the bytes of each memory level and the seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The cost of all happenings of one Step on one machine; `lowered` is None for a Stream."""

    step: Step
    lowered: Lowered | None
    cost: Cost
    bound_by: str
    fidelity: str
    clock_hz: int

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

    @property
    def macs(self) -> dict[str, int]:
        """Every multiply of the dense product is effective, padding or skipped.

        Effective: wanted, and of no zero. Padding: performed, but with a zero or unwanted. Skipped: not done.
        """
        if not isinstance(self.step.work, Product) or self.lowered is None:
            return dict.fromkeys(MACS, 0)
        dense, effective = self.step.work.dense_macs, self.step.work.effective_macs
        done = self.lowered.multiplies
        counts = (dense, effective, done - effective, dense - done)
        return {name: self.step.when.count * macs for name, macs in zip(MACS, counts, strict=True)}

    def columns(self) -> dict[str, Column]:
        """The row as flat columns, in the order of a report's table."""
        step = self.step
        columns: dict[str, Column] = {"layer": step.layer, "pass": str(step.pass_)}
        columns |= {"first_step": step.when.first_step, "count": step.when.count}
        columns |= self._shape()
        columns |= {"fidelity": self.fidelity, "bound_by": self.bound_by}
        columns |= {"cycles": self.cost.cycles, "compute_cycles": self.cost.compute_cycles}
        columns |= {f"stall_{cause}": cycles for cause, cycles in self.cost.stalls._asdict().items()}
        columns |= {"utilization": self.utilization, **self.macs}
        columns["vector_ops"] = step.when.count * step.work.ops if isinstance(step.work, Stream) else 0
        for level, traffic in self.cost.traffic:
            columns |= {byte_column(level, way): moved for way, moved in asdict(traffic).items()}
        return columns | {"seconds": self.seconds}

    def _shape(self) -> dict[str, Column]:
        """What was computed and how it ran; null where a streaming operation has no such thing."""
        work = self.step.work
        if isinstance(work, Stream) or self.lowered is None:
            names = ("batch", "m", "n", "k", "pattern", "runs_as", "note")
            return {"op": work.op if isinstance(work, Stream) else "", **dict.fromkeys(names)}
        return {
            "op": "gemm",
            "batch": work.batch,
            **{axis: getattr(work.gemm, axis) for axis in ("m", "n", "k")},
            "pattern": pattern_text(work),
            "runs_as": str(self.lowered.native or "dense"),
            "note": self.lowered.note,
        }


def pattern_text(product: Product) -> str:
    """The pattern of the operand that has one, with the axis of its groups unless that is the reduction."""
    for operand in (product.a, product.b, product.c):
        if operand.pattern is not None:
            return (
                str(operand.pattern) if operand.along == "k" else f"{operand.pattern} along {operand.along}"
            )
    return "dense"


def byte_column(level: str, way: str) -> str:
    """The column of a memory level's bytes in one direction, such as dram_metadata_read_bytes."""
    return f"{level}_{way}_bytes"


@dataclass(frozen=True)
class Report:
    """Rows of Cost with their identity, and the provenance of machine, trace and tool."""

    provenance: Mapping[str, Any]
    rows: tuple[Row, ...]

    @cached_property
    def table(self) -> tuple[dict[str, Column], ...]:
        """The columns of every row."""
        return tuple(row.columns() for row in self.rows)

    @cached_property
    def totals(self) -> dict[str, int | float]:
        """The sums of the rows' summable columns; seconds are summed without rounding in between."""
        levels = dict.fromkeys(level for row in self.rows for level, _ in row.cost.traffic)
        ways = [byte_column(level, way) for level in levels for way in Traffic.__slots__]
        totals: dict[str, int | float] = {name: self._sum(name) for name in (*SUMMED, *ways)}
        return totals | {"seconds": fsum(row.seconds for row in self.rows)}

    def _sum(self, name: str) -> int:
        return sum(value for columns in self.table if isinstance(value := columns[name], int))

    def to_json(self) -> str:
        """{"provenance": ..., "rows": [...], "totals": {...}}, one row a line, counts as exact integers."""
        rows = ",\n  ".join(json.dumps(columns, ensure_ascii=False) for columns in self.table)
        head = json.dumps(self.provenance, ensure_ascii=False, sort_keys=True)
        return f'{{"provenance": {head},\n "rows": [\n  {rows}],\n "totals": {json.dumps(self.totals)}}}\n'

    def to_csv(self) -> str:
        """The rows as CSV with a header; provenance and totals are left out."""
        text = io.StringIO()
        header = list(self.table[0]) if self.table else []
        writer = csv.DictWriter(text, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.table)
        return text.getvalue()

    def grouped(self, *names: str) -> Iterator[tuple[tuple[Column, ...], "Report"]]:
        """The report cut by the values of the columns `names`, in order of first appearance."""
        parts: dict[tuple[Column, ...], list[Row]] = {}
        for row, columns in zip(self.rows, self.table, strict=True):
            parts.setdefault(tuple(columns[name] for name in names), []).append(row)
        for key, rows in parts.items():
            yield key, Report(provenance=self.provenance, rows=tuple(rows))
