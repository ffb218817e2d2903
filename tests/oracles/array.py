"""The array of docs/array.md, one object for each PE, stepped cycle by cycle, with values that move.

No equation of time or of activity is in here: a fold loads, streams and ends when its registers, feeds and
decoders allow it, and what happens is counted where it happens. Whatever needs a value finds it in a
register of its own or of a neighbour, as it was one cycle before, and asserts that it is the one it needs.
"""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.activity import Activity
from simulator.folds import DATAFLOWS, Core
from simulator.pattern import Pattern
from tests.oracles.array_folds import Array, Fold, Folds, Pairs, Values, stored


def run(
    a: Array, b: Array, core: Core, pattern: Pattern | None, mask: NDArray[np.bool_] | None
) -> tuple[Array, int, Activity]:
    """The product of a (m, k) and b (k, n) as the array computes it, its cycles, and what happened.

    m, n and k are at least 1; all three arrays are of one dtype.
    """
    with np.errstate(all="ignore"):
        return Grid(a, b, core, pattern, mask).run()


class Part(NamedTuple):
    """What enters a stationary register in one cycle, and whose it is."""

    fold: Fold
    row: int
    values: Values


class Token(NamedTuple):
    """What enters a PE along its row in one cycle; a `beat` in its last cycle, and -1 before."""

    fold: Fold
    opens: bool
    values: Values
    beat: int


class Delay:
    """Registers in a row, each of which holds what the one before held a cycle ago."""

    def __init__(self, cycles: int) -> None:
        self.registers: deque[Any] = deque([None] * cycles)

    def step(self, entering: Any) -> Any:
        self.registers.append(entering)
        return self.registers.popleft()


class Decoders:
    """All decoders of the core, in step: they fill once, then each does so many groups a cycle.

    Their signals move on with what they select, so that a decoder r + c cycles away works r + c cycles later;
    here all are seen from PE (0, 0). `filling` counts the cycles that are left before the first group.
    """

    def __init__(self, groups: list[int], core: Core, count: Counter[str]) -> None:
        self.rate, self.count = core.decode_rate, count
        self.filling = core.decode_latency if groups else 0
        self.ask(groups)

    def ask(self, groups: list[int]) -> None:
        """Give them their next work; without a rate it takes no time."""
        self.left = list(groups)
        if not self.rate:
            self.work(max(groups, default=0))

    def step(self) -> None:
        if self.filling:
            self.filling -= 1
        else:
            self.work(self.rate)

    def work(self, rate: int) -> None:
        done = [min(rate, left) for left in self.left]
        self.count["decoded"] += sum(done)
        self.left = [left - now for left, now in zip(self.left, done, strict=True)]

    @property
    def done(self) -> bool:
        return not self.filling and not any(self.left)


class Loading:
    """A fold on its way into the second registers: the last row's word first, and decoding beside it."""

    def __init__(self, fold: Fold, core: Core, count: Counter[str]) -> None:
        self.fold = fold
        self.decoders = Decoders(fold.groups, core, count)
        self.queues = [
            deque(Part(fold, row, part) for row in reversed(range(core.rows)) for part in column[row])
            for column in fold.words
        ]

    @property
    def done(self) -> bool:
        return self.decoders.done and not any(self.queues)

    def step(self, columns: int) -> list[Part | None]:
        """What enters each column in this cycle."""
        self.decoders.step()
        entering = [queue.popleft() if queue else None for queue in self.queues]
        return entering or [None] * columns


class Streaming:
    """A fold whose beats are let in; one ends when each row has its window and each decoder is done.

    Decoding runs ahead of the rows by its latency and in step with them, so it is waited for once.
    """

    def __init__(self, fold: Fold, core: Core, count: Counter[str]) -> None:
        self.fold, self.at, self.opens = fold, 0, True
        self.decoders = Decoders(fold.beats[0].groups, core, count)
        self.feeds = [deque(row) for row in fold.beats[0].rows]

    @property
    def done(self) -> bool:
        return self.at == len(self.fold.beats)

    def step(self) -> tuple[list[Token], list[Any]]:
        """What enters each row, and what is handed to each column, in this cycle."""
        waits = self.decoders.filling > 0
        self.decoders.step()
        opens, self.opens = self.opens, False
        values = [feed.popleft() if feed and not waits else [] for feed in self.feeds]
        ends = self.decoders.done and not any(self.feeds)
        beat, handed = self.at if ends else -1, self.fold.beats[self.at].tops
        if ends:
            self.at += 1
            if not self.done:
                self.decoders.ask(self.fold.beats[self.at].groups)
                self.feeds = [deque(row) for row in self.fold.beats[self.at].rows]
        tokens = [Token(self.fold, opens, each, beat) for each in values]
        return tokens, [(beat, each) if ends else None for each in handed]


class Pe:
    """One processing element: a window register, two stationary registers, lanes with their mux, a sum.

    `right` and `down` are the registers that its neighbours read a cycle later.
    """

    def __init__(self, row: int, column: int, grid: "Grid") -> None:
        self.row, self.column, self.grid, self.count = row, column, grid, grid.count
        self.right: Token | None = None
        self.down: tuple[int, Any] | None = None
        self.second: deque[Part] = deque()
        self.word: Values = []
        self.window: Values = []
        self.total = grid.zero

    def step(self, token: Token | None, above: tuple[int, Any] | None) -> None:
        """One cycle: `token` enters along the row, `above` is what the PE above handed down."""
        self.right, self.down = token, None
        if token is None:
            return
        fold = token.fold
        if token.opens:
            self.swap(fold)
        if self.column < fold.columns:
            self.count["hops"] += len(token.values)
            self.count["fed"] += len(token.values) if self.column == 0 else 0
            self.window += token.values
            if token.beat >= 0:
                self.close(fold, token.beat, above)
                self.window = []

    def swap(self, fold: Fold) -> None:
        """Take the second stationary register for the first; for sums, begin anew."""
        assert len(self.second) == fold.slots
        assert all(part.fold is fold and part.row == self.row for part in self.second)
        self.word = [value for part in self.second for value in part.values]
        self.count["loaded"] += len(self.word)
        self.second.clear()
        self.total = self.grid.zero

    def load(self, part: Part) -> None:
        """Shift a part in, and the oldest on to the PE below once there are more than a word has."""
        assert all(held.fold is part.fold for held in self.second), "not free yet"
        self.second.append(part)
        if len(self.second) > part.fold.slots:
            self.grid.pes[self.row + 1][self.column].load(self.second.popleft())

    def close(self, fold: Fold, beat: int, above: tuple[int, Any] | None) -> None:
        """The last cycle of a beat: multiply, and add to the sum that passes or to the one that stays."""
        flow, works = DATAFLOWS[self.grid.core.dataflow], self.row < fold.rows
        if flow == "output_stationary":
            if works:
                self.count["loaded"] += len(pairs := self.handed(beat, above))
                self.total = self.total + self.part(self.window, pairs)
                self.down = above if self.row + 1 < fold.rows else None
                if beat == len(fold.beats) - 1:
                    self.grid.leave(fold, beat, self, self.total)
            return
        total = self.handed(beat, above)
        if works and flow == "weight_stationary":
            total = total + self.part(self.window, self.word)
        elif works:
            total = total + self.part(self.word, self.window)
        self.down = beat, total
        if self.row == self.grid.core.rows - 1:
            self.grid.leave(fold, beat, self, total)

    def handed(self, beat: int, above: tuple[int, Any] | None) -> Any:
        """What came from above, in the very cycle in which it is used."""
        assert above is not None
        assert above[0] == beat
        return above[1]

    def part(self, window: Values, pairs: Pairs) -> Any:
        """The sum of the lanes' products in rising place."""
        total = self.grid.zero
        for choice, value in pairs:
            total = total + window[choice] * value
        self.count["multiplies"] += len(pairs)
        self.count["selects"] += len(pairs) if self.grid.sparse else 0
        self.count["sums"] += 1
        return total


class Grid:
    """The PEs, the registers that skew what enters them, and the control that lets folds in."""

    def __init__(
        self, a: Array, b: Array, core: Core, pattern: Pattern | None, mask: NDArray[np.bool_] | None
    ) -> None:
        self.core, self.zero, self.sparse = core, a.dtype.type(0), pattern is not None
        self.count: Counter[str] = Counter()
        self.product = np.zeros((a.shape[0], b.shape[1]), a.dtype)
        self.waiting = deque(Folds(a, stored(b, pattern, mask), core, pattern))
        self.loading: Loading | None = None
        self.streaming: Streaming | None = None
        self.begun = self.over = self.now = 0
        self.pes = [[Pe(row, column, self) for column in range(core.columns)] for row in range(core.rows)]
        self.row_skew = [Delay(row) for row in range(core.rows)]
        self.top_skew = [Delay(column) for column in range(core.columns)]
        self.load_skew = [Delay(column) for column in range(core.columns)]

    def run(self) -> tuple[Array, int, Activity]:
        folds = len(self.waiting)
        while self.over < folds:
            self.step()
        return self.product, self.now, Activity(**self.count)

    def step(self) -> None:
        """One cycle: let in what may begin, move every register once, take away what has ended."""
        self.begin_loading()
        if self.loading and self.loading.done and not self.streaming:
            self.streaming, self.loading = Streaming(self.loading.fold, self.core, self.count), None
            self.begin_loading()
        columns = self.core.columns
        tokens: Sequence[Token | None] = [None] * self.core.rows
        tops: Sequence[Any] = [None] * columns
        parts: Sequence[Part | None] = [None] * columns
        if self.streaming:
            tokens, tops = self.streaming.step()
        if self.loading:
            parts = self.loading.step(columns)
        self.move(tokens, tops)
        for first, delay, part in zip(self.pes[0], self.load_skew, parts, strict=True):
            if (entering := delay.step(part)) is not None:
                first.load(entering)
        if self.streaming and self.streaming.done:
            self.streaming = None
        self.now += 1

    def begin_loading(self) -> None:
        """With a second register for each PE while a fold streams, else once all before are over."""
        free = self.core.overlap or self.begun == self.over
        if self.waiting and not self.loading and free:
            self.loading = Loading(self.waiting.popleft(), self.core, self.count)
            self.begun += 1

    def move(self, tokens: Sequence[Token | None], tops: Sequence[Any]) -> None:
        """Every PE takes what its neighbours held a cycle ago: so the last PE goes first."""
        for row, line in reversed(list(enumerate(self.pes))):
            for column, pe in reversed(list(enumerate(line))):
                token = line[column - 1].right if column else self.row_skew[row].step(tokens[row])
                above = self.pes[row - 1][column].down if row else self.top_skew[column].step(tops[column])
                pe.step(token, above)
        last = self.pes[-1][-1].right
        if last and last.beat == len(last.fold.beats) - 1:
            self.over += 1

    def leave(self, fold: Fold, beat: int, pe: Pe, total: Any) -> None:
        """A sum leaves the array: added to the result, or the result itself."""
        row, column = fold.origin
        self.count["results"] += 1
        flow = DATAFLOWS[self.core.dataflow]
        if flow == "output_stationary":
            self.product[row + pe.row, column + pe.column] = total
            return
        at = (beat, column + pe.column) if flow == "weight_stationary" else (row + pe.column, beat)
        self.product[at] = self.product[at] + total
