"""A Report as text: every row for programs, or a table by pass and pattern for people."""

from analysis.charges.summary import EACH, energy_cells, energy_notes
from analysis.headings import unfinished
from analysis.quantities import duration, scaled, share
from analysis.tables import table_text
from simulator.report import PARTS, Report


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
