"""Distances of masks and the filling of their groups, position by position."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.oracles import conform_mask


def sad(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> int:
    """One for each position that is kept in one mask and not in the other."""
    return sum(1 for at in np.ndindex(before.shape) if bool(before[at]) != bool(after[at]))


def kept_per_group(values: NDArray[Any], group: int, axis: int) -> tuple[list[int], list[int]]:
    """How many whole groups, and how many shorter ones, keep 0, 1, ... `group` values."""
    whole, tails = [0] * (group + 1), [0] * (group + 1)
    for _, _, members in conform_mask.groups(values, group, axis):
        (whole if len(members) == group else tails)[sum(members)] += 1
    return whole, tails
