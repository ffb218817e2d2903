"""`nmsim demo`: three recipes for ViT-B/16 on two machines, from shapes to a table and a figure."""

import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from rich.console import Console
from rich.progress import track

from analysis.plots import time_by_pass
from analysis.quantities import duration, scaled
from analysis.tables import binding, table_text, utilization
from simulator.atomic import replacing_directory, write_file
from simulator.gemm import Pass
from simulator.report import Report
from simulator.simulate import simulate
from simulator.trace import Trace
from workloads.shapes import trace_network
from workloads.training.flops import ledger

NETWORK, BATCH, STEPS = "vit_b16", 256, 100_000
RECIPES = (("dense", None), ("sr_ste", "2:4"), ("mdgf_exp", "1:16"))
MACHINES = ("a100", "dense128")
MARK = "demo.csv"
FIGURE = "time_by_pass"


def run_demo(out: Path) -> str:
    """Trace, simulate and draw into the directory `out`; returns the table as text."""
    traces = {
        recipe: trace_network(NETWORK, recipe=recipe, pattern=pattern, steps=STEPS, batch=BATCH)
        for recipe, pattern in RECIPES
    }
    with replacing_directory(out, mark=MARK) as folder:
        for recipe, trace in traces.items():
            trace.save(folder / "traces" / recipe)
        reports = dict(_simulated(traces))
        for (machine, recipe), report in reports.items():
            write_file(folder / "reports" / f"{machine}-{recipe}.json", report.to_json().encode())
        bars = [_bar(machine, recipe, report) for (machine, recipe), report in reports.items()]
        time_by_pass(bars, folder / FIGURE)
        write_file(folder / f"{FIGURE}.csv", table_text(bars, "csv").encode())
        rows = [_row(key, report, reports, traces) for key, report in reports.items()]
        write_file(folder / MARK, table_text(rows, "csv").encode())
    return _text(rows, out)


def _simulated(traces: dict[str, Trace]) -> Iterator[tuple[tuple[str, str], Report]]:
    pairs = list(product(MACHINES, traces))
    console = Console(stderr=True)
    for machine, recipe in track(pairs, "simulating", console=console, disable=not sys.stderr.isatty()):
        yield (machine, recipe), simulate(machine, traces[recipe])


def _bar(machine: str, recipe: str, report: Report) -> dict[str, object]:
    """Seconds a training step by pass."""
    times = {str(pass_): 0.0 for pass_ in Pass}
    for (pass_,), part in report.grouped("pass"):
        times[str(pass_)] = part.totals["seconds"] / STEPS
    pattern = dict(RECIPES)[recipe] or ""
    return {"machine": machine, "recipe": recipe, "pattern": pattern, **times}


def _row(
    key: tuple[str, str], report: Report, reports: dict[tuple[str, str], Report], traces: dict[str, Trace]
) -> dict[str, object]:
    machine, recipe = key
    seconds = report.totals["seconds"]
    dense = reports[machine, "dense"].totals["seconds"]
    flops = {name: ledger(traces[recipe].steps, name).total for name in ("algorithmic", "hardware")}
    return {
        "machine": machine,
        "recipe": recipe,
        "pattern": dict(RECIPES)[recipe] or "-",
        "FLOPs algorithmic": scaled(flops["algorithmic"]),
        "FLOPs hardware": scaled(flops["hardware"]),
        "time": duration(seconds),
        "speed-up": f"{dense / seconds:.3f}",
        "utilization": f"{utilization(report):.3f}",
        "bound by": ", ".join(binding(report)),
    }


def _text(rows: list[dict[str, object]], out: Path) -> str:
    title = f"{NETWORK}, batch {BATCH}, {STEPS} training steps, feed-forward layers sparse; fidelity tile"
    notes = (
        "",
        "FLOPs are those of the matrix products: `algorithmic` skips every zero, `hardware` only zeros that",
        "are N:M along the reduction. What binds is the resource that takes longest on its own.",
        "",
        f"figure   {out}/{FIGURE}.pdf, .png, .csv",
        f"reports  {out}/reports/*.json (every row: layer, pass, cycles, stalls, bytes)",
        f"traces   {out}/traces/*  (`nmsim explain a100 {out}/traces/sr_ste` says where the 2x went)",
    )
    return table_text(rows, "table", title=title, notes=notes)
