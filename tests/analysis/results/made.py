"""Directories of results without the work: small studies and sweeps whose numbers are made up.

Training runs and reports in them are real where `reports` or `runs` are given.
"""

import csv
import json
import shutil
from collections.abc import Mapping, Sequence
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any

from analysis.results.found import MARKS as KINDS
from analysis.results.found import TABLES

Row = dict[str, Any]
LABELS = (("dense", ""), ("sr_ste", "2:4"), ("sr_ste", "1:8"), ("mdgf_linear", "2:4"), ("mdgf_linear", "1:8"))
CONVENTIONS = ("algorithmic", "hardware", "all_sparse")


def csv_of(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> str:
    """Rows as CSV; None is empty, a flag is true or false."""
    columns = list(dict.fromkeys(name for row in rows for name in row)) or list(columns)
    text = StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: str(v).lower() if isinstance(v, bool) else v for name, v in row.items()})
    return text.getvalue()


def write_results(path: Path, mark: str, content: Mapping[str, Any], **tables: Sequence[Row]) -> Path:
    """A directory with a mark file and tables."""
    path.mkdir(parents=True, exist_ok=True)
    (path / mark).write_text(json.dumps(content, ensure_ascii=False))
    for name, rows in tables.items():
        needed = TABLES[KINDS[mark]][name].columns
        (path / f"{name}.csv").write_text(csv_of(rows, needed), encoding="utf-8")
    return path


def study_rows(
    labels: Sequence[tuple[str, str]] = LABELS,
    *,
    tasks: Sequence[str] = ("teacher",),
    steps: Sequence[int] = (400,),
    archs: Sequence[str] = ("a100", "dense128"),
) -> list[Row]:
    """A summary: each label a little worse and cheaper than the one before it."""
    rows = []
    for task, length, (place, (label, pattern)), arch in product(tasks, steps, enumerate(labels), archs):
        share = 1 / (1 + place / 4)
        value = 0.2 + 0.02 * place + 10 / length
        flops = {f"{one}_flops": 1e9 * length * share ** (i / 2) for i, one in enumerate(CONVENTIONS)}
        rows.append(
            {
                "task": task,
                "model": "mlp",
                "label": label,
                "pattern": pattern,
                "steps": length,
                "arch": arch,
                "seeds": 3,
                "value_mean": value,
                "value_low": value - 0.01,
                "value_high": value + 0.01,
                "held_out_loss_mean": value,
                **flops,
                "seconds": 1e-3 * length * share,
                "energy_j": 2e-3 * length * share if arch else None,
            }
        )
    return rows


def made_study(
    path: Path,
    summary: Sequence[Row] | None = None,
    *,
    reports: Mapping[tuple[str, str, str], Path] | None = None,
    runs: Mapping[tuple[str, str], Path] | None = None,
) -> Path:
    """A study of that summary; `reports` by label, pattern and machine, and `runs` by label and pattern."""
    rows = study_rows() if summary is None else summary
    results = []
    for row in rows:
        label, pattern, arch = row["label"], row["pattern"], row["arch"]
        run = f"{row['task']}-{label}-{pattern.replace(':', 'x')}-s0"
        stem = f"{arch}-{label}-{pattern.replace(':', 'x')}"
        report = (reports or {}).get((label, pattern, arch))
        if report is not None:
            (path / "reports").mkdir(parents=True, exist_ok=True)
            shutil.copy(report, path / "reports" / f"{stem}.json")
        made = (runs or {}).get((label, pattern))
        if made is not None and not (path / "runs" / run).exists():
            shutil.copytree(made, path / "runs" / run)
        flat = {name: row[name] for name in ("task", "model", "label", "pattern", "steps", "arch")}
        measured = {"metric": "unexplained variance", "unit": "", "lower_is_better": True}
        results.append(
            {
                **flat,
                "recipe": label,
                "settings": "",
                "seed": 0,
                "run": run,
                **measured,
                "value": row["value_mean"],
                "report": stem if report is not None else "",
                "why": "",
            }
        )
    content = {"schema": 1, "provenance": {"tool": "nmsim"}, "study": {"name": "made"}, "metric": {}}
    return write_results(path, "study.json", content, results=results, summary=rows, comparisons=[])


def sweep_rows(
    rows: Sequence[int] = (4, 8, 16, 32), bandwidths: Sequence[int] = (400, 800, 1600)
) -> list[Row]:
    """A grid of an array and a bandwidth, from the definition of its front; areas beyond 4 are infeasible."""
    points: list[Row] = []
    for count, (array, bandwidth) in enumerate(product(rows, bandwidths)):
        seconds, area = 0.08 / array + 2 / bandwidth, 0.1 * array + bandwidth / 1600
        points.append(
            {
                "point": count,
                "core.array.rows": array,
                "memory.dram.bandwidth": f"{bandwidth} GB/s",
                "cycles": round(1e9 * seconds),
                "seconds": seconds,
                "energy_j": 0.01 * array**0.5,
                "area_mm2": area,
                "watts": 0.01 * array**0.5 / seconds,
                "utilization": 0.5,
                "feasible": area <= 4,
                "state": "done",
                "why": "",
            }
        )
    fine = [row for row in points if row["feasible"]]
    for row in points:
        beaten = any(
            one["seconds"] <= row["seconds"]
            and one["area_mm2"] <= row["area_mm2"]
            and (one["seconds"], one["area_mm2"]) != (row["seconds"], row["area_mm2"])
            for one in fine
        )
        row["front"] = row["feasible"] and not beaten
    return points


def made_sweep(path: Path, points: Sequence[Row] | None = None, **content: Any) -> Path:
    """A sweep of those points."""
    rows = sweep_rows() if points is None else points
    meta = {
        "schema": 1,
        "provenance": {"tool": "nmsim", "version": "0.1.0"},
        "axes": ["core.array.rows", "memory.dram.bandwidth"],
        "objectives": [{"name": "seconds", "goal": "min"}, {"name": "area_mm2", "goal": "min"}],
        "constraints": ["area_mm2 <= 4"],
        "counts": {"points": len(rows), "done": len(rows), "refused": 0, "set_aside": 0},
    }
    return write_results(path, "sweep.json", meta | content, points=rows)
