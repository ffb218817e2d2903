"""Results as text: a table for people, JSON or CSV for programs."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from analysis.charges.summary import EACH, energy_cells, energy_notes
from analysis.headings import unfinished
from analysis.quantities import duration, scaled, share
from simulator.gemm import Product
from simulator.places import printable
from simulator.report import PARTS, Report, csv_text
from simulator.trace import Trace
from workloads.training.flops import CONVENTIONS, FLOPS_PER_MAC, ledger

Cells = Mapping[str, object]


def table_text(
    rows: Sequence[Cells],
    form: str,
    *,
    title: str = "",
    notes: Sequence[str] = (),
    numbers: Sequence[str] = (),
) -> str:
    """The rows, which share their columns, as a table, JSON or CSV; columns of `numbers` may have gaps."""
    if form == "json":
        return json.dumps({"rows": [dict(row) for row in rows]}, indent=1, ensure_ascii=False) + "\n"
    columns = list(rows[0]) if rows else []
    if form == "csv":
        return csv_text(columns, rows)
    heading = printable(title) if title else None
    table = Table(title=heading, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        numeric = column in numbers or all(str(row[column])[:1].isdigit() for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else printable(str(cell)) for cell in row.values()))
    return drawn(table) + "".join(f"{printable(note)}\n" for note in notes)


def json_text(provenance: Mapping[str, Any], **entries: object) -> str:
    """A JSON object of the provenance and the `entries`, one a line, and of a list one item a line."""
    written = {"provenance": json.dumps(provenance, ensure_ascii=False, sort_keys=True)}
    for name, entry in entries.items():
        if isinstance(entry, list):
            items = ",\n  ".join(json.dumps(item, ensure_ascii=False) for item in entry)
            written[name] = f"[\n  {items}]"
        else:
            written[name] = json.dumps(entry, ensure_ascii=False)
    return "{" + ",\n ".join(f'"{name}": {text}' for name, text in written.items()) + "}\n"


def drawn(table: Table) -> str:
    """The table as plain text, as wide as it needs, without markup: names are shown as they are."""
    console = Console(
        file=io.StringIO(), force_terminal=False, width=200, markup=False, highlight=False, emoji=False
    )
    console.print(table)
    file: Any = console.file
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def ledgers_text(trace: Trace, path: Path, form: str) -> str:
    """What a trace's products cost in FLOPs under each convention."""
    counts = ledgers(trace)
    if form != "table":
        return table_text(counts, form)
    rows = ledger_cells(trace, counts)
    made = trace.provenance
    title = f"{path}: {made['network']}, {made['recipe']} {made['pattern'] or ''}".rstrip()
    steps = f"{made['steps']} training steps" if not made["inference"] else "one forward pass"
    notes = [f"{steps} in {len(trace.steps)} run-length coded rows"]
    return table_text(rows, form, title=title, notes=notes)


def ledgers(trace: Trace) -> list[dict[str, Any]]:
    """The FLOPs of a trace's products by pass, a row for each convention."""
    exact = [ledger(trace.steps, name) for name in CONVENTIONS]
    return [
        {
            "convention": one.convention,
            "FWD": one.fwd,
            "DGRAD": one.dgrad,
            "WGRAD": one.wgrad,
            "total": one.total,
        }
        for one in exact
    ]


def dense_flops(trace: Trace) -> int:
    """The FLOPs of the same products, had no value been zero."""
    return FLOPS_PER_MAC * sum(
        step.work.dense_macs * step.when.count for step in trace.steps if isinstance(step.work, Product)
    )


def ledger_cells(trace: Trace, counts: Sequence[Mapping[str, Any]]) -> list[dict[str, object]]:
    """The ledgers of a trace as people read them, with the share of dense."""
    dense = dense_flops(trace)
    return [
        {name: value if name == "convention" else scaled(value, "FLOP") for name, value in flops.items()}
        | {"of dense": f"{flops['total'] / dense:.3f}" if dense else ""}
        for flops in counts
    ]


def report_text(report: Report, form: str) -> str:
    """A report: every row as JSON or CSV, or a table by pass and pattern for people."""
    if form == "json":
        return report.to_json()
    if form == "csv":
        return report.to_csv()
    whole = report.totals["seconds"]
    rows = []
    for (pass_, pattern, runs_as), part in report.grouped(*PARTS):
        rows.append(
            {"pass": pass_, "pattern": pattern or "-", "runs as": runs_as or "-", **_figures(part, whole)}
        )
    rows.append({"pass": "total", "pattern": "", "runs as": "", **_figures(report, whole)})
    notes = sorted({f"{row.lowered.note}" for row in report.rows if row.lowered and row.lowered.note})
    made = report.provenance
    title = f"{made['arch']['name']}, fidelity {made['fidelity']}"
    if made["fidelity"] == "bound":
        title += " (a lower bound on time)"
    said = [*energy_notes(report), *(f"runs {note}" for note in notes), *unfinished(made)]
    return table_text(rows, form, title=title, notes=said, numbers=(EACH,))


def _figures(part: Report, whole: float) -> dict[str, object]:
    totals = part.totals
    seconds = totals["seconds"]
    outermost = part.levels[0]
    traffic = part.traffic(outermost)
    return {
        "cycles": scaled(totals["cycles"]),
        "time": duration(seconds),
        "share": share(seconds, whole),
        "utilization": f"{part.utilization:.3f}",
        "bound by": ", ".join(binding(part)),
        f"{outermost} bytes": scaled(traffic.total, "B"),
        "of that metadata": scaled(traffic.metadata_read + traffic.metadata_write, "B"),
        **energy_cells(part),
    }


def binding(part: Report, most: int = 2) -> list[str]:
    """The resources that bind the part and their shares of its cycles, largest first; none under 0.5 %."""
    cycles = part.binding
    whole = sum(cycles.values()) or 1
    ranked = list(cycles)[:most]
    return [f"{name} {cycles[name] / whole:.0%}" for name in ranked if 200 * cycles[name] >= whole]
