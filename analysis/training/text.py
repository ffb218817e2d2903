"""A training run as text: what it learnt and what it cost, as tables, JSON, or its history as CSV."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.headings import subject
from analysis.ledgers import dense_flops, ledger_cells, ledgers
from analysis.quantities import share
from analysis.tables import json_text, table_text
from analysis.training.against import Against, against_json, finding, gap_rows, paired_text
from analysis.training.machines import Charged, machine_json, machine_text
from simulator.places import printable
from workloads.training.emulator.history import csv_text
from workloads.training.emulator.train import Trained

WHERE = {"held_out": "held-out", "training": "training"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A run with all that was asked of it."""

    run: Trained
    machines: Sequence[Charged] = ()
    against: Against | None = None


def told_text(told: Told, form: str) -> str:
    """The run in a form: tables, JSON with the history, or the history as CSV."""
    if form == "csv":
        return csv_text(told.run.history.rows)
    if form == "json":
        return _json(told)
    parts = [_figures(told.run), _flops(told.run)]
    parts += [machine_text(one) for one in told.machines]
    if told.against is not None:
        parts.append(_against(told.against))
    return "\n".join(parts)


def _figures(run: Trained) -> str:
    made, result = run.provenance, run.result
    title = f"{subject(made)}: {made['steps']} steps of {made['batch']} samples, seed {made['seed']}"
    notes = [f"{share(result['density'], 1)} of the weights that may be sparse are kept"]
    if run.folder is None:
        notes.append("nothing of the run is kept: --out names a directory for it")
    else:
        notes.append(f"kept in {run.folder}: {', '.join(kept(run.folder))}")
    return f"{printable(title)}\n{table_text(list(_figure_rows(result)), 'table', notes=notes)}"


def kept(folder: Path) -> list[str]:
    """What lies in the directory of a run, folders with a slash."""
    found = (path for path in folder.iterdir() if not path.name.startswith("."))
    return sorted(f"{path.name}/" if path.is_dir() else path.name for path in found)


def _figure_rows(result: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    name, unit = result["metric"], result["unit"]
    measured = name if unit in name else f"{name} ({unit})"
    loss = "loss (nats)" if "held_out_entropy" in result else "loss"
    figures = {"metric": measured, "loss": loss, "entropy": "output entropy (nats)"}
    for where, samples in WHERE.items():
        row: dict[str, object] = {"samples": samples}
        for figure, shown in figures.items():
            if f"{where}_{figure}" in result:
                row[shown] = f"{result[f'{where}_{figure}']:.4g}"
        yield row


def _flops(run: Trained) -> str:
    return table_text(ledger_cells(run.trace, ledgers(run.trace)), "table", title="FLOPs of the run")


def _against(against: Against) -> str:
    other = against.other
    title = f"this run minus {other.path} ({subject(other.provenance)})"
    rows = list(gap_rows(against))
    ratios = ", ".join(f"{name} {ratio:.3f}" for name, ratio in against.flops.items())
    notes = [
        f"FLOPs of this run over its: {ratios}",
        paired_text(against),
        f"{finding(against)} (one pair of runs; a claim takes several seeds)",
    ]
    return f"{printable(title)}\n{table_text(rows, 'table', notes=notes, numbers=tuple(rows[0])[1:])}"


def _json(told: Told) -> str:
    """{"provenance", "result", "flops", "machines", "against", "history"}."""
    run = told.run
    dense = dense_flops(run.trace)
    entries: dict[str, Any] = {
        "result": run.result,
        "flops": [row | {"of_dense": row["total"] / dense if dense else None} for row in ledgers(run.trace)],
        "machines": [machine_json(one) for one in told.machines],
        "against": None if told.against is None else against_json(told.against),
        "history": run.history.rows,
    }
    return json_text(run.provenance, **entries)
