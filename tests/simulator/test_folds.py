"""The array's time and activity in closed form: against both steppers, and the reference simulator's rows."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.published import read_published
from simulator.arch import load_arch
from simulator.bound import Priced
from simulator.cycle import simulate_array
from simulator.folds import DATAFLOWS, Core, array_activity, array_cycles, core_of
from simulator.gemm import Pass, Step
from simulator.kernels.folds import DECODE, FEED, LOAD, MULTIPLY, SKEW, array_time
from simulator.lowering import lower
from simulator.machine import Machine, resolve
from simulator.pattern import Pattern
from simulator.simulate import simulate
from simulator.tile import price
from simulator.trace import Trace
from tests.oracles.array import run
from tests.simulator.array_cases import cores, cores_up_to
from tests.simulator.steps import product
from tests.strategies import examples, patterns_up_to

FLOWS = {"ws": "weight_stationary", "is": "input_stationary", "os": "output_stationary"}
EFFECTS = (MULTIPLY, FEED, LOAD, DECODE, SKEW)

sides = st.integers(1, 9)
# Deep enough that folds repeat, that their places lie alike again, and that a tail is left.
depths = st.integers(1, 22) | st.integers(23, 160)
wide_cores = cores_up_to(5, 6)


def operands(m: int, n: int, k: int, pattern: Pattern | None) -> tuple[Any, Any, Any]:
    """Zeros, since the time does not depend on values, and a mask that keeps nothing."""
    a, b = np.zeros((m, k), np.float32), np.zeros((k, n), np.float32)
    return a, b, None if pattern is None else np.zeros((k, n), np.bool_)


@examples(300)
@given(cores, st.integers(1, 6), st.integers(1, 6), st.integers(1, 22), st.none() | patterns_up_to(8))
def test_the_closed_form_is_the_oracle(core: Core, m: int, n: int, k: int, pattern: Pattern | None) -> None:
    a, b, mask = operands(m, n, k, pattern)
    closed = array_cycles(core, m, n, k, pattern), array_activity(core, m, n, k, pattern)
    assert closed == run(a, b, core, pattern, mask)[1:]


@examples(700)
@given(wide_cores, sides, sides, depths, st.none() | patterns_up_to(16))
def test_the_closed_form_is_every_register_stepped(
    core: Core, m: int, n: int, k: int, pattern: Pattern | None
) -> None:
    """In each dataflow: 2,100 arrays."""
    a, b, mask = operands(m, n, k, pattern)
    for flow in range(len(DATAFLOWS)):
        one = core._replace(dataflow=flow)
        stepped = simulate_array(a, b, one, pattern=pattern, mask=mask)
        assert array_cycles(one, m, n, k, pattern) == stepped.cycles
        assert array_activity(one, m, n, k, pattern) == stepped.activity


@given(wide_cores, sides, sides, depths, st.none() | patterns_up_to(16))
def test_each_effect_takes_time_and_none_gives_it_back(
    core: Core, m: int, n: int, k: int, pattern: Pattern | None
) -> None:
    kept, group = (pattern.kept, pattern.group) if pattern else (0, 0)
    times = [array_time(core, kept, group, m, n, k, effects) for effects in EFFECTS]
    totals = [first + rest for first, rest, _ in times]
    assert totals == sorted(totals)
    assert all(rest >= last >= 0 for _, rest, last in times)


@given(
    st.integers(0, 2),
    *(st.integers(1, 300) for _ in range(3)),
    st.integers(1, 40),
    st.integers(1, 40),
    st.none() | patterns_up_to(16),
)
def test_one_lane_without_overlap_is_the_well_known_time(
    flow: int, m: int, n: int, k: int, rows: int, columns: int, pattern: Pattern | None
) -> None:
    """The closed forms of SCALE-Sim, k replaced by the kept values."""
    core = Core(dataflow=flow, rows=rows, columns=columns, lanes=1, overlap=False)
    kept = k if pattern is None else sum(1 for at in range(k) if at % pattern.group < pattern.kept)
    fold_of = {
        0: (-(-kept // rows) * -(-n // columns), 2 * rows + columns + m - 2),
        1: (-(-kept // rows) * -(-m // columns), 2 * rows + columns + n - 2),
        2: (-(-m // rows) * -(-n // columns), rows + columns + kept - 2),
    }
    folds, each = fold_of[flow]
    assert array_cycles(core, m, n, k, pattern) == folds * each


def published_rows() -> list[dict[str, str]]:
    """Every dense row of the reference simulator, and those in which a pattern removes whole rows of k."""
    sparse = [row for row in read_published("scalesim_sparse") if row["mode"] == "layerwise"]
    return read_published("scalesim_dense") + sparse


@cache
def plain_array(flow: str, rows: str, columns: str) -> Machine:
    return resolve(load_arch("systolic", settings=array_settings(flow, rows, columns)).value)


def array_settings(flow: str, rows: str, columns: str) -> tuple[str, ...]:
    return (
        f"core.dataflow={FLOWS[flow]}",
        f"core.array.rows={rows}",
        f"core.array.columns={columns}",
    )


def array_of(row: dict[str, str]) -> tuple[str, str, str]:
    return row["dataflow"], row["array_rows"], row["array_cols"]


def sizes_of(row: dict[str, str]) -> dict[str, Any]:
    pattern = Pattern.parse(row["sparsity"]) if "sparsity" in row else None
    return {"m": int(row["M"]), "n": int(row["N"]), "k": int(row["K"]), "pattern": pattern}


def published_cycles(row: dict[str, str]) -> int:
    """The cycles as the reference counts them, from 0, and so one fewer."""
    return int(row.get("scalesim_compute_cycles") or row["scalesim_cycles"]) + 1


@pytest.mark.parametrize("flow", sorted(FLOWS))
def test_every_row_of_the_reference_simulator_is_exact(flow: str) -> None:
    rows = [row for row in published_rows() if row["dataflow"] == flow]
    assert len(rows) >= 40
    for row in rows:
        machine, sizes = plain_array(*array_of(row)), sizes_of(row)
        lowered = lower(product(**sizes), machine)
        native = lowered.native
        core = core_of(machine, lanes=1, value_bits=16, group=native.group if native else 0)
        expected = published_cycles(row)
        assert array_cycles(core, sizes["m"], sizes["n"], sizes["k"], native) == expected, row
        priced: Priced = price(lowered, machine)
        assert priced.cost.cycles == expected, (row, priced.mapping)


def test_simulate_reports_the_rows_of_the_reference_simulator() -> None:
    rows = [row for row in published_rows() if array_of(row) == ("ws", "16", "16")]
    steps = tuple(
        Step(layer=str(place), pass_=Pass.FWD, work=product(**sizes_of(row)))
        for place, row in enumerate(rows)
    )
    arch = load_arch("systolic", settings=array_settings("ws", "16", "16"))
    report = simulate(arch, Trace(steps=steps), fidelity="tile")
    assert [row.cost.cycles for row in report.rows] == list(map(published_cycles, rows))
    assert all(row.utilization <= 1 for row in report.rows)


def test_the_rows_that_were_compared() -> None:
    """117 dense rows and 58 sparse ones: a row that goes missing is not compared."""
    assert len(published_rows()) == 175
    assert {row["dataflow"] for row in published_rows()} == set(FLOWS)
    assert set(FLOWS.values()) == set(DATAFLOWS)
