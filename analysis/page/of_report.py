"""The page of a report: where the time and the energy of a trace went on one machine, layer by layer."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from analysis.headings import heading, unfinished
from analysis.page.blocks import Chart, Page, sheet
from analysis.page.machines import pictures
from analysis.page.parts import report_bars, summed, utilization_map
from analysis.page.telling import digest_facts
from analysis.quantities import PICO, duration, quantity, scaled, share
from analysis.results import Results
from simulator.errors import InputError, shown

SHOWN = frozenset(
    (
        *("layer", "pass", "count", "op", "m", "n", "k", "pattern", "runs_as", "bound_by"),
        *("cycles", "seconds", "utilization", "dense_macs", "effective_macs", "energy_pj"),
    )
)
ACROSS = ("seconds", "cycles", "dense_macs", "energy_pj", "m", "n", "k")
UP = ("utilization", "seconds", "energy_pj", "effective_macs", "compute_cycles")
SERIES = ("pass", "bound_by", "pattern", "runs_as", "op")
EACH = (
    "A mark is a row. What lies low and far right is worth a look; click or press enter to choose its layer."
)


def report_page(results: Results) -> Page:
    """What a report holds, linked by layer."""
    made: Mapping[str, Any] = results.meta["provenance"]
    totals: Mapping[str, Any] = results.meta["totals"]
    rows: list[dict[str, Any]] = results.reports()[results.path.stem]["rows"]
    _check_rows(rows, results.path)
    source = results.path.name
    columns = {
        key: [row.get(key) for row in rows] for key in dict.fromkeys(key for row in rows for key in row)
    }
    hidden = [key for key in columns if key not in SHOWN]
    layers = [str(row["layer"]) for row in rows]
    title = "Every row"
    table = sheet("rows", title, columns, links=layers, source=source, hidden=hidden)
    charts = (*report_bars(rows), *utilization_map(rows), _rows_chart())
    return Page(
        title=_title(made),
        kind="report",
        linked="layer",
        findings=tuple(findings(rows, totals)),
        facts=(*digest_facts(made), ("rows", str(len(rows))), ("file", source)),
        charts=charts,
        sheets=(table,),
        pictures=tuple(pictures([made])),
        cautions=tuple(cautions(made)),
        provenance=made,
    )


def _check_rows(rows: list[dict[str, Any]], path: Path) -> None:
    """Refuse rows without the columns that everything here rests on, or with others than numbers in them."""
    for row in rows:
        lacking = [key for key in ("layer", "pass") if key not in row]
        lacking += [key for key in ("cycles", "seconds") if not isinstance(row.get(key), int | float)]
        if lacking:
            right = "run `nmsim simulate ... --format json` again"
            raise InputError.of(f"is damaged: a row has no {shown(lacking[0])}", right, where=str(path))


def _rows_chart() -> Chart:
    data = {
        "sheet": "rows",
        "xs": ACROSS,
        "ys": UP,
        "series": SERIES,
        "text": "",
        "front": "",
        "hollow": "",
        "detail": ["pass", "pattern", "runs_as", "bound_by"],
        "spans": {},
        "logX": True,
        "logY": False,
        "filters": [],
    }
    return Chart(kind="scatter", title="Row by row", reading=EACH, data=data)


def _title(made: Mapping[str, Any]) -> str:
    try:
        return heading(made, str(made["arch"]["name"]))
    except (KeyError, TypeError, AttributeError):
        return "a report"


def findings(rows: list[dict[str, Any]], totals: Mapping[str, Any]) -> Iterator[str]:
    """What the totals say, in words."""
    cycles, seconds = totals.get("cycles") or 0, totals.get("seconds") or 0.0
    multiplying = share(totals.get("compute_cycles") or 0, cycles) or "none"
    yield f"All of it takes {duration(seconds)}: {scaled(cycles)} cycles, of which {multiplying} multiply."
    causes = {key: value for key, value in totals.items() if key.startswith("stall_") and value}
    if causes and cycles:
        worst = sorted(causes, key=lambda key: -causes[key])[:3]
        named = ", ".join(f"{key.removeprefix('stall_')} {share(causes[key], cycles)}" for key in worst)
        yield f"Most of the rest is lost to: {named}."
    yield from _energy(totals, seconds)
    dense, done, skipped = (totals.get(f"{one}_macs") or 0 for one in ("dense", "effective", "skipped"))
    if dense:
        yield (
            f"Of {scaled(dense)} dense multiply-adds {share(done, dense)} are effective, "
            f"and the machine skips {share(skipped, dense)}."
        )
    slowest = {str(row["layer"]): 0.0 for row in rows}
    for row in rows:
        slowest[str(row["layer"])] += summed([row], "seconds")
    if len(slowest) > 1 and seconds:
        name = max(slowest, key=lambda key: slowest[key])
        yield f"Of {len(slowest)} layers {name} takes longest, {share(slowest[name], seconds)} of the time."


def _energy(totals: Mapping[str, Any], seconds: float) -> Iterator[str]:
    energy = totals.get("energy_pj")
    if not energy:
        return
    low, high = (quantity((totals.get(f"energy_{end}_pj") or energy) * PICO, "J") for end in ("low", "high"))
    power = f", {quantity(energy * PICO / seconds, 'W')} on average" if seconds else ""
    bounds = f"{low} to {high} with the bounds of the component tables"
    yield f"It takes {quantity(energy * PICO, 'J')} ({bounds}){power}."


def cautions(made: Mapping[str, Any]) -> Iterator[str]:
    """What a reader must know before believing the numbers."""
    try:
        yield from unfinished(made)
    except (KeyError, TypeError):
        yield "the report does not say whether its trace came to its end"
    if made.get("fidelity") == "bound":
        yield "fidelity bound: times are lower bounds, the largest of the times of each resource alone"
