"""Every recipe on every network and machine: it runs, and what is conserved is conserved."""

from math import fsum
from pathlib import Path
from typing import Any

import pytest

from analysis.explain.cycles import waterfall
from simulator.arch import arch_names, load_arch
from simulator.gemm import Pass, Product
from simulator.report import Report
from simulator.simulate import simulate
from simulator.trace import Trace, load_trace
from tests.workloads.training.shaped import TRACED
from workloads import NETWORKS, RECIPES, load_network, trace_network
from workloads.networks.layer import Role

pytestmark = pytest.mark.full

PATTERNS = ("2:4", "1:1", "3:8", "5:7", "4:4", "1:16", "1:512")
STEPS = (101, 1, 3, 2)
SPARSE = frozenset(role for role in Role if role.may_be_sparse)


def traced(network: str, recipe: str, pattern: str | None, steps: int, dtype: str = "bf16") -> Trace:
    small: dict[str, Any] = {"image": 32} if "image" in dict(load_network(network).sizes) else {"seq": 8}
    return trace_network(
        network, recipe=recipe, pattern=pattern, steps=steps, sparse=SPARSE, batch=1, dtype=dtype, **small
    )


def conserved(report: Report) -> None:
    table: tuple[dict[str, Any], ...] = report.table
    for row in table:
        assert 0 <= row["utilization"] <= 1
        assert row["dense_macs"] == row["effective_macs"] + row["padding_macs"] + row["skipped_macs"]
        stalls = sum(cycles for name, cycles in row.items() if name.startswith("stall_"))
        assert row["cycles"] == row["compute_cycles"] + stalls > 0
        assert all(value >= 0 for value in row.values() if isinstance(value, int | float))
    for name, total in report.totals.items():
        add = fsum if name == "seconds" else sum
        assert total == add(row[name] for row in table), name


def every_step_is_there(trace: Trace, steps: int) -> None:
    """Each product of FWD happens once a training step, by whichever pattern, and nothing after the last."""
    happened: dict[tuple[str, object], int] = {}
    for step in trace.steps:
        assert step.when.last_step < steps
        if step.pass_ is Pass.FWD:
            assert isinstance(step.work, Product)
            product = (step.layer, step.work.gemm)
            happened[product] = happened.get(product, 0) + step.when.count
    assert happened
    assert {count % steps for count in happened.values()} == {0}


@pytest.mark.parametrize("recipe", TRACED)
@pytest.mark.parametrize("network", NETWORKS)
def test_it_runs_and_adds_up(network: str, recipe: str, tmp_path: Path) -> None:
    place = list(NETWORKS).index(network) + list(RECIPES).index(recipe)
    for turn in range(2):
        pattern = None if recipe == "dense" else PATTERNS[(place + 3 * turn) % len(PATTERNS)]
        steps = STEPS[(place // 2 + turn) % len(STEPS)]
        trace = traced(network, recipe, pattern, steps)
        every_step_is_there(trace, steps)
        trace.save(tmp_path / "t")
        assert load_trace(tmp_path / "t").digest == trace.digest
        other = traced(network, recipe, pattern, steps, dtype="int8")
        for arch in arch_names():
            multiplied = trace if "bf16" in load_arch(arch).value.core.lanes else other
            report = simulate(arch, multiplied)
            conserved(report)
            assert min(bar.cycles for bar in waterfall(report)) >= 0
            assert sum(bar.cycles for bar in waterfall(report)) == report.totals["cycles"]
