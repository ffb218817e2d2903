"""The algebra of Cost: sequence adds, overlap takes the slower time, and no cycle is unaccounted for."""

from hypothesis import given
from hypothesis import strategies as st

from simulator.cost import Cost, Stalls, Traffic, overlapped

counts = st.integers(0, 1000)
traffics = st.builds(Traffic, counts, counts, counts, counts)


@st.composite
def costs(draw: st.DrawFn) -> Cost:
    stalls = Stalls(*draw(st.lists(counts, min_size=6, max_size=6)))
    compute = draw(counts)
    levels = draw(st.dictionaries(st.sampled_from(["dram", "l2"]), traffics))
    return Cost(
        cycles=compute + sum(stalls), compute_cycles=compute, stalls=stalls, traffic=tuple(levels.items())
    )


def moved(cost: Cost) -> int:
    return sum(traffic.total for _, traffic in cost.traffic)


@given(costs(), costs())
def test_sequence_adds_and_overlap_takes_the_slower(a: Cost, b: Cost) -> None:
    assert (a + b).cycles == a.cycles + b.cycles
    assert (a | b).cycles == max(a.cycles, b.cycles)
    assert moved(a + b) == moved(a | b) == moved(a) + moved(b)


@given(costs(), costs(), st.integers(1, 9))
def test_every_cycle_is_computing_or_waiting(a: Cost, b: Cost, count: int) -> None:
    for cost in (a + b, a | b, a * count):
        assert cost.cycles == cost.compute_cycles + sum(cost.stalls)
        assert min(cost.stalls) >= 0


@given(costs(), st.integers(1, 9))
def test_times_is_repeated_sequence(a: Cost, count: int) -> None:
    total = a
    for _ in range(count - 1):
        total += a
    assert a * count == total


@given(costs())
def test_nothing_costs_nothing(a: Cost) -> None:
    assert a + Cost() == a | Cost() == a


@given(st.lists(costs(), max_size=5))
def test_overlap_of_many_is_the_slowest(some: list[Cost]) -> None:
    assert overlapped(tuple(some)).cycles == max((cost.cycles for cost in some), default=0)


def test_waiting_that_computing_hides_is_not_counted() -> None:
    both = Cost.computing(100) | Cost.waiting("dram", 150)
    assert (both.cycles, both.compute_cycles, both.stalls.dram) == (150, 100, 50)
