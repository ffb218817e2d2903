"""Spans: few of them, the same however the steps of a run are added, and in the order of a training step."""

from hypothesis import example, given
from hypothesis import strategies as st

from simulator.gemm import Pass, Span, Step, Stream
from tests.simulator.steps import product, spans
from workloads.training.spans import OTHER, Spans
from workloads.training.works import Work

WORK: tuple[Pass, Work] = (Pass.FWD, product())


def listed(when: Span) -> list[int]:
    return [when.step_of(i) for i in range(when.count)]


def coded(*whens: Span) -> list[Span]:
    made = Spans(["fc"])
    for when in whens:
        made.add("fc", [WORK], when)
    return [step.when for step in made.steps()]


@st.composite
def chains(draw: st.DrawFn) -> list[Span]:
    """Spans that come one after the other, with and without steps between them."""
    found: list[Span] = []
    start = 0
    for span in draw(st.lists(spans, max_size=5)):
        longer = draw(st.integers(1, 12)) * span.count
        moved = Span(first_step=start + span.first_step % 4, count=longer, run=span.run, period=span.period)
        found.append(moved)
        start = moved.last_step + 1
    return found


@given(chains())
@example(  # the first run grows to 5 steps and goes on with those before it, the second ends that Span
    [
        Span(count=10, run=5, period=10),
        Span(first_step=20, count=2),
        Span(first_step=22, count=99, run=3, period=8),
    ]
)
def test_many_steps_at_once_are_as_many_one_by_one(some: list[Span]) -> None:
    single = [Span(first_step=step) for span in some for step in listed(span)]
    assert coded(*some) == coded(*single)


@given(chains())
def test_a_run_goes_on_from_what_was_told_of_it(some: list[Span]) -> None:
    told = coded(*some)
    assert coded(*told) == told
    half = len(some) // 2
    assert coded(*coded(*some[:half]), *some[half:]) == told


@given(chains())
def test_no_step_is_lost_or_told_twice(some: list[Span]) -> None:
    told = [step for span in coded(*some) for step in listed(span)]
    assert sorted(told) == [step for span in some for step in listed(span)]
    assert len(set(told)) == len(told)


@given(st.integers(0, 9), st.integers(1, 5), st.integers(1, 5), st.integers(2, 40), st.integers(0, 4))
def test_what_comes_back_regularly_is_one_span(first: int, run: int, gap: int, times: int, rest: int) -> None:
    when = Span(first_step=first, count=times * run + rest % run, run=run, period=run + gap)
    assert coded(when) == [when]
    assert coded(*(Span(first_step=step) for step in listed(when))) == [when]


def test_spans_that_a_person_can_check() -> None:
    steps = [0, 1, 2, 5, 6, 9, 10, 13, 14, 17, 21, 30]
    assert coded(*(Span(first_step=step) for step in steps)) == [
        Span(first_step=0, count=3),
        Span(first_step=5, count=7, run=2, period=4),  # 5 6, 9 10, 13 14 and the shorter 17
        Span(first_step=21, count=2, run=1, period=9),
    ]


def test_a_billion_steps_are_added_at_once() -> None:
    when = Span(first_step=3, count=10**9, run=1, period=2)
    assert coded(when, Span(first_step=when.last_step + 2)) == [
        Span(first_step=3, count=10**9 + 1, run=1, period=2)
    ]


def test_the_order_is_that_of_a_training_step_whatever_was_added_first() -> None:
    update: tuple[Pass, Work] = (Pass.UPDATE, Stream(op="adamw", elements=3))
    back: list[tuple[Pass, Work]] = [(Pass.DGRAD, product()), (Pass.WGRAD, product())]
    made = Spans(["a", "b"])
    made.add(OTHER, [update], Span(count=2))
    for layer in ("b", "a"):
        made.add(layer, [update, *back, WORK], Span(count=2))
    made.add("a", [(Pass.FWD, product(m=9))], Span(first_step=2))
    found = [(step.layer, str(step.pass_), step.when.first_step) for step in made.steps()]
    assert found == [
        *(("a", "FWD", 0), ("b", "FWD", 0)),
        *(("b", "DGRAD", 0), ("b", "WGRAD", 0), ("a", "DGRAD", 0), ("a", "WGRAD", 0)),
        *(("a", "UPDATE", 0), ("b", "UPDATE", 0), (OTHER, "UPDATE", 0)),
        ("a", "FWD", 2),
    ]


def test_a_work_that_a_layer_does_twice_is_told_twice() -> None:
    made = Spans(["fc"])
    for step in range(3):
        made.add("fc", [WORK, WORK], Span(first_step=step))
    twice = Step(layer="fc", pass_=Pass.FWD, work=product(), when=Span(count=3))
    assert made.steps() == [twice, twice]
