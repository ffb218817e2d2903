"""Spans: what happened at which training steps, run-length coded while a run goes on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count

from simulator.gemm import Pass, Span, Step, Stream
from workloads.training.works import Work

SETTLED = 4
"""Equal runs at equal distances after which all but the last are in one Span, whatever was before them."""
OTHER = "other_parameters"
"""The name that a trace gives to what is trained but multiplies no matrix."""
AFTER_OPTIMIZER = ("select", "copy", "select_second", "prune_gradient")
"""What follows the optimizer in an update, in this order."""


@dataclass(slots=True)
class Run:
    """Consecutive training steps from `first`, and which addition to the Spans began them."""

    first: int
    count: int
    added: int


class Coded:
    """The steps at which one work happened, as few Spans: the same ones however the steps were added.

    Maximal runs of consecutive steps are joined in their order: two of equal length make a Span, which goes
    on with every run of that length at that distance, and ends with a shorter one.
    """

    def __init__(self) -> None:
        self._done: list[tuple[int, Span]] = []
        self._open: Run | None = None

    @property
    def last_step(self) -> int:
        """The last step so far; -1 before any."""
        return -1 if self._open is None else self._open.first + self._open.count - 1

    def add(self, span: Span, added: int) -> None:
        """Steps that come after all those before."""
        if span.consecutive:
            self._push(Run(span.first_step, span.count, added))
            return
        full, rest = divmod(span.count, span.run)
        for index in range(min(full, SETTLED)):
            self._push(Run(span.first_step + index * span.period, span.run, added))
        if full > SETTLED and self._open is not None:
            self._close()
            began, settled = self._done[-1]
            more = replace(settled, count=settled.count + (full - SETTLED - 1) * span.run)
            self._done[-1] = began, more
            self._open = Run(span.first_step + (full - 1) * span.period, span.run, added)
        if rest:
            self._push(Run(span.first_step + full * span.period, rest, added))

    def spans(self) -> list[tuple[int, Span]]:
        """The Spans so far, each with the addition that began it."""
        if self._open is None:
            return []
        return _joined(self._done, self._open)

    def _push(self, run: Run) -> None:
        if self._open is not None and self._open.first + self._open.count == run.first:
            self._open.count += run.count
        else:
            self._close()
            self._open = run

    def _close(self) -> None:
        """The open run is whole: no step after it is the next."""
        if self._open is not None:
            self._done[-1:] = _joined(self._done[-1:], self._open)
            self._open = None


def _joined(done: list[tuple[int, Span]], run: Run) -> list[tuple[int, Span]]:
    """Spans with one more maximal run, in the last of them if that one goes on with it."""
    if done:
        began, last = done[-1]
        if (whole := _with_run(last, run)) is not None:
            return [*done[:-1], (began, whole)]
    return [*done, (run.added, Span(first_step=run.first, count=run.count))]


def _with_run(span: Span, run: Run) -> Span | None:
    """The Span with the maximal run after it, if there is one."""
    if span.consecutive:
        if span.count != run.count:
            return None
        return replace(span, count=2 * run.count, run=run.count, period=run.first - span.first_step)
    on_the_beat = span.count % span.run == 0 and span.step_of(span.count) == run.first
    return replace(span, count=span.count + run.count) if on_the_beat and run.count <= span.run else None


class Spans:
    """The Steps of a run, as they happen: the same ones whether steps are added one by one or many at once.

    `layers` are the names of a network's layers, in forward order.
    """

    def __init__(self, layers: Iterable[str]) -> None:
        self._places = {name: place for place, name in enumerate([*layers, OTHER])}
        self._coded: dict[tuple[str, Pass, Work], list[Coded]] = {}
        self._added = count()

    def add(self, layer: str, works: Iterable[tuple[Pass, Work]], when: Span) -> None:
        """These works of a layer happened at these steps; a work's own steps come one after the other.

        Within a step the order is that of the works; a work that a layer does twice is added twice.
        """
        for pass_, work in works:
            twins = self._coded.setdefault((layer, pass_, work), [])
            free = (twin for twin in twins if twin.last_step < when.first_step)
            if (coded := next(free, None)) is None:
                coded = Coded()
                twins.append(coded)
            coded.add(when, next(self._added))

    def steps(self) -> list[Step]:
        """All that happened so far, in the order in which it first did: forward, backward, update."""
        return [step for _, step in sorted(self._found(), key=lambda found: found[0])]

    def _found(self) -> Iterator[tuple[tuple[int, ...], Step]]:
        for (layer, pass_, work), twins in self._coded.items():
            rank = _rank(self._places[layer], pass_, work)
            for coded in twins:
                for added, when in coded.spans():
                    order = (when.first_step, *rank, added)
                    yield order, Step(layer=layer, pass_=pass_, work=work, when=when)


def _rank(place: int, pass_: Pass, work: Work) -> tuple[int, ...]:
    """The place of a work in its step: forward, backward from the last layer to the first, update.

    It follows from the work alone, so that a run which goes on from a part of its Steps has the same order.
    """
    op = work.op if isinstance(work, Stream) else ""
    within = list(Pass).index(pass_), 1 + AFTER_OPTIMIZER.index(op) if op in AFTER_OPTIMIZER else 0
    if pass_ is Pass.FWD:
        return 0, place, *within
    return (2, place, *within) if pass_ is Pass.UPDATE else (1, -place, *within)
