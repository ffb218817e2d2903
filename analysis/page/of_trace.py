"""The page of a trace: what a training run multiplies, layer by layer, and what that is in FLOPs."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.headings import subject
from analysis.page.blocks import Chart, Page, cell, sheet
from analysis.page.parts import BARS_MAX, bars
from analysis.page.telling import CONVENTION_FACTS, digest_facts, short
from analysis.quantities import scaled
from analysis.results import Results
from simulator.gemm import Product, Step
from simulator.trace import Trace, load_trace
from simulator.trace_rows import row_of
from workloads.training.flops import CONVENTIONS, flops

HIDDEN = ("run", "period", "elements", "mask_along", "mask_of", "mask_kept")
PASSES = ("FWD", "DGRAD", "WGRAD")


def trace_page(results: Results) -> Page:
    """What a trace holds, linked by layer."""
    import pandas as pd

    trace = load_trace(results.path)
    made: Mapping[str, Any] = trace.provenance
    frame = pd.DataFrame([row_of(step) for step in trace.steps])
    layers = [step.layer for step in trace.steps]
    hidden = [key for key in frame.columns if key in HIDDEN or key.startswith(("a_", "c_")) or "bits" in key]
    table = sheet(
        "steps", "Every Step", frame, links=layers, source=results.path.resolve().name, hidden=hidden
    )
    return Page(
        title=subject(made) or results.path.resolve().name,
        kind="trace",
        linked="layer",
        findings=tuple(_findings(trace)),
        facts=(
            ("trace sha256", str(short(trace.digest))),
            *digest_facts(made),
            ("steps", str(made.get("steps", ""))),
            *CONVENTION_FACTS,
        ),
        charts=_charts(trace),
        sheets=(table,),
        cautions=() if trace.complete else ("the trace is incomplete: its run was stopped before its end",),
        provenance=results.meta,
    )


def _products(trace: Trace) -> list[tuple[Step, Product]]:
    return [(step, step.work) for step in trace.steps if isinstance(step.work, Product)]


def _findings(trace: Trace) -> list[str]:
    from analysis.ledgers import dense_flops, ledgers

    dense = dense_flops(trace)
    totals = [(row["convention"], row["total"]) for row in ledgers(trace)]
    told = [
        f"{name} {scaled(count, 'FLOP')} ({count / dense:.3f} of dense)" for name, count in totals if dense
    ]
    return [
        f"{len(trace.steps)} run-length coded Steps of {len({step.layer for step in trace.steps})} layers.",
        *([f"Training FLOPs by convention: {', '.join(told)}."] if told else []),
    ]


def _charts(trace: Trace) -> tuple[Chart, ...]:
    """FLOPs by pass: of each convention, and of the layers that have most."""
    products = _products(trace)
    views: list[dict[str, Any]] = []
    whole = {name: _by_pass(products, name) for name in CONVENTIONS}
    if not products:
        return ()
    passes = [{"name": name, "link": "", "values": whole[name]} for name in CONVENTIONS]
    views.append(_view("by convention", passes))
    by_layer: dict[str, list[tuple[Step, Product]]] = {}
    for step, product in products:
        by_layer.setdefault(step.layer, []).append((step, product))
    for name in CONVENTIONS:
        counted = {layer: _by_pass(mine, name) for layer, mine in by_layer.items()}
        most = set(sorted(counted, key=lambda layer: -sum(counted[layer]))[:BARS_MAX])
        layers = [
            {"name": one, "link": one, "values": values} for one, values in counted.items() if one in most
        ]
        views.append(_view(f"by layer, {name}", layers))
    return bars("FLOPs by pass", "Matrix products only; of many layers those that have most.", views)


def _by_pass(products: Sequence[tuple[Step, Product]], convention: str) -> list[float]:
    sums = dict.fromkeys(PASSES, 0)
    for step, product in products:
        name = str(step.pass_)
        sums[name] = sums.get(name, 0) + flops(product, convention) * step.when.count
    return [float(cell(float(sums[name])) or 0) for name in PASSES]


def _view(name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "title": "FLOPs",
        "unit": "FLOP",
        "factor": 1.0,
        "parts": list(PASSES),
        "bars": list(rows),
    }
