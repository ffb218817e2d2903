"""Activity in closed form: against places that are listed, tiles one by one, and what must be conserved."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.activity import Activity
from simulator.folds import DATAFLOWS, DECODERS, Core, array_activity
from simulator.kernels.activity import cuts_of_k, tiles_activity
from simulator.kernels.folds import groups_of_runs, windows_of_runs
from simulator.kernels.plan import Plan
from simulator.kernels.tiles import window_values
from simulator.pattern import Pattern
from tests.oracles.activity import activity, tiles
from tests.oracles.tiles import Walk, runs
from tests.simulator.array_cases import cores_up_to
from tests.simulator.machines import plans, small_cores
from tests.strategies import TWO_OF_FOUR, examples, patterns_up_to

some_patterns = st.none() | patterns_up_to(24)
# So deep that folds repeat many times and lie alike again; cores with few lanes, and with many.
depths = st.integers(1, 60) | st.integers(61, 4000)
deep_cores = cores_up_to(9, 40)
sides = st.integers(1, 30)


@examples(200)
@given(deep_cores, sides, sides, depths, some_patterns)
def test_every_count_is_that_of_places_one_by_one(
    core: Core, m: int, n: int, k: int, pattern: Pattern | None
) -> None:
    """In each dataflow, with decoders in each place: 1,800 arrays."""
    few = m if k <= 60 else min(m, 3), n if k <= 60 else min(n, 3)
    for flow in range(len(DATAFLOWS)):
        for sits in range(len(DECODERS)):
            one = core._replace(dataflow=flow, decode_at=sits)
            assert array_activity(one, *few, k, pattern) == activity(one, *few, k, pattern)


@examples(300)
@given(st.integers(1, 90), depths, some_patterns)
def test_what_runs_touch_is_summed_over_them(size: int, k: int, pattern: Pattern | None) -> None:
    kept, group = (pattern.kept, pattern.group) if pattern else (0, 0)
    walk = Walk(Core(0, 1, 1, 1), (kept, group), 1, 1, k, 0)
    each = runs(walk.places, size)
    assert groups_of_runs(kept, group, len(walk.places), size) == sum(len(walk.touched(run)) for run in each)
    assert windows_of_runs(kept, group, k, size) == sum(map(walk.window, each))


@given(small_cores, patterns_up_to(24), st.integers(1, 200))
def test_whole_windows_are_those_that_enter_an_array(core: Core, pattern: Pattern, count: int) -> None:
    """Where nothing is cut short, the array is fed what its memory is said to read."""
    kept, group = pattern.kept, pattern.group
    together = kept * core.lanes * count  # ends a run and a group
    read = window_values(core, kept, group, kept * count)
    assert windows_of_runs(kept, group, together // kept * group, core.lanes) == read


@examples(300)
@given(small_cores, plans(depths=st.integers(1, 40)))
def test_the_activity_of_a_product_is_that_of_its_tiles(core: Core, plan: Plan) -> None:
    pattern = Pattern(kept=plan.kept, group=plan.group) if plan.group else None
    listed = list(tiles(plan))
    each = [array_activity(core, *sizes, pattern) for sizes in listed]
    assert Activity(*tiles_activity(plan, core)) == Activity(*map(sum, zip(*each, strict=True)))
    across = -(-plan.m // plan.tile_m) * -(-plan.n // plan.tile_n)
    assert sum(times for _, times in cuts_of_k(plan)) * across == len(listed)


@examples(300)
@given(small_cores, plans(depths=st.integers(1, 40)))
def test_multiplies_and_results_are_conserved(core: Core, plan: Plan) -> None:
    """Each kept value once for each result, however k is cut; a sum leaves once for each fold of k."""
    kept = Pattern(kept=plan.kept, group=plan.group).kept_along(plan.full_k) if plan.group else plan.full_k
    results = plan.batch * plan.m * plan.n
    done = Activity(*tiles_activity(plan, core))
    assert done.multiplies == results * kept
    assert done.selects == (done.multiplies if plan.group else 0)
    assert (done.decoded > 0) == (plan.group > 0)
    assert done.results % results == 0
    if DATAFLOWS[core.dataflow] == "output_stationary":
        assert done.results == results * sum(times for _, times in cuts_of_k(plan)) // plan.batch
    assert done.multiplies <= done.sums * core.lanes < done.multiplies + done.sums * core.lanes
    assert done.fed <= done.hops <= done.fed * core.columns


@pytest.mark.parametrize("flow", range(len(DATAFLOWS)))
def test_the_largest_product_that_is_tiled_fits_into_64_bits(flow: int) -> None:
    """2^50 multiplies under 4095:4096 with one lane: each place has a window of a whole group."""
    side, k = 2**19, 2**12
    pattern = Pattern(kept=4095, group=4096)
    core = Core(dataflow=flow, rows=2**16, columns=2**16, lanes=1, decode_at=DECODERS.index("pe"))
    base = Plan(1, side, side, k, 1, 1, 1, 1, 0, 2, 4095, 4096, 0, 0, 0, 0, 0, 0)
    plan = base._replace(tile_m=side, tile_n=side, tile_k=k, split=1, elements=1, k=k)
    done, places = Activity(*tiles_activity(plan, core)), 4095
    assert done == array_activity(core, side, side, k, pattern)
    across = ceil(side / 2**16)
    expected = {
        "weight_stationary": (across * side * places * k, side**2 * places * k, side * places, side * places),
        "input_stationary": (
            across * side * places,
            side**2 * places,
            side * places * k,
            side**2 * places,
        ),
        "output_stationary": (
            across * side * places * k,
            side**2 * places * k,
            side**2 * places,
            side**2 * places,
        ),
    }
    assert (done.fed, done.hops, done.loaded, done.decoded) == expected[DATAFLOWS[flow]]
    assert done.multiplies == done.selects == done.sums == side**2 * places


def test_counts_past_64_bits_are_exact() -> None:
    """A product that only `bound` takes: in an array of one lane."""
    side = 2**40
    core = Core(dataflow=0, rows=1, columns=1, lanes=1)
    values = side**3 // 2
    assert array_activity(core, side, side, side, TWO_OF_FOUR) == Activity(
        multiplies=values,
        selects=values,
        fed=4 * values,
        hops=4 * values,
        loaded=side**2 // 2,
        decoded=side**2 // 2,
        sums=values,
        results=values,
    )
