"""What the array of docs/array.md is given in each fold: places, groups and windows, listed one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.folds import DATAFLOWS, DECODERS, Core
from simulator.pattern import Pattern

Array = NDArray[Any]
Values = list[Any]
Pairs = list[tuple[int, Any]]  # for each place: which of its window it is multiplied by, and its value


def stored(b: Array, pattern: Pattern | None, mask: NDArray[np.bool_] | None) -> list[Pairs]:
    """Of each column of b the kept places in rising k: the index along k, and the value.

    Those are the places of the mask, or of what is not 0, and as many zeros of the lowest free positions as
    each group lacks.
    """
    keep = b != 0 if mask is None else mask
    columns: list[Pairs] = []
    for values, kept in zip(b.T, keep.T, strict=True):
        pairs = [(index, value if kept[index] else b.dtype.type(0)) for index, value in enumerate(values)]
        if pattern is None:
            columns.append(pairs)
            continue
        column: Pairs = []
        for start in range(0, len(pairs), pattern.group):
            group = pairs[start : start + pattern.group]
            room = min(pattern.kept, len(group)) - sum(bool(kept[index]) for index, _ in group)
            assert room >= 0, f"more than {pattern} from {start} on"
            free = [index for index, _ in group if not kept[index]][:room]
            column += [(index, value) for index, value in group if kept[index] or index in free]
        columns.append(column)
    return columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What the rows and columns are given together: a row of A, a column of B, or a step of places.

    `rows` holds for each row of the array what enters it in one cycle after another, `tops` for each column
    what is handed to its first PE, `groups` for each decoder how many it has to do.
    """

    rows: list[list[Values]]
    tops: Values
    groups: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One filling of the array: `rows` and `columns` have work, the first of them are at `origin` of C.

    `words` holds for each column and row what lies in that PE, in `slots` parts; `groups` what each decoder
    has to do before streaming.
    """

    origin: tuple[int, int]
    rows: int
    columns: int
    words: list[list[list[Values]]]
    slots: int
    groups: list[int]
    beats: list[Beat]


class Folds:
    """What each fold consists of, from the table of which places a PE has."""

    def __init__(self, a: Array, columns: list[Pairs], core: Core, pattern: Pattern | None) -> None:
        self.a, self.columns, self.core, self.pattern = a, columns, core, pattern
        self.places = range(len(columns[0]))

    def __iter__(self) -> Iterator[Fold]:
        build = {
            "weight_stationary": self.weight_stationary,
            "input_stationary": self.input_stationary,
            "output_stationary": self.output_stationary,
        }[DATAFLOWS[self.core.dataflow]]
        return build()

    def groups(self, run: range) -> list[int]:
        return [] if self.pattern is None else sorted({place // self.pattern.kept for place in run})

    def window(self, run: range) -> list[int]:
        """The indices along k that the places reach."""
        if self.pattern is None:
            return list(run)
        size = self.pattern.group
        reached = [group * size + within for group in self.groups(run) for within in range(size)]
        return [index for index in reached if index < self.a.shape[1]]

    def candidates(self, row: int, run: range) -> Values:
        return [self.a[row, index] for index in self.window(run)]

    def pairs(self, column: int, run: range) -> Pairs:
        """The values at the places, each with its choice: from its group's slot and its metadata."""
        found: Pairs = []
        for place in run:
            index, value = self.columns[column][place]
            choice = place - run[0]
            if self.pattern is not None:
                group, metadata = divmod(index, self.pattern.group)
                assert group == place // self.pattern.kept
                choice = self.groups(run).index(group) * self.pattern.group + metadata
            found.append((choice, value))
        return found

    def parts(self, values: Values) -> list[Values]:
        """The values as they come through a feed, each in the cycle in which its last bit does."""
        rest, bits, parts = list(values), 0, list[Values]()
        while rest or not parts:
            bits += self.core.feed_bits or len(rest) * self.core.value_bits
            whole = min(len(rest), bits // self.core.value_bits)
            bits -= whole * self.core.value_bits
            parts.append(rest[:whole])
            rest = rest[whole:]
        return parts

    def runs(self, size: int) -> list[range]:
        """All places, `size` at a time."""
        return [self.places[at : at + size] for at in range(0, len(self.places), size)]

    def rows_of(self, run: range) -> list[range]:
        """The places of a fold that each row has."""
        lanes = self.core.lanes
        return [run[row * lanes : (row + 1) * lanes] for row in range(self.core.rows)]

    def decoding(self, rows: list[range], columns: int, *, streams: bool) -> list[int]:
        """What each decoder does for the places of the rows; a streamed column of B is the same for all."""
        groups = len(self.groups(range(rows[0].start, max(row.stop for row in rows if row))))
        if self.pattern is None:
            return []
        if DECODERS[self.core.decode_at] == "pe":
            return [len(self.groups(row)) for row in rows if row for _ in range(columns)]
        if DECODERS[self.core.decode_at] == "column":
            return [groups] * columns
        return [groups if streams else groups * columns]

    def weight_stationary(self) -> Iterator[Fold]:
        core, zero = self.core, self.a.dtype.type(0)
        for held, run in self.blocks(len(self.columns)):
            rows = self.rows_of(run)
            yield Fold(
                origin=(0, held[0]),
                rows=sum(bool(row) for row in rows),
                columns=len(held),
                words=[
                    [[self.pairs(held[column], row) if column < len(held) else []] for row in rows]
                    for column in range(core.columns)
                ],
                slots=1,
                groups=self.decoding(rows, len(held), streams=False),
                beats=[
                    Beat(
                        rows=[self.parts(self.candidates(vector, row)) if row else [] for row in rows],
                        tops=[zero] * core.columns,
                        groups=[],
                    )
                    for vector in range(len(self.a))
                ],
            )

    def input_stationary(self) -> Iterator[Fold]:
        core, zero = self.core, self.a.dtype.type(0)
        for held, run in self.blocks(len(self.a)):
            rows = self.rows_of(run)
            slots = max(len(self.parts(self.window(row))) for row in rows)
            words = [
                [self.parts(self.candidates(held[column], row) if column < len(held) else []) for row in rows]
                for column in range(core.columns)
            ]
            groups = self.decoding(rows, len(held), streams=True)
            yield Fold(
                origin=(held[0], 0),
                rows=sum(bool(row) for row in rows),
                columns=len(held),
                words=[[word + [[]] * (slots - len(word)) for word in column] for column in words],
                slots=slots,
                groups=[],
                beats=[
                    Beat(
                        rows=[[self.pairs(vector, row)] for row in rows],
                        tops=[zero] * core.columns,
                        groups=groups,
                    )
                    for vector in range(len(self.columns))
                ],
            )

    def output_stationary(self) -> Iterator[Fold]:
        core = self.core
        blocks = [
            (
                range(len(self.a))[row : row + core.rows],
                range(len(self.columns))[column : column + core.columns],
            )
            for column in range(0, len(self.columns), core.columns)
            for row in range(0, len(self.a), core.rows)
        ]
        for rows, columns in blocks:
            at_pe = len(rows) if DECODERS[core.decode_at] == "pe" else 1
            idle_rows, idle_columns = core.rows - len(rows), core.columns - len(columns)
            beats = [
                Beat(
                    rows=[self.parts(self.candidates(row, run)) for row in rows] + [[]] * idle_rows,
                    tops=[self.pairs(column, run) for column in columns] + [[]] * idle_columns,
                    groups=at_pe * self.decoding([run], len(columns), streams=False),
                )
                for run in self.runs(core.lanes)
            ]
            yield Fold(
                origin=(rows[0], columns[0]),
                rows=len(rows),
                columns=len(columns),
                words=[],
                slots=0,
                groups=[],
                beats=beats,
            )

    def blocks(self, size: int) -> list[tuple[range, range]]:
        """The columns and the places of each fold, all places for one block of columns before the next."""
        blocks = [range(size)[at : at + self.core.columns] for at in range(0, size, self.core.columns)]
        runs = self.runs(self.core.rows * self.core.lanes)
        return [(block, run) for block in blocks for run in runs]
