"""Fidelity `cycle`: every size of tile is stepped, and time and activity are those in closed form."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from simulator import stepped
from simulator.cycle import simulate_array
from simulator.kernels.plan import Plan
from simulator.lowering import lower
from simulator.mapping import Mapping
from simulator.stepped import price, sizes
from simulator.tile import price as price_tiles
from tests.oracles.activity import tiles
from tests.simulator.machines import SPARSE, plans
from tests.simulator.steps import product
from tests.strategies import TWO_OF_FOUR

SPLIT = Mapping(tile_m=4, tile_n=3, tile_k=16, order="mnk", band=1, split_k=2)


@given(plans())
def test_every_size_of_tile_is_stepped_once(plan: Plan) -> None:
    assert sizes(plan) == sorted(set(tiles(plan)))


@pytest.mark.parametrize("flow", ["weight_stationary", "input_stationary", "output_stationary"])
@pytest.mark.parametrize("mapping", [Mapping(), SPLIT])
def test_a_stepped_product_costs_what_its_tiles_do(flow: str, mapping: Mapping) -> None:
    machine = replace(SPARSE, dataflow=flow, mapping=mapping)
    work = lower(product(m=9, n=7, k=50, pattern=TWO_OF_FOUR), machine)
    assert work.native == TWO_OF_FOUR
    assert price(work, machine) == price_tiles(work, machine)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda run: replace(run, cycles=run.cycles + 1), "cycles stepped"),
        (
            lambda run: replace(run, activity=run.activity._replace(hops=run.activity.hops - 1)),
            "Activity(.*) stepped, Activity(.*) by the formula",
        ),
    ],
)
def test_a_difference_is_a_fault_of_ours(wrong: Any, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    work = lower(product(m=2, n=2, k=8, pattern=TWO_OF_FOUR), SPARSE)
    assert price(work, SPARSE) == price_tiles(work, SPARSE)
    monkeypatch.setattr(
        stepped, "simulate_array", lambda *given, **named: wrong(simulate_array(*given, **named))
    )
    with pytest.raises(AssertionError, match=said):
        price(work, SPARSE)
