"""The places of B packed along k, and what the PEs that multiply them reach: docs/array.md numbers them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.folds import DATAFLOWS, Core
from simulator.mask.dtypes import Array
from simulator.pattern import Pattern

Ints = NDArray[np.int64]


class Packed(NamedTuple):
    """Kept values (K, n) of B, and the register of its PE's window (K, n) that each is multiplied with."""

    values: Array
    slots: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Places of `k` values under `pattern` in folds of `rows` PEs (1 and a step, output-stationary)."""

    pattern: Pattern | None
    k: int
    lanes: int
    rows: int

    @classmethod
    def of(cls, k: int, core: Core, pattern: Pattern | None) -> "Places":
        """The places of one core."""
        steps = DATAFLOWS[core.dataflow] == "output_stationary"
        return cls(pattern=pattern, k=k, lanes=core.lanes, rows=1 if steps else core.rows)

    @property
    def stored(self) -> int:
        """K, the places of a column."""
        return self.pattern.kept_along(self.k) if self.pattern else self.k

    @property
    def folds(self) -> int:
        """Folds of k, or steps: ceil(K / (rows * lanes))."""
        return -(-self.stored // (self.rows * self.lanes))

    @property
    def slots(self) -> int:
        """Registers of a window: those of the most groups that a PE touches, and one that stays 0."""
        if self.pattern is None:
            return self.lanes
        return int(self.by_pe()[3].max()) * self.pattern.group + 1

    @property
    def aligned(self) -> bool:
        """Whether the groups of a PE's lanes are the same in every fold."""
        return self.pattern is None or self.rows * self.lanes % self.pattern.kept == 0

    def by_pe(self) -> Ints:
        """(4, folds * rows): by PE down a column, places, window, where in k it begins, groups."""
        return self._touched(self.lanes, self.folds * self.rows)

    def by_fold(self) -> Ints:
        """(4, folds): the same of a fold's places together."""
        return self._touched(self.lanes * self.rows, self.folds)

    def bases(self) -> Ints:
        """(rows * lanes,): the register of the window with which a lane's group begins, where aligned."""
        place = np.arange(self.rows * self.lanes, dtype=np.int64)
        if self.pattern is None:
            return place % self.lanes
        first = place // self.lanes * self.lanes
        base = (place // self.pattern.kept - first // self.pattern.kept) * self.pattern.group
        within: Ints = np.minimum(base, self.slots - 1 - self.pattern.group)  # only idle lanes are beyond
        return within

    def pack(self, b: Array, mask: NDArray[np.bool_] | None) -> Packed:
        """The places of `b` (k, n), of which `mask` keeps at most as many as the pattern; zeros fill up."""
        if self.pattern is None or mask is None:
            return Packed(np.require(b, requirements=["C", "A", "W"]), np.zeros((1, 1), np.int32))
        filled = fill(mask, self.pattern)
        index = np.nonzero(filled.T)[1].reshape(b.shape[1], self.stored).T
        kept = np.where(mask, b, b.dtype.type(0))
        values = np.ascontiguousarray(np.take_along_axis(kept, index, axis=0))
        begins = np.repeat(self.by_pe()[2], self.lanes)[: self.stored, np.newaxis]
        return Packed(values, np.ascontiguousarray(index - begins, dtype=np.int32))

    def _touched(self, size: int, count: int) -> Ints:
        """(4, count): what runs of `size` places touch, clipped at K; nothing beyond."""
        first = np.arange(count, dtype=np.int64) * size
        takes = np.clip(self.stored - first, 0, size)
        if self.pattern is None:
            return np.stack([takes, takes, first, np.zeros_like(first)])
        kept, group = self.pattern.kept, self.pattern.group
        low, high, some = first // kept, (first + takes - 1) // kept, takes > 0
        wide = np.minimum(self.k, (high + 1) * group) - low * group
        return np.stack([takes, wide * some, low * group * some, (high - low + 1) * some])


def fill(mask: NDArray[np.bool_], pattern: Pattern) -> NDArray[np.bool_]:
    """`mask` (k, n) with the lowest free positions of each group added until it keeps min(kept, tail)."""
    k, n = mask.shape
    groups = pattern.groups_along(k)
    whole = np.zeros((groups * pattern.group, n), np.bool_)
    whole[:k] = mask
    free = ~whole
    free[k:] = False
    shape = (groups, pattern.group, n)
    room = np.minimum(pattern.kept, free.reshape(shape).sum(1) + whole.reshape(shape).sum(1))
    wanted = room - whole.reshape(shape).sum(1)
    rank = np.cumsum(free.reshape(shape), axis=1)
    added = free.reshape(shape) & (rank <= wanted[:, np.newaxis])
    filled: NDArray[np.bool_] = (whole | added.reshape(whole.shape))[:k]
    return filled
