"""Did a number move that nobody meant to move? `pytest tests/golden --refresh-golden` writes it anew."""

import csv
import io
from pathlib import Path

import pytest

from simulator import simulate
from workloads import trace_network
from workloads.training.flops import CONVENTIONS, ledger

FILE = Path(__file__).with_name("totals.csv")
RUNS = (
    ("resnet50", "dense", None),
    ("resnet50", "sr_ste", "2:4"),
    ("vit_b16", "dense", None),
    ("vit_b16", "sr_ste", "2:4"),
    ("vit_b16", "mdgf_exp", "1:16"),
    ("vit_b16", "sdgf_stepwise", "1:8"),
    ("vit_b16", "fst", "2:4"),
    ("gpt2_small", "transposable", "4:8"),
    ("gpt2_small", "rigl", "1:4"),
)
COLUMNS = ("cycles", "effective_macs", "dram_read_bytes", "dram_metadata_read_bytes", "vector_ops")
ENERGY = "energy_pj"


def totals() -> str:
    """A row for each run and machine."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["network", "recipe", "pattern", "machine", "fidelity", *COLUMNS, ENERGY, *CONVENTIONS])
    for network, recipe, pattern in RUNS:
        trace = trace_network(network, recipe=recipe, pattern=pattern, steps=1000, batch=2)
        flops = [ledger(trace.steps, name).total for name in CONVENTIONS]
        for machine in ("a100", "dense128"):
            for fidelity in ("bound", "tile"):
                report = simulate(machine, trace, fidelity=fidelity)
                row = [*(report.totals[name] for name in COLUMNS), round(report.totals[ENERGY])]
                writer.writerow([network, recipe, pattern or "", machine, fidelity, *row, *flops])
    return text.getvalue()


def test_no_number_moved(request: pytest.FixtureRequest) -> None:
    now = totals()
    if request.config.getoption("--refresh-golden"):
        FILE.write_text(now)
    assert now.splitlines() == FILE.read_text().splitlines()
