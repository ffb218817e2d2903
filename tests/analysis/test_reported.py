"""What follows from a report's JSON is what the Report itself says."""

import json
from typing import Any

import pytest

from analysis.reported import peak_of, utilization_of
from simulator import Trace, simulate
from simulator.gemm import Stream
from tests.simulator.steps import product, step


@pytest.fixture(scope="module")
def made() -> tuple[Any, list[dict[str, Any]]]:
    stream = Stream(op="adamw", elements=9, read_bits=8 * 1555 * 10**4, ops=9)
    fast = product(m=256, n=512, k=1024)
    slow = product(m=256, n=512, k=1024, dtype="int8")
    steps = (step("fast", work=fast), step("slow", work=slow), step("update", work=stream))
    report = simulate("a100", Trace(steps=steps))
    return report, json.loads(report.to_json())["rows"]


def test_the_peak_of_a_row_is_that_of_its_product(made: Any) -> None:
    report, rows = made
    peaks = [row.lowered.peak if row.lowered else None for row in report.rows]
    assert len({peak for peak in peaks if peak}) == 2
    assert list(map(peak_of, rows)) == peaks


def test_the_utilization_is_that_of_the_report(made: Any) -> None:
    report, rows = made
    assert utilization_of(rows) == report.utilization
    assert utilization_of([]) == 0.0
    assert utilization_of(rows[-1:]) == 0.0
