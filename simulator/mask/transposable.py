"""Transposable masks: N:M along the rows and the columns at once (Hubara et al., arXiv 2102.08124).

The matrix is cut into blocks of group x group, aligned at index 0, that do not touch each other. A mask of a
block is transposable if each of its rows and each of its columns keeps `kept` values, or at most as many.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import prod

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, lookup
from simulator.kernels.threads import spread
from simulator.kernels.transposable_flow import select_flow
from simulator.kernels.transposable_greedy import select_greedy
from simulator.kernels.transposable_patterns import select_patterns
from simulator.mask.dtypes import Array, widened
from simulator.mask.layout import check_out, check_pattern, check_scores
from simulator.pattern import Pattern

SIDE_MAX = 64
POLICIES = {"exactly": False, "at_most": True}

Run = Callable[[Array, Pattern, bool, int, int, NDArray[np.bool_]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solver:
    """A way to choose the mask of a block; `fills` says that rows and columns keep exactly `kept`."""

    run: Run
    fills: bool = True


def select_transposable(
    scores: Array,
    pattern: Pattern,
    *,
    solver: str = "exact",
    policy: str = "exactly",
    out: Array | None = None,
) -> NDArray[np.bool_]:
    """The transposable mask of the largest magnitudes, on the last two axes: bool, shaped like `scores`.

    Policies: under `exactly` each row and each column of a block keeps exactly `kept`, NaN too if need be;
    under `at_most` no more than that, and never NaN. The optimum of `at_most` is never lower, and is higher
    where a row and a column that could both keep one more meet in a value that is kept already. A block that
    reaches over the edge is completed with zeros, solved, and cut: its rows and columns keep at most `kept`.

    Solvers: `exact` keeps the fewest NaN, then the most infinities, then the largest sum of finite
    magnitudes. `fast` is feasible, and on Gaussian scores within 0.2 % of that sum at 4:8 and 8:16. `greedy`
    keeps values from the largest on while both row and column hold fewer than `kept` (the code published with
    the paper); `two_approximation` gives up values from the least on while row or column has given up fewer
    than group - kept (the paper: less than twice the magnitude is given up than by the optimum). These two
    leave rows and columns short, and are for `at_most` alone.

    Magnitudes are summed in float64, and two masks whose sums differ by no more than its rounding are equal
    here; beside an infinity or a NaN, which weigh 2 group and 4 group^2 times the largest finite magnitude,
    that rounding is as much coarser. Which of equal masks is chosen depends on the values of the block alone,
    not on its place.
    """
    checked, obeyed = check_scores(scores), check_pattern(pattern)
    chosen, at_most = lookup(SOLVERS, solver, kind="solver"), lookup(POLICIES, policy, kind="policy")
    if checked.ndim < 2:
        raise InputError.of(
            f"scores has shape {checked.shape}",
            "a transposable mask lies on the last two of at least two axes",
        )
    if obeyed.group > SIDE_MAX:
        raise InputError.of(
            f"`{obeyed}` has blocks of {obeyed.group} x {obeyed.group}",
            f"a transposable mask has a group of at most {SIDE_MAX}",
        )
    if not chosen.fills and not at_most:
        raise InputError.of(
            f"`{solver}` leaves rows and columns with fewer than {obeyed.kept}",
            'policy="at_most", or the solver `exact` or `fast`',
        )
    mask = check_out(out, shape=checked.shape, dtype=np.dtype(np.bool_), reads=(checked,))
    if mask.size:
        _solve(checked, obeyed, chosen, at_most, mask)
    return mask


def _solve(scores: Array, pattern: Pattern, solver: Solver, at_most: bool, mask: NDArray[np.bool_]) -> None:
    """Fill `mask`, the rows of blocks of the whole stack spread over threads."""
    shape = (prod(scores.shape[:-2]), *scores.shape[-2:])
    values, out = np.ascontiguousarray(widened(scores)).reshape(shape), mask.reshape(shape)
    lines = shape[0] * pattern.groups_along(shape[1])
    spread(
        lambda first, last: solver.run(values, pattern, at_most, first, last, out),
        lines,
        values=scores.size * pattern.group,
    )


def _exact(
    scores: Array, pattern: Pattern, at_most: bool, first: int, last: int, out: NDArray[np.bool_]
) -> None:
    if (pattern.kept, pattern.group) == (2, 4) and not at_most:
        select_patterns(scores, first, last, out.view(np.uint8))
    else:
        select_flow(scores, pattern.kept, pattern.group, at_most, 3, False, first, last, out)


def _fast(
    scores: Array, pattern: Pattern, at_most: bool, first: int, last: int, out: NDArray[np.bool_]
) -> None:
    select_flow(scores, pattern.kept, pattern.group, at_most, 2, True, first, last, out)


def _one_pass(
    scores: Array,
    pattern: Pattern,
    at_most: bool,  # noqa: ARG001 (a pass never keeps more)
    first: int,
    last: int,
    out: NDArray[np.bool_],
    *,
    prune: bool,
) -> None:
    select_greedy(scores, pattern.kept, pattern.group, prune, first, last, out)


SOLVERS: dict[str, Solver] = {
    "exact": Solver(run=_exact),
    "fast": Solver(run=_fast),
    "greedy": Solver(run=partial(_one_pass, prune=False), fills=False),
    "two_approximation": Solver(run=partial(_one_pass, prune=True), fills=False),
}
