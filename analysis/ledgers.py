"""Ledgers: what the products of a trace cost in FLOPs under each convention, as counts and as text."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.quantities import scaled
from analysis.tables import table_text
from simulator.gemm import Product
from simulator.trace import Trace
from workloads.training.flops import CONVENTIONS, FLOPS_PER_MAC, ledger


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
