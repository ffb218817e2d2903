"""Activity: what happens in a core's array, counted by component."""

from typing import NamedTuple


class Activity(NamedTuple):
    """Counts of what happens in an array; docs/array.md has a formula for each.

    Multiplies of lanes; those of them whose operand is selected by metadata; values that enter rows (`fed`),
    and PEs along rows (`hops`); values that enter PEs from above, or for good (`loaded`); groups of metadata;
    PEs' parts added to sums; sums that leave the array. Outside of it: partial sums that come back into
    the accumulators.
    """

    multiplies: int = 0
    selects: int = 0
    fed: int = 0
    hops: int = 0
    loaded: int = 0
    decoded: int = 0
    sums: int = 0
    results: int = 0
    returned: int = 0
