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
from simulator.energy import Energy
from simulator.gemm import GEMM, Step, Stream, pattern_text
from simulator.lowering import Lowered
from simulator.mapping import Chosen
from simulator.notebook import counted, html_table, line
from simulator.tariff import ZEPTO_PER_PJ, Action, Tariff

Column = str | int | float | None

SHAPE = ("op", "batch", "m", "n", "k", "pattern", "runs_as", "note")
MAPPING = Chosen._fields
TIMES = ("cycles", "compute_cycles", *(f"stall_{cause}" for cause in Stalls._fields))
PJ_PER_J = 10**12
ENERGIES = ("energy_pj", "energy_low_pj", "energy_high_pj")
PARTS = ("pass", "pattern", "runs_as")
"""What the rows of a summary are of."""
MACS = ("dense_macs", "effective_macs", "padding_macs", "skipped_macs")


def byte_columns(levels: Iterable[str]) -> list[str]:
    """The columns of the bytes through each memory level, such as dram_metadata_read_bytes."""
    return [f"{level}_{way}_bytes" for level in levels for way in Traffic._fields]


def energy_columns(parts: Iterable[str]) -> list[str]:
    """The columns of the energy of each part of a machine, such as energy_dram_pj."""
    return [f"energy_{part}_pj" for part in parts]


def column_names(levels: Iterable[str], parts: Iterable[str] = ()) -> list[str]:
    """The columns of a report in their order."""
    identity = ["layer", "pass", "first_step", "count", *SHAPE, "fidelity", *MAPPING, "bound_by"]
    counts = [*TIMES, "utilization", *MACS, "vector_ops", *byte_columns(levels)]
    return [*identity, *counts, "seconds", *ENERGIES, *energy_columns(parts)]


def summed_names(levels: Iterable[str]) -> list[str]:
    """The columns that totals hold as exact sums; they hold seconds and energies too."""
    return [*TIMES, *MACS, "vector_ops", *byte_columns(levels)]


def picojoules(zeptojoules: int) -> float:
    """An exact energy in pJ."""
    return zeptojoules / ZEPTO_PER_PJ


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
    energy: Energy | None = None

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
        parts = self.energy.tariff.parts if self.energy else ()
        moved = [count for _, traffic in cost.traffic for count in traffic]
        ops = step.when.count * step.work.ops if isinstance(step.work, Stream) else 0
        values = (
            *(step.layer, str(step.pass_), step.when.first_step, step.when.count),
            *self._shape(),
            *(self.fidelity, *(self.mapping or [None] * len(MAPPING)), self.bound_by),
            *(cost.cycles, cost.compute_cycles, *cost.stalls),
            *(self.utilization, *self.macs.values(), ops),
            *moved,
            self.seconds,
            *energies(self.energy),
            *(picojoules(self.energy.by_part[part].value) for part in parts if self.energy),
        )
        return dict(zip(column_names(levels, parts), values, strict=True))

    def _shape(self) -> tuple[Column, ...]:
        """The columns SHAPE; null where a streaming operation has no such thing."""
        work = self.step.work
        if isinstance(work, Stream):
            return (work.op, *(None for _ in SHAPE[1:]))
        assert self.lowered is not None
        ran = (str(self.lowered.native or "dense"), self.lowered.note)
        return (GEMM, work.batch, work.gemm.m, work.gemm.n, work.gemm.k, pattern_text(work), *ran)


def energies(energy: Energy | None) -> tuple[float | None, ...]:
    """The columns ENERGIES; null where the machine names no component tables."""
    if energy is None:
        return (None,) * len(ENERGIES)
    total = energy.total
    return picojoules(total.value), picojoules(total.low), picojoules(total.high)


@dataclass(frozen=True, repr=False)
class Report:
    """Rows of Cost with their identity, the provenance of all, the names of the memory levels, the Tariff."""

    provenance: Mapping[str, Any]
    rows: tuple[Row, ...]
    levels: tuple[str, ...]
    tariff: Tariff | None = None

    def __repr__(self) -> str:
        totals = self.totals
        joules = "" if self.energy is None else f"{totals['energy_pj'] / PJ_PER_J:.3g} J"
        facts = (counted(len(self.rows), "row"), f"{totals['cycles']} cycles", f"{totals['seconds']:.3g} s")
        return line("Report", self._name, *facts, joules)

    def _repr_html_(self) -> str:
        return html_table(self._name, self.summary)

    @property
    def _name(self) -> str:
        """The machine, and the fidelity unless that is `tile`."""
        arch, fidelity = self.provenance.get("arch", {}), self.provenance.get("fidelity", "tile")
        return f"{arch.get('name', '-')}{'' if fidelity == 'tile' else f' at {fidelity}'}"

    @property
    def summary(self) -> tuple[dict[str, Column], ...]:
        """A row for each pass, pattern and what it ran as, and one of them all.

        `share` is of the seconds; `bound_by` names what binds most of the cycles; bytes are those of the
        outermost level, and of these the metadata.
        """
        whole = self.totals["seconds"]
        parts = (*self.grouped(*PARTS), (("total", None, None), self))
        return tuple(dict(zip(PARTS, key, strict=True)) | part._sums(whole) for key, part in parts)

    def _sums(self, whole: float) -> dict[str, Column]:
        totals, moved = self.totals, self.traffic(self.levels[0])
        spent = totals["energy_pj"]
        return {
            "cycles": totals["cycles"],
            "seconds": totals["seconds"],
            "share": totals["seconds"] / whole if whole else None,
            "utilization": self.utilization,
            "bound_by": next(iter(self.binding), None),
            f"{self.levels[0]}_bytes": moved.total,
            f"{self.levels[0]}_metadata_bytes": moved.metadata_read + moved.metadata_write,
            "energy_j": None if spent is None else spent / PJ_PER_J,
        }

    @property
    def utilization(self) -> float:
        """Effective multiply-adds over what the peak allows in all cycles, at most 1.

        The peak of cycles without a product is the highest of the others.
        """
        peak = sum(row.lowered.peak * row.cost.cycles for row in self.rows if row.lowered)
        rest = sum(row.cost.cycles for row in self.rows if not row.lowered)
        most = max((row.lowered.peak for row in self.rows if row.lowered), default=1)
        possible = peak + rest * most
        return self.totals["effective_macs"] / possible if possible else 0.0

    @property
    def binding(self) -> dict[str, int]:
        """The cycles of the rows that each resource binds, the most first."""
        cycles: dict[str, int] = {}
        for row in self.rows:
            cycles[row.bound_by] = cycles.get(row.bound_by, 0) + row.cost.cycles
        return dict(sorted(cycles.items(), key=lambda item: -item[1]))

    @property
    def table(self) -> tuple[dict[str, Column], ...]:
        """The columns of every row."""
        return tuple(row.columns for row in self.rows)

    @cached_property
    def totals(self) -> dict[str, Any]:
        """The sums of the rows' summable columns; seconds and energies are rounded once, at the end."""
        totals: dict[str, int | float | None] = {name: self._sum(name) for name in summed_names(self.levels)}
        totals["seconds"] = fsum(row.seconds for row in self.rows)
        energy = self.energy
        totals |= dict(zip(ENERGIES, energies(energy), strict=True))
        if energy is not None:
            parts = energy.by_part
            spent = (picojoules(part.value) for part in parts.values())
            totals |= dict(zip(energy_columns(parts), spent, strict=True))
        return totals

    @cached_property
    def energy(self) -> Energy | None:
        """What all rows took, action by action; None where the machine names no component tables."""
        if self.tariff is None:
            return None
        counts: dict[Action, int] = {}
        for row in self.rows:
            for action, count in row.energy.counts.items() if row.energy else ():
                counts[action] = counts.get(action, 0) + count
        return Energy(counts=counts, tariff=self.tariff)

    def traffic(self, level: str) -> Traffic:
        """The bytes through one memory level."""
        moved = (traffic for row in self.rows for name, traffic in row.cost.traffic if name == level)
        return Traffic(*map(sum, zip(*moved, strict=True)))

    def _sum(self, name: str) -> int:
        return sum(value for columns in self.table if isinstance(value := columns[name], int))

    def to_json(self) -> str:
        """{"provenance": ..., "rows": [...], "totals": {...}}, one row a line, counts as exact integers."""
        rows = ",\n  ".join(json.dumps(columns, ensure_ascii=False) for columns in self.table)
        head = json.dumps(self.provenance, ensure_ascii=False, sort_keys=True)
        return f'{{"provenance": {head},\n "rows": [\n  {rows}],\n "totals": {json.dumps(self.totals)}}}\n'

    def to_csv(self) -> str:
        """The rows as CSV with a header; provenance and totals are left out."""
        return csv_text(column_names(self.levels, self.tariff.parts if self.tariff else ()), self.table)

    def grouped(self, *names: str) -> Iterator[tuple[tuple[Column, ...], "Report"]]:
        """The report cut by the values of the columns `names`, in order of first appearance."""
        parts: dict[tuple[Column, ...], list[Row]] = {}
        for row in self.rows:
            parts.setdefault(tuple(row.columns[name] for name in names), []).append(row)
        for key, rows in parts.items():
            yield key, replace(self, rows=tuple(rows))
