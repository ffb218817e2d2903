"""Patterns that tests of every package share."""

import numba
from hypothesis import settings
from hypothesis import strategies as st

from simulator.pattern import Pattern

TWO_OF_FOUR = Pattern(kept=2, group=4)


def patterns_up_to(group: int) -> st.SearchStrategy[Pattern]:
    """Any pattern whose group has at most `group` values."""
    return st.integers(1, group).flatmap(
        lambda size: st.builds(Pattern, kept=st.integers(1, size), group=st.just(size))
    )


patterns = patterns_up_to(9)


def examples(count: int) -> settings:
    """`count` random examples; where kernels run as plain Python no more than the profile in force has."""
    most = settings().max_examples if numba.config.DISABLE_JIT else count
    return settings(max_examples=min(count, most))
